"""The tables of the product as a backup knows them: which there are, their rows out and in."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

# Who was signed in is not so again after a restore.
LEFT_OUT = {"django_session"}
# What migrations fill, and what goes with them: a backup's rows take the place of theirs.
SEEDED = (
    "auth_group_permissions",
    "auth_permission",
    "auth_group",
    "django_content_type",
    "django_migrations",
    "library_epoch",
    "library_knownrelease",
)
COLUMNS = """
    SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY a.attnum
"""
KEY = """
    SELECT a.attname, a.attcollation <> 0
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = %s::regclass AND i.indisprimary
    ORDER BY k.place
"""
SEQUENCES = """
    SELECT sequencename, last_value FROM pg_sequences
    WHERE schemaname = current_schema() ORDER BY sequencename
"""
# Rows are written alike whatever server, session or user writes them.
ALIKE = (
    "SET LOCAL datestyle = 'ISO'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL statement_timeout = 0",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a table holds: how many rows, and the size and SHA-256 of them as COPY writes them."""

    rows: int
    size: int
    sha256: str


def write_alike() -> None:
    """Have this transaction write rows as every other does."""
    with connection.cursor() as cursor:
        for statement in ALIKE:
            cursor.execute(statement)


def carried() -> list[str]:
    """The names of the tables that a backup carries: those of every app, in their order."""
    models = apps.get_models(include_auto_created=True)
    named = {model._meta.db_table for model in models if model._meta.managed}
    return sorted((named | {MigrationRecorder.Migration._meta.db_table}) - LEFT_OUT)


def columns_of(table: str) -> list[str]:
    """The names of a table's columns, those that PostgreSQL works out itself left out."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [table])
        return [name for (name,) in cursor.fetchall()]


def sequences() -> dict[str, int | None]:
    """Every sequence, with the number that it gave last; None where it gave none yet."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES)
        return dict(cursor.fetchall())


def rows_out(table: str, columns: list[str]) -> Iterator[bytes]:
    """The rows of a table as COPY writes them, in the order of their key."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(KEY, [table])
        key = [f"{quote(name)}{' COLLATE "C"' if text else ''}" for name, text in cursor]
        chosen = ", ".join(quote(name) for name in columns)
        ordered = f"SELECT {chosen} FROM {quote(table)} ORDER BY {', '.join(key)}"  # noqa: S608
        with cursor.copy(f"COPY ({ordered}) TO STDOUT") as copy:
            for piece in copy:
                yield bytes(piece)


def rows_in(table: str, columns: list[str], pieces: Iterable[bytes]) -> int:
    """Take rows in; how many they were."""
    quote = connection.ops.quote_name
    named = ", ".join(quote(name) for name in columns)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {quote(table)} ({named}) FROM STDIN") as copy:
            for piece in pieces:
                copy.write(piece)
        return int(cursor.rowcount)


def is_empty(table: str) -> bool:
    """Whether a table has no row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {connection.ops.quote_name(table)})")  # noqa: S608
        return bool(cursor.fetchone()[0])


def stored(table: str, columns: list[str]) -> Stored:
    """What a table holds, all of it read again."""
    size, seen = 0, hashlib.sha256()
    for piece in rows_out(table, columns):
        size += len(piece)
        seen.update(piece)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
        return Stored(int(cursor.fetchone()[0]), size, seen.hexdigest())
