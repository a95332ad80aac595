"""PostgreSQL refuses to change or delete what the audit log holds, whoever asks."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is immutable: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
TRIGGER = """
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION accounts_refuse_change()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER immutable ON accounts_auditentry"),
    ]
