"""Change history: each snapshot that holds the object, and what it holds."""

import hashlib

import pytest

from tests.factories import Properties, import_objects, mitigation, relationship, stix_id
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
MEASURE = mitigation("M1000", "Alpha")


def entries(site: Site, path: str = PAGE) -> list[Element]:
    return site.page(path).one(id="history").one("tbody").all("tr")


def release(row: Element) -> str:
    head = row.one("th", scope="row")
    return f"{head.one(css='domain').words} {head.words.split()[1]}"


def cell(row: Element, label: str) -> str:
    return row.one("td", **{"data-label": label}).words


def test_every_snapshot_is_listed_newest_release_first_by_domain(site: Site) -> None:
    for number in ("9.0", "18.1", "10.1", "11.0-beta", "11.0"):
        import_objects(MEASURE, release=number)
    mobile = MEASURE | {"x_mitre_domains": ["mobile-attack"]}
    for number in ("2.0", "10.0"):
        import_objects(mobile, domain="mobile", release=number)
    assert [release(row) for row in entries(site)] == [
        "Enterprise 18.1",
        "Enterprise 11.0",
        "Enterprise 11.0-beta",
        "Enterprise 10.1",
        "Enterprise 9.0",
        "Mobile 10.0",
        "Mobile 2.0",
    ]


def test_shown_snapshots_are_marked(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(MEASURE, release="2.0")
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
    assert len(entries(site)) == 2
    import_objects(MEASURE, twin, release="3.0")
    assert len(entries(site, f"{LIBRARY}/objects/{twin['id']}")) == 2


def test_history_of_a_revoked_object_is_its_own(site: Site) -> None:
    old, new = mitigation("M1001", "Old", revoked=True), MEASURE
    import_objects(old | {"revoked": False}, release="1.0")
    import_objects(old, new, relationship("revoked-by", old, new), release="2.0")
    rows = entries(site, f"{MITIGATIONS}/M1001?redirect=no")
    assert [cell(row, "Status") for row in rows] == ["Revoked", "Live"]
    assert [release(row) for row in entries(site)] == ["Enterprise 2.0"]
