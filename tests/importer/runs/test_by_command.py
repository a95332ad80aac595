"""Imports by command in the history: who, when, from where, hash, outcome and duration."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.urls import reverse

from accounts.actors import command_actor
from importer import acts
from importer.deletion import delete_snapshot
from importer.errors import RefusedError
from importer.filling import fill_library
from importer.models import ImportRun, RunState, SourceKind
from importer.pipeline import Options, Silent
from importer.progress import ProgressBar
from importer.runs import by_command
from importer.runs.by_command import INTERRUPTED, import_by_command
from importer.sources import file_sources
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import mitigation
from tests.importer.console.conftest import importer
from tests.importer.console.pages import page_of
from tests.importer.test_commands import refused
from tests.importer.test_store import library_state

pytestmark = pytest.mark.usefixtures("db", "committed_db", "plain_static")
KEPT, FRESH = mitigation("M1", "Kept"), mitigation("M2", "Fresh")
BAD = b'{"type": "bundle", "objects": 3}'
WHO = command_actor("import_attack")

type Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a bundle of objects into a folder; its path."""

    def write(name: str, *objects: Any, **more: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(orjson.dumps(factories.bundle(*objects, **more)))
        return path

    return write


def imported(*paths: Path, **options: Any) -> list[ImportRun]:
    """The history, oldest first, once the command has imported these."""
    call_command("import_attack", *map(str, paths), verbosity=0, **options)
    return history()


def history() -> list[ImportRun]:
    return list(ImportRun.objects.order_by("id"))


def told(run: ImportRun) -> tuple[str, str, str]:
    return run.bundle, run.source_name, run.outcome


def test_each_bundle_of_a_command_is_in_the_history(write: Write) -> None:
    new = write("new.json", KEPT, FRESH, release="2.0")
    old = write("old.json", KEPT, release="1.0")
    runs = imported(new, old)
    assert [told(run) for run in runs] == [
        ("enterprise 1.0", "old.json", "Imported"),
        ("enterprise 2.0", "new.json", "Imported"),
    ]
    for run, path in zip(runs, (old, new), strict=True):
        assert (run.state, run.source_kind) == (RunState.DONE, SourceKind.COMMAND)
        assert (run.asked_by, run.confirmed_by, run.people) == (WHO, "", WHO)
        assert run.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert run.snapshot() == Snapshot.objects.get(attack_version=run.release)
        assert run.report is not None
        assert run.seconds == pytest.approx(run.report["seconds"], abs=0.001)
        assert run.finished_at is not None
        assert run.asked_at <= run.finished_at
    ends, begins = runs[0].finished_at, runs[1].started_at
    assert ends is not None
    assert begins is not None
    assert ends <= begins


def test_an_import_by_command_is_told_as_any_other(write: Write) -> None:
    (run,) = imported(write("bundle.json", KEPT))
    page = page_of(run)
    edition = Edition.objects.current()
    assert edition is not None
    assert run.report is not None
    assert run.report["edition"] == edition.pk
    assert "By command: bundle.json" in page
    assert f"by {WHO}" in page
    assert "Readers see enterprise 1.0." in page
    assert f"enterprise 1.0: imported as snapshot {edition.enterprise_id}" in page
    assert 'value="retry"' not in page
    overview = importer().get(reverse("admin:import-overview")).content.decode()
    assert "not from this console" not in overview
    listed = importer().get(reverse("admin:importer_importrun_changelist")).content.decode()
    for said in ("By command: bundle.json", WHO, run.sha256[:12], "Imported"):
        assert said in listed


def test_a_bundle_that_is_held_already_is_told_as_such(write: Write) -> None:
    path = write("bundle.json", KEPT)
    imported(path)
    assert [run.outcome for run in imported(path)] == ["Imported", "Already imported"]


def test_an_import_that_fails_is_told_with_its_sentence_and_undone(
    write: Write, tmp_path: Path
) -> None:
    sound, bad = write("a.json", KEPT), tmp_path / "b.json"
    bad.write_bytes(BAD)
    before = library_state()
    sentence = refused("import_attack", str(sound), str(bad), domain="enterprise", release="1.0")
    (run,) = history()
    assert library_state() == before
    assert (run.state, run.source_name, run.asked_by) == (RunState.FAILED, "b.json", WHO)
    assert run.problem == sentence
    assert run.sha256 == hashlib.sha256(BAD).hexdigest()
    assert run.seconds is not None


def test_a_file_that_cannot_be_unpacked_is_told_without_a_hash(tmp_path: Path) -> None:
    (tmp_path / "bad.json.gz").write_bytes(b"\x1f\x8bnothing")
    refused("import_attack", str(tmp_path))
    (run,) = history()
    assert (run.outcome, run.source_name, run.sha256) == ("Failed", "bad.json.gz", "")


def test_a_name_that_no_database_keeps_is_told_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "two\nlines\udcff.json").write_bytes(BAD)
    refused("import_attack", str(tmp_path))
    (run,) = history()
    assert run.state == RunState.FAILED
    assert run.source_name.isprintable()
    assert run.problem.isprintable()


