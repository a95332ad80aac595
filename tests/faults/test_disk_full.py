"""A disk without room while an import is written: the database process may write no byte more."""

import os
import resource
import sys
from typing import Final, LiteralString

import psutil
import pytest

from importer import acts
from importer.models import ImportRun, RunState
from importer.runs.work import work
from library.models import Snapshot
from tests.faults.conftest import Confirmed
from tests.faults.processes import (
    Kept,
    Product,
    ended,
    failed_with_the_database,
    held,
    nothing_has_changed_since,
    nothing_is_left_undone,
)
from tests.importer.test_faults import stopped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
# What the import waits for when the disk becomes full, and so what it writes next: a table, which
# fails, or at the end the log alone, without which PostgreSQL has to stop and start anew.
STOPS: Final[dict[str, LiteralString]] = {
    "a table": "LOCK TABLE library_objectcontent",
    "the log": "LOCK TABLE library_edition",
}


def leave_no_room(pid: int) -> None:
    """Have a process of the database's own user write no byte more to any file.

    Only who is that user may: root needs a capability that containers are seldom given.
    """
    users, groups = os.getresuid(), os.getresgid()
    process = psutil.Process(pid)
    os.setresgid(process.gids().real, -1, -1)
    os.setresuid(process.uids().real, -1, -1)
    try:
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
    finally:
        os.setresuid(*users)
        os.setresgid(*groups)


@pytest.mark.parametrize("what", STOPS)
def test_the_library_is_as_before_when_there_is_no_room_for(
    product: Product, confirmed: Confirmed, what: str
) -> None:
    run = confirmed()
    before = Kept.now()
    with held(STOPS[what]) as other:
        worker = product.worker()
        (importing,) = stopped(worker)
        leave_no_room(importing)
        other.rollback()
        ended(worker)
    product.recover()

    nothing_has_changed_since(before)
    failed_with_the_database(run)
    # It aborts, and cannot even say why.
    assert ("terminated by signal 6" in product.said_by_database()) == (what == "the log")
    again = acts.retry("bob", run)
    work(again.pk)
    acts.confirm("bob", ImportRun.objects.get(pk=again.pk), make_current=True)
    assert ended(product.worker()) == (0, "")
    assert ImportRun.objects.get(pk=again.pk).state == RunState.DONE
    assert Snapshot.objects.count() == 2
    nothing_is_left_undone()
    assert Kept.now().takes == before.takes
