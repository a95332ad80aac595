"""How many queries each page costs: literal numbers, whatever the page holds."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.template.base import PartialTemplate, Template
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tests.factories import (
    Properties,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, PARTIAL, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
HOME, LIST, SEARCH, DETAIL = 2, 4, 4, 8
MOST_FOR_A_LIST, MOST_FOR_A_DETAIL = 8, 12
# The second is no neighbour of the first, and so takes a query of its own.
LINKS = "See [one]({0}/M1000), [another]({0}/M1029).".format("https://attack.mitre.org/mitigations")


def library(size: int) -> list[Properties]:
    """As many mitigations; the first one addresses as many techniques, each with everything."""
    measures = [mitigation(f"M{1000 + n}", f"Measure {n}", description=LINKS) for n in range(size)]
    stage = tactic("TA0001", "First", "first")
    made = [*measures, stage]
    for n in range(size):
        head, sub = (technique(t, f"N {t}", ("first",)) for t in (f"T1{n:03}", f"T1{n:03}.001"))
        made += [head, sub, relationship("subtechnique-of", sub, head)]
        made += [relationship("mitigates", measures[0], found, LINKS) for found in (head, sub)]
    return made


def read(site: Site, path: str, count: int, exactly: DjangoAssertNumQueries) -> None:
    site.get(path)
    for headers in ({}, PARTIAL):
        with exactly(count):
            assert site.get(path, **headers).status_code == 200


@pytest.mark.parametrize("size", [1, 3, 30])
def test_list_costs_the_same_however_many_rows(
    site: Site, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    import_objects(*library(size))
    read(site, MITIGATIONS, LIST, django_assert_num_queries)
    read(
        site,
        f"{MITIGATIONS}?includeRevoked=true&domain=enterprise",
        LIST,
        django_assert_num_queries,
    )
    read(site, f"{MITIGATIONS}?q=measure", SEARCH, django_assert_num_queries)
    assert max(LIST, SEARCH) <= MOST_FOR_A_LIST


@pytest.mark.parametrize("size", [1, 3, 30])
def test_detail_costs_the_same_however_many_techniques(
    site: Site, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    import_objects(*library(size))
    read(site, PAGE, DETAIL, django_assert_num_queries)
    read(site, f"{PAGE}?filter=x&sort=-name", DETAIL, django_assert_num_queries)
    assert DETAIL <= MOST_FOR_A_DETAIL


@pytest.mark.parametrize("releases", [1, 5])
def test_pages_cost_the_same_however_many_releases(
    site: Site, releases: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, releases + 1):
        edited = [found | {"x_edited": number} for found in library(3)]
        import_objects(*edited, release=f"{number}.0")
    read(site, LIBRARY, HOME, django_assert_num_queries)
    read(site, MITIGATIONS, LIST, django_assert_num_queries)
    read(site, f"{MITIGATIONS}?q=measure", SEARCH, django_assert_num_queries)
    read(site, PAGE, DETAIL, django_assert_num_queries)
    assert len(site.page(PAGE).one(id="history").one("tbody").all("tr")) == releases


def test_pages_cost_the_same_when_three_domains_hold_everything(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for domain in ("enterprise", "mobile", "ics"):
        import_objects(*library(3), domain=domain)
    read(site, LIBRARY, HOME, django_assert_num_queries)
    read(site, MITIGATIONS, LIST, django_assert_num_queries)
    read(site, PAGE, DETAIL, django_assert_num_queries)


@pytest.mark.parametrize("releases", [1, 5])
def test_raw_costs_one_query(
    site: Site, releases: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, releases + 1):
        import_objects(mitigation("M1000", f"Name {number}"), release=f"{number}.0")
    digest = site.get(f"{PAGE}/raw")["ETag"].strip('"')
    for query in ("", "?release=1.0", f"?sha256={digest}", "?domain=enterprise"):
        with django_assert_num_queries(1):
            assert site.get(f"{PAGE}/raw{query}").status_code == 200
        with django_assert_num_queries(1):
            site.get(f"{PAGE}/raw{query}", **{"If-None-Match": f'"{digest}"'})


def test_missing_pages_cost_three_queries(
    site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    import_objects(*library(3))
    site.get(LIBRARY)
    for path in (f"{MITIGATIONS}/M9999", f"{LIBRARY}/objects/x--y", "/nothing"):
        with django_assert_max_num_queries(3):
            assert site.get(path).status_code == 404


def test_chain_of_revocations_costs_two_queries_a_hop(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    chain = [mitigation(f"M100{n}", f"N {n}", revoked=n < 2) for n in range(3)]
    hops = [relationship("revoked-by", chain[n], chain[n + 1]) for n in range(2)]
    import_objects(*chain, *hops)
    site.get(LIBRARY)
    with django_assert_num_queries(2 + 2 * 2):
        target = site.moves(PAGE)
    site.get(target.partition("?")[0])
    with CaptureQueriesContext(connection) as plain:
        site.get(target.partition("?")[0])
    with django_assert_num_queries(len(plain) + 1 + 2 * 2):
        site.get(target)


@pytest.mark.parametrize("path", [LIBRARY, MITIGATIONS, f"{MITIGATIONS}?q=m", PAGE, f"{PAGE}9"])
@pytest.mark.parametrize("headers", [{}, PARTIAL], ids=["page", "part"])
def test_templates_run_no_query(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str]
) -> None:
    import_objects(*library(3))
    costs: list[int] = []

    def counting(render: Callable[..., str]) -> Callable[..., str]:
        def counted(*args: object) -> str:
            with CaptureQueriesContext(connection) as queries:
                made = render(*args)
            costs.append(len(queries))
            return made

        return counted

    for rendering in (Template, PartialTemplate):
        monkeypatch.setattr(rendering, "render", counting(rendering.render))
    site.get(path, **headers)
    assert set(costs) == {0}
