"""Where addresses lead: canonical ones, redirects, shared IDs, and what does not exist."""

from typing import Any

import pytest

from library.addresses import Addresses, mitre_address
from library.identifiers import TYPE_OF
from tests.factories import (
    Properties,
    import_objects,
    mitigation,
    relationship,
    stix_id,
    stix_object,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db


def twin(attack_id: str, name: str, **rest: Any) -> Properties:
    """Another object with an ATT&CK ID that is already taken."""
    return mitigation(attack_id, name, id=stix_id("course-of-action", name), **rest)


def by_stix_id(found: Properties) -> str:
    return f"{LIBRARY}/objects/{found['id']}"


@pytest.mark.parametrize(
    ("stix_type", "attack_id", "address", "theirs"),
    [
        ("attack-pattern", "T1059.001", "techniques/T1059.001", "techniques/T1059/001"),
        ("x-mitre-tactic", "TA0001", "tactics/TA0001", "tactics/TA0001"),
        ("intrusion-set", "G0001", "groups/G0001", "groups/G0001"),
        ("malware", "S0001", "software/S0001", "software/S0001"),
        ("tool", "S0002", "software/S0002", "software/S0002"),
        (
            *("x-mitre-data-component", "DC0001"),
            *("data-components/DC0001", "datacomponents/DC0001"),
        ),
        ("x-mitre-matrix", "ics-attack", "matrices/ics-attack", "matrices/ics-attack"),
    ],
)
def test_object_has_an_address_here_and_one_of_mitre(
    stix_type: str, attack_id: str, address: str, theirs: str
) -> None:
    kind = TYPE_OF[stix_type]
    assert Addresses().page(kind, attack_id) == f"{LIBRARY}/{address}"
    assert Addresses("17.1").page(kind, attack_id) == f"{LIBRARY}/v/17.1/{address}"
    assert mitre_address(kind, attack_id) == f"https://attack.mitre.org/{theirs}"


def test_object_without_an_id_has_the_address_of_its_stix_id() -> None:
    kind = TYPE_OF["x-mitre-data-component"]
    assert Addresses().page(kind, "", "x--1") == f"{LIBRARY}/objects/x--1"


def test_root_leads_to_the_library(site: Site) -> None:
    assert site.moves("/") == LIBRARY


@pytest.mark.parametrize(
    "path",
    [
        f"{LIBRARY}/nonsense",
        f"{LIBRARY}/v/99.1",
        f"{LIBRARY}/v/%00/mitigations",
        "/nothing",
        "/learn",
        f"{MITIGATIONS}/%2e%2e/%2e%2e",
        "/%00",
        f"{LIBRARY}/objects",
        f"{LIBRARY}/objects/",
    ],
)
def test_address_that_does_not_exist_is_a_404_with_ways_on(site: Site, path: str) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    page = site.page(path, 404)
    assert {LIBRARY, MITIGATIONS} <= {a["href"] for a in page.one("main").all("a")}
    assert page.one("meta", name="robots")["content"] == "noindex"


def test_lower_case_id_moves_for_good_and_keeps_the_query(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    assert site.moves(f"{MITIGATIONS}/m1000", 301) == f"{MITIGATIONS}/M1000"
    moved = site.moves(f"{MITIGATIONS}/m1000?filter=a%26b&sort=name", 301)
    assert moved == f"{MITIGATIONS}/M1000?filter=a%26b&sort=name"


def test_unknown_id_is_a_404_with_near_matches(site: Site) -> None:
    import_objects(
        mitigation("M1037", "Filter Network Traffic"),
        mitigation("M1031", "Network Intrusion Prevention"),
        mitigation("M1039", "Gone", revoked=True),
    )
    page = site.page(f"{MITIGATIONS}/M1038", 404)
    near = {a["href"]: a.words for a in page.one("ul", css="near").all("a")}
    assert near == {
        f"{MITIGATIONS}/M1037": "M1037 Filter Network Traffic",
        f"{MITIGATIONS}/M1031": "M1031 Network Intrusion Prevention",
        f"{MITIGATIONS}/M1039": "M1039 Gone",
    }
    assert "Revoked" in page.one("ul", css="near").words
    assert "M1038" in page.one("h1").words


ODD = [
    "%00",
    "M1%0037",
    "%F0%9F%98%80",
    "%FF",
    "%3Cscript%3E",
    "..%5C",
    "' OR 1=1",
    "%25",
    "A" * 9_000,
]


@pytest.mark.parametrize("asked", ODD)
def test_hostile_id_is_a_clean_404(site: Site, asked: str) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    for path in (f"{MITIGATIONS}/{asked}", f"{LIBRARY}/objects/{asked}"):
        response = site.get(path)
        if response.status_code == 301:
            path = response["Location"]
        assert not site.page(path, 404).has("ul", css="near")


def test_near_match_leads_to_its_stix_id_when_its_id_makes_no_address(site: Site) -> None:
    odd = mitigation("M/1037", "Odd")
    import_objects(odd)
    page = site.page(f"{MITIGATIONS}/M1037", 404)
    assert page.one("ul", css="near").one("a")["href"] == by_stix_id(odd)


def test_nothing_is_near_when_the_library_is_empty(site: Site) -> None:
    assert not site.page(f"{MITIGATIONS}/M1037", 404).has("ul", css="near")


def chain() -> list[Properties]:
    """M1000, replaced by M1001, replaced by M1002, which is live."""
    first, second = (mitigation(f"M100{n}", f"Old {n}", revoked=True) for n in (0, 1))
    last = mitigation("M1002", "Live")
    hops = [relationship("revoked-by", *pair) for pair in ((first, second), (second, last))]
    return [first, second, last, *hops]


def test_revoked_id_leads_to_the_end_of_the_chain_with_a_note(site: Site) -> None:
    import_objects(*chain())
    hops = {
        "M1000": "M1000, which MITRE revoked in favour of M1001, and that in favour of M1002.",
        "M1001": "M1001, which MITRE revoked in favour of M1002.",
    }
    for old, said in hops.items():
        target = site.moves(f"{MITIGATIONS}/{old}")
        assert target == f"{MITIGATIONS}/M1002?replaces={old}"
        notice = site.page(target).one("p", css="notice")
        assert notice.words == f"You asked for {said}"
        assert notice.all("a")[0]["href"] == f"{MITIGATIONS}/{old}?redirect=no"
        revoked = site.page(notice.all("a")[0]["href"])
        replaced = said.partition("in favour of ")[2].partition(",")[0].rstrip(".")
        assert f"It was replaced by {replaced}" in revoked.one("p", css="notice").words
        assert revoked.one(css="status").words == "Revoked"
        assert revoked.one("meta", name="robots")["content"] == "noindex"


@pytest.mark.parametrize(
    "forged",
    ["M1002", "M1003", "M1004", "M9999", "m1000", "%00", "T1000", "%3Cb%3E", "M1000%20", ""],
)
def test_page_says_nothing_when_what_it_replaces_is_forged(site: Site, forged: str) -> None:
    stray = mitigation("M1003", "Stray", revoked=True)
    elsewhere = mitigation("M1004", "Elsewhere", revoked=True)
    import_objects(
        *chain(),
        stray,
        elsewhere,
        mitigation("M1005", "Other"),
        relationship("revoked-by", elsewhere, mitigation("M1005", "Other")),
    )
    page = site.page(f"{MITIGATIONS}/M1002?replaces={forged}")
    assert not page.has("p", css="notice")


def test_revoked_page_is_shown_when_nothing_replaces_it(site: Site) -> None:
    alone = mitigation("M1000", "Alone", revoked=True)
    lost = mitigation("M1001", "Lost", revoked=True)
    gone = relationship("revoked-by", lost, mitigation("M1009", "not in the bundle"))
    import_objects(alone, lost, gone)
    for attack_id in ("M1000", "M1001"):
        assert site.page(f"{MITIGATIONS}/{attack_id}").one(css="status").words == "Revoked"


def test_revoked_id_leads_to_another_kind_when_the_chain_ends_there(
    site: Site,
) -> None:
    old, other = mitigation("M1000", "Old", revoked=True), technique("T1000", "New")
    strange = mitigation("M1001", "Stranger", revoked=True)
    new_type = stix_object("x-new-thing", "Strange")
    import_objects(
        old,
        other,
        strange,
        new_type,
        relationship("revoked-by", old, other),
        relationship("revoked-by", strange, new_type),
    )
    moved = site.moves(f"{MITIGATIONS}/M1000")
    assert moved == f"{LIBRARY}/techniques/T1000?replaces=M1000"
    moved = site.moves(f"{MITIGATIONS}/M1001")
    assert moved == f"{by_stix_id(new_type)}?replaces=M1001"
    assert site.page(moved).one("h1").words == "Strange"


def test_revoked_id_leads_to_a_deprecated_page_when_the_chain_ends_there(site: Site) -> None:
    old = mitigation("M1000", "Old", revoked=True)
    new = mitigation("M1001", "New", x_mitre_deprecated=True)
    import_objects(old, new, relationship("revoked-by", old, new))
    page = site.page(site.moves(f"{MITIGATIONS}/M1000"))
    assert page.one("h1").words == "M1001: New"
    assert page.one(css="status").words == "Deprecated"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_revoked_page_is_shown_when_revocations_go_in_a_circle(site: Site, length: int) -> None:
    circle = [mitigation(f"M100{n}", f"N{n}", revoked=True) for n in range(length)]
    links = [
        relationship("revoked-by", one, circle[(n + 1) % length]) for n, one in enumerate(circle)
    ]
    entrance = mitigation("M1009", "Entrance", revoked=True)
    import_objects(*circle, entrance, *links, relationship("revoked-by", entrance, circle[0]))
    for found in (*circle, entrance):
        attack_id = found["external_references"][0]["external_id"]
        assert site.page(f"{MITIGATIONS}/{attack_id}").one("h1").words.startswith(attack_id)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("?view=executive", "&view=executive"), ("?view=odd&filter=x&replaces=M1", "")],
)
def test_revoked_id_leads_on_in_the_view_that_was_asked_for(
    site: Site, asked: str, kept: str
) -> None:
    old, new = mitigation("M1000", "Old", revoked=True), mitigation("M1001", "New")
    import_objects(old, new, relationship("revoked-by", old, new))
    moved = site.moves(f"{MITIGATIONS}/M1000{asked}")
    assert moved == f"{MITIGATIONS}/M1001?replaces=M1000{kept}"


