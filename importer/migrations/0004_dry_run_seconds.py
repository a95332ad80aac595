from django.db import migrations, models


class Migration(migrations.Migration):
    """How long the dry run took, kept once the import has begun; unknown of runs before."""

    dependencies = [("importer", "0003_runs_by_command")]

    operations = [
        migrations.AddField("importrun", "dry_run_seconds", models.FloatField(null=True)),
    ]
