"""Objects of a type that no release has had until now: listed, found and shown as written."""

import pytest

from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Listing, Site
from tests.library.taken import loaded

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
    beside = {link["rel"]: link["href"] for link in page.one("nav", css="neighbours").all("a")}
    assert beside == {"prev": f"{LIBRARY}/objects/{FIRST['id']}"}


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


def test_layers_of_a_domain_mark_the_techniques_that_objects_of_the_type_are_linked_to(
    site: Site,
) -> None:
    ways = technique("T1000", "Way"), technique("T1000.001", "Part"), technique("T1001", "Other")
    plant = technique("T0800", "Plant", (), "ics")
    crew, bare = attack_object("intrusion-set", "G0001", "Crew"), stix_object(TYPE, "Bare")
    isolated = relationship("isolates", FIRST, ways[1], "Cut **it** off.")
    linked = isolated, relationship("led-by", ways[0], FIRST), relationship("led-by", crew, FIRST)
    import_objects(*ways, crew, FIRST, bare, *linked)
    import_objects(plant, FIRST, relationship("isolates", FIRST, plant), domain="ics")
    path = f"{LIBRARY}/objects/{FIRST['id']}"
    wanted = {"enterprise": {"T1000", "T1000.001"}, "ics": {"T0800"}}
    for address in (path, LIST):
        page = site.page(address)
        offered = [a["href"] for a in page.all("a") if "/navigator" in a["href"]]
        assert offered == [f"{address}/navigator?domain={domain}" for domain in wanted]
        for href, ids in zip(offered, wanted.values(), strict=True):
            found = {one["techniqueID"]: one for one in loaded(site, href)["techniques"]}
            assert {key for key, one in found.items() if "score" in one} == ids
            if address == path and "T1000.001" in ids:
                assert found["T1000.001"]["comment"] == "Cut it off."
    bare_page = site.page(f"{LIBRARY}/objects/{bare['id']}")
    assert not [a for a in bare_page.all("a") if "/navigator" in a["href"]]


def test_layer_of_a_type_is_a_404_when_nothing_of_it_is_linked_to_techniques(library: Site) -> None:
    for address in (LIST, f"{LIBRARY}/objects/{FIRST['id']}"):
        assert library.get(f"{address}/navigator").status_code == 404


@pytest.mark.parametrize("asked", ["identity", "relationship", "x-mitre-nothing", "x%00"])
def test_list_is_a_404_when_no_objects_of_the_type_are_listed(library: Site, asked: str) -> None:
    assert library.get(f"{LIBRARY}/objects/{asked}").status_code == 404
    assert library.get(f"{LIBRARY}/objects/{asked}/json").status_code == 404


def test_list_of_a_known_type_is_at_its_own_address(library: Site) -> None:
    assert library.moves(f"{LIBRARY}/objects/course-of-action", 301) == MITIGATIONS
