"""The epoch: what the pages of all web processes know each other's changes by."""

from django.db import connection, transaction
from django.dispatch import Signal

ADVANCE = """
    INSERT INTO library_epoch (id, number) VALUES (1, nextval('library_epoch_number'))
    ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number
"""

# Sent in the process that changed something, once it has committed: readers see other pages now.
changed = Signal()


def advance_epoch() -> None:
    """Have readers get new pages once the transaction at hand commits.

    For what changes pages beside editions. Such transactions wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE)
    announce_change()


def announce_change() -> None:
    """Tell this process, once the transaction at hand commits, that readers see other pages.

    The others find out by themselves, within EPOCH_SECONDS.
    """
    transaction.on_commit(lambda: changed.send(sender=None), robust=True)
