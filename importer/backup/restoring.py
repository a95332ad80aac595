"""Restoring: a backup into an empty database, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import psycopg
from django.db import DatabaseError, connection, transaction

from importer.backup.archive import BackupError, Manifest, Reader, Table
from importer.backup.saving import applied
from importer.backup.tables import (
    SEEDED,
    carried,
    columns_of,
    is_empty,
    rows_in,
    sequences,
    stored,
    write_alike,
)
from importer.database import analyze
from importer.store import take_import_lock
from importer.verification import problems
from library.epoch import count_anew
from library.models import Snapshot

type Say = Callable[[str], None]


def restore(path: Path, say: Say, *, verify_snapshots: bool = True) -> Manifest:
    """Fill the empty database from a backup; what it holds.

    One transaction: whatever goes wrong, and wherever the process ends, the database stays as it
    was. Before it commits every table is read again and compared with what was saved, and every
    snapshot verified. Then the epoch alone becomes another one: what was saved may go on elsewhere,
    and its pages must not be taken for those of this library. Raises BackupError, with one
    sentence, for a backup that is damaged or of another state of the product, and for a database
    that is not empty.
    """
    reader = Reader(path)
    try:
        with transaction.atomic():
            _fill(reader, say)
            if verify_snapshots:
                _verify_snapshots(path, say)
    finally:
        reader.close()
    analyze(carried())
    return reader.manifest


def _fill(reader: Reader, say: Say) -> None:
    manifest, path = reader.manifest, reader.path
    _check_migrations(path, manifest)
    _check_tables(path, manifest)
    write_alike()
    _lock(manifest)
    _check_empty(manifest)
    with connection.cursor() as cursor:
        for name in SEEDED:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")  # noqa: S608
    for table in manifest.tables:
        _take_in(reader, table)
    _check_references(path)
    for table in manifest.tables:
        _compare(path, table)
    rows = sum(table.rows for table in manifest.tables)
    say(f"{len(manifest.tables)} tables, {rows:,} rows: every hash as saved.")
    _go_on_counting(path, manifest)
    count_anew()


def _check_migrations(path: Path, manifest: Manifest) -> None:
    own, saved = set(applied()), set(manifest.migrations)
    for missing, what in (
        (saved - own, "has been through {}, which this version of the product does not have"),
        (own - saved, "has not been through {}, which this version of the product needs"),
    ):
        if missing:
            said = what.format(min(missing))
            raise BackupError(
                f"{path}: {said}: restore it with the version that made it, then upgrade."
            )


def _check_tables(path: Path, manifest: Manifest) -> None:
    if [table.name for table in manifest.tables] != carried():
        raise BackupError(f"{path}: its tables are not those of this product.")
    for table in manifest.tables:
        if table.columns != columns_of(table.name):
            raise BackupError(f"{path}: the columns of {table.name} are not those of this product.")
    unknown = {given.name for given in manifest.sequences} - sequences().keys()
    if unknown:
        raise BackupError(f"{path}: this product has no sequence {min(unknown)}.")


def _lock(manifest: Manifest) -> None:
    """See that nobody else writes until this is through."""
    if not take_import_lock(wait=False):
        raise BackupError("An import is running: restore into a database that nobody uses.")
    names = ", ".join(connection.ops.quote_name(table.name) for table in manifest.tables)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def _check_empty(manifest: Manifest) -> None:
    for table in manifest.tables:
        if table.name not in SEEDED and not is_empty(table.name):
            raise BackupError(
                f"The database is not empty ({table.name} has rows): restore into a new one."
            )


def _take_in(reader: Reader, table: Table) -> None:
    try:
        taken = rows_in(table.name, table.columns, reader.rows_of(table))
    except (DatabaseError, psycopg.Error) as error:
        reason = str(error).strip().splitlines()[0]
        raise BackupError(
            f"{reader.path}: the rows of {table.name} cannot be taken in ({reason})."
        ) from None
    if taken != table.rows:
        raise BackupError(f"{reader.path}: {table.name} takes in {taken:,} of {table.rows:,} rows.")


def _check_references(path: Path) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise BackupError(f"{path}: its rows do not fit together ({reason}).") from None


def _compare(path: Path, table: Table) -> None:
    found = stored(table.name, table.columns)
    if (found.rows, found.size, found.sha256) != (table.rows, table.size, table.sha256):
        raise BackupError(f"{path}: {table.name} came out otherwise than it was saved.")


def _verify_snapshots(path: Path, say: Say) -> None:
    for snapshot in Snapshot.objects.order_by("pk"):
        for problem in problems(snapshot):
            raise BackupError(f"{path}: {snapshot} is damaged: {problem}")
        say(f"{snapshot.domain} {snapshot.attack_version}: every hash as imported.")


def _go_on_counting(path: Path, manifest: Manifest) -> None:
    """Let sequences go on from where they were: no key is given twice.

    They keep their numbers even where the transaction is rolled back, which does no harm.
    """
    with connection.cursor() as cursor:
        for given in manifest.sequences:
            try:
                cursor.execute("SELECT setval(%s::regclass, %s)", [given.name, given.last])
            except DatabaseError as error:
                reason = str(error).strip().splitlines()[0]
                raise BackupError(f"{path}: {given.name} cannot be set ({reason}).") from None
