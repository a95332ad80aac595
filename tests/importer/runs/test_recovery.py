"""A worker that dies: its run is failed at the next look, the library as before, a retry works.

Real workers are killed while they wait for a lock that the test holds.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoAssertNumQueries

from importer import acts
from importer.models import ImportRun, RunState
from importer.runs.control import RUN_CLASS, Control, connect
from importer.runs.recovery import DIED, NEVER_BEGUN, notice_dead
from importer.runs.work import CHANGED, STOPPED, work
from importer.store import IMPORT_LOCK
from library.models import Edition, Snapshot
from tests.factories import import_objects, mitigation
from tests.importer.runs.conftest import Put, asked, now
from tests.importer.test_commands import PATIENCE, ROOT, environment
from tests.importer.test_faults import everything_is_sound, stopped
from tests.importer.test_store import library_state

pytestmark = pytest.mark.usefixtures("db", "committed_db")
OLD, NEW = mitigation("M1", "Old"), mitigation("M2", "New")
# What an import comes to wait for near its end.
AT_THE_EDITION: Final = "LOCK TABLE library_edition IN SHARE MODE"
# What another import holds.
IMPORTING: Final = f"SELECT pg_advisory_xact_lock({IMPORT_LOCK})"

type Worker = subprocess.Popen[str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts workers, in processes that do not outlive the test."""
    with ExitStack() as running:

        def start_one() -> Worker:
            places = {
                "IMPORT_DIR": str(tmp_path / "bundles"),
                "IMPORT_SPOOL": str(tmp_path / "spool"),
            }
            process = subprocess.Popen(
                [sys.executable, ROOT / "manage.py", "db_worker", "--batch", "--verbosity", "0"],
                env=environment() | places,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            running.enter_context(process)
            running.callback(process.kill)
            return process

        yield start_one


@contextmanager
def holding(statement: LiteralString) -> Iterator[None]:
    """What the statement locks is locked by somebody else; what the test does commits."""
    with connect() as other, other.transaction(force_rollback=True):
        other.execute(statement)
        yield


def until_its_lock_is_free(run: ImportRun) -> None:
    """Wait until the server has noticed that the worker, or its control, is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [RUN_CLASS, run.pk])
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [RUN_CLASS, run.pk])


def confirmed(put: Put) -> ImportRun:
    run = asked(put(OLD, NEW, release="2.0"))
    work(run.pk)
    # The worker of its dry run was this process, so the queue has the task still.
    DBTaskResult.objects.all().delete()
    acts.confirm("ann", now(run), make_current=True)
    return now(run)


@pytest.mark.parametrize("import_it", [False, True], ids=["dry run", "import"])
def test_the_run_of_a_killed_worker_is_failed_at_the_next_look(
    put: Put, start: Callable[[], Worker], import_it: bool
) -> None:
    import_objects(OLD)
    state = library_state()
    run = confirmed(put) if import_it else asked(put(OLD, NEW, release="2.0"))
    with holding(AT_THE_EDITION):
        worker = start()
        stopped(worker)
        notice_dead()
        assert now(run).is_worked_on
        worker.kill()
        worker.wait(PATIENCE)
        until_its_lock_is_free(run)
        notice_dead()
        assert (now(run).state, now(run).problem) == (RunState.FAILED, DIED)
    assert library_state() == state
    assert "RUNNING" not in set(DBTaskResult.objects.values_list("status", flat=True))

    again = acts.retry("bob", now(run))
    work(again.pk)
    acts.confirm("bob", now(again), make_current=True)
    work(again.pk)
    assert now(again).state == RunState.DONE
    everything_is_sound()


def test_a_worker_that_is_told_twice_to_stop_breaks_off_in_order(
    put: Put, start: Callable[[], Worker]
) -> None:
    import_objects(OLD)
    state = library_state()
    run = confirmed(put)
    with holding(AT_THE_EDITION):
        worker = start()
        stopped(worker)
        worker.send_signal(signal.SIGTERM)
        # The first one is only taken note of; each further one breaks off.
        while worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
            try:
                # A third one would end it at once, before it could say so.
                worker.wait(5)
            except subprocess.TimeoutExpired:
                continue
    assert (now(run).state, now(run).problem) == (RunState.FAILED, STOPPED)
    assert library_state() == state


def test_a_run_fails_when_the_import_s_connection_ends(
    put: Put, start: Callable[[], Worker]
) -> None:
    import_objects(OLD)
    state = library_state()
    run = confirmed(put)
    with holding(AT_THE_EDITION):
        worker = start()
        (server_process,) = stopped(worker)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [server_process])
        worker.wait(PATIENCE)
    assert now(run).state == RunState.FAILED
    assert now(run).problem.startswith("The database failed: ")
    assert library_state() == state


def test_nothing_is_imported_when_the_control_s_connection_ends(
    put: Put, start: Callable[[], Worker]
) -> None:
    import_objects(OLD)
    state = library_state()
    run = confirmed(put)
    with holding(AT_THE_EDITION):
        worker = start()
        stopped(worker)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND classid = %s AND objid = %s",
                [RUN_CLASS, run.pk],
            )
        until_its_lock_is_free(run)
        notice_dead()
    worker.wait(PATIENCE)
    assert (now(run).state, now(run).problem) == (RunState.FAILED, DIED)
    assert library_state() == state


def two_confirmed(put: Put, *domains: str) -> list[ImportRun]:
    """A run for a bundle of each domain, confirmed before any of them is imported."""
    runs = [
        asked(put(OLD, name=f"{n}.json", domain=domain, release=f"{n}.0"))
        for n, domain in enumerate(domains, 1)
    ]
    for run in runs:
        work(run.pk)
        acts.confirm("ann", now(run), make_current=True)
    return [now(run) for run in runs]


def worked_on_at_once(runs: list[ImportRun], start: Callable[[], Worker]) -> None:
    """Two workers take both runs before either is imported."""
    with holding(AT_THE_EDITION):
        workers = [start(), start()]
        stopped(*workers)
        stages = {now(run).stage for run in runs}
        assert "waiting for another import to end" in stages
    for worker in workers:
        worker.wait(PATIENCE)


def test_a_run_waits_for_that_of_another_domain_with_two_workers(
    put: Put, start: Callable[[], Worker]
) -> None:
    runs = two_confirmed(put, "enterprise", "ics")
    worked_on_at_once(runs, start)
    assert [now(run).state for run in runs] == [RunState.DONE] * 2
    assert Snapshot.objects.count() == Edition.objects.count() == 2
    everything_is_sound()


def test_a_run_waits_for_its_domain_s_other_run_and_is_not_imported_after_it_with_two_workers(
    put: Put, start: Callable[[], Worker]
) -> None:
    runs = two_confirmed(put, "enterprise", "enterprise")
    worked_on_at_once(runs, start)
    ended = sorted((now(run).state, now(run).problem) for run in runs)
    assert ended == [(RunState.DONE, ""), (RunState.FAILED, CHANGED)]
    assert Snapshot.objects.count() == Edition.objects.count() == 1
    everything_is_sound()


def test_a_run_that_waits_for_another_import_can_be_cancelled(
    put: Put, start: Callable[[], Worker]
) -> None:
    run = confirmed(put)
    with holding(IMPORTING):
        worker = start()
        stopped(worker)
        acts.cancel("bob", run)
        worker.wait(PATIENCE)
        assert now(run).state == RunState.CANCELLED
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ({"status": "READY"}, RunState.ASKED),
        ({"status": "RUNNING", "started_at": timedelta(0)}, RunState.ASKED),
        ({"status": "RUNNING", "started_at": timedelta(minutes=1)}, RunState.FAILED),
        ({"status": "FAILED"}, RunState.FAILED),
        (None, RunState.FAILED),
    ],
)
def test_a_run_fails_when_the_queue_has_lost_it(
    put: Put, task: dict[str, Any] | None, state: RunState
) -> None:
    run = asked(put(OLD))
    if task is None:
        DBTaskResult.objects.all().delete()
    else:
        if "started_at" in task:
            task["started_at"] = timezone.now() - task["started_at"]
        DBTaskResult.objects.update(**task)
    notice_dead()
    problem = NEVER_BEGUN if state == RunState.FAILED else ""
    assert (now(run).state, now(run).problem) == (state, problem)
    last = now(run).log[-1]["text"]
    assert last == (f"Failed: {problem}" if problem else "Asked for by ann")


def test_a_run_is_left_alone_while_somebody_works_on_it(put: Put) -> None:
    run = asked(put(OLD))
    with Control(run.pk) as control:
        assert control.begin(RunState.ASKED, RunState.PREVIEWING)
        notice_dead()
        assert now(run).state == RunState.PREVIEWING
    until_its_lock_is_free(run)
    notice_dead()
    assert now(run).state == RunState.FAILED


def test_one_query_notices_that_nothing_is_dead_however_many_runs_are_open(
    put: Put, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    name = put(OLD)
    runs = [asked(name) for _ in range(5)]
    with Control(runs[0].pk) as control:
        assert control.begin(RunState.ASKED, RunState.PREVIEWING)
        with django_assert_num_queries(1):
            notice_dead()


def test_a_run_that_died_while_it_was_to_be_cancelled_is_cancelled(put: Put) -> None:
    run = asked(put(OLD))
    ImportRun.objects.update(state=RunState.PREVIEWING, cancel_asked=True)
    notice_dead()
    assert (now(run).state, now(run).problem) == (RunState.CANCELLED, "")
