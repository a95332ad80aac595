"""The file of a backup: a ZIP archive of tables, each packed with Zstandard, and their manifest.

Nothing of it is ever written to a path that it names. All input is hostile: what is unpacked is
bounded by what the manifest says, and that by the size of the file.
"""

import hashlib
import struct
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from importer.acquire import CHUNK, ZSTD_PACKING, ZSTD_WINDOW

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MANIFEST = "manifest.json"
MOST_MANIFEST = 4 * 1024 * 1024
# Rows of ATT&CK pack to a twentieth; a file that claims far more is made to fill the disk.
MOST_TIMES, FREE = 500, 16 * 1024 * 1024
_UNREADABLE = (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, RuntimeError)


class BackupError(Exception):
    """A backup that cannot be made or restored; its text is one sentence that says why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Table(_Part):
    """What a manifest says of a table; `size` and `sha256` are of its rows unpacked."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    columns: list[str]
    rows: int = Field(ge=0)
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Sequence(_Part):
    """The number that a sequence gave last."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    last: int


class Manifest(_Part):
    """What a backup holds, and of which state of the product."""

    format: Literal["glexia-backup"] = "glexia-backup"
    version: Literal[1] = 1
    made_at: str
    postgresql: str
    migrations: list[str]
    tables: list[Table]
    sequences: list[Sequence]


class Writer:
    """Writes a backup to a file, a piece at a time."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._zip.close()

    def add(self, name: str, pieces: Iterable[bytes]) -> tuple[int, str]:
        """Store a table's rows; their size and SHA-256."""
        size, seen = 0, hashlib.sha256()
        packing = zstd.ZstdCompressor(options=ZSTD_PACKING)
        with self._zip.open(_entry(name), "w", force_zip64=True) as entry:
            for piece in _gathered(pieces):
                size += len(piece)
                seen.update(piece)
                entry.write(packing.compress(piece))
            entry.write(packing.flush())
        return size, seen.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Store the manifest, last of all."""
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=1))


def _entry(name: str) -> str:
    return f"tables/{name}.copy.zst"


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth packing."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= CHUNK:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


class Reader:
    """Reads a backup; raises BackupError for whatever is not as this product writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._size = path.stat().st_size
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise BackupError(f"{path}: cannot be read ({error.strerror}).") from None
        except _UNREADABLE:
            raise BackupError(f"{path}: not a backup of this product, or it breaks off.") from None
        self.manifest = self._manifest()
        self._check_entries()

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _manifest(self) -> Manifest:
        try:
            about = self._zip.getinfo(MANIFEST)
        except KeyError:
            raise BackupError(f"{self.path}: has no {MANIFEST}: not a backup, or cut.") from None
        if about.file_size > MOST_MANIFEST:
            raise BackupError(f"{self.path}: its {MANIFEST} is too large to be one.")
        try:
            return Manifest.model_validate_json(self._read(about))
        except ValidationError as error:
            found = error.errors()[0]
            if found["loc"] == ("version",):
                raise BackupError(f"{self.path}: made by a later version of the product.") from None
            where = ".".join(str(part) for part in found["loc"]) or "its text"
            raise BackupError(f"{self.path}: {MANIFEST}, {where}: {found['msg']}.") from None

    def _read(self, about: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(about) as entry:
                return entry.read(MOST_MANIFEST)
        except (OSError, *_UNREADABLE):
            raise BackupError(f"{self.path}: {about.filename} is damaged.") from None

    def _check_entries(self) -> None:
        """That the archive holds its tables, each once, stored as they are, and nothing else."""
        tables = [table.name for table in self.manifest.tables]
        expected = sorted([MANIFEST, *(_entry(name) for name in tables)])
        held = self._zip.infolist()
        if sorted(about.filename for about in held) != expected:
            raise BackupError(f"{self.path}: does not hold the tables that its manifest names.")
        if len(set(tables)) != len(tables):
            raise BackupError(f"{self.path}: its manifest names a table twice.")
        if any(about.compress_type != zipfile.ZIP_STORED for about in held):
            raise BackupError(f"{self.path}: packed anew by another program.")
        if sum(about.compress_size for about in held) > self._size:
            raise BackupError(f"{self.path}: its entries lie upon each other.")
        claimed = sum(table.size for table in self.manifest.tables)
        if claimed > FREE + MOST_TIMES * self._size:
            raise BackupError(f"{self.path}: would unpack to {claimed:,} bytes, which is too much.")

    def rows_of(self, table: Table) -> Iterator[bytes]:
        """The rows of a table as COPY takes them, a bounded piece at a time.

        Raises BackupError as soon as they are more than the manifest says, and at their end where
        they are not what it says.
        """
        size, seen = 0, hashlib.sha256()
        for piece in self._unpacked(table):
            size += len(piece)
            if size > table.size:
                raise self._tampered(table)
            seen.update(piece)
            yield piece
        if size != table.size or seen.hexdigest() != table.sha256:
            raise self._tampered(table)

    def _tampered(self, table: Table) -> BackupError:
        return BackupError(f"{self.path}: the rows of {table.name} are not those that were saved.")

    def _unpacked(self, table: Table) -> Iterator[bytes]:
        stream = zstd.ZstdDecompressor(options=ZSTD_WINDOW)
        try:
            with self._zip.open(_entry(table.name)) as entry:
                while not stream.eof:
                    fed = entry.read(CHUNK) if stream.needs_input else b""
                    if stream.needs_input and not fed:
                        raise EOFError
                    yield stream.decompress(fed, CHUNK)
                if stream.unused_data or entry.read(1):
                    raise self._tampered(table)
        except (OSError, zstd.ZstdError, *_UNREADABLE):
            raise BackupError(f"{self.path}: the rows of {table.name} are damaged.") from None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
