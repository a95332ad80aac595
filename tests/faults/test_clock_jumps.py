"""Clocks that are set while the product works: forward, back, and apart from the database's."""

from pathlib import Path
from typing import Final

import pytest

from analysis.models import ActKind, Revision, State
from analysis.workflow import act
from importer.models import ImportRun, RunState
from importer.runs.recovery import notice_dead
from library.models import Edition, Snapshot
from tests.faults.clocks import Clock
from tests.faults.conftest import Confirmed
from tests.faults.editors import press, signed_in
from tests.faults.processes import Kept, Product, ended, held, nothing_is_left_undone
from tests.glexia.web import eventually
from tests.importer.test_faults import stopped
from tests.takes import member

pytestmark = pytest.mark.clock
AT_THE_EDITION: Final = "LOCK TABLE library_edition IN SHARE MODE"
PAGE = "/learn/attack/mitigations/M1002"


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    made = Clock(tmp_path / "clock")
    made.jump("+0")
    return made


@pytest.mark.parametrize(("first", "then"), [("+0", "+10y"), ("+0", "-10y"), ("-1h", "+1h")])
def test_an_import_is_done_when_the_worker_s_clock_jumps(
    product: Product, confirmed: Confirmed, clock: Clock, first: str, then: str
) -> None:
    run = confirmed()
    takes = Kept.now().takes
    clock.jump(first)
    with held(AT_THE_EDITION) as other:
        worker = product.worker(**clock.environment)
        stopped(worker)
        clock.jump(then)
        nothing_is_given_up(run)
        other.rollback()
        assert ended(worker) == (0, "")

    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert 0 <= (run.seconds or 0) < 3600
    current = Edition.objects.current()
    assert current is not None
    assert current.snapshots == [Snapshot.objects.get(attack_version="2.0")]
    nothing_is_left_undone()
    assert Kept.now().takes == takes


def nothing_is_given_up(run: ImportRun) -> None:
    """Whoever looks at the run finds it alive, whatever the worker takes the time to be."""
    notice_dead()
    assert ImportRun.objects.get(pk=run.pk).state == RunState.IMPORTING


def test_a_take_is_published_and_seen_when_the_web_server_s_clock_goes_back_at_every_step(
    product: Product, clock: Clock
) -> None:
    revision = Revision.objects.get(state=State.DRAFT)
    revisions = Revision.objects.count()
    web = product.web(**clock.environment)
    page = PAGE.replace("M1002", "M1001")
    assert b"What it means now." not in web.get(page)[2]
    steps = {
        ActKind.SUBMITTED: ("author", "-1d"),
        ActKind.APPROVED: ("reviewer", "-2d"),
        ActKind.PUBLISHED: ("publisher", "-10y"),
    }
    for kind, (role, offset) in steps.items():
        headers = signed_in(role)
        clock.jump(offset)
        assert press(web, revision, kind, headers) == 302
    revision.refresh_from_db()
    assert (revision.state, Revision.objects.count()) == (State.PUBLISHED, revisions)
    assert [done.kind for done in revision.acts.all()] == list(steps)
    times = [done.at for done in revision.acts.all()]
    assert times == sorted(times, reverse=True), "the clock was not set"
    eventually(lambda: b"What it means now." in web.get(page)[2], "readers do not see it")
    nothing_is_left_undone()


@pytest.mark.parametrize("offset", ["+10y", "-10y"])
def test_readers_see_what_is_published_when_the_web_server_s_clock_has_jumped(
    product: Product, clock: Clock, offset: str
) -> None:
    web = product.web(**clock.environment)
    before = web.get(PAGE)
    clock.jump(offset)
    kept = web.get(PAGE, headers={"If-None-Match": before[1]["ETag"]})
    assert (before[0], kept[0]) == (200, 304)
    act(Revision.objects.get(state=State.IN_REVIEW), ActKind.PUBLISHED, member("publisher"))
    eventually(lambda: b"What the third measure" in web.get(PAGE)[2], "readers do not see it")
