"""The page of all releases that are held."""

import pytest

from tests.factories import import_objects
from tests.library.pages import LIBRARY, Site
from tests.library.releases.pages.pair import KEPT, PAIR, RELEASES, queries_of, rows

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("two")
def test_all_releases_are_listed_with_what_is_in_them(site: Site) -> None:
    page = site.page(RELEASES)
    told = rows(page)
    newest = told["2.0 shown"]
    assert "Techniques 6" in newest[2]
    assert newest[4].startswith("Unrecognised: not a hash that MITRE published")
    assert newest[5].startswith("against 1.0")
    assert told["1.0"][5] == "nothing earlier is held"
    assert page.has("svg", **{"aria-label": "Techniques: 5 in 1.0, 6 in 2.0"})


@pytest.mark.usefixtures("two")
def test_form_leads_to_the_comparison_of_two_releases(site: Site) -> None:
    assert site.moves(f"{RELEASES}?from=1.0&to=2.0") == PAIR
    assert site.page(f"{RELEASES}?from=%2F%2Fevil.example&to=2.0").one("h1").words == "Releases"


def test_releases_are_offered_newest_first_when_domains_stand_at_different_ones(
    site: Site,
) -> None:
    for domain, release in (("enterprise", "1.0"), ("enterprise", "10.0"), ("ics", "9.0")):
        import_objects(KEPT, domain=domain, release=release)
    offered = [option.words for option in site.page(RELEASES).one(id="from").all("option")]
    assert offered == ["10.0", "9.0", "1.0"]


def test_releases_of_an_empty_library_say_so(site: Site) -> None:
    assert "Nothing has been imported yet." in site.page(RELEASES).words
    assert "Releases 1.0 and 2.0 are not held." in site.page(PAIR, 404).words


def test_releases_page_costs_the_same_however_many_there_are(site: Site) -> None:
    counts = []
    for release in range(1, 5):
        import_objects(KEPT, release=f"{release}.0")
        site.get(LIBRARY)
        counts.append(queries_of(site, RELEASES))
    assert counts == [3, 3, 3, 3]
