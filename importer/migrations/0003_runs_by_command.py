from django.db import migrations, models


class Migration(migrations.Migration):
    """Runs that a command was asked for; nothing changes in the database."""

    dependencies = [("importer", "0002_roles")]

    operations = [
        migrations.AlterField(
            model_name="importrun",
            name="source_kind",
            field=models.TextField(
                choices=[
                    ("published", "Published by MITRE"),
                    ("uploaded", "Uploaded"),
                    ("directory", "Import directory"),
                    ("command", "By command"),
                ]
            ),
        ),
    ]
