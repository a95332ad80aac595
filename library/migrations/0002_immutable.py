"""PostgreSQL refuses to change what was imported.

Contents, memberships, edges, bundles and snapshots are never updated. They are deleted only in a
transaction that has set `glexia.deleting` to `on`, as `importer.deletion.delete_snapshot` does.
Editions are appended to.
"""

from django.db import migrations

IMMUTABLE = (
    "stixobject",
    "objectversion",
    "objectcontent",
    "snapshot",
    "snapshotbundle",
    "snapshotobject",
    "snapshotedge",
    "finding",
    "edition",
)

FUNCTION = """
CREATE FUNCTION library_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' AND current_setting('glexia.deleting', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is immutable: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

TRIGGER = """
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON library_{table}
FOR EACH STATEMENT EXECUTE FUNCTION library_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION library_refuse_change()"),
        *(
            migrations.RunSQL(
                TRIGGER.format(table=table), f"DROP TRIGGER immutable ON library_{table}"
            )
            for table in IMMUTABLE
        ),
        # Compressed bundles gain nothing from PostgreSQL's own compression.
        migrations.RunSQL(
            "ALTER TABLE library_snapshotbundle ALTER COLUMN data SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