def test_an_import_by_command_is_not_retried_from_the_console(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(BAD)
    refused("import_attack", str(tmp_path / "bad.json"))
    (run,) = history()
    page = page_of(run)
    assert 'value="retry"' not in page
    assert "It was an import by command: give the command again" in page
    for act in (
        lambda: acts.retry("ann", run),
        lambda: acts.confirm("ann", run, make_current=True),
        lambda: acts.cancel("ann", run),
    ):
        with pytest.raises(RefusedError):
            act()
    assert history() == [run]


def test_an_import_that_somebody_interrupts_is_told(write: Write) -> None:
    class Interrupts(Silent):
        def advance(self, parts: int) -> None:
            raise KeyboardInterrupt(parts)

    sources = file_sources([write("bundle.json", KEPT)])
    with pytest.raises(KeyboardInterrupt):
        import_by_command(sources, Options(validate=False), Interrupts())
    (run,) = history()
    assert (run.state, run.problem) == (RunState.FAILED, INTERRUPTED)
    assert not Snapshot.objects.exists()


def test_a_dry_run_by_command_leaves_nothing(write: Write, tmp_path: Path) -> None:
    assert imported(write("bundle.json", KEPT), dry_run=True) == []
    (tmp_path / "bad.json").write_bytes(BAD)
    refused("import_attack", str(tmp_path / "bad.json"), dry_run=True)
    assert history() == []


def test_a_failure_that_cannot_be_told_ends_the_command_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(_: ImportRun) -> None:
        raise OperationalError("no room")

    monkeypatch.setattr(ImportRun, "save", save)
    (tmp_path / "bad.json").write_bytes(BAD)
    assert "bad.json: " in refused("import_attack", str(tmp_path / "bad.json"))
    assert history() == []


def test_nothing_waits_for_a_database_that_is_gone(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("the server went away")

    monkeypatch.setattr(by_command, "import_bundles", gone)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    assert "the server went away" in refused(
        "import_attack", str(write("bundle.json", KEPT)), status=1
    )
    assert history() == []


def test_a_start_of_the_product_is_told_once_for_each_bundle(write: Write, tmp_path: Path) -> None:
    write("bundle.json", KEPT)
    for _ in range(2):
        fill_library(tmp_path, tmp_path, lambda _: None, ProgressBar())
    (run,) = history()
    assert (run.asked_by, run.outcome, run.source_name) == ("make run", "Imported", "bundle.json")


def test_the_history_outlives_what_came_in(write: Write) -> None:
    first = write("first.json", KEPT, release="1.0")
    imported(first, write("second.json", KEPT, release="2.0"))
    delete_snapshot(Snapshot.objects.get(attack_version="1.0"), "ann")
    run = history()[0]
    assert told(run) == ("enterprise 1.0", "first.json", "Imported")
    assert "The snapshot has been deleted since." in page_of(run)
