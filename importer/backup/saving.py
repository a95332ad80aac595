"""Saving: all tables as of one moment, while the product goes on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from importer.backup.archive import BackupError, Manifest, Sequence, Table, Writer
from importer.backup.tables import carried, columns_of, rows_out, sequences, write_alike

# One state of the database for all tables, which stops nobody from writing.
ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def save(path: Path) -> Manifest:
    """Write a backup to a new file that its owner alone may read; what it holds.

    The file has its name only once it is whole. Raises BackupError where it cannot be written.
    """
    if path.exists():
        raise BackupError(f"{path}: there is a file of this name already.")
    try:
        with _unfinished(path) as part:
            manifest = _write(part)
    except OSError as error:
        raise BackupError(f"{path}: cannot be written ({error.strerror}).") from None
    return manifest


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A path beside, which takes the file's name at the end, or is gone."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    try:
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _write(part: Path) -> Manifest:
    with transaction.atomic(), Writer(part) as writer:
        with connection.cursor() as cursor:
            cursor.execute(ONE_MOMENT)
        write_alike()
        tables = [_add(writer, name) for name in carried()]
        # Last: they go on counting, and must not be behind the rows.
        given = sequences()
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            postgresql=_server(),
            migrations=applied(),
            tables=tables,
            sequences=[
                Sequence(name=n, last=last) for n, last in given.items() if last is not None
            ],
        )
        writer.finish(manifest)
    return manifest


def _add(writer: Writer, name: str) -> Table:
    columns = columns_of(name)
    size, sha256 = writer.add(name, rows_out(name, columns))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608
        rows = int(cursor.fetchone()[0])
    return Table(name=name, columns=columns, rows=rows, size=size, sha256=sha256)


def applied() -> list[str]:
    """The migrations that the database has been through, as "library.0001_initial"."""
    return sorted(
        f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
    )


def _server() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])
