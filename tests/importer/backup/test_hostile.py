"""Backups that are not as they were saved: each is one sentence, and the database as it was."""

import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.backup.archive import MANIFEST, BackupError, Manifest, Reader, Table, Writer
from importer.backup.restoring import restore
from importer.backup.tables import carried, columns_of, stored
from library.models import ObjectContent

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROWS = b"1\tone\n2\ttwo\n"


def quiet(_line: str) -> None:
    """Say nothing."""


def written(path: Path, rows: bytes = ROWS, **told: Any) -> Path:
    """A small archive of one table, whose manifest may tell otherwise."""
    path.touch()
    with Writer(path) as writer:
        size, sha256 = writer.add("a_table", [rows])
        about: Any = {"rows": 2, "size": size, "sha256": sha256} | told
        table = Table(name="a_table", columns=["id", "name"], **about)
        writer.finish(
            Manifest(made_at="now", postgresql="18", migrations=[], tables=[table], sequences=[])
        )
    return path


def read(path: Path) -> bytes:
    """The rows of the one table of an archive."""
    reader = Reader(path)
    try:
        return b"".join(reader.rows_of(reader.manifest.tables[0]))
    finally:
        reader.close()


def refusal(path: Path) -> str:
    """The sentence by which an archive is refused."""
    with pytest.raises(BackupError) as caught:
        read(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert said.endswith(".")
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], **how: int) -> Path:
    """The same archive with other entries."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w", how.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def with_manifest(path: Path, **told: Any) -> Path:
    """The same archive whose manifest tells otherwise."""

    def change(entries: dict[str, bytes]) -> None:
        entries[MANIFEST] = json.dumps(json.loads(entries[MANIFEST]) | told).encode()

    return rewritten(path, change)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.backup"


def test_rows_come_out_as_they_went_in(path: Path) -> None:
    assert read(written(path)) == ROWS
    assert read(written(path, b"")) == b""
    long = b"x" * 5_000_000
    assert read(written(path, long)) == long


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a backup",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"\x1f\x8b" + bytes(100),
        b"PK\x05\x06" + b"\xff" * 18,
        b'{"format": "glexia-backup"}',
    ],
)
def test_file_is_refused_when_it_is_no_backup(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    assert "not a backup" in refusal(path)


def test_file_is_refused_when_it_is_not_there_or_no_file(path: Path) -> None:
    assert refusal(path) == "cannot be read (No such file or directory)."
    path.mkdir()
    assert refusal(path) == "cannot be read (Is a directory)."


def test_backup_is_refused_wherever_it_breaks_off(path: Path) -> None:
    whole = written(path).read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert "backup" in refusal(path)


def test_backup_is_refused_whichever_byte_of_its_rows_has_changed(path: Path) -> None:
    whole = written(path).read_bytes()
    with zipfile.ZipFile(path) as archive:
        first, second = archive.infolist()
    packed = range(second.header_offset - first.compress_size, second.header_offset)
    assert whole[packed.start :].startswith(b"\x28\xb5\x2f\xfd")
    for at in packed:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        with pytest.raises(BackupError):
            read(path)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"version": 2}, "made by a later version of the product."),
        ({"format": "other"}, f"{MANIFEST}, format: Input should be 'glexia-backup'."),
        ({"more": 1}, f"{MANIFEST}, more: Extra inputs are not permitted."),
        ({"tables": {}}, f"{MANIFEST}, tables: Input should be a valid array."),
        ({"tables": []}, "does not hold the tables that its manifest names."),
        ({"migrations": [1]}, f"{MANIFEST}, migrations.0: Input should be a valid string."),
        ({"sequences": [{"name": "a; b", "last": 1}]}, "sequences.0.name"),
        ({"sequences": [{"name": "a", "last": "1"}]}, "sequences.0.last"),
        ({"made_at": None}, f"{MANIFEST}, made_at: Input should be a valid string."),
    ],
)
def test_manifest_is_refused_when_it_is_not_one(
    told: dict[str, Any], said: str, path: Path
) -> None:
    assert said in refusal(with_manifest(written(path), **told))


@pytest.mark.parametrize(
    "content", [b"", b"[", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"made_at": 1e999}']
)
def test_manifest_is_refused_when_it_is_not_json_of_its_form(content: bytes, path: Path) -> None:
    def change(entries: dict[str, bytes]) -> None:
        entries[MANIFEST] = content

    assert MANIFEST in refusal(rewritten(written(path), change))


def test_manifest_is_refused_when_it_is_too_large(path: Path) -> None:
    def change(entries: dict[str, bytes]) -> None:
        entries[MANIFEST] += b" " * 5_000_000

    assert "too large" in refusal(rewritten(written(path), change))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "tables/../x", "tables/b.copy.zst", "a\\b", "C:x"]
)
def test_backup_is_refused_when_it_holds_what_it_does_not_name(
    name: str, path: Path, tmp_path: Path
) -> None:
    def change(entries: dict[str, bytes]) -> None:
        entries[name] = b"x"

    assert "does not hold the tables" in refusal(rewritten(written(path), change))
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["../x", "A", "x" * 64, "a;b", "a.b", ""])
def test_table_is_refused_when_its_name_is_none(name: str, path: Path) -> None:
    table = {"name": name, "columns": [], "rows": 0, "size": 0, "sha256": "0" * 64}
    assert "tables.0.name" in refusal(with_manifest(written(path), tables=[table]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_backup_is_refused_when_it_holds_a_table_twice(path: Path) -> None:
    written(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("tables/a_table.copy.zst", zstd.compress(b"3\tthree\n"))
    assert "does not hold the tables" in refusal(path)


def test_backup_is_refused_when_another_program_packed_it(path: Path) -> None:
    again = rewritten(written(path), lambda _: None, compression=zipfile.ZIP_DEFLATED)
    assert "packed anew" in refusal(again)


def test_backup_is_refused_when_it_is_encrypted(path: Path) -> None:
    whole = bytearray(written(path).read_bytes())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = whole.index(mark)
        whole[at + offset] |= 1
    path.write_bytes(whole)
    assert "damaged" in refusal(path)


def bomb(size: int) -> bytes:
    """Zeros, packed."""
    packing = zstd.ZstdCompressor()
    packed = bytearray()
    for _ in range(size // 1_000_000):
        packed += packing.compress(bytes(1_000_000))
    return bytes(packed + packing.flush())


def packed_as(path: Path, packed: bytes, **told: Any) -> Path:
    """An archive whose table is packed so."""

    def change(entries: dict[str, bytes]) -> None:
        entries["tables/a_table.copy.zst"] = packed

    return rewritten(written(path, **told), change)


def test_bomb_is_refused_as_soon_as_it_is_more_than_the_manifest_says(path: Path) -> None:
    reader = Reader(packed_as(path, bomb(200_000_000)))
    rows = reader.rows_of(reader.manifest.tables[0])
    with pytest.raises(BackupError, match="are not those that were saved"):
        next(rows)
    reader.close()


def test_bomb_is_refused_before_it_is_unpacked_when_the_manifest_admits_it(path: Path) -> None:
    assert "which is too much" in refusal(packed_as(path, bomb(1_000_000), size=10**15))


def test_rows_are_refused_when_unpacking_them_takes_too_much_memory(path: Path) -> None:
    wide: dict[int, int] = {zstd.CompressionParameter.window_log: 30}
    packing = zstd.ZstdCompressor(options=wide)
    packed = packing.compress(ROWS) + packing.flush()
    assert "are damaged" in refusal(packed_as(path, packed))


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (b"", "are damaged"),
        (b"not packed", "are damaged"),
        (zstd.compress(ROWS)[:-3], "are damaged"),
        (zstd.compress(ROWS) + b"more", "are not those that were saved"),
        (zstd.compress(ROWS) + zstd.compress(ROWS), "are not those that were saved"),
        (zstd.compress(ROWS[:-4]), "are not those that were saved"),
        (zstd.compress(ROWS.replace(b"two", b"owt")), "are not those that were saved"),
        (zstd.compress(b""), "are not those that were saved"),
    ],
)
def test_rows_are_refused_when_they_are_not_those_that_were_saved(
    packed: bytes, said: str, path: Path
) -> None:
    assert said in refusal(packed_as(path, packed))


def test_entries_are_refused_when_they_lie_upon_each_other(path: Path) -> None:
    whole = bytearray(written(path).read_bytes())
    at = whole.index(b"PK\x01\x02")
    whole[at + 20 : at + 24] = struct.pack("<I", 2**31)
    path.write_bytes(whole)
    assert refusal(path)


# What only the database can tell.


def changed(backup: Path, to: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a backup in which a table has other rows, with a manifest to match."""
    reader = Reader(backup)
    to.touch()
    with Writer(to) as writer:
        tables = []
        for table in reader.manifest.tables:
            rows = b"".join(reader.rows_of(table))
            if table.name == name:
                rows = change(rows)
            size, sha256 = writer.add(table.name, [rows])
            count = rows.count(b"\n")
            told = {"size": size, "sha256": sha256, "rows": count}
            tables.append(table.model_copy(update=told))
        writer.finish(reader.manifest.model_copy(update={"tables": tables}))
    reader.close()
    return to


