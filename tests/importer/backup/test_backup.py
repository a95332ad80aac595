"""Backup and restore: everything, whole or not at all."""

import stat
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group
from django.db import connection, transaction

from analysis.models import Act, Revision
from glexia.embedded.programs import program
from importer.backup import saving
from importer.backup.archive import BackupError, Reader, Table, Writer, sha256_of
from importer.backup.restoring import restore
from importer.backup.saving import save
from importer.backup.tables import LEFT_OUT, SEEDED, Stored, carried, columns_of, stored
from importer.store import IMPORT_LOCK
from importer.verification import problems
from library.conditional import current_shelf, forget_shelf
from library.epoch import advance_epoch
from library.models import Edition, Snapshot
from tests.databases import ROOT, address, in_use, manage, read_pages
from tests.factories import import_objects, mitigation

# Tables that are no model's and can be made anew.
CACHES = {"library_kept"}
# Where a restored library counts on from another number.
RENEWED = "library_epoch"


def quiet(_line: str) -> None:
    """Say nothing."""


def contents() -> dict[str, Stored]:
    """What every table holds that a backup carries."""
    with transaction.atomic():
        return {name: stored(name, columns_of(name)) for name in carried()}


def tables() -> set[str]:
    """The tables that the database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return {name for (name,) in cursor.fetchall()}


def test_every_table_of_the_database_is_carried_or_left_out_for_a_reason(empty: str) -> None:
    assert tables() - CACHES == {*carried(), *LEFT_OUT}


def test_restored_database_holds_in_every_table_what_the_saved_one_held(
    filled: str, backup: Path, empty: str
) -> None:
    restore(backup, quiet)
    found = contents()
    with in_use(filled):
        expected = contents()
    assert found.pop(RENEWED) != expected.pop(RENEWED)
    assert found == expected
    assert sum(table.rows for table in found.values()) > 1000
    for name in ("library_snapshotbundle", "analysis_revision", "analysis_act", "auth_user"):
        assert found[name].rows


def test_restored_library_is_sound_and_read_as_before(backup: Path, empty: str) -> None:
    restore(backup, quiet)
    assert [list(problems(snapshot)) for snapshot in Snapshot.objects.all()] == [[]] * 6
    assert Edition.objects.current() is not None
    assert Revision.objects.get().state == "published"
    assert Act.objects.count() == 3
    page = "/learn/attack/mitigations/M1037"
    status, said = read_pages(empty, page)[page]
    assert status == 200
    assert "lines: é ☃." in said


def test_restored_users_sign_in_with_their_passwords_and_roles(backup: Path, empty: str) -> None:
    restore(backup, quiet)
    user = ModelBackend().authenticate(None, "root", "a password of a test")
    assert user is not None
    assert [group.name for group in user.groups.all()] == ["author"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)


def test_restored_library_goes_on_counting(backup: Path, empty: str) -> None:
    restore(backup, quiet)
    import_objects(mitigation("M9999", "New"), release="99.0")
    assert Snapshot.objects.count() == 7


def test_restored_rows_are_still_immutable(backup: Path, empty: str) -> None:
    restore(backup, quiet)
    for table in ("library_objectcontent", "library_snapshot", "analysis_act"):
        with (
            pytest.raises(Exception, match="is immutable"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")


def test_commands_save_and_restore_in_processes_of_their_own(
    filled: str, empty: str, tmp_path: Path
) -> None:
    path = tmp_path / "all.backup"
    saved = manage(filled, "backup", str(path))
    assert (saved.returncode, saved.stderr) == (0, "")
    first, second = saved.stdout.splitlines()
    assert first.startswith(f"Saved {len(carried())} tables, ")
    assert second == f"{sha256_of(path)}  {path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    restored = manage(empty, "restore", str(path))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "every hash as saved." in restored.stdout
    assert restored.stdout.count("every hash as imported.") == 6
    assert "Restored what was saved at 20" in restored.stdout.splitlines()[-1]
    again = manage(empty, "restore", str(path))
    assert again.returncode == 2
    assert again.stderr.strip().endswith("has rows): restore into a new one.")
    assert len(again.stderr.splitlines()) == 1


def test_backup_shows_one_moment_when_others_write_meanwhile(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_objects(mitigation("M1037", "Filter Network Traffic"))
    add = saving._add
    made: list[str] = []

    def add_while_others_write(writer: Writer, name: str) -> Table:
        made.append(name)
        if len(made) == 2:
            with psycopg.connect(address(empty)) as other:
                other.execute("INSERT INTO auth_group (name) VALUES ('late')")
        return add(writer, name)

    monkeypatch.setattr(saving, "_add", add_while_others_write)
    manifest = save(tmp_path / "a.backup")
    saved = {table.name: table.rows for table in manifest.tables}
    assert made.index("auth_group") > 1
    assert Group.objects.count() == saved["auth_group"] + 1


def _but_epoch(tables: list[Table]) -> list[Table]:
    return [table for table in tables if table.name != RENEWED]


def test_restored_library_has_no_page_tag_in_common_with_the_saved_one_whatever_both_do_next(
    filled: str, backup: Path, empty: str, tmp_path: Path
) -> None:
    restore(backup, quiet)
    marks = [_mark() for _ in range(3)]
    with in_use(filled):
        saved = [_mark() for _ in range(3)]
    assert len({*marks, *saved}) == 6
    # The same editions and snapshots, so that it is the epoch that tells them apart.
    assert {mark.split("/")[:3] == saved[0].split("/")[:3] for mark in marks} == {True}


def _mark() -> str:
    """What page tags are made of, once a Take more was published."""
    advance_epoch()
    forget_shelf()
    return current_shelf().mark


def test_backups_of_the_same_rows_are_the_same(backup: Path, empty: str, tmp_path: Path) -> None:
    restore(backup, quiet)
    again = save(tmp_path / "again.backup")
    reader = Reader(backup)
    assert _but_epoch(again.tables) == _but_epoch(reader.manifest.tables)
    assert again.migrations == reader.manifest.migrations


def test_backup_replaces_no_file(empty: str, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    path.write_text("mine")
    with pytest.raises(BackupError, match="there is a file of this name already"):
        save(path)
    assert path.read_text() == "mine"


def test_backup_leaves_nothing_when_it_cannot_be_written(
    filled: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackupError, match="cannot be written"):
        save(tmp_path / "no" / "such" / "folder.backup")

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "_add", full)
    with in_use(filled), pytest.raises(BackupError, match="No space left on device"):
        save(tmp_path / "a.backup")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table", ["auth_user", "library_stixobject"])
def test_restore_is_refused_when_the_database_has_rows(
    table: str, backup: Path, empty: str
) -> None:
    with connection.cursor() as cursor:
        if table == "auth_user":
            cursor.execute(
                "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name,"
                " email, is_staff, is_active, date_joined)"
                " VALUES ('a', '', false, '', '', '', false, true, now())"
            )
        else:
            cursor.execute("INSERT INTO library_stixobject (stix_id, stix_type) VALUES ('x', 'x')")
    before = contents()
    with pytest.raises(BackupError, match=rf"not empty \({table} has rows\)"):
        restore(backup, quiet)
    assert contents() == before


def test_restore_is_refused_while_an_import_runs(backup: Path, empty: str) -> None:
    with psycopg.connect(address(empty)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        with pytest.raises(BackupError, match="An import is running"):
            restore(backup, quiet)


def test_every_seeded_table_is_one_that_is_carried() -> None:
    assert set(SEEDED) <= set(carried())


def test_embedded_programs_of_the_documented_dump_are_there() -> None:
    for name in ("pg_dump", "pg_restore"):
        assert program(name).exists()
    assert "pg_dump" in (ROOT / "docs" / "operations.md").read_text()
