"""Change history: each snapshot that holds the object, and what it holds."""

import hashlib
from typing import Any

import pytest

from tests.factories import Properties, import_objects, mitigation, relationship, stix_id
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
MEASURE = mitigation("M1000", "Alpha")


def entries(site: Site, path: str = PAGE) -> list[Element]:
    return site.page(path).one(id="history").one("tbody").all("tr")


def release(row: Element) -> str:
    """The domain and the releases of a row."""
    head = row.one("th", scope="row")
    said = "".join(part for part in head.content if isinstance(part, str))
    return f"{head.one(css='domain').words} {' '.join(said.split())}"


def cell(row: Element, label: str) -> str:
    return row.one("td", **{"data-label": label}).words


def versions(*releases: str, domain: str = "enterprise", **rest: Any) -> None:
    """A release each, in all of which the object says something else."""
    for number in releases:
        given = MEASURE | {"description": f"In {number}.", "x_mitre_domains": [f"{domain}-attack"]}
        import_objects(given | rest, domain=domain, release=number)


def test_every_snapshot_is_listed_newest_release_first_by_domain(site: Site) -> None:
    versions("9.0", "18.1", "10.1", "11.0-beta", "11.0")
    versions("2.0", "10.0", domain="mobile")
    assert [release(row) for row in entries(site)] == [
        "Enterprise 18.1",
        "Enterprise 11.0",
        "Enterprise 11.0-beta",
        "Enterprise 10.1",
        "Enterprise 9.0",
        "Mobile 10.0",
        "Mobile 2.0",
    ]


def test_neighbours_share_a_row_when_they_hold_the_same(site: Site) -> None:
    for number, text in [("1.0", "A."), ("2.0", "B."), ("3.0", "B."), ("4.0", "B."), ("5.0", "A.")]:
        import_objects(MEASURE | {"description": text}, release=number)
    rows = entries(site)
    assert [release(row) for row in rows] == [
        "Enterprise 5.0",
        "Enterprise 2.0 to 4.0",
        "Enterprise 1.0",
    ]
    folded = rows[1].one("details")
    assert folded.one("summary").words == "3 snapshots, equal"
    assert [entry.words.partition(":")[0] for entry in folded.all("li")] == ["4.0", "3.0", "2.0"]
    hashes = [row.one("a", css="hash")["title"] for row in rows]
    assert hashes[0] == hashes[2] != hashes[1]