def test_revoked_id_leads_to_its_replacement_when_that_has_the_same_id(site: Site) -> None:
    old, new = mitigation("M1000", "Aaa", revoked=True), twin("M1000", "Zzz", revoked=True)
    import_objects(old, new, relationship("revoked-by", old, new))
    page, address = site.follow(f"{MITIGATIONS}/M1000")
    assert address == f"{by_stix_id(new)}?replaces=M1000"
    assert page.one("h1").words == "M1000: Zzz"
    page = site.page(f"{MITIGATIONS}/M1000?redirect=no")
    assert page.one("h1").words == "M1000: Aaa"
    assert page.has("a", href=by_stix_id(new))


def test_live_object_has_the_address_when_an_id_is_given_twice(site: Site) -> None:
    old, live = mitigation("M1000", "Aaa", x_mitre_deprecated=True), twin("M1000", "Zzz")
    import_objects(old, live)
    page = site.page(f"{MITIGATIONS}/M1000")
    assert page.one("h1").words == "M1000: Zzz"
    assert page.one("p", css="notice").one("a")["href"] == by_stix_id(old)
    other = site.page(by_stix_id(old))
    assert other.one("h1").words == "M1000: Aaa"
    assert f"{MITIGATIONS}/M1000" in [a["href"] for a in other.all("a")]
    assert site.moves(by_stix_id(live)) == f"{MITIGATIONS}/M1000"
    assert other.one("link", rel="canonical")["href"] == f"http://testserver{by_stix_id(old)}"