def told_otherwise(backup: Path, to: Path, **told: Any) -> Path:
    """A copy of a backup whose manifest tells otherwise."""
    to.write_bytes(backup.read_bytes())
    return with_manifest(to, **told)


def untouched(path: Path) -> str:
    """The sentence by which a restore is refused, which leaves the database as it was."""
    before = {name: stored(name, columns_of(name)) for name in carried()}
    with pytest.raises(BackupError) as caught:
        restore(path, quiet)
    assert {name: stored(name, columns_of(name)) for name in carried()} == before
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert said.endswith(".")
    assert "\n" not in said
    return said


def manifest_of(backup: Path) -> dict[str, Any]:
    with zipfile.ZipFile(backup) as archive:
        found: dict[str, Any] = json.loads(archive.read(MANIFEST))
    return found


def test_restore_is_refused_when_the_backup_has_been_through_other_migrations(
    backup: Path, empty: str, path: Path
) -> None:
    known = manifest_of(backup)["migrations"]
    said = untouched(told_otherwise(backup, path, migrations=[*known, "library.0999_future"]))
    assert "has been through library.0999_future, which this version" in said
    older = [name for name in known if name != "library.0008_epoch"]
    said = untouched(told_otherwise(backup, path, migrations=older))
    assert "has not been through library.0008_epoch, which this version" in said


