"""A connection to a copy of the database, or to the first database while the copy is away.

A request takes one connection and keeps it, so that all of a page still comes from one database.
While the copy is away nobody waits for it: a thread looks every few seconds whether it is back.
"""

import logging
import threading
import time
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql import base

# How often it is looked whether the copy is back, and how long one look takes at most.
AGAIN_SECONDS, LOOK_SECONDS = 5, 2
log = logging.getLogger("glexia.standby")
_away = threading.Event()
_telling = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to read by, whose pool is the copy's or the first database's."""

    def get_new_connection(self, conn_params: Any) -> Any:
        """One of the copy's; where it has none within its time, one of the first database's."""
        if not _away.is_set():
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                _note_away(self.alias, error)
        first = connections[DEFAULT_DB_ALIAS]
        given = first.get_new_connection(first.get_connection_params())
        self.isolation_level = first.isolation_level  # type: ignore[attr-defined]
        return given


def _note_away(alias: str, error: psycopg.Error) -> None:
    """Remember that the copy is away, say so once, and have it looked for."""
    with _telling:
        if _away.is_set():
            return
        _away.set()
    said = str(error).partition("\n")[0]
    log.error("the copy of the database is away, the first one stands in for it: %s", said)
    threading.Thread(target=_look_for, args=(alias,), name="standby", daemon=True).start()


def _look_for(alias: str) -> None:
    while not _answers(alias):
        time.sleep(AGAIN_SECONDS)
    copy = connections[alias]
    # Its pool waits ever longer before it tries again: a new one tries at once.
    copy.close_pool()  # type: ignore[attr-defined]
    _away.clear()
    # What the first database told is not what the copy holds, which may lag behind.
    from library.conditional import forget_shelf

    forget_shelf()
    log.warning("the copy of the database is back")


def _answers(alias: str) -> bool:
    parameters = connections[alias].get_connection_params() | {"connect_timeout": LOOK_SECONDS}
    try:
        psycopg.connect(**parameters).close()
    except psycopg.Error:
        return False
    return True
