"""The database as commands meet it: reachable, up to date, and what to say when it fails."""

from collections.abc import Iterable

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import DataError, Error, InternalError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from importer.errors import DatabaseNotReadyError

EMBEDDED = "glexia.embedded"
CONNECT_SECONDS = 5
# One process migrates at a time: any number that no other advisory lock of this database uses.
MIGRATION_LOCK = 0x6D6967726174
# With and without Django's wrapping, which COPY goes without.
DATABASE_FAILURES = (Error, psycopg.Error)


def failure(error: BaseException) -> str:
    """One sentence on an error of DATABASE_FAILURES, and what to do where that is known."""
    first_line, *_ = str(error).strip().splitlines() or [type(error).__name__]
    if isinstance(error, (InternalError, DataError, psycopg.InternalError, psycopg.DataError)):
        return f"The stored data is damaged ({first_line}): restore a backup or import anew."
    return f"The database failed: {first_line}"


def check_reachable() -> None:
    """Raises DatabaseNotReadyError with PostgreSQL's own words where a database is not reached.

    The pool would go on trying for half a minute and then not tell why.
    """
    given = connection.settings_dict
    if given["ENGINE"] == EMBEDDED:
        return
    try:
        psycopg.connect(
            dbname=given["NAME"],
            user=given["USER"] or None,
            password=given["PASSWORD"] or None,
            host=given["HOST"] or None,
            port=given["PORT"] or None,
            connect_timeout=CONNECT_SECONDS,
        ).close()
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise DatabaseNotReadyError(f"The database cannot be reached: {reason}") from None


def is_up_to_date() -> bool:
    """Whether every migration has been applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def bring_up_to_date() -> None:
    """Apply what migrations are missing, once, however many processes ask for it together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            if not is_up_to_date():
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def analyze(tables: Iterable[str]) -> None:
    """Tell PostgreSQL's planner what tables hold, by their owner, whoever this process is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT library_analyze(VARIADIC %s)", [list(tables)])


def give_locks_up(using: str, **_about: object) -> None:
    """Have the migrations that follow fail rather than hold up the product that runs beside them.

    Whoever waits for a lock on a table stands in the way of all who come after.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{settings.MIGRATION_LOCK_SECONDS:d}s'")


def wait_for_locks(using: str, **_about: object) -> None:
    """Have what follows the migrations wait for locks as before."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET lock_timeout = DEFAULT")
