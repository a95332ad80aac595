"""The connection that readers' pages ask by, where they ask in SQL."""

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from library.models import Edition


def read_from() -> str:
    """Which of the databases the request at hand reads from."""
    return router.db_for_read(Edition)


def reading() -> BaseDatabaseWrapper:
    """The connection to the database that the request at hand reads from.

    The same that Django's own queries take: all of a page comes from one database.
    """
    return connections[read_from()]