def test_neighbours_are_apart_when_a_release_between_them_lacks_the_object(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(mitigation("M1001", "Other"), release="2.0")
    import_objects(MEASURE, release="3.0")
    assert [release(row) for row in entries(site)] == ["Enterprise 3.0", "Enterprise 1.0"]
    assert "Absent in 2.0." in notes(site)


def notes(site: Site, path: str = PAGE) -> str:
    return site.page(path).one(css="history-notes").words


def test_it_is_said_where_the_object_is_first_seen(site: Site) -> None:
    import_objects(mitigation("M1001", "Other"), release="1.0")
    versions("2.0", "3.0")
    assert notes(site) == "First seen in 2.0."
    path = f"{MITIGATIONS}/M1001"
    import_objects(mitigation("M1001", "Other"), release="4.0")
    assert notes(site, path).startswith("First seen in 1.0, the earliest release held here")


def test_it_is_said_what_has_replaced_the_object(site: Site) -> None:
    old = mitigation("M1001", "Old", revoked=True)
    import_objects(old, MEASURE, relationship("revoked-by", old, MEASURE), release="1.0")
    section = site.page(f"{MITIGATIONS}/M1001?redirect=no").one(css="history-notes")
    assert "Revoked by M1000 Alpha." in section.words
    assert section.one("a")["href"] == PAGE


def test_two_bundles_of_one_release_are_both_shown_and_one_stands_for_it(site: Site) -> None:
    versions("1.0")
    import_objects(MEASURE | {"description": "First."}, release="2.0")
    import_objects(MEASURE | {"description": "Second."}, release="2.0")
    newer, older, _ = entries(site)
    assert "stands for this release" in newer.one("th").words
    assert "not the one compared" in older.one("th").words
    page = site.page(f"{PAGE}/history?from=1.0&to=2.0")
    assert "Second." in page.one(id="main").words
    assert "First." not in page.one(id="main").words


def test_a_sample_takes_no_part_in_the_history_of_real_releases(site: Site) -> None:
    import_objects(MEASURE, release="sample-1")
    assert [release(row) for row in entries(site)] == ["Enterprise sample-1"]
    versions("1.0", "2.0")
    assert [release(row) for row in entries(site)] == ["Enterprise 2.0", "Enterprise 1.0"]
    pinned = entries(site, f"{LIBRARY}/v/sample-1/mitigations/M1000")
    assert [release(row) for row in pinned] == ["Enterprise sample-1"]
    assert "sample" not in site.page(f"{PAGE}/history").one(id="main").words


def test_the_whole_hash_can_be_copied(site: Site) -> None:
    versions("1.0", "2.0")
    page = site.page(PAGE)
    for row in page.one(id="history").one("tbody").all("tr"):
        button = row.one("button")
        assert page.one(id=button["data-copies"]).words == row.one("a", css="hash")["title"]


@pytest.mark.parametrize("pinned", ["", "/v/1.0"])
def test_every_page_leads_to_the_history_which_leads_back(site: Site, pinned: str) -> None:
    versions("1.0", "2.0")
    path = f"{LIBRARY}{pinned}/mitigations/M1000"
    links = [a["href"] for a in site.page(path).one(id="history").all("a")]
    histories = [href for href in links if href.endswith("/history")]
    assert len(histories) == 1
    history = site.page(histories[0])
    assert history.one("h1").words.startswith("M1000: Alpha")
    own = history.one("header", css="page-head").one("p", css="actions").one("a")["href"]
    _, address = site.follow(own)
    assert address == PAGE


def test_shown_snapshots_are_marked(site: Site) -> None:
    versions("1.0", "2.0")
    import_objects(MEASURE, release="3.0", make_current=False)
    marked = [release(row) for row in entries(site) if row.has(css="mark-current")]
    assert marked == ["Enterprise 2.0"]
    assert len(entries(site)) == 3


def test_snapshot_is_left_out_when_it_does_not_hold_the_object(site: Site) -> None:
    import_objects(mitigation("M1001", "Other"), release="1.0")
    import_objects(MEASURE, release="2.0")
    assert [release(row) for row in entries(site)] == ["Enterprise 2.0"]


def test_entry_states_version_date_and_status_of_its_own_content(site: Site) -> None:
    old: Properties = MEASURE | {"x_mitre_version": "1.0", "modified": "2021-02-03T04:05:06Z"}
    mid = old | {"x_mitre_version": "1.1", "x_mitre_deprecated": True}
    new = old | {"x_mitre_version": "", "modified": None, "revoked": True}
    import_objects(old, release="1.0")
    import_objects(mid, release="2.0")
    import_objects(new, release="3.0")
    rows = entries(site, f"{PAGE}?redirect=no")
    assert [cell(row, "Object version") for row in rows] == ["not stated", "1.1", "1.0"]
    assert [cell(row, "Modified") for row in rows] == [
        "not stated",
        "3 February 2021",
        "3 February 2021",
    ]
    assert [cell(row, "Status") for row in rows] == ["Revoked", "Deprecated", "Live"]


def test_hashes_are_equal_only_where_contents_are(site: Site) -> None:
    for number, text in [("1.0", "A."), ("2.0", "B."), ("3.0", "A.")]:
        import_objects(MEASURE | {"description": text}, release=number)
    rows = entries(site)
    hashes = [row.one("a", css="hash")["title"] for row in rows]
    assert hashes[0] == hashes[2] != hashes[1]
    for row, full in zip(rows, hashes, strict=True):
        link = row.one("a", css="hash")
        assert link.words == f"{full[:12]}…"
        assert hashlib.sha256(site.get(link["href"]).content).hexdigest() == full


def test_hashes_lead_to_their_content_when_a_release_is_pinned(site: Site) -> None:
    import_objects(MEASURE | {"description": "A."}, release="1.0")
    import_objects(MEASURE | {"description": "B."}, release="2.0")
    rows = entries(site, f"{LIBRARY}/v/1.0/mitigations/M1000")
    assert [release(row) for row in rows] == ["Enterprise 2.0", "Enterprise 1.0"]
    for row in rows:
        link = row.one("a", css="hash")
        assert hashlib.sha256(site.get(link["href"]).content).hexdigest() == link["title"]


def test_object_is_followed_when_its_id_has_changed(site: Site) -> None:
    import_objects(mitigation("T1000", "Old style", id=MEASURE["id"]), release="1.0")
    import_objects(MEASURE, release="2.0")
    assert [release(row) for row in entries(site)] == ["Enterprise 2.0", "Enterprise 1.0"]


def test_other_objects_of_the_same_id_are_not_in_it(site: Site) -> None:
    twin = mitigation("M1000", "Twin", id=stix_id("course-of-action", "t"), x_mitre_deprecated=True)
    import_objects(MEASURE, twin, release="1.0")
    import_objects(MEASURE, release="2.0")
    assert [release(row) for row in entries(site)] == ["Enterprise 1.0 to 2.0"]
    import_objects(MEASURE, twin, release="3.0")
    own = entries(site, f"{LIBRARY}/objects/{twin['id']}")
    assert [release(row) for row in own] == ["Enterprise 3.0", "Enterprise 1.0"]


def test_history_of_a_revoked_object_is_its_own(site: Site) -> None:
    old, new = mitigation("M1001", "Old", revoked=True), MEASURE
    import_objects(old | {"revoked": False}, release="1.0")
    import_objects(old, new, relationship("revoked-by", old, new), release="2.0")
    rows = entries(site, f"{MITIGATIONS}/M1001?redirect=no")
    assert [cell(row, "Status") for row in rows] == ["Revoked", "Live"]
    assert [release(row) for row in entries(site)] == ["Enterprise 2.0"]