def test_deprecated_object_has_the_address_when_the_other_is_revoked(site: Site) -> None:
    old, new = (
        mitigation("M1000", "Aaa", revoked=True),
        twin("M1000", "Zzz", x_mitre_deprecated=True),
    )
    import_objects(old, new, relationship("revoked-by", old, new))
    assert site.page(f"{MITIGATIONS}/M1000").one("h1").words == "M1000: Zzz"


def test_table_stays_on_its_page_when_two_live_objects_share_an_id(site: Site) -> None:
    first, second = mitigation("M1000", "Aaa"), twin("M1000", "Zzz")
    target = technique("T1000", "One")
    import_objects(first, second, target, relationship("mitigates", second, target, "Note."))
    page = site.page(by_stix_id(second))
    assert page.one("form", css="table-tools")["action"] == f"{by_stix_id(second)}#techniques"
    assert site.part(f"{by_stix_id(second)}?filter=note")[1] == f"{by_stix_id(second)}?filter=note"


def test_raw_link_leads_to_the_object_when_another_has_its_address(site: Site) -> None:
    old, live = mitigation("M1000", "Aaa", x_mitre_deprecated=True), twin("M1000", "Zzz")
    import_objects(old, live)
    link = site.page(by_stix_id(old)).one(id="raw").one("p", css="actions").one("a")
    assert site.get(link["href"]).json()["id"] == old["id"]  # type: ignore[attr-defined]


