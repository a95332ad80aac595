"""Acquiring: files, directories and compressed bytes; never too many, never half of them."""

import gzip
import lzma
import os
import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.acquire import (
    CHUNK,
    LZMA_MEMORY,
    WINDOW,
    Acquired,
    bundle_paths,
    encoding_of,
    pack,
    read_bundle,
    unpack,
)
from importer.errors import BundleError
from tests.importer import golden
from tests.importer.hostile import OFTEN

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b'{"type": "bundle", "objects": []}' * 40
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}
COMPRESSED = ("gzip", "xz", "zstd")
MAGIC = {"gzip": b"\x1f\x8b", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
# Does not compress, so it is longer than several windows and pieces either way.
NOISE = random.Random(1).randbytes(2 * CHUNK + 12_345)

each_compression = pytest.mark.parametrize("encoding", COMPRESSED)


def refused(stored: bytes, limit: int = 1 << 20) -> str:
    with pytest.raises(BundleError) as refusal:
        unpack("x.json", stored, limit)
    return str(refusal.value)


def is_unpacked_or_refused(stored: bytes) -> bool:
    """Whether `unpack` gives the text or a BundleError; anything else it raises comes through."""
    try:
        return len(unpack("x.json", stored, 1 << 20).raw) <= 1 << 20
    except BundleError as refusal:
        return str(refusal).startswith("x.json: ") and str(refusal).endswith(".")


@golden.each_sample
def test_acquire_agrees_with_the_golden_file_when_a_sample_is_read(name: str) -> None:
    acquired = read_bundle(golden.path_of(name))
    assert acquired.origin == str(golden.path_of(name))
    assert acquired.raw == acquired.stored == golden.raw_of(name)
    packed = pack(acquired)
    assert zstd.decompress(packed.data) == golden.raw_of(name)
    found = {
        "encoding": acquired.encoding,
        "kept_as": packed.encoding,
        "bytes": packed.bundle_bytes,
    }
    golden.check(name, "acquire", found)


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_file_gives_the_text_when_compressed_under_any_name(
    tmp_path: Path, encoding: str
) -> None:
    stored = PACKERS[encoding](TEXT)
    path = tmp_path / "misnamed.json"
    path.write_bytes(stored)
    acquired = read_bundle(path)
    assert bytes(acquired.raw) == TEXT
    assert acquired == Acquired(str(path), stored, encoding, acquired.raw)


@each_compression
def test_pack_keeps_the_bytes_when_they_came_compressed(encoding: str) -> None:
    stored = PACKERS[encoding](TEXT)
    packed = pack(unpack("x.json", stored))
    assert (packed.encoding, packed.data, packed.bundle_bytes) == (encoding, stored, len(TEXT))


@each_compression
def test_unpack_gives_all_when_the_data_are_longer_than_its_windows(encoding: str) -> None:
    stored = PACKERS[encoding](NOISE)
    assert len(stored) > WINDOW
    assert unpack("x.json", stored).raw == NOISE


@each_compression
@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_unpack_gives_all_when_the_text_fills_whole_pieces(encoding: str, size: int) -> None:
    assert unpack("x.json", PACKERS[encoding](bytes(size))).raw == bytes(size)


@each_compression
@pytest.mark.parametrize("padding", [b"", b"\x00" * 4, b"\x00" * 100_000])
def test_unpack_gives_all_when_there_are_several_streams(encoding: str, padding: bytes) -> None:
    parts = [TEXT, b"", b"x" * 100, NOISE[:50_000]]
    stored = b"".join(PACKERS[encoding](part) + padding for part in parts)
    assert unpack("x.json", stored).raw == b"".join(parts)


@each_compression
def test_unpack_gives_nothing_when_there_are_many_empty_streams(encoding: str) -> None:
    # What follows a stream must not be copied for each: this many would take minutes then.
    stored = PACKERS[encoding](b"") * 300_000
    assert unpack("x.json", stored).raw == b""


@each_compression
def test_unpack_refuses_when_the_data_break_off_anywhere(encoding: str) -> None:
    stored = PACKERS[encoding](NOISE[:3000])
    for length in range(len(MAGIC[encoding]), len(stored)):
        assert refused(stored[:length]) == (
            f"x.json: its {encoding} data cannot be unpacked (it breaks off)."
        )


@each_compression
@pytest.mark.parametrize("garbage", [b"garbage", b"\x00\x00garbage", b"{}", b"\xff" * 50_000])
def test_unpack_refuses_when_garbage_follows(encoding: str, garbage: bytes) -> None:
    message = refused(PACKERS[encoding](TEXT) + garbage)
    assert message.startswith(f"x.json: its {encoding} data cannot be unpacked (")


@each_compression
@given(data=st.data())
@OFTEN
def test_unpack_raises_nothing_else_when_bytes_are_flipped(
    encoding: str, data: st.DataObject
) -> None:
    stored = bytearray(PACKERS[encoding](TEXT + NOISE[:200]))
    for _ in range(data.draw(st.integers(min_value=1, max_value=5))):
        place = data.draw(st.integers(min_value=0, max_value=len(stored) - 1))
        stored[place] = data.draw(st.integers(min_value=0, max_value=255))
    assert is_unpacked_or_refused(bytes(stored))


@given(start=st.sampled_from([b"", b"\x1f\x8b\x08", *MAGIC.values()]), rest=st.binary())
@OFTEN
def test_unpack_raises_nothing_else_when_given_any_bytes(start: bytes, rest: bytes) -> None:
    assert is_unpacked_or_refused(start + rest)


@each_compression
@pytest.mark.parametrize("streams", [1, 3])
def test_unpack_refuses_when_the_data_are_a_bomb(encoding: str, streams: int) -> None:
    stored = PACKERS[encoding](bytes(64 << 20)) * streams
    assert len(stored) < 300_000
    expected = "x.json: unpacks to more than the limit of 1,048,576 bytes."
    assert refused(stored) == expected


@each_compression
def test_unpack_refuses_when_many_streams_together_pass_the_limit(encoding: str) -> None:
    stored = PACKERS[encoding](bytes(1000)) * 11
    assert unpack("x.json", stored, 11_000).raw == bytes(11_000)
    assert refused(stored, 10_999) == "x.json: unpacks to more than the limit of 10,999 bytes."


def test_unpack_refuses_when_uncompressed_bytes_pass_the_limit() -> None:
    assert unpack("x.json", TEXT, len(TEXT)).raw == TEXT
    assert refused(TEXT, 100) == "x.json: larger than the limit of 100 bytes."


def test_unpack_refuses_when_xz_asks_for_too_much_memory() -> None:
    assert refused(xz_with_dictionary(2 * LZMA_MEMORY)) == (
        "x.json: its xz data cannot be unpacked (Memory usage limit exceeded)."
    )
    assert unpack("x.json", xz_with_dictionary(LZMA_MEMORY // 2)).raw == TEXT


def test_unpack_refuses_when_zstd_asks_for_too_much_memory() -> None:
    parameter = zstd.CompressionParameter
    wide: dict[int, int] = {parameter.window_log: 28, parameter.enable_long_distance_matching: 1}
    packer = zstd.ZstdCompressor(options=wide)
    # Of a length not known beforehand, so that the frame states the window it was made with.
    stored = packer.compress(TEXT) + packer.flush()
    assert refused(stored).startswith("x.json: its zstd data cannot be unpacked (")


def xz_with_dictionary(size: int) -> bytes:
    """Xz data that says it needs a dictionary of so many bytes (the xz format, §3.1 and §5.3.1)."""
    stored = bytearray(lzma.compress(TEXT, preset=0))
    # After the stream's header of 12 bytes the block's, whose last four are its checksum.
    end = 12 + (stored[12] + 1) * 4
    lzma2 = stored.index(b"\x21\x01", 12, end)
    stored[lzma2 + 2] = next(n for n in range(40) if (2 | n & 1) << (n // 2 + 11) >= size)
    stored[end - 4 : end] = zlib.crc32(stored[12 : end - 4]).to_bytes(4, "little")
    return bytes(stored)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (b"", "identity"),
        (b"\x1f", "identity"),
        (b"\x1f\x8b", "gzip"),
        (b"\xfd7zXZ", "identity"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f", "identity"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b'{"type"', "identity"),
    ],
)
def test_encoding_is_told_when_bytes_begin_so(stored: bytes, expected: str) -> None:
    assert encoding_of(stored) == expected


def test_unpack_gives_nothing_when_there_is_nothing() -> None:
    assert unpack("x.json", b"").raw == b""


def test_paths_are_found_once_when_named_by_file_directory_and_link(tmp_path: Path) -> None:
    names = ["b.json", "a.json.xz", "c.json.gz", "notes.txt", "d.json.bz2"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "e.json").symlink_to(tmp_path / "b.json")
    found = bundle_paths([tmp_path / "c.json.gz", tmp_path, tmp_path / "e.json"])
    assert [path.name for path in found] == ["c.json.gz", "a.json.xz", "b.json"]


def test_a_file_counts_when_named_itself_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert bundle_paths([tmp_path / "notes.txt"]) == [tmp_path / "notes.txt"]


def test_paths_are_refused_when_there_is_nothing_to_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    said = {
        "absent.json": "no such file or directory.",
        "loop.json": "no such file or directory.",
        "pipe": "neither a file nor a directory.",
        ".": "no .json, .json.gz or .json.xz file in this directory.",
    }
    for name, reason in said.items():
        with pytest.raises(BundleError) as refusal:
            bundle_paths([tmp_path / name])
        assert str(refusal.value) == f"{tmp_path / name}: {reason}"


def test_paths_are_refused_when_a_directory_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    with pytest.raises(BundleError) as refusal:
        bundle_paths([tmp_path])
    assert str(refusal.value) == f"{tmp_path}: cannot be read (Permission denied)."


def test_a_file_is_refused_when_it_is_gone_or_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(BundleError) as refusal:
        read_bundle(path)
    assert str(refusal.value) == f"{path}: cannot be read (No such file or directory)."
    path.write_bytes(TEXT)
    with pytest.raises(BundleError) as refusal:
        read_bundle(path, limit=100)
    assert str(refusal.value) == f"{path}: larger than the limit of 100 bytes."
