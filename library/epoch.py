"""The epoch: what the pages of all web processes know each other's changes by.

A library counts from a number of its own, and from another one once it is restored: two that were
one, and then went different ways, have no number in common by which a page could be taken for the
other's.
"""

import secrets

from django.db import connection, transaction
from django.dispatch import Signal

ADVANCE = """
    INSERT INTO library_epoch (id, number)
    SELECT 1, CASE WHEN EXISTS (SELECT FROM library_epoch) THEN nextval('library_epoch_number')
        ELSE setval('library_epoch_number', %s) END
    ON CONFLICT (id) DO UPDATE SET number = EXCLUDED.number
"""
# Where a library may begin to count: every number that it comes to is exact in JSON.
FIRST, LAST = 2**32, 2**52

# Sent in the process that changed something, once it has committed: readers see other pages now.
changed = Signal()


def advance_epoch() -> None:
    """Have readers get new pages once the transaction at hand commits.

    For what changes pages beside editions. Such transactions wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [_beginning()])
    announce_change()


def announce_change() -> None:
    """Tell this process, once the transaction at hand commits, that readers see other pages.

    The others find out by themselves, within EPOCH_SECONDS.
    """
    transaction.on_commit(lambda: changed.send(sender=None), robust=True)


def count_anew() -> None:
    """Have this library count from another number than the one that it is a copy of."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM library_epoch")
    advance_epoch()


def _beginning() -> int:
    return FIRST + secrets.randbelow(LAST - FIRST)
