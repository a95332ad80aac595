"""The library's home."""

import pytest

from importer.pipeline import Options, import_bundles
from library.models import Snapshot
from tests.factories import (
    attack_object,
    bundle,
    import_objects,
    mitigation,
    source,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db


def releases(page: Element) -> list[list[str]]:
    """The table of releases, row by row, without the bundle."""
    labels = ("Release", "Released", "Objects")
    return [
        [row.one("th").words, *(row.one("td", **{"data-label": label}).words for label in labels)]
        for row in page.one("tbody").all("tr")
    ]


def test_home_leads_to_the_list_with_its_live_records(site: Site) -> None:
    import_objects(
        mitigation("M1000", "A"),
        mitigation("M1001", "B", revoked=True),
        mitigation("M1002", "C", x_mitre_deprecated=True),
        technique("T1000", "One"),
    )
    import_objects(mitigation("M1000", "A", "mobile"), domain="mobile")
    doors = {a["href"]: a.words for a in site.page(LIBRARY).one(css="doors").all("a")}
    assert doors[MITIGATIONS] == "Mitigations 2 records"
    assert doors[f"{LIBRARY}/techniques"] == "Techniques 1 record"
    assert f"{LIBRARY}/groups" not in doors
    assert "2 records" in site.page(MITIGATIONS).one(id="results-count").words


def test_count_is_singular_when_there_is_one_record(site: Site) -> None:
    import_objects(mitigation("M1000", "A"))
    doors = [a.words for a in site.page(LIBRARY).one(css="doors").all("a")]
    assert "Mitigations 1 record" in doors


def test_home_shows_each_domain_s_release(site: Site) -> None:
    import_objects(mitigation("M2000", "I", "ics"), domain="ics", release="8.0")
    import_objects(mitigation("M1000", "A"), release="18.1")
    page = site.page(LIBRARY)
    assert releases(page) == [
        ["Enterprise", "18.1", "6 May 2024", "3"],
        ["ICS", "8.0", "6 May 2024", "3"],
    ]
    assert "Enterprise 18.1 · ICS 8.0" in page.one("footer").words


def test_footer_names_one_release_when_all_domains_are_of_it(site: Site) -> None:
    for domain in ("enterprise", "mobile"):
        import_objects(mitigation("M1000", "A"), domain=domain, release="18.1")
    assert "Shown: ATT&CK 18.1" in site.page(LIBRARY).one("footer").words


def test_home_says_where_each_bundle_comes_from(site: Site) -> None:
    import_objects(mitigation("M1000", "A"))
    page = site.page(LIBRARY)
    held = Snapshot.objects.get()
    bundle_cell = page.one("td", **{"data-label": "Bundle"})
    assert "Unrecognised: not a hash that MITRE published" in bundle_cell.words
    assert bundle_cell.one("code")["title"] == held.sha256


def test_home_says_so_when_the_release_date_is_that_of_its_newest_object(site: Site) -> None:
    made = bundle(mitigation("M1000", "A"), release=None)
    import_bundles([source(made)], Options(release="1.0", validate=False))
    assert releases(site.page(LIBRARY))[0][2] == "6 May 2024 (newest object)"


def test_home_says_how_to_import_when_the_library_is_empty(site: Site) -> None:
    page = site.page(LIBRARY)
    assert "Nothing has been imported yet" in page.words
    assert "import_attack" in page.words
    assert not page.one(css="doors").all("a")


def test_empty_library_answers_304_until_something_is_imported(site: Site) -> None:
    known = {path: site.get(path)["ETag"] for path in (LIBRARY, MITIGATIONS)}
    for path, tag in known.items():
        assert site.get(path, **{"If-None-Match": tag}).status_code == 304
    import_objects(mitigation("M1000", "A"))
    for path, tag in known.items():
        assert site.get(path, **{"If-None-Match": tag}).status_code == 200


def test_home_shows_nothing_when_no_snapshot_was_made_current(site: Site) -> None:
    import_objects(mitigation("M1000", "A"), make_current=False)
    page = site.page(LIBRARY)
    assert "Nothing has been imported yet" in page.words


def test_sample_is_gone_when_a_real_release_has_come(site: Site) -> None:
    import_objects(mitigation("M1000", "A"), release="sample-1")
    import_objects(mitigation("M2000", "I", "ics"), domain="ics", release="sample-1")
    assert site.page(LIBRARY).has(css="sample-banner")
    import_objects(mitigation("M1000", "A"), release="18.1")
    page = site.page(LIBRARY)
    assert not page.has(css="sample-banner")
    assert [row[0] for row in releases(page)] == ["Enterprise"]
    assert not page.has("meta", name="robots")


def test_home_has_a_purpose_and_a_description(site: Site) -> None:
    page = site.page(LIBRARY)
    assert page.one(css="purpose").words == page.one("meta", name="description")["content"]
    assert page.one("h1").words == "ATT&CK Library"


def test_home_leads_to_a_kind_of_which_nothing_is_live(site: Site) -> None:
    import_objects(
        mitigation("M1000", "Live"),
        attack_object("x-mitre-data-source", "DS0001", "Old", x_mitre_deprecated=True),
    )
    doors = {a.words: a["href"] for a in site.page(LIBRARY).one(css="doors").all("a")}
    assert doors["Data Sources none live"] == f"{LIBRARY}/data-sources?includeRevoked=true"
    assert "Software none live" not in doors
