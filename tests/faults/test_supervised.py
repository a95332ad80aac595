"""`make run`, whose PostgreSQL and worker are killed: it has both back, and loses nothing."""

import os
import signal
import sys
from pathlib import Path

import orjson
import psutil
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from glexia import embedded
from importer import acts
from importer.models import WORKED_ON, ImportRun, RunState, SourceKind
from importer.runs.recovery import DIED
from tests import factories
from tests.faults.conftest import objects_of
from tests.faults.processes import (
    Kept,
    answers,
    failed_with_the_database,
    held,
    nothing_has_changed_since,
    nothing_is_left_undone,
    turned_to,
)
from tests.glexia.servers import postmaster
from tests.glexia.test_run import Machine, descendants, machine
from tests.glexia.web import eventually
from tests.importer.test_faults import WAITING

__all__ = ["machine"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def worker_of(make_run: int) -> psutil.Process:
    """The worker that a `make run` has now."""
    children = psutil.Process(make_run).children()
    (worker,) = [child for child in children if "db_worker" in child.cmdline()]
    return worker


def is_stopped() -> bool:
    """Whether a worker has come to the lock that the test holds."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone() is not None


def is_taken(run: ImportRun) -> bool:
    """Whether a worker works on a run and waits; web processes wait for the table as well."""
    run.refresh_from_db()
    return run.state in WORKED_ON and is_stopped()


def comes_to(run: ImportRun, state: RunState) -> None:
    eventually(lambda: ImportRun.objects.get(pk=run.pk).state == state, f"it is never {state}")


def test_killed_parts_come_back_and_the_import_is_done(
    machine: Machine, django_db_blocker: DjangoDbBlocker, settings: Settings, tmp_path: Path
) -> None:
    bundles, data = tmp_path / "bundles", tmp_path / "data"
    bundles.mkdir()
    content = factories.bundle(*objects_of("2.0"), release="2.0")
    (bundles / "next.json").write_bytes(orjson.dumps(content))
    settings.IMPORT_DIR = bundles
    machine.environment["IMPORT_DIR"] = str(bundles)
    make_run = machine.run()
    # Only its address: a use of it would keep it running.
    server = embedded.Server(data)
    with django_db_blocker.unblock(), turned_to(server, server.name):
        before = Kept.now()
        run = acts.start("ann", acts.Asked(SourceKind.DIRECTORY, "next.json"))
        with held("LOCK TABLE library_edition IN SHARE MODE"):
            eventually(lambda: is_taken(run), "no worker takes the run")
            watched = postmaster(data)
            watched.find()
            assert watched.pid
            os.kill(watched.pid, signal.SIGKILL)
            eventually(lambda: not watched.is_alive(), "PostgreSQL outlives SIGKILL")
        eventually(answers, "PostgreSQL does not come back")
        assert "sample content" in machine.page()
        nothing_has_changed_since(before)
        failed_with_the_database(run)

        run = acts.retry("bob", run)
        with held("LOCK TABLE library_edition IN SHARE MODE"):
            eventually(lambda: is_taken(run), "no worker takes the run again")
            worker = worker_of(make_run.pid)
            worker.kill()
            eventually(lambda: not worker.is_running(), "the worker outlives SIGKILL")
        nothing_has_changed_since(before)
        run.refresh_from_db()
        assert (run.state, run.problem) == (RunState.FAILED, DIED)

        run = acts.retry("cyd", run)
        comes_to(run, RunState.PREVIEWED)
        acts.confirm("cyd", run, make_current=True)
        comes_to(run, RunState.DONE)
        nothing_is_left_undone()
        assert Kept.now().takes == before.takes
    assert len(descendants(make_run)) > 2
