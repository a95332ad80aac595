"""Two who act on one Take at the same moment: one does it, the other is told."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from analysis.models import Act, ActKind, Revision, State
from analysis.workflow import ConflictError, RefusedError, act, save
from tests.factories import import_objects, mitigation
from tests.takes import draft, member, publish, subject, writing

MEASURE = mitigation("M1000", "Measure")


@pytest.fixture
def db(committed_db: None) -> None:
    """Stands for pytest-django's, whose transaction other threads would not see into."""


@pytest.fixture(autouse=True)
def library(db: None) -> None:
    import_objects(MEASURE)


def at_once(*works: Callable[[], object]) -> list[BaseException | None]:
    """What became of works that begin together: nothing, or what they raised."""
    ready = threading.Barrier(len(works))
    outcome: list[BaseException | None] = [None] * len(works)

    def run(place: int) -> None:
        try:
            ready.wait()
            works[place]()
        except Exception as error:
            outcome[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def test_one_revision_is_published_once_when_two_publish_it_at_once() -> None:
    before = publish(MEASURE, summary="Before.")
    made = draft(MEASURE, summary="After.")
    act(made, ActKind.SUBMITTED, member("author"))
    act(made, ActKind.APPROVED, member("reviewer"))
    publishers = [member("publisher", name=f"publisher {n}") for n in range(4)]
    outcome = at_once(*(lambda by=by: act(made, ActKind.PUBLISHED, by) for by in publishers))
    assert [type(error) for error in outcome].count(type(None)) == 1
    assert all(isinstance(error, RefusedError) for error in outcome if error)
    published = Revision.objects.filter(state=State.PUBLISHED)
    assert [revision.pk for revision in published] == [made.pk]
    assert Revision.objects.get(pk=before.pk).state == State.SUPERSEDED
    assert Act.objects.filter(revision=made, kind=ActKind.PUBLISHED).count() == 1


def test_one_draft_is_saved_when_two_save_at_once() -> None:
    first = draft(MEASURE)
    authors = [member("author", name=f"author {n}") for n in range(4)]
    about = subject(MEASURE)
    outcome = at_once(
        *(lambda by=by: save(about, writing(by.username), by, first.number) for by in authors)
    )
    assert [type(error) for error in outcome].count(type(None)) == 1
    assert all(isinstance(error, ConflictError) for error in outcome if error)
    assert [revision.number for revision in Revision.objects.all()] == [2, 1]


def test_one_take_is_begun_when_two_begin_it_at_once() -> None:
    authors = [member("author", name=f"author {n}") for n in range(4)]
    about = subject(MEASURE)
    outcome = at_once(*(lambda by=by: save(about, writing(), by, 0) for by in authors))
    assert [type(error) for error in outcome].count(type(None)) == 1
    assert all(isinstance(error, ConflictError) for error in outcome if error)
    assert Revision.objects.count() == 1
