"""SIGKILL of PostgreSQL and of web processes in the middle of an import and of a publication.

Of a worker that is killed, see tests/importer/runs/test_recovery.py and `test_supervised`.
"""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, LiteralString

import pytest

from analysis.models import ActKind, Revision, State
from importer import acts
from importer.models import ImportRun, RunState
from importer.runs.recovery import DIED
from importer.runs.work import work
from library.models import Snapshot
from tests.faults.conftest import Confirmed, asked_for, objects_of
from tests.faults.editors import press, signed_in
from tests.faults.processes import (
    Kept,
    Product,
    ended,
    held,
    nothing_has_changed_since,
    nothing_is_left_undone,
)
from tests.glexia.web import Web, eventually
from tests.importer.test_faults import stopped

# What an import and a publication come to wait for.
STOPS: Final[dict[str, LiteralString]] = {
    "it begins": "LOCK TABLE library_snapshot",
    "it copies contents": "LOCK TABLE library_objectcontent",
    "it makes the edition": "LOCK TABLE library_edition IN SHARE MODE",
}
AT_THE_ACT: Final = "LOCK TABLE analysis_act"
AT_THE_EPOCH: Final = "LOCK TABLE library_epoch"


@pytest.mark.parametrize(
    ("what", "when"),
    [("dry run", "it makes the edition"), *(("import", when) for when in STOPS)],
)
def test_nothing_is_lost_when_postgresql_is_killed_as(
    product: Product, confirmed: Confirmed, what: str, when: str
) -> None:
    objects = objects_of("2.0")
    run = confirmed() if what == "import" else asked_for(product, *objects, release="2.0")
    before = Kept.now()
    with held(STOPS[when]):
        worker = product.worker()
        stopped(worker)
        assert ImportRun.objects.get(pk=run.pk).is_worked_on
        product.kill_database()
    # Whoever watches over the worker starts it again, as over the database.
    assert ended(worker)[0] != 0
    product.recover()

    nothing_has_changed_since(before)
    run.refresh_from_db()
    assert (run.state, run.problem) == (RunState.FAILED, DIED)
    again = acts.retry("bob", run)
    work(again.pk)
    acts.confirm("bob", ImportRun.objects.get(pk=again.pk), make_current=True)
    assert ended(product.worker()) == (0, "")
    assert ImportRun.objects.get(pk=again.pk).state == RunState.DONE
    assert Snapshot.objects.count() == 2
    nothing_is_left_undone()
    assert Kept.now().takes == before.takes


def kill_postgresql(product: Product, _web: Web) -> None:
    product.kill_database()


def kill_web_processes(_product: Product, web: Web) -> None:
    for pid in web.workers():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("kill", "stop"),
    [
        pytest.param(kill_postgresql, AT_THE_ACT, id="PostgreSQL-the act"),
        pytest.param(kill_postgresql, AT_THE_EPOCH, id="PostgreSQL-the epoch"),
        pytest.param(kill_web_processes, AT_THE_EPOCH, id="web processes-the epoch"),
    ],
)
def test_no_take_is_lost_when_its_publication_is_broken_off_by_a_kill_of(
    product: Product, kill: Callable[[Product, Web], None], stop: LiteralString
) -> None:
    publisher = signed_in("publisher")
    revision = Revision.objects.get(state=State.IN_REVIEW)
    before = Kept.now()
    web = product.web()
    assert web.process
    with ThreadPoolExecutor() as browser, held(stop):
        answer = browser.submit(press, web, revision, ActKind.PUBLISHED, publisher)
        stopped(web.process)
        kill(product, web)
        assert answer.result() in (0, 503)
    product.recover()

    nothing_has_changed_since(before)
    # Its connections may be looked for yet, which is told by 503; what is done leads on.
    eventually(
        lambda: press(web, revision, ActKind.PUBLISHED, publisher) == 302, "it cannot be published"
    )
    assert Revision.objects.get(pk=revision.pk).state == State.PUBLISHED
    after = Kept.now().takes
    assert after["analysis_revision"][0] == before.takes["analysis_revision"][0]
    assert after["analysis_act"][0] == before.takes["analysis_act"][0] + 1
    eventually(
        lambda: b"What the third measure means." in web.get("/learn/attack/mitigations/M1002")[2],
        "readers do not see it",
    )
