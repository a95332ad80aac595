"""The planner knows how many contents there are soon after an import, at a sample's cost.

Without, it takes them for none, and reads all of them for each object version of a snapshot. What
the contents say is of no use to it.
"""

from django.db import migrations

SET = (
    "ALTER TABLE library_objectcontent"
    " ALTER COLUMN version_id SET STATISTICS 10, ALTER COLUMN canonical SET STATISTICS 0"
)
UNSET = SET.replace("STATISTICS 10", "STATISTICS -1").replace("STATISTICS 0", "STATISTICS -1")


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0006_unknown_types"),
    ]

    operations = [
        migrations.RunSQL(SET, UNSET),
        migrations.RunSQL("ANALYZE library_objectcontent", migrations.RunSQL.noop),
    ]
