"""What imports do beside rows, and PostgreSQL lets a table's owner alone do.

The role that serves need not own the tables (docs/deployment.md): it has their owner tell the
planner of new rows, and put new words in order. Neither function changes what a table says, nor
finds anything but what is in the product's own schema.
"""

from django.db import migrations

ANALYZE = """
CREATE FUNCTION library_analyze(VARIADIC tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('ANALYZE %I', name);
    END LOOP;
END $$;
"""
ORDER_WORDS = """
CREATE FUNCTION library_order_words() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    RETURN gin_clean_pending_list('document_words');
END $$;
"""
HERE_ALONE = """
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION {function} SET search_path = pg_catalog, %I, pg_temp', current_schema()
    );
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0011_edition_repeats"),
    ]

    operations = [
        migrations.RunSQL(ANALYZE, "DROP FUNCTION library_analyze(text[])"),
        migrations.RunSQL(
            HERE_ALONE.format(function="library_analyze(text[])"), migrations.RunSQL.noop
        ),
        migrations.RunSQL(ORDER_WORDS, "DROP FUNCTION library_order_words()"),
        migrations.RunSQL(
            HERE_ALONE.format(function="library_order_words()"), migrations.RunSQL.noop
        ),
    ]
