"""The epoch, by which pages know of changes other than those of the edition."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0007_content_statistics"),
    ]

    operations = [
        migrations.CreateModel(
            name="Epoch",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(
            "CREATE SEQUENCE library_epoch_number", "DROP SEQUENCE library_epoch_number"
        ),
    ]
