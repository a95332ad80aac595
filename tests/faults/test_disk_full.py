"""A disk without room while an import is written: the database process may write no further."""

import os
import resource
import sys
from base64 import b64encode
from dataclasses import dataclass
from random import Random
from typing import Final, LiteralString

import psutil
import pytest

from importer import acts
from importer.models import ImportRun, RunState
from importer.runs.work import work
from library.models import Snapshot
from tests.factories import Properties, mitigation
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
# A file of PostgreSQL's log, and more than that of what cannot be compressed.
LOG_BYTES: Final = 16 * 1024 * 1024
LARGE, PIECE = 24, 640 * 1024


@dataclass(frozen=True)
class Shortage:
    """What the import waits for when the disk becomes full, and how far a file may go from then.

    A table that has no room makes the import fail. Without the log, which is written at the end at
    the latest, PostgreSQL has to stop and start anew.
    """

    stop: LiteralString
    limit: int


SHORTAGES: Final = {
    "a table": Shortage("LOCK TABLE library_objectcontent", LOG_BYTES),
    "the log": Shortage("LOCK TABLE library_edition IN SHARE MODE", 0),
}


def large_objects() -> list[Properties]:
    """Measures that take more room than one file of the log has."""
    noise = Random(1)
    return [
        mitigation(f"M{5000 + n}", f"Large {n}", x_noise=b64encode(noise.randbytes(PIECE)).decode())
        for n in range(LARGE)
    ]


def leave_no_room(pid: int, limit: int) -> None:
    """Have a process of the database's own user write to no file further than so many bytes.

    Only who is that user may: root needs a capability that containers are seldom given.
    """
    users, groups = os.getresuid(), os.getresgid()
    process = psutil.Process(pid)
    os.setresgid(process.gids().real, -1, -1)
    os.setresuid(process.uids().real, -1, -1)
    try:
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, most))
    finally:
        os.setresuid(*users)
        os.setresgid(*groups)


@pytest.mark.parametrize("what", SHORTAGES)
def test_the_library_is_as_before_when_there_is_no_room_for(
    product: Product, confirmed: Confirmed, what: str
) -> None:
    shortage = SHORTAGES[what]
    run = confirmed(*large_objects())
    before = Kept.now()
    with held(shortage.stop) as other:
        worker = product.worker()
        (importing,) = stopped(worker)
        leave_no_room(importing, shortage.limit)
        other.rollback()
        ended(worker)
    product.recover()

    nothing_has_changed_since(before)
    failed_with_the_database(run)
    assert ("File too large" in run.problem) or what == "the log"
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