def test_restore_is_refused_when_tables_columns_or_sequences_are_others(
    backup: Path, empty: str, path: Path
) -> None:
    tables = manifest_of(backup)["tables"]
    columns = [tables[0] | {"columns": [*tables[0]["columns"], "x"]}, *tables[1:]]
    assert "the columns of" in untouched(told_otherwise(backup, path, tables=columns))
    unknown = [{"name": "no_such_seq", "last": 1}]
    assert "no sequence no_such_seq" in untouched(told_otherwise(backup, path, sequences=unknown))
    known = manifest_of(backup)["sequences"][0]["name"]
    beyond = [{"name": known, "last": 2**63 - 1}]
    assert "cannot be set" in untouched(told_otherwise(backup, path, sequences=beyond))


def test_restore_is_refused_when_a_table_is_not_the_products(
    backup: Path, empty: str, path: Path
) -> None:
    def change(entries: dict[str, bytes]) -> None:
        manifest = json.loads(entries[MANIFEST])
        for table in manifest["tables"]:
            if table["name"] == "auth_user":
                table["name"] = "pg_authid"
        entries[MANIFEST] = json.dumps(manifest).encode()
        entries["tables/pg_authid.copy.zst"] = entries.pop("tables/auth_user.copy.zst")

    path.write_bytes(backup.read_bytes())
    assert "not those of this product" in untouched(rewritten(path, change))


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("library_edition", lambda rows: rows + b"x\n", "cannot be taken in"),
        ("library_edition", lambda rows: rows + b"\\.\n" + rows, "takes in 1 of 3 rows"),
        ("auth_user", lambda rows: rows + rows, "cannot be taken in"),
        ("auth_user", lambda rows: rows + b"'; DROP TABLE auth_user; --\n", "cannot be taken in"),
        ("auth_user", lambda _: b"", "do not fit together"),
        ("library_snapshot", lambda _: b"", "do not fit together"),
        ("library_objectcontent", lambda rows: rows.replace(b"Filter", b"Fitler"), "is damaged"),
        ("library_snapshotedge", lambda rows: rows.split(b"\n", 1)[1], "is damaged"),
        ("auth_user", lambda rows: rows.replace(b"\troot\t", b"\tr\x00t\t"), "cannot be taken in"),
        ("auth_user", lambda rows: rows.replace(b"\troot\t", b"\tr\xfft\t"), "cannot be taken in"),
    ],
)
def test_restore_leaves_nothing_when_rows_were_changed_and_the_manifest_with_them(
    table: str,
    change: Callable[[bytes], bytes],
    said: str,
    backup: Path,
    empty: str,
    path: Path,
) -> None:
    assert said in untouched(changed(backup, path, table, change))


def test_damaged_snapshot_is_taken_in_when_that_is_asked_for(
    backup: Path, empty: str, path: Path
) -> None:
    def change(rows: bytes) -> bytes:
        return rows.replace(b"Filter", b"Fitler")

    changed(backup, path, "library_objectcontent", change)
    restore(path, quiet, verify_snapshots=False)
    assert ObjectContent.objects.filter(canonical__contains="Fitler").exists()
