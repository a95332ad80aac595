"""Which edition another repeats: going back twice goes two steps back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0010_known_release"),
    ]

    operations = [
        migrations.AddField("edition", "repeats", models.BigIntegerField(null=True)),
    ]
