"""The table that Django's database cache keeps finished pages and counters in, where it is used.

Not logged: what is lost with the server's memory is made anew.
"""

from django.db import migrations

MAKE = """
    CREATE UNLOGGED TABLE library_kept (
        cache_key varchar(255) PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX library_kept_expires ON library_kept (expires);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0008_epoch"),
    ]

    operations = [
        migrations.RunSQL(MAKE, "DROP TABLE library_kept"),
    ]
