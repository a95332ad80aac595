"""PostgreSQL refuses to change what was written or done.

Takes and acts are never updated, revisions only in their state, and not that of one that has been
superseded or withdrawn. Nothing is deleted but in a transaction that has set `glexia.deleting`.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION analysis_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('draft', 'in review', 'published')
        AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is immutable: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
REWRITING = """
CREATE TRIGGER rewriting BEFORE UPDATE ON analysis_revision
FOR EACH ROW EXECUTE FUNCTION analysis_refuse_rewriting();
"""
IMMUTABLE = """
CREATE TRIGGER immutable BEFORE {events} ON analysis_{table}
FOR EACH STATEMENT EXECUTE FUNCTION library_refuse_change();
"""
EVENTS = {
    "take": "UPDATE OR DELETE OR TRUNCATE",
    "revision": "DELETE OR TRUNCATE",
    "act": "UPDATE OR DELETE OR TRUNCATE",
}


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0001_initial"),
        ("library", "0002_immutable"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION analysis_refuse_rewriting()"),
        migrations.RunSQL(REWRITING, "DROP TRIGGER rewriting ON analysis_revision"),
        *(
            migrations.RunSQL(
                IMMUTABLE.format(events=events, table=table),
                f"DROP TRIGGER immutable ON analysis_{table}",
            )
            for table, events in EVENTS.items()
        ),
    ]
