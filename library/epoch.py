"""The epoch: what the pages of all web processes know each other's changes by."""

from django.db import connection

ADVANCE = """
    INSERT INTO library_epoch (id, number) VALUES (1, nextval('library_epoch_number'))
    ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number
"""


def advance_epoch() -> None:
    """Have readers get new pages once the transaction at hand commits.

    For what changes pages beside editions. Such transactions wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE)
