"""Objects of a type that no release has had until now: listed, found and shown as written."""

import pytest

from tests.factories import import_objects, mitigation, relationship, stix_object
from tests.library.pages import LIBRARY, MITIGATIONS, Listing, Site

pytestmark = pytest.mark.django_db
TYPE = "x-mitre-playbook"
LIST = f"{LIBRARY}/objects/{TYPE}"
MEASURE = mitigation("M1000", "Measure")
FIRST = stix_object(TYPE, "First playbook", description="Isolate the <b>turbine</b> house.")
SECOND = stix_object(TYPE, "Second playbook", x_mitre_deprecated=True)


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(MEASURE, FIRST, SECOND, relationship("mitigates", MEASURE, FIRST))
    return site


def test_home_leads_to_the_list_of_the_type(library: Site) -> None:
    door = next(link for link in library.page(LIBRARY).all("a") if link["href"] == LIST)
    assert door.words == "Playbook objects 1 record"


def test_list_has_the_objects_of_the_type(library: Site) -> None:
    page = library.page(LIST)
    (entry,) = page.one(id="results").all("article", css="entry")
    assert entry.one("h2").one("a")["href"] == f"{LIBRARY}/objects/{FIRST['id']}"
    assert "Isolate the turbine house." in entry.words
    assert Listing(library.page(f"{LIST}?includeRevoked=true")).count.startswith("2 ")
    assert Listing(library.page(f"{LIST}?q=turbine")).count.startswith("1 ")
    assert Listing(library.page(f"{LIST}?q=reactor")).count.startswith("0 ")


def test_page_leads_up_to_the_list_and_to_the_next(library: Site) -> None:
    page = library.page(f"{LIBRARY}/objects/{SECOND['id']}")
    assert LIST in [link["href"] for link in page.one("nav", css="breadcrumb").all("a")]


@pytest.mark.parametrize("form", ["json", "csv", "xlsx", "stix"])
def test_list_is_taken_away_as_any_other(library: Site, form: str) -> None:
    response = library.get(f"{LIST}/{form}")
    assert response.status_code == 200
    assert f'filename="{TYPE}' in response["Content-Disposition"]


def test_search_finds_objects_of_the_type_by_name_and_words(library: Site) -> None:
    for text in ("first playbook", "turbine house"):
        results = library.page(f"{LIBRARY}/search?q={text}").one(id="results")
        hrefs = [entry.one("h2").one("a")["href"] for entry in results.all("article")]
        assert f"{LIBRARY}/objects/{FIRST['id']}" in hrefs
    narrowed = library.page(f"{LIBRARY}/search?q=playbook&type=objects/{TYPE}")
    assert "Playbook objects 1" in [choice.words for choice in narrowed.all("a")]


@pytest.mark.parametrize("asked", ["identity", "relationship", "x-mitre-nothing", "x%00"])
def test_list_is_a_404_when_no_objects_of_the_type_are_listed(library: Site, asked: str) -> None:
    assert library.get(f"{LIBRARY}/objects/{asked}").status_code == 404
    assert library.get(f"{LIBRARY}/objects/{asked}/json").status_code == 404


def test_list_of_a_known_type_is_at_its_own_address(library: Site) -> None:
    assert library.moves(f"{LIBRARY}/objects/course-of-action", 301) == MITIGATIONS
