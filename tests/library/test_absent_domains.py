"""A pinned release of which a domain is not held: what is not found may stand there."""

import pytest

from tests.factories import attack_object, import_objects, technique
from tests.library.pages import LIBRARY, PARTIAL, Site

pytestmark = pytest.mark.django_db
PINNED = f"{LIBRARY}/v/18.0"
ABSENT = "Release 18.0 of Mobile and ICS has not been imported."


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(technique("T1000", "Held"), release="18.0")
    import_objects(technique("T1000", "Held"), release="18.1")
    import_objects(technique("T1404", "Phone", domain="mobile"), domain="mobile", release="18.1")
    asset = attack_object("x-mitre-asset", "A0001", "Server", "ics")
    import_objects(asset, technique("T0865", "Mail", domain="ics"), domain="ics", release="18.1")
    return site


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("assets", f"{ABSENT} What is held of it has no live asset."),
        ("techniques?q=zzz", f"No technique fits these filters. {ABSENT}"),
    ],
)
def test_an_empty_list_says_what_is_not_held(library: Site, query: str, said: str) -> None:
    assert said in library.page(f"{PINNED}/{query}").one("div", css="nothing").words


def test_the_list_of_a_domain_that_is_not_held_says_that_alone(library: Site) -> None:
    nothing = library.page(f"{PINNED}/techniques?domain=ics").one("div", css="nothing")
    assert nothing.words == ABSENT
    there = library.page(f"{PINNED}/techniques?domain=enterprise&q=zzz").one("div", css="nothing")
    assert there.words.startswith("No technique fits")


def test_an_unknown_id_is_not_said_to_be_in_no_domain(library: Site) -> None:
    said = library.page(f"{PINNED}/techniques/T1404", 404).one("p", css="purpose").words
    assert said == f"What is held of release 18.0 has no technique with this ID. {ABSENT}"


def test_a_search_says_what_is_not_held(library: Site) -> None:
    assert ABSENT in library.page(f"{PINNED}/search?q=T0865").one("div", css="nothing").words
    assert ABSENT in library.get(f"{PINNED}/search?q=T0865&live=1", **PARTIAL).content.decode()


def test_a_release_held_whole_says_nothing_of_the_kind(library: Site) -> None:
    for address in ("v/18.1/assets?q=zzz", "v/18.1/search?q=zzz", "assets?q=zzz"):
        assert "has not been imported" not in library.page(f"{LIBRARY}/{address}").words
    page = library.page(f"{LIBRARY}/v/18.1/techniques/T9999", 404)
    said = page.one("p", css="purpose").words
    assert said == "The release shown has no technique with this ID."
