"""A run from its asking to its end: dry run, confirmation, import, and every way it may fail."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from importer import acts
from importer.errors import RefusedError
from importer.models import ImportRun, RunState, SourceKind
from importer.runs import bundles, spool
from importer.runs import progress as progress_module
from importer.runs.control import Control, connect
from importer.runs.progress import RunProgress
from importer.runs.work import work
from library.models import Edition, Snapshot
from library.previews import ImportPreview, PreviewLine
from tests.factories import (
    Properties,
    bundle,
    import_objects,
    mitigation,
    source,
    stix_id,
    stix_object,
    technique,
)
from tests.importer.runs.conftest import Put, asked, now
from tests.importer.test_store import library_state

pytestmark = pytest.mark.usefixtures("db", "committed_db")
KEPT, EDITED, GONE = mitigation("M1", "Kept"), mitigation("M2", "Edited"), mitigation("M3", "Gone")
SEEN: list[str] = []


def preview(snapshot_id: int) -> ImportPreview:
    """What an app says that knows the snapshot, while it is there."""
    snapshot = Snapshot.objects.get(pk=snapshot_id)
    edition = Edition.objects.current()
    assert edition is not None
    assert snapshot in edition.snapshots
    line = PreviewLine(f"The Take on M2 would be stale in {snapshot.attack_version}.", "/x")
    return ImportPreview("Takes", "No Take would become stale.", (line,))


def previewed(put: Put, *objects: Any, **more: str) -> ImportRun:
    run = asked(put(*objects, **more))
    work(run.pk)
    return now(run)


def test_a_dry_run_says_what_would_change_and_changes_nothing(put: Put, settings: Settings) -> None:
    settings.IMPORT_PREVIEWS = [f"{__name__}.preview"]
    import_objects(KEPT, EDITED, GONE)
    state = library_state()
    edited = EDITED | {"description": "Another.", "x_mitre_version": "1.1"}
    fresh = mitigation("M4", "Fresh")
    run = previewed(put, KEPT, edited, fresh, release="2.0")

    assert (run.state, run.domain, run.release) == (RunState.PREVIEWED, "enterprise", "2.0")
    assert run.preview is not None
    assert library_state() == state
    (compared,) = run.preview["comparisons"]
    counts = {change["kind"]: change["objects"] for change in compared["changes"]}
    assert counts["Additions"] == counts["Minor version changes"] == counts["Deletions"] == 1
    assert (compared["against"], compared["release"]) == ("seen now", "1.0")
    assert compared["named"] == [{"kind": "Deletions", "names": ["M3 Gone"], "more": 0}]
    assert run.preview["would_be_current"]
    assert run.preview["others"][0]["lines"] == [
        {"text": "The Take on M2 would be stale in 2.0.", "href": "/x", "detail": ""}
    ]
    assert run.preview["report"]["lines"][0].startswith("enterprise 2.0: would be imported from")


def test_a_confirmed_run_imports_what_its_dry_run_showed(put: Put) -> None:
    run = previewed(put, KEPT, release="2.0")
    acts.confirm("bob", run, make_current=True)
    work(run.pk)
    run = now(run)

    assert (run.state, run.problem, run.outcome) == (RunState.DONE, "", "Imported")
    snapshot = run.snapshot()
    assert snapshot is not None
    assert run.report is not None
    assert run.report["lines"][0] == (
        f"enterprise 2.0: imported as snapshot {snapshot.pk} from bundle.json"
    )
    edition = Edition.objects.current()
    assert edition is not None
    assert (edition.enterprise, edition.made_by) == (snapshot, "bob")
    lines = [line["text"] for line in run.log]
    assert lines[:2] == ["Asked for by ann", "Reading"]
    assert lines.index("The dry run is over") < lines.index("Confirmed by bob")
    assert lines[-2:] == ["Committing", f"Imported as snapshot {snapshot.pk}"]
    assert run.report["edition"] == edition.pk


def test_readers_see_what_they_saw_when_it_was_confirmed_without_showing_it(put: Put) -> None:
    import_objects(KEPT)
    run = previewed(put, KEPT, release="2.0")
    acts.confirm("bob", run, make_current=False)
    work(run.pk)
    edition = Edition.objects.current()
    assert edition is not None
    assert edition.enterprise is not None
    assert edition.enterprise.attack_version == "1.0"
    done = now(run)
    assert done.report is not None
    assert done.report["edition"] is None
    assert Snapshot.objects.count() == 2


def test_a_run_is_done_after_its_dry_run_when_the_library_holds_the_bundle(put: Put) -> None:
    run = previewed(put, KEPT)
    acts.confirm("ann", run, make_current=True)
    work(run.pk)
    again = asked(run.source_name)
    work(again.pk)
    done = now(again)
    assert (done.state, done.outcome) == (RunState.DONE, "Already imported")
    assert done.report is not None
    assert "  shown      yes: readers see this release" in done.report["lines"]
    assert Snapshot.objects.count() == 1


def test_a_run_fails_when_the_file_is_another_than_in_the_dry_run(put: Put) -> None:
    run = previewed(put, KEPT)
    put(KEPT, EDITED)
    acts.confirm("ann", run, make_current=True)
    work(run.pk)
    assert now(run).state == RunState.FAILED
    assert "not the file of the dry run any more" in now(run).problem
    assert not Snapshot.objects.exists()


def test_a_bad_bundle_fails_in_one_sentence_and_may_be_retried(put: Put, tmp_path: Path) -> None:
    put()
    (tmp_path / "bundles" / "bundle.json").write_bytes(b'{"type": "bundle", "objects": 3}')
    run = asked("bundle.json")
    work(run.pk)
    failed = now(run)
    assert failed.state == RunState.FAILED
    assert failed.problem.startswith("bundle.json: ")
    assert len(failed.problem.splitlines()) == 1
    assert failed.log[-1]["text"] == f"Failed: {failed.problem}"
    # What was refused is known by its hash all the same.
    assert failed.sha256 == hashlib.sha256(b'{"type": "bundle", "objects": 3}').hexdigest()
    put(KEPT)
    again = acts.retry("bob", failed)
    work(again.pk)
    assert (now(again).state, again.retry_of, again.asked_by) == (RunState.PREVIEWED, failed, "bob")


def test_an_error_that_nobody_expected_is_said_and_raised(
    put: Put, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.IMPORT_PREVIEWS = [f"{__name__}.nothing_that_is_there"]
    run = asked(put(KEPT))
    with pytest.raises(ImportError):
        work(run.pk)
    assert now(run).state == RunState.FAILED
    assert "ImportError" in now(run).problem
    assert f"import run {run.pk} failed" in caplog.text


@pytest.mark.parametrize("state", [RunState.ASKED, RunState.PREVIEWED, RunState.CONFIRMED])
def test_a_run_that_nobody_works_on_is_cancelled_at_once(put: Put, state: RunState) -> None:
    run = asked(put(KEPT))
    ImportRun.objects.update(state=state)
    acts.cancel("bob", run)
    work(run.pk)
    assert now(run).state == RunState.CANCELLED
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize("stage", ["reading", "storing", "validating"])
@pytest.mark.parametrize("import_it", [False, True], ids=["dry run", "import"])
def test_nothing_is_left_when_a_run_is_cancelled_at(
    put: Put, monkeypatch: pytest.MonkeyPatch, stage: str, import_it: bool
) -> None:
    run = asked(put(KEPT))
    if import_it:
        work(run.pk)
        acts.confirm("ann", run, make_current=True)
    state = library_state()
    SEEN.clear()
    # The cancelling is a transaction of somebody else, so on a connection of its own.
    monkeypatch.setattr("importer.runs.work.RunProgress", _cancels_at(stage))
    work(run.pk)
    assert now(run).state == RunState.CANCELLED
    assert [stage] == SEEN
    assert library_state() == state


def _cancels_at(at: str) -> type[RunProgress]:
    class CancelsAt(RunProgress):
        def stage(self, origin: str, name: str, parts: int) -> None:
            if name == at:
                SEEN.append(name)
                with connect() as other:
                    other.execute("UPDATE importer_importrun SET cancel_asked = true")
            super().stage(origin, name, parts)

    return CancelsAt


def test_it_is_too_late_to_cancel_a_run_that_is_being_committed(put: Put) -> None:
    run = asked(put(KEPT))
    ImportRun.objects.update(state=RunState.IMPORTING, closing=True)
    with Control(run.pk), pytest.raises(RefusedError, match="just being committed"):
        acts.cancel("bob", run)


def test_progress_is_told_at_most_every_so_often(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []

    class Told:
        def note(self, text: str) -> None: ...

        def tell(self, *what: Any) -> bool:
            told.append(what)
            return True

    clock = iter([0.0, 0.1, 0.2, 0.31, 0.31])
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(monotonic=clock.__next__))
    progress = RunProgress(Told())  # type: ignore[arg-type]
    progress.stage("x", "storing", 9)
    for _ in range(3):
        progress.advance(3)
    assert told == [("storing", 0, 9), ("storing", 9, 9)]


def published(monkeypatch: pytest.MonkeyPatch, download: Any, content: Properties) -> str:
    """MITRE publishes this bundle as enterprise 2.0, as far as runs can see; its SHA-256."""
    sha256 = hashlib.sha256(orjson.dumps(content)).hexdigest()
    monkeypatch.setattr(bundles, "download", download)
    monkeypatch.setattr(bundles, "published_sha256", lambda *_: sha256)
    return sha256


def test_a_half_written_download_is_downloaded_again_when_its_run_is_retried(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bundle(KEPT, release="2.0")
    published(monkeypatch, lambda *_: source(content).read(), content)
    run = acts.start("ann", acts.Asked(SourceKind.PUBLISHED, "2.0", domain="enterprise"))
    # What a worker leaves behind that is killed as it writes, now and before there were parts.
    name = spool.fresh_name()
    whole = orjson.dumps(content)
    spool.place(name).write_bytes(whole[: len(whole) // 2])
    (spool.folder() / f"{name}{spool.PART}").write_bytes(whole[:10])
    ImportRun.objects.update(state=RunState.FAILED, stored_as=name)
    again = acts.retry("bob", now(run))
    work(again.pk)
    again = now(again)
    assert (again.state, again.problem, again.stored_as) == (RunState.PREVIEWED, "", name)
    assert [path.name for path in spool.folder().iterdir()] == [name]
    assert spool.place(name).read_bytes() == whole


def test_a_download_that_is_being_kept_has_no_name_until_it_is_whole(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(
        spool.os,  # type: ignore[attr-defined]
        "fsync",
        lambda _: seen.append([path.name for path in spool.folder().iterdir()]),
    )
    name = spool.fresh_name()
    spool.keep(name, b"whole")
    assert seen == [[f"{name}{spool.PART}"]]
    assert [path.name for path in spool.folder().iterdir()] == [name]
    (spool.folder() / f"{name}{spool.PART}").write_bytes(b"x")
    spool.discard(name)
    assert list(spool.folder().iterdir()) == []


def test_a_published_release_is_downloaded_once_and_kept_until_it_is_in(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[tuple[str, str]] = []
    content = bundle(KEPT, release="2.0")

    def download(domain: str, release: str, progress: Any) -> Any:
        asked_for.append((domain, release))
        progress(5, 10)
        return source(content).read()

    published(monkeypatch, download, content)
    run = acts.start("ann", acts.Asked(SourceKind.PUBLISHED, "2.0", domain="enterprise"))
    work(run.pk)
    run = now(run)
    assert (run.state, run.problem) == (RunState.PREVIEWED, "")
    assert spool.holds(run.stored_as)
    acts.confirm("ann", run, make_current=True)
    work(run.pk)
    assert (now(run).state, asked_for) == (RunState.DONE, [("enterprise", "2.0")])
    assert not spool.holds(run.stored_as)


def test_an_upload_that_is_gone_is_said_so(put: Put) -> None:
    name = spool.fresh_name()
    run = acts.start("ann", acts.Asked(SourceKind.UPLOADED, "mine.json", name))
    work(run.pk)
    assert "mine.json: the file is not there any more" in now(run).problem
    with pytest.raises(RefusedError, match="upload it again"):
        acts.retry("ann", now(run))


def test_the_worker_takes_runs_from_the_queue(put: Put) -> None:
    runs = [asked(put(KEPT, name=f"{n}.json", release=f"{n}.0")) for n in (1, 2)]
    call_command("db_worker", batch=True, startup_delay=False, verbosity=0)
    assert [now(run).state for run in runs] == [RunState.PREVIEWED, RunState.PREVIEWED]
    assert {task.status for task in DBTaskResult.objects.all()} == {"SUCCESSFUL"}


def test_a_domain_and_release_are_told_for_a_bundle_that_is_silent(put: Put) -> None:
    silent = put(technique("T1", "Way", ("x",)), release=None)
    run = asked(silent, release="9.0")
    work(run.pk)
    assert (now(run).problem, now(run).bundle) == ("", "enterprise 9.0")


def test_a_bundle_that_is_silent_is_asked_about_in_the_words_of_the_console(
    put: Put, tmp_path: Path
) -> None:
    note = stix_object("note", "A note", content="Nothing of ATT&CK.")
    silent = orjson.dumps({"type": "bundle", "id": stix_id("bundle"), "objects": [note]})
    name = put()
    (tmp_path / "bundles" / name).write_bytes(silent)
    run = asked(name)
    work(run.pk)
    assert now(run).problem == (
        "bundle.json: the bundle does not say its domain: say it beside Retry."
    )
    again = acts.retry("ann", now(run), ("ics", ""))
    work(again.pk)
    assert now(again).problem == (
        "bundle.json: the bundle does not say its release: say it beside Retry."
    )
    last = acts.retry("ann", now(again), ("ics", "9.0"))
    work(last.pk)
    assert (now(last).problem, now(last).bundle) == ("", "ics 9.0")
