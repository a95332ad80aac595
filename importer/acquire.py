"""Acquire: the bytes of a bundle and the JSON text inside them, with bounds.

Whether bytes are compressed is told by how they begin, never by a file's name.
"""

import lzma
import re
import sys
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from importer.errors import BundleError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BUNDLE_BYTES = 200 * 1024 * 1024
LZMA_MEMORY = 256 * 1024 * 1024
ZSTD_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
# ATT&CK repeats itself at great distance: half the size that gzip makes of it, in a third of the
# time.
ZSTD_PACKING: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 4,
    zstd.CompressionParameter.window_log: 25,
    zstd.CompressionParameter.checksum_flag: 1,
}
CHUNK = 1 << 20
# Compressed data is fed by so much at a time: what follows one of its streams is copied, so a file
# of many small streams would otherwise cost the square of its size.
WINDOW = 1 << 14
# Compressed files may be padded with zeros, after a stream.
PADDING = re.compile(rb"\x00*")
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
        try:
            for bundle in _bundles_at(path):
                found.setdefault(bundle.resolve(), bundle)
        except OSError as error:
            raise _unreadable(path, error) from None
    return list(found.values())


def _bundles_at(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.name.endswith(SUFFIXES) and p.is_file())
        if not inside:
            raise BundleError(f"{path}: no .json, .json.gz or .json.xz file in this directory.")
        return inside
    if path.is_file():
        return [path]
    if path.exists():
        raise BundleError(f"{path}: neither a file nor a directory.")
    raise BundleError(f"{path}: no such file or directory.")


def read_bundle(path: Path, limit: int = MAX_BUNDLE_BYTES) -> Acquired:
    """The bundle in a .json, .json.gz or .json.xz file.

    Raises BundleError where it cannot be read, is damaged, or holds more than `limit` bytes.
    """
    try:
        if path.stat().st_size > limit:
            raise _too_large(str(path), limit)
        stored = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    return unpack(str(path), stored, limit)


def _unreadable(path: Path, error: OSError) -> BundleError:
    return BundleError(f"{path}: cannot be read ({error.strerror}).")


def _too_large(origin: str, limit: int) -> BundleError:
    return BundleError(f"{origin}: larger than the limit of {limit:,} bytes.")


def unpack(origin: str, stored: bytes, limit: int = MAX_BUNDLE_BYTES) -> Acquired:
    """The JSON text inside bytes that may be compressed, never more than `limit` bytes of it."""
    if len(stored) > limit:
        raise _too_large(origin, limit)
    encoding = encoding_of(stored)
    if encoding == "identity":
        return Acquired(origin, stored, encoding, stored)
    raw = bytearray()
    try:
        for piece in _pieces(stored, encoding):
            raw += piece
            if len(raw) > limit:
                raise BundleError(f"{origin}: unpacks to more than the limit of {limit:,} bytes.")
    except (lzma.LZMAError, zlib.error, zstd.ZstdError, EOFError) as error:
        raise BundleError(f"{origin}: its {encoding} data cannot be unpacked ({error}).") from None
    return Acquired(origin, stored, encoding, raw)


def encoding_of(stored: bytes) -> str:
    """How bytes are compressed: "xz", "zstd", "gzip" or "identity"."""
    if stored.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if stored.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if stored.startswith(b"\x1f\x8b"):
        return "gzip"
    return "identity"


def _pieces(stored: bytes, encoding: str) -> Iterator[bytes]:
    """What compressed data unpacks to, a bounded piece at a time; EOFError where it breaks off."""
    unpacked = {"xz": _xz_stream, "zstd": _zstd_frame, "gzip": _gzip_member}[encoding]
    start = 0
    while start < len(stored):
        end = yield from unpacked(stored, start)
        padding = PADDING.match(stored, end)
        start = padding.end() if padding else end


def _xz_stream(stored: bytes, start: int) -> Generator[bytes, None, int]:
    """The pieces of the stream that begins there; returns where it ends."""
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LZMA_MEMORY)
    return (yield from _streamed(stream, stored, start))


def _zstd_frame(stored: bytes, start: int) -> Generator[bytes, None, int]:
    """The pieces of the frame that begins there; returns where it ends."""
    return (yield from _streamed(zstd.ZstdDecompressor(options=ZSTD_WINDOW), stored, start))


def _streamed(
    stream: lzma.LZMADecompressor | zstd.ZstdDecompressor, stored: bytes, start: int
) -> Generator[bytes, None, int]:
    """The pieces that a decompressor makes of what begins there; returns where its end is."""
    while not stream.eof:
        fed = b""
        if stream.needs_input:
            fed = _window(stored, start)
            start += len(fed)
        yield stream.decompress(fed, CHUNK)
    return start - len(stream.unused_data)


def _gzip_member(stored: bytes, start: int) -> Generator[bytes, None, int]:
    """The pieces of the member that begins there; returns where it ends."""
    member = zlib.decompressobj(wbits=31)
    while not member.eof:
        fed = member.unconsumed_tail
        if not fed:
            fed = _window(stored, start)
            start += len(fed)
        yield member.decompress(fed, CHUNK)
    return start - len(member.unused_data)


def _window(stored: bytes, start: int) -> bytes:
    """What to feed a decompressor next."""
    if start >= len(stored):
        raise EOFError("it breaks off")
    return stored[start : start + WINDOW]


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle as it is kept: compressed, with the size of its JSON text in bytes."""

    encoding: str
    data: bytes
    bundle_bytes: int


def pack(acquired: Acquired) -> Packed:
    """A bundle to keep: compressed as it came, else with Zstandard (0.2 seconds for 50 MB)."""
    size = len(acquired.raw)
    if acquired.encoding != "identity":
        return Packed(acquired.encoding, acquired.stored, size)
    return Packed("zstd", zstd.compress(acquired.raw, options=ZSTD_PACKING), size)
