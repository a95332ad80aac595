"""What stands before and after an object that MITRE has let go of."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.factories import attack_object, import_objects, mitigation, relationship
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db
A, C, E = (mitigation(f"M100{n}", name) for n, name in enumerate("ace"))
B = mitigation("T1031", "b", x_mitre_deprecated=True)
D = mitigation("M1009", "d", revoked=True)


@pytest.fixture
def library(site: Site) -> Site:
    sources = [
        attack_object("x-mitre-data-source", f"DS000{n}", f"Source {n}", x_mitre_deprecated=True)
        for n in range(3)
    ]
    import_objects(A, B, C, D, E, *sources, relationship("revoked-by", D, E))
    return site


def beside(site: Site, path: str) -> dict[str, tuple[str, str]]:
    """Where a page leads before and after it, with the words."""
    links = site.page(path).one("nav", css="neighbours").all("a")
    return {a["rel"]: (a["href"], a.words) for a in links}


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [("T1031", "M1000", "M1001"), ("M1009?redirect=no", "M1001", "M1002")],
)
def test_dead_object_stands_between_those_of_the_list_that_holds_it(
    library: Site, path: str, before: str, after: str
) -> None:
    found = beside(library, f"{MITIGATIONS}/{path}")
    assert [found[way][0] for way in ("prev", "next")] == [
        f"{MITIGATIONS}/{before}",
        f"{MITIGATIONS}/{after}",
    ]


def test_live_object_stands_among_the_live(library: Site) -> None:
    found = beside(library, f"{MITIGATIONS}/M1001")
    assert [found[way][0] for way in ("prev", "next")] == [
        f"{MITIGATIONS}/M1000",
        f"{MITIGATIONS}/M1002",
    ]


def test_kind_of_which_nothing_is_live_has_neighbours_that_say_so(library: Site) -> None:
    found = beside(library, f"{LIBRARY}/data-sources/DS0001")
    assert found["prev"][1] == "Before it DS0000 Source 0 deprecated"
    assert found["next"][1] == "After it DS0002 Source 2 deprecated"


def test_neighbour_that_is_revoked_is_its_own_page(site: Site) -> None:
    import_objects(A, D, B | {"name": "c"}, E, relationship("revoked-by", D, E))
    href, words = beside(site, f"{MITIGATIONS}/T1031")["next"]
    assert (href, words) == (f"{MITIGATIONS}/M1009?redirect=no", "After it M1009 d revoked")
    assert site.page(href).one("h1").words == "M1009: d"


def test_dead_page_costs_no_more_than_a_live_one(
    library: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for path in ("M1001", "T1031"):
        library.get(f"{MITIGATIONS}/{path}")
        with django_assert_num_queries(6):
            library.get(f"{MITIGATIONS}/{path}")
