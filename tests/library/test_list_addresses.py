"""The addresses of the list of mitigations: its pages, its parts, and what is hostile."""

from urllib.parse import quote

import pytest

from tests.factories import import_objects, mitigation
from tests.library.listed import HOSTILE, listing, numbered
from tests.library.pages import MITIGATIONS, Element, Listing, Site

pytestmark = pytest.mark.django_db


def test_list_has_25_entries_when_there_are_more(site: Site) -> None:
    import_objects(*numbered(51))
    assert listing(site).ids == [f"M{n}" for n in range(1000, 1025)]
    assert listing(site, "?offset=25").ids == [f"M{n}" for n in range(1025, 1050)]
    assert listing(site, "?offset=50").ids == ["M1050"]


@pytest.mark.parametrize(
    ("offset", "first"),
    [
        ("26", "M1025"),
        ("24", "M1000"),
        ("49", "M1025"),
        ("50", "M1050"),
        ("51", "M1050"),
        ("75", "M1050"),
        ("99999", "M1050"),
        ("999999999", "M1050"),
    ],
)
def test_offset_is_rounded_down_and_clamped_when_it_starts_no_page(
    site: Site, offset: str, first: str
) -> None:
    import_objects(*numbered(51))
    assert listing(site, f"?offset={offset}").ids[0] == first


BAD = [
    "-1",
    "abc",
    "%00",
    "25%00",
    quote("٢٥"),
    quote("\uff12\uff15"),
    "25.5",
    "%ff",
]


def test_last_page_is_shown_when_the_offset_is_absurd(site: Site) -> None:
    import_objects(*numbered(26))
    assert listing(site, "?offset=1" + "0" * 3000).ids == ["M1025"]


@pytest.mark.parametrize("bad", [*BAD, "", "[]", "25&offset="])
def test_first_page_is_shown_when_the_offset_is_no_number(site: Site, bad: str) -> None:
    import_objects(*numbered(26))
    assert listing(site, f"?offset={bad}").ids[0] == "M1000"


@pytest.mark.parametrize("name", ["domain", "includeRevoked", "q", "unknown", "q%00", "%22%3E"])
@pytest.mark.parametrize("bad", [*BAD, quote(HOSTILE), "'; DROP TABLE library_edition; --"])
def test_page_is_clean_when_a_parameter_is_hostile(site: Site, name: str, bad: str) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    site.page(f"{MITIGATIONS}?{name}={bad}")
    site.part(f"{MITIGATIONS}?{name}={bad}")


def test_pager_keeps_the_filters_when_it_turns_the_page(site: Site) -> None:
    import_objects(*numbered(60), mitigation("M2000", "Measure old", revoked=True))
    import_objects(*numbered(3, "ics", 3000), domain="ics")
    query = "?domain=enterprise&q=measure&includeRevoked=true"
    found = listing(site, f"{query}&offset=30")
    assert found.pages == {
        "Previous": MITIGATIONS + query,
        "Page 1": MITIGATIONS + query,
        "Page 3": f"{MITIGATIONS}{query}&offset=50",
        "Next": f"{MITIGATIONS}{query}&offset=50",
    }
    assert found.root.one("nav", css="pager").one("span", **{"aria-current": "page"}).words == (
        "Page 2"
    )
    assert "61 records" in found.count
    assert "showing 26 to 50" in found.count
    assert Listing(site.page(found.pages["Next"])).ids[-1] == "M2000"


def test_pager_is_left_out_when_all_fits_on_one_page(site: Site) -> None:
    import_objects(*numbered(25))
    found = listing(site)
    assert found.pages == {}
    assert "showing" not in found.count
    assert len(found.ids) == 25


def test_pager_is_plain_links_for_readers_without_javascript(site: Site) -> None:
    import_objects(*numbered(26))
    form = site.page(MITIGATIONS).one("form", css="filters")
    assert (form["method"], form["action"]) == ("get", MITIGATIONS)
    assert {"q", "domain", "includeRevoked"} == {
        found["name"] for found in form.walk() if found.tag in {"input", "select"}
    }
    assert form.one("button")["type"] == "submit"


def test_partial_request_brings_the_results_alone(site: Site) -> None:
    import_objects(*numbered(26))
    part, _ = site.part(f"{MITIGATIONS}?offset=25")
    assert [e.tag for e in part.content if isinstance(e, Element)] == ["section", "p", "p"]
    assert part.one("p", id="results-count")["hx-swap-oob"] == "innerHTML"
    assert part.one("section", id="results")
    assert Listing(part).ids == ["M1025"]


@pytest.mark.parametrize(
    ("asked", "pushed"),
    [
        ("", ""),
        ("?q=&domain=", ""),
        ("?q=+alpha++beta+&domain=&includeRevoked=true", "?q=alpha+beta&includeRevoked=true"),
        ("?q=&domain=pre&offset=99999", "?offset=25"),
        ("?offset=26&utm_source=x", "?offset=25"),
        ("?q=%0d%0aSet-Cookie:+a%3Db", "?q=Set-Cookie%3A+a%3Db"),
    ],
)
def test_partial_request_pushes_a_clean_address(site: Site, asked: str, pushed: str) -> None:
    import_objects(*numbered(26))
    assert site.part(MITIGATIONS + asked)[1] == MITIGATIONS + pushed


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true"},
        {"HX-Request": "true", "HX-Request-Type": "full"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
        {"HX-Request-Type": "PARTIAL"},
        {"X-Requested-With": "XMLHttpRequest"},
    ],
)
def test_whole_page_is_sent_when_the_request_is_not_for_a_part(
    site: Site, headers: dict[str, str]
) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    page = site.page(MITIGATIONS, headers=headers)
    assert Listing(page).ids == ["M1000"]
    assert "HX-Push-Url" not in site.get(MITIGATIONS, **headers)


def test_robots_stay_away_when_the_list_is_filtered_by_words(site: Site) -> None:
    import_objects(*numbered(30))
    assert not listing(site, "?offset=25").root.has("meta", name="robots")
    assert listing(site, "?q=x").root.one("meta", name="robots")["content"] == "noindex"
    canonical = listing(site, "?offset=27&utm=1").root.one("link", rel="canonical")["href"]
    assert canonical == f"http://testserver{MITIGATIONS}?offset=25"
