"""Readers of mixed pages while a release is imported and replaces the one that they see."""

import re
from collections import defaultdict
from itertools import pairwise

import pytest

from importer.models import ImportRun, RunState
from tests.faults.conftest import Confirmed, objects_of
from tests.faults.processes import Kept, Product, ended, nothing_is_left_undone
from tests.faults.readers import Answer, Readers
from tests.glexia.web import eventually

HOME = "/learn/attack"
# Of each kind one that can be kept, and some that have to be made each time.
PAGES = (
    HOME,
    f"{HOME}/mitigations",
    f"{HOME}/mitigations/M1000",
    f"{HOME}/mitigations/M1002",
    f"{HOME}/mitigations?offset=25&q=measure&from={{n}}",
    f"{HOME}/techniques",
    f"{HOME}/techniques/T1003?from={{n}}",
    f"{HOME}/search?q=method&from={{n}}",
    f"{HOME}/takes",
    f"{HOME}/releases",
    f"{HOME}/mitigations/M1004/json",
)
# On these, releases stand beside each other.
OF_SEVERAL = (HOME, f"{HOME}/releases")


@pytest.mark.parametrize("clients", [1, 4, 16])
def test_every_page_is_of_one_release_while_an_import_runs_with_readers(
    product: Product,
    confirmed: Confirmed,
    clients: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = confirmed(*objects_of("2.0", more=200))
    takes = Kept.now().takes
    web = product.web()
    with Readers(web.port, clients, PAGES) as readers:
        readers.go_on(len(PAGES))
        assert readers.every(lambda answer: answer.release == "1.0")
        worker = product.worker()
        assert ended(worker) == (0, "")
        assert ImportRun.objects.get(pk=run.pk).state == RunState.DONE
        # A web process may go by what it knows for a second.
        eventually(
            lambda: readers.every(lambda answer: answer.release == "2.0"),
            "a reader still sees the release before",
        )
        readers.go_on(len(PAGES))
    with capsys.disabled():
        print(f"\n  {readers.figures}, import {worker_seconds(run):.1f} s")

    assert readers.lost == []
    assert {answer.status for answer in readers.all} == {200}
    for answer in readers.all:
        check_whole(answer)
    check_tags(readers.all)
    for answers in readers.answers:
        assert not [1 for a, b in pairwise(answers) if (a.release, b.release) == ("2.0", "1.0")]
    nothing_is_left_undone()
    assert Kept.now().takes == takes


def worker_seconds(run: ImportRun) -> float:
    run.refresh_from_db()
    return run.seconds or 0.0


def check_whole(answer: Answer) -> None:
    """Everything on a page is of the release that its headers and its footer name."""
    assert answer.release in ("1.0", "2.0"), answer.path
    if answer.headers["Content-Type"].startswith("text/html"):
        assert f"Shown: ATT&amp;CK {answer.release} " in answer.body.decode(), answer.path
    if answer.path not in OF_SEVERAL:
        told = set(re.findall(rb"as of (\d\.\d)", answer.body))
        assert told <= {answer.release.encode()}, answer.path


def check_tags(answers: list[Answer]) -> None:
    """A page has one tag and one content for each state of the library, and no two share a tag."""
    seen = defaultdict(set)
    states = defaultdict(set)
    for answer in answers:
        seen[answer.path, answer.key].add(answer.content)
        states[answer.content[0]].add((answer.path, answer.key))
    assert [page for page, contents in seen.items() if len(contents) > 1] == []
    assert [tag for tag, of in states.items() if len(of) > 1] == []
