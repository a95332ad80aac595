"""What the embedded PostgreSQL cannot work with, and what it must leave alone."""

import os
import shutil
from pathlib import Path

import pytest

from glexia import embedded
from glexia.embedded import cluster, failures, locks, programs, reach
from glexia.embedded.place import Place
from tests.glexia.servers import (
    ask,
    may_unshare,
    sentence,
)


def test_folder_without_version_is_no_data_folder(empty: Path) -> None:
    (empty / "postgres").mkdir(parents=True)
    (empty / "postgres" / "letter.txt").write_text("Dear Sir")
    assert "move it away" in (told := sentence(empty))
    assert str(empty.resolve() / "postgres") in told
    assert (empty / "postgres" / "letter.txt").exists()


def test_file_in_place_of_data_folder_is_named(empty: Path) -> None:
    empty.mkdir()
    (empty / "postgres").write_text("Dear Sir")
    assert "it is not a folder" in sentence(empty)


@pytest.mark.parametrize(
    ("version", "words"), [("16\n", "PostgreSQL 16 and this is PostgreSQL 18"), ("x", "no version")]
)
def test_other_version_is_refused(empty: Path, version: str, words: str) -> None:
    (empty / "postgres").mkdir(parents=True)
    (empty / "postgres" / "PG_VERSION").write_text(version)
    assert words in sentence(empty)


def test_truncated_file_is_reported_with_the_words_of_the_log(empty: Path) -> None:
    embedded.start(empty).stop()
    os.truncate(empty / "postgres" / "global" / "pg_control", 100)
    told = sentence(empty)
    assert "pg_control" in told
    assert str(empty.resolve() / "postgres.log") in told
    assert "restore it from a backup" in told


def test_folder_of_another_user_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = programs.find_account()
    other = programs.Account("somebody", here.uid + 1, here.gid, here.app)
    monkeypatch.setattr(cluster, "find_account", lambda: other)
    assert f"belongs to {here.name}, but PostgreSQL runs as somebody" in sentence(data)


def test_folder_in_use_out_of_sight_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glexia.embedded.postmaster.READY_WITHIN", 0.5)
    elsewhere = locks.take(Place.at(data).alive)
    assert elsewhere is not None
    assert "in use by a server that was started elsewhere" in sentence(data)
    os.close(elsewhere)


def test_data_directory_that_is_a_file_is_named(empty: Path) -> None:
    empty.write_text("Dear Sir")
    with pytest.raises(embedded.EmbeddedError, match="set GLEXIA_DATA_DIR"):
        embedded.start(empty)


def test_path_too_long_for_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="too long for a Unix socket"):
        embedded.start(tmp_path / ("x" * 100))


def test_path_with_comma_is_refused(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="comma"):
        embedded.start(tmp_path / "a,b")


def test_path_with_space_and_quotes_works(empty: Path) -> None:
    with embedded.start(empty / 'a "b" ü%') as server:
        assert ask(server, "select 1") == (1,)


def test_missing_wheel_is_named(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WHEEL", "no_such_wheel")
    assert "run make setup" in sentence(empty)


def test_user_without_name_is_told_so(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert "/etc/passwd" in sentence(empty)


def test_full_disk_is_told_as_such(tmp_path: Path) -> None:
    printed = "FATAL:  could not write to file: No space left on device\nHINT:  Check free space.\n"
    told = str(failures.explain(Place(tmp_path), printed, 1))
    assert told == f"The disk that holds {tmp_path} is full: free some space and try again."


def test_nothing_outside_data_directory_changes(empty: Path) -> None:
    empty.mkdir()
    (empty / "secret-key").touch(mode=0o600)
    watched = [empty / "secret-key", *programs.find_folders(), Path(programs.__file__)]
    watched += [parent for path in tuple(watched) for parent in path.resolve().parents]
    watched.remove(empty.resolve())

    def modes() -> list[tuple[int, int, int]]:
        return [(at.st_mode, at.st_uid, at.st_gid) for at in map(Path.stat, watched)]

    before = modes()
    embedded.start(empty).stop()
    assert modes() == before


def test_server_starts_in_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    mounts = Path("/proc/self/mounts")
    before = mounts.read_text() if mounts.exists() else ""
    if os.geteuid() == 0 and not may_unshare():
        assert "who may not enter" in sentence(closed / "data")
    else:
        with embedded.start(closed / "data") as server:
            assert ask(server, "select 1") == (1,)
    assert not mounts.exists() or mounts.read_text() == before
    assert closed.stat().st_mode & 0o777 == 0o700


def test_closed_folder_is_named_where_it_cannot_be_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = reach.Plan(1, 1, "nobody", "/closed/app/data", ["/closed/app/data/run"], ["/usr/pg"])

    def refuse() -> None:
        raise PermissionError

    monkeypatch.setattr(reach, "_privatise", refuse)
    monkeypatch.setattr(reach, "_closed", lambda _: {"/closed/app/data/run": "/closed"})
    with pytest.raises(reach.UnreachableError, match=r"may not enter /closed on the way.*DATA_DIR"):
        reach.open_way(plan)
    monkeypatch.setattr(reach, "_closed", lambda _: {"/usr/pg": "/usr"})
    with pytest.raises(reach.UnreachableError, match=r"may not enter /usr on the way.*checkout"):
        reach.open_way(plan)


def test_server_runs_from_installation_that_only_its_owner_can_read(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation, *libraries = programs.find_folders()
    private = empty.parent / "site" / "wheel" / installation.name
    ignore = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(installation, private, ignore=ignore, symlinks=True)
    copied = [shutil.copytree(found, private.parents[1] / found.name) for found in libraries]
    for folder in (private, *copied):
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.setattr(cluster, "find_folders", lambda: [private, *copied])
    if os.geteuid() == 0 and not may_unshare():
        assert "who may not enter" in sentence(empty)
    else:
        with embedded.start(empty) as server:
            assert ask(server, "select 1") == (1,)
