"""Runs that nobody confirms, and their files: over by the time itself, whoever comes next."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from importer import acts
from importer.acts import Asked
from importer.errors import RefusedError
from importer.models import ImportRun, RunState, SourceKind
from importer.runs.expiry import tidy
from importer.runs.spool import PART, fresh_name, place
from importer.runs.work import work
from library.models import Snapshot
from tests.factories import mitigation
from tests.glexia.servers import eventually
from tests.importer.console.conftest import importer
from tests.importer.console.pages import OVERVIEW
from tests.importer.runs.conftest import Put, asked, now
from tests.importer.test_commands import ROOT, environment

pytestmark = pytest.mark.usefixtures("db", "committed_db", "plain_static")
HISTORY = "/admin/importer/importrun/"
PROBLEM = "Nobody confirmed it within 24 hours."


def previewed(put: Put, hours: int) -> ImportRun:
    """An upload whose dry run ended so long ago."""
    name = fresh_name()
    bundle = put(mitigation("M1", "One"), release="2.0")
    assert settings.IMPORT_DIR
    shutil.move(settings.IMPORT_DIR / bundle, place(name))
    os.utime(place(name), (0, 0))
    run = acts.start("ann", Asked(SourceKind.UPLOADED, "mine.json", name))
    work(run.pk)
    assert now(run).state == RunState.PREVIEWED
    ended = timezone.now() - timedelta(hours=hours)
    ImportRun.objects.filter(pk=run.pk).update(finished_at=ended)
    return now(run)


def test_a_run_cannot_be_confirmed_when_it_has_waited_too_long(put: Put) -> None:
    run = previewed(put, hours=30 * 24)
    with pytest.raises(RefusedError, match="the run is “cancelled” by now"):
        acts.confirm("ann", run, make_current=True)
    work(run.pk)
    assert not Snapshot.objects.exists()


def test_a_run_can_be_confirmed_when_it_has_waited_a_little_less(put: Put) -> None:
    run = previewed(put, hours=23)
    acts.confirm("ann", run, make_current=True)
    work(run.pk)
    assert now(run).state == RunState.DONE


def test_its_own_page_says_that_it_is_cancelled(put: Put) -> None:
    run = previewed(put, hours=25)
    page = importer().get(f"{HISTORY}{run.pk}/change/").content.decode()
    assert PROBLEM in page
    assert 'value="confirm"' not in page
    assert (now(run).state, now(run).problem) == (RunState.CANCELLED, PROBLEM)
    assert now(run).log[-1]["text"] == f"Cancelled: {PROBLEM}"


def next_task(put: Put) -> None:
    asked(put(mitigation("M2", "Two"), name="other.json"))
    call_command("db_worker", batch=True, startup_delay=False, verbosity=0)


@pytest.mark.parametrize(
    "come",
    [lambda _: importer().get(OVERVIEW), lambda _: importer().get(HISTORY), next_task],
    ids=["overview", "history", "worker"],
)
def test_a_run_and_its_file_go_whoever_comes_next(put: Put, come: Callable[[Put], object]) -> None:
    # To ask for another run ends what is too late, so that one comes last.
    waiting, late = previewed(put, hours=23), previewed(put, hours=25)
    come(put)
    assert [now(run).state for run in (late, waiting)] == [RunState.CANCELLED, RunState.PREVIEWED]
    assert [place(run.stored_as).exists() for run in (late, waiting)] == [False, True]


def test_they_go_while_a_worker_waits_for_a_task(put: Put, tmp_path: Path) -> None:
    acts.cancel("ann", asked(put(mitigation("M2", "Two"))))
    # Last: to ask for a run, or to cancel one, ends what is too late.
    run = previewed(put, hours=25)
    worker = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "db_worker", "--queue-name", "none", "--no-reload"],
        env=environment() | {"IMPORT_SPOOL": str(tmp_path / "spool")},
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: not place(run.stored_as).exists(), "the file stays")
        eventually(lambda: now(run).state == RunState.CANCELLED, "the run stays")
    finally:
        worker.terminate()
        assert worker.wait(30) == 0


def test_the_file_of_a_run_that_failed_stays_as_long_and_then_goes(put: Put) -> None:
    for hours, stays in ((23, True), (25, False)):
        run = previewed(put, hours)
        ImportRun.objects.filter(pk=run.pk).update(state=RunState.FAILED)
        importer().get(OVERVIEW)
        assert place(run.stored_as).exists() == stays


def test_files_that_no_run_names_go_when_they_have_not_grown_for_an_hour() -> None:
    orphan, growing = place(fresh_name()), place(fresh_name())
    part = orphan.with_name(f"{orphan.name}{PART}")
    other = orphan.with_name("readme.txt")
    for path in (orphan, growing, part, other):
        path.write_bytes(b"x")
    for path in (orphan, part, other):
        os.utime(path, (0, 0))
    tidy()
    assert [path.exists() for path in (orphan, part, growing, other)] == [False, False, True, True]


def test_nobody_who_looks_is_hindered_when_the_folder_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("no folder")
    assert importer().get(OVERVIEW).status_code == 200
