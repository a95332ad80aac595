"""What it costs to tell how Takes stand."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analysis import staleness
from analysis.models import Revision
from analysis.staleness import standings
from analysis.standing import Freshness
from library.conditional import current_shelf
from tests.analysis.standing_takes import M1000, T1000, mitigates, revoked, written
from tests.factories import import_objects, technique
from tests.takes import publish

pytestmark = pytest.mark.django_db
MANY = [technique(f"T{number}", "Thing") for number in range(1000, 1010)]
T_NEW = technique("T2000", "New")


# For the revisions: themselves, their acts, their Takes. To compare them: the editions and when
# those that are gone were made (once for each that a process meets), the snapshots, what those
# hold, the links, the contents. For what replaced revoked objects: the catalogue's two.
QUERIES = {"compared": 9, "revoked": 9}


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("case", QUERIES)
def test_the_cost_in_queries_does_not_depend_on_how_many_are_asked_for(
    case: str, count: int
) -> None:
    import_objects(*MANY, M1000, T_NEW, release="1.0")
    for at, found in enumerate(MANY):
        written(found) if at % 2 else publish(found)
    if case == "revoked":
        changed = [part for found in MANY for part in revoked(found, T_NEW)]
    else:
        changed = [found | {"name": "Other"} for found in MANY]
    import_objects(*changed, M1000, T_NEW, *mitigates(*MANY), release="2.0")
    shelf = current_shelf()
    with CaptureQueriesContext(connection) as queries:
        found_now = standings(shelf, Revision.objects.order_by("pk")[:count])
    assert len(found_now) == count
    assert len(queries) == QUERIES[case]
    wanted = {"compared": Freshness.MUST_REVIEW, "revoked": Freshness.RETIRE}[case]
    assert {found.freshness for found in found_now.values()} == {wanted}


def test_a_second_page_view_asks_nothing() -> None:
    import_objects(T1000, release="1.0")
    publish(T1000)
    import_objects(T1000 | {"name": "Other"}, release="2.0")
    shelf = current_shelf()
    standings(shelf, Revision.objects.published())
    revisions = list(Revision.objects.published())
    with CaptureQueriesContext(connection) as queries:
        (found,) = standings(shelf, revisions).values()
    assert not len(queries)
    assert found.material == ("renamed from “Thing”",)


def test_no_more_standings_are_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import_objects(*MANY, release="1.0")
    for found in MANY:
        written(found)
    monkeypatch.setattr(staleness._kept, "most", 3)
    found_now = standings(current_shelf(), Revision.objects.published())
    assert len(found_now) == 10
    assert len(staleness._kept) == 3


def test_nothing_is_asked_when_there_are_no_revisions() -> None:
    shelf = current_shelf()
    with CaptureQueriesContext(connection) as queries:
        assert standings(shelf, []) == {}
    assert not len(queries)
