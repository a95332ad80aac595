"""What Prometheus is told of runs: how many ended in which way, and how long they took."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from importer import acts
from importer.models import ImportRun, RunState
from importer.runs.figures import OUTCOMES, STAGES, ended
from importer.runs.recovery import notice_dead
from importer.runs.work import work
from tests.factories import mitigation
from tests.glexia.test_metrics import Samples, samples
from tests.importer.runs.conftest import Put, asked, now
from tests.importer.test_commands import refused

pytestmark = pytest.mark.usefixtures("db", "committed_db")
FIRST, SECOND = mitigation("M1", "First"), mitigation("M2", "Second")
DRY_RUN, IMPORT, COMMAND = STAGES


def worked(run: ImportRun) -> ImportRun:
    work(run.pk)
    return now(run)


def confirmed(run: ImportRun) -> ImportRun:
    acts.confirm("ann", run, make_current=True)
    return now(run)


def counted() -> dict[tuple[str, str, str], int]:
    """The figures that are not 0."""
    return {(one.stage, one.by, one.outcome): one.count for one in ended() if one.count}


def told(figure: str, stage: tuple[str, str], outcome: str) -> float | None:
    labels = {"stage": stage[0], "by": stage[1], "outcome": outcome}
    found: Samples = samples()
    return found.get((f"glexia_import_{figure}", frozenset(labels.items())))


def test_dry_run_and_import_are_told_apart_with_what_each_took(put: Put) -> None:
    run = worked(asked(put(FIRST, release="1.0")))
    took = run.seconds
    assert took is not None
    assert counted() == {(*DRY_RUN, "done"): 1}
    assert told("last_seconds", DRY_RUN, "done") == pytest.approx(took)
    run = confirmed(run)
    assert counted() == {(*DRY_RUN, "done"): 1}
    run = worked(run)
    assert run.state == RunState.DONE
    assert counted() == {(*DRY_RUN, "done"): 1, (*IMPORT, "done"): 1}
    for stage, seconds in ((DRY_RUN, took), (IMPORT, run.seconds)):
        assert told("runs_total", stage, "done") == 1
        assert told("seconds_count", stage, "done") == 1
        for figure in ("seconds_sum", "last_seconds"):
            assert told(figure, stage, "done") == pytest.approx(seconds)


def test_bundle_that_is_held_already_changes_no_figure_of_imports(put: Put) -> None:
    run = worked(confirmed(worked(asked(put(FIRST, release="1.0")))))
    again = worked(asked("bundle.json"))
    assert counted() == {
        (*DRY_RUN, "done"): 1,
        (*IMPORT, "done"): 1,
        (*DRY_RUN, "nothing-new"): 1,
    }
    assert told("last_seconds", IMPORT, "done") == pytest.approx(run.seconds)
    assert told("last_seconds", DRY_RUN, "nothing-new") == pytest.approx(again.seconds)


def test_last_one_is_the_one_that_ended_last_and_the_sum_is_of_all(put: Put) -> None:
    early = worked(asked(put(FIRST, release="1.0")))
    domain = {"domain": "mobile"}
    late = worked(asked(put(mitigation("M3", "Third", **domain), name="m.json", **domain)))
    runs = [worked(confirmed(run)) for run in (late, early)]
    assert [run.state for run in runs] == [RunState.DONE] * 2
    seconds = [run.seconds or 0.0 for run in runs]
    assert told("last_seconds", IMPORT, "done") == pytest.approx(seconds[-1])
    assert told("seconds_sum", IMPORT, "done") == pytest.approx(sum(seconds))
    assert told("seconds_count", IMPORT, "done") == 2


def test_refused_bundle_is_a_failure_whatever_the_queue_calls_its_task(
    put: Put, tmp_path: Path
) -> None:
    (tmp_path / "bundles" / "bad.json").write_bytes(b'{"type": "bundle", "objects": 3}')
    for _ in range(2):
        asked("bad.json")
    call_command("db_worker", batch=True, startup_delay=False, verbosity=0)
    assert {task.status for task in DBTaskResult.objects.all()} == {"SUCCESSFUL"}
    assert counted() == {(*DRY_RUN, "failed"): 2}
    assert told("runs_total", DRY_RUN, "failed") == 2


def test_import_that_fails_is_told_beside_its_dry_run(put: Put) -> None:
    run = worked(asked(put(FIRST)))
    put(SECOND)
    run = worked(confirmed(run))
    assert run.state == RunState.FAILED
    assert counted() == {(*DRY_RUN, "done"): 1, (*IMPORT, "failed"): 1}
    assert told("last_seconds", IMPORT, "failed") == pytest.approx(run.seconds)


@pytest.mark.parametrize(
    ("stage", "figures"),
    [
        ("asked", {(*DRY_RUN, "cancelled"): 1}),
        ("previewed", {(*DRY_RUN, "done"): 1, (*IMPORT, "cancelled"): 1}),
        ("confirmed", {(*DRY_RUN, "done"): 1, (*IMPORT, "cancelled"): 1}),
        ("importing", {(*DRY_RUN, "done"): 1, (*IMPORT, "cancelled"): 1}),
    ],
)
def test_what_was_cancelled_is_told_so_and_takes_no_time_unless_it_had_begun(
    put: Put, stage: str, figures: dict[tuple[str, str, str], int]
) -> None:
    run = asked(put(FIRST))
    run = run if stage == "asked" else worked(run)
    run = confirmed(run) if stage in {"confirmed", "importing"} else run
    if has_begun := stage == "importing":
        begun = {"state": RunState.IMPORTING, "started_at": timezone.now()}
        ImportRun.objects.update(**begun, cancel_asked=True)
        notice_dead()
    else:
        acts.cancel("ann", run)
    assert counted() == figures
    assert told("seconds_count", IMPORT, "cancelled") == has_begun
    assert (told("last_seconds", IMPORT, "cancelled") is not None) == has_begun


def test_import_by_command_has_figures_of_its_own(put: Put, tmp_path: Path) -> None:
    (tmp_path / "bundles" / "bad.json").write_bytes(b'{"type": "bundle", "objects": 3}')
    path = str(tmp_path / "bundles" / put(FIRST))
    for _ in range(2):
        call_command("import_attack", path, verbosity=0)
    refused("import_attack", str(tmp_path / "bundles" / "bad.json"))
    assert counted() == {(*COMMAND, outcome): 1 for outcome in ("done", "nothing-new", "failed")}
    done = ImportRun.objects.earliest("id")
    assert told("last_seconds", COMMAND, "done") == pytest.approx(done.seconds)


def test_figures_are_there_before_anything_has_happened() -> None:
    assert [told("runs_total", s, outcome) for s in STAGES for outcome in OUTCOMES] == [0] * 12
