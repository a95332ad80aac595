"""Acquire: the bytes of a bundle and the JSON text inside them, with bounds.

Whether bytes are compressed is told by how they begin, never by a file's name.
"""

import lzma
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from importer.errors import BundleError

MAX_BUNDLE_BYTES = 200 * 1024 * 1024
MAX_STORED_BYTES = MAX_BUNDLE_BYTES
LZMA_MEMORY = 256 * 1024 * 1024
CHUNK = 1 << 20
SUFFIXES = (".json", ".json.gz", ".json.xz")


@dataclass(frozen=True, slots=True)
class Acquired:
    """A bundle as it came: `stored` is what arrived, `raw` the JSON text inside it."""

    origin: str
    stored: bytes
    encoding: str
    raw: bytes | bytearray


def bundle_paths(paths: list[Path]) -> list[Path]:
    """The bundle files that files and directories name, each once, directories in name order.

    Raises BundleError for a path that is not there and for a directory without bundles.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.name.endswith(SUFFIXES) and p.is_file())
            if not inside:
                raise BundleError(f"{path}: no .json, .json.gz or .json.xz file in this directory.")
        elif path.is_file():
            inside = [path]
        else:
            raise BundleError(f"{path}: no such file or directory.")
        for bundle in inside:
            found.setdefault(bundle.resolve(), bundle)
    return list(found.values())


def read_bundle(path: Path, limit: int = MAX_BUNDLE_BYTES) -> Acquired:
    """The bundle in a .json, .json.gz or .json.xz file.

    Raises BundleError where it cannot be read, is damaged, or holds more than `limit` bytes.
    """
    try:
        if path.stat().st_size > limit:
            raise BundleError(f"{path}: larger than the limit of {limit:,} bytes.")
        stored = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}).") from None
    return unpack(str(path), stored, limit)


def unpack(origin: str, stored: bytes, limit: int = MAX_BUNDLE_BYTES) -> Acquired:
    """The JSON text inside bytes that may be compressed, never more than `limit` bytes of it."""
    encoding = encoding_of(stored)
    if encoding == "identity":
        return Acquired(origin, stored, encoding, stored)
    raw = bytearray()
    try:
        for piece in _pieces(stored, encoding):
            raw += piece
            if len(raw) > limit:
                raise BundleError(f"{origin}: unpacks to more than the limit of {limit:,} bytes.")
    except (lzma.LZMAError, zlib.error, EOFError) as error:
        raise BundleError(f"{origin}: damaged or truncated {encoding} data ({error}).") from None
    return Acquired(origin, stored, encoding, raw)


def encoding_of(stored: bytes) -> str:
    """How bytes are compressed: "xz", "gzip" or "identity"."""
    if stored.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if stored.startswith(b"\x1f\x8b"):
        return "gzip"
    return "identity"


def _pieces(stored: bytes, encoding: str) -> Iterator[bytes]:
    """What compressed data unpacks to, a bounded piece at a time; EOFError where it breaks off."""
    rest = stored
    while rest:
        if encoding == "xz":
            rest = yield from _xz_stream(rest)
        else:
            rest = yield from _gzip_member(rest)


def _xz_stream(data: bytes) -> Generator[bytes, None, bytes]:
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LZMA_MEMORY)
    yield stream.decompress(data, CHUNK)
    while not stream.eof:
        if stream.needs_input:
            raise EOFError("it breaks off")
        yield stream.decompress(b"", CHUNK)
    # XZ files may be padded with zeros.
    return stream.unused_data.lstrip(b"\x00")


def _gzip_member(data: bytes) -> Generator[bytes, None, bytes]:
    member = zlib.decompressobj(wbits=31)
    while not member.eof:
        piece = member.decompress(data, CHUNK)
        data = member.unconsumed_tail
        if not piece and not data and not member.eof:
            raise EOFError("it breaks off")
        yield piece
    return member.unused_data.lstrip(b"\x00")


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle as it is kept: compressed, with the size of its JSON text in bytes."""

    encoding: str
    data: bytes
    bundle_bytes: int


def pack(acquired: Acquired) -> Packed:
    """A bundle to keep: compressed as it came, else with gzip (about a second for 50 MB)."""
    size = len(acquired.raw)
    if acquired.encoding != "identity":
        return Packed(acquired.encoding, acquired.stored, size)
    squeeze = zlib.compressobj(level=6, wbits=31)
    return Packed("gzip", squeeze.compress(acquired.raw) + squeeze.flush(), size)
