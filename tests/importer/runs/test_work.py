"""A run from its asking to its end: dry run, confirmation, import, and every way it may fail."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
from tests.factories import bundle, import_objects, mitigation, source, technique
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
    counts = {change["kind"]: change["objects"] for change in run.preview["changes"]}
    assert counts["Additions"] == counts["Minor version changes"] == counts["Deletions"] == 1
    assert run.preview["named"] == [{"kind": "Deletions", "names": ["M3 Gone"], "more": 0}]
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
    assert [line["text"] for line in run.log][:2] == ["Asked for by ann", "Reading"]
    assert "Confirmed by bob" in [line["text"] for line in run.log]


def test_readers_see_what_they_saw_when_it_was_confirmed_without_showing_it(put: Put) -> None:
    import_objects(KEPT)
    run = previewed(put, KEPT, release="2.0")
    acts.confirm("bob", run, make_current=False)
    work(run.pk)
    edition = Edition.objects.current()
    assert edition is not None
    assert edition.enterprise is not None
    assert edition.enterprise.attack_version == "1.0"
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


def test_a_published_release_is_downloaded_once_and_kept_until_it_is_in(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[tuple[str, str]] = []

    def download(domain: str, release: str, progress: Any) -> Any:
        asked_for.append((domain, release))
        progress(5, 10)
        return source(bundle(KEPT, release="2.0")).read()

    monkeypatch.setattr(bundles, "download", download)
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