def test_stix_id_leads_to_the_short_address_and_keeps_the_query(site: Site) -> None:
    old, new = mitigation("M1000", "Old", revoked=True), mitigation("M1001", "New")
    import_objects(old, new, relationship("revoked-by", old, new))
    assert site.moves(by_stix_id(new)) == f"{MITIGATIONS}/M1001"
    assert site.moves(f"{by_stix_id(old)}?redirect=no") == f"{MITIGATIONS}/M1000?redirect=no"


def test_stix_id_is_a_404_when_the_object_is_not_held(site: Site) -> None:
    measure, target = mitigation("M1000", "Alpha"), technique("T1000", "One")
    link = relationship("mitigates", measure, target)
    import_objects(measure, target, link, stix_object("x-new-thing", "Strange"))
    later = mitigation("M1001", "Later")
    import_objects(measure, later, release="2.0", make_current=False)
    for found in (later, stix_object("x-new-thing", "Never imported")):
        site.page(by_stix_id(found), 404)


def test_every_held_object_has_a_page_by_its_stix_id_when_its_kind_has_no_list(site: Site) -> None:
    measure, target = mitigation("M1000", "Alpha"), technique("T1000", "One")
    link = relationship("mitigates", measure, target, "Do it.")
    strange = stix_object("x-new-thing", "Strange", x_odd={"a": [1, "<b>"]})
    import_objects(measure, target, link, strange, relationship("eats", strange, measure))
    assert "mitigates" in site.page(by_stix_id(link)).one(id="written").words
    page = site.page(by_stix_id(strange))
    assert '{"a":[1,"<b>"]}' in page.one(id="written").words
    assert page.one(id="eats-to").one("tr", css="row").one("a")["href"] == f"{MITIGATIONS}/M1000"


@pytest.mark.parametrize("attack_id", ["m1000", "M 1000", "M#1000"])
def test_object_has_a_page_by_its_stix_id_when_its_id_makes_no_address(
    site: Site, attack_id: str
) -> None:
    odd = mitigation(attack_id, "Odd")
    import_objects(odd)
    assert site.page(by_stix_id(odd)).one("h1").words == f"{attack_id}: Odd"


@pytest.mark.parametrize("attack_id", ["", "M/1000"])
def test_object_has_a_page_by_its_stix_id_when_it_has_no_usable_id(
    site: Site, attack_id: str
) -> None:
    odd = mitigation(attack_id, "Odd")
    import_objects(odd)
    site.page(by_stix_id(odd))


@pytest.mark.parametrize("path", [LIBRARY, MITIGATIONS, f"{MITIGATIONS}/M1000"])
def test_method_is_refused_when_it_would_write(site: Site, path: str) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    for method in ("post", "put", "patch", "delete", "options"):
        response = getattr(site.client, method)(path)
        assert response.status_code == 405
        assert set(response["Allow"].split(", ")) == {"GET", "HEAD"}
    head = site.head(path)
    assert (head.status_code, head.content) == (200, b"")
