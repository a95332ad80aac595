"""Two releases of an object compared: fields, texts, relationships, noise and errors."""

from urllib.parse import quote

import pytest

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

MEASURE = mitigation("M1000", "Alpha")
THING = technique("T1000", "Thing", x_mitre_platforms=["Linux", "Windows"])
BAND = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", BAND, THING, "Band ran a tool.")
HISTORY = f"{MITIGATIONS}/M1000/history"
OF_THING = f"{LIBRARY}/techniques/T1000/history"


def compared(site: Site, before: Properties, after: Properties, query: str = "") -> Element:
    """The page that compares the mitigation in two releases."""
    import_objects(before, release="1.0")
    import_objects(after, release="2.0")
    return site.page(f"{HISTORY}{query or '?from=1.0&to=2.0'}")


def row(page: Element, head: str) -> list[str]:
    """The two cells of a field."""
    found = [tr for tr in page.all("tr") if tr.all("th") and tr.all("th")[0].words == head]
    assert len(found) == 1, head
    return [cell.words for cell in found[0].all("td")]


def text_of(page: Element, title: str) -> Element:
    """The section under a heading."""
    found = [
        part for part in page.all("section") if part.all("h2") and part.all("h2")[0].words == title
    ]
    assert len(found) == 1, title
    return found[0]


def test_fields_stand_side_by_side(site: Site) -> None:
    page = compared(site, MEASURE, MEASURE | {"name": "Beta", "labels": ["one", "two"]})
    assert row(page, "Name") == ["Alpha", "Beta"]
    assert row(page, "Labels") == ["nothing that is gone", "added one added two"]


def test_lists_say_what_came_what_went_and_how_much_stays(site: Site) -> None:
    import_objects(THING, release="1.0")
    import_objects(THING | {"x_mitre_platforms": ["Windows", "macOS"]}, release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    assert row(page, "Platforms") == ["removed Linux 1 entry stays", "added macOS"]


@pytest.mark.parametrize("query", ["?from=2.0&to=1.0", "?from=2.0&to=1.0&domain=enterprise"])
def test_the_other_way_round_mirrors_it(site: Site, query: str) -> None:
    page = compared(site, MEASURE, MEASURE | {"name": "Beta"}, query)
    assert row(page, "Name") == ["Beta", "Alpha"]
    assert "read backwards: 2.0 is the later release" in page.one(id="main").words


def test_texts_are_compared_word_by_word_as_readers_see_them(site: Site) -> None:
    source = {"source_name": "Paper", "description": "An author.", "url": "https://example.org/a"}
    before = mitigation(
        "M1000", "Alpha", description="Block **all** mail.(Citation: Paper)", references=[source]
    )
    after = mitigation(
        "M1000", "Alpha", description="Block **no** mail.(Citation: Paper)", references=[source]
    )
    section = text_of(compared(site, before, after), "Description")
    assert section.one("del").words == "[removed: all]"
    assert section.one("ins").words == "[added: no]"
    assert section.one("a").words == "[1]"
    assert "**" not in section.words


def test_hostile_text_stays_text(site: Site) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&lt; (Citation: <b>x</b>) "
    name = evil.partition("(")[0]
    after = MEASURE | {"description": evil, "name": name, "labels": [name], name: {"a": [evil]}}
    page = compared(site, MEASURE, after)
    assert not page.one(id="main").has("img")
    assert not page.one(id="main").has("script")


def test_relationships_stand_in_a_table_for_each_kind(site: Site) -> None:
    other = attack_object("intrusion-set", "G1001", "Gang")
    also = relationship("uses", other, THING, "Gang ran it, too.")
    does = relationship("mitigates", MEASURE, THING, "Stop it.")
    import_objects(THING, BAND, other, MEASURE, USES, does, release="1.0")
    edited = USES | {"description": "Band ran another tool."}
    import_objects(THING, BAND, other, MEASURE, edited, also, release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    titles = [head.words for head in text_of(page, "Relationships").all("h3")]
    assert titles == ["Mitigations 1 removed", "Procedure examples 1 added, 1 edited"]
    first, second = text_of(page, "Relationships").all("table")
    assert [tr.words for tr in first.one("tbody").all("tr")] == [
        "Removed M1000 Alpha [removed: Stop it.]"
    ]
    added, changed = second.one("tbody").all("tr")
    assert added.words == "Added G1001 Gang [added: Gang ran it, too.]"
    assert changed.one(css="change-sign").words == "Edited"
    assert changed.one("ins").words == "[added: another]"
    assert added.one("a")["href"] == f"{LIBRARY}/groups/G1001"
    assert first.one("a")["href"] == f"{LIBRARY}/v/1.0/mitigations/M1000"


def test_links_that_lead_to_another_object_stand_below_the_same_words(site: Site) -> None:
    old, new = (
        USES | {"description": f"[Band](https://attack.mitre.org/groups/G100{n}) ran it."}
        for n in range(2)
    )
    import_objects(THING, BAND, old, release="1.0")
    import_objects(THING, BAND, new, release="2.0")
    table = text_of(site.page(f"{OF_THING}?from=1.0&to=2.0"), "Relationships").one("table")
    (row,) = table.one("tbody").all("tr")
    assert row.one(css="change-sign").words == "Edited"
    assert row.one("del").words == "[removed: G1000]"
    assert row.one("ins").words == "[added: G1001]"
    changes = f"{LIBRARY}/releases/1.0...2.0/changes?links=Procedure+examples"
    assert "Beside the note: link in the description to G1001 added" in site.page(changes).words


def test_tactics_are_relationships(site: Site) -> None:
    stages = [tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")]
    import_objects(technique("T1000", "Thing", ("impact",)), *stages, release="1.0")
    import_objects(technique("T1000", "Thing", ("access",)), *stages, release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    rows = text_of(page, "Relationships").one("tbody").all("tr")
    assert [tr.words for tr in rows] == ["Added TA1001 Access", "Removed TA1000 Impact"]
    assert "Tactics stated" not in page.one(id="main").words


def test_tactics_that_are_no_longer_stated_are_a_field_when_the_links_cannot_tell(
    site: Site,
) -> None:
    stages = [tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")]
    dead = technique("T1000", "Thing", ("impact", "access")) | {"x_mitre_deprecated": True}
    import_objects(dead, *stages, release="1.0")
    import_objects(technique("T1000", "Thing", ("access",)), *stages, release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    gone, come = row(page, "Tactics stated")
    assert gone.startswith("removed Impact")
    assert come == "nothing new"
    rows = text_of(page, "Relationships").one("tbody").all("tr")
    assert [tr.words for tr in rows] == ["Added TA1001 Access"]
    assert "Stated tactic Impact removed" in page.one(id="main").words


def test_a_tactic_that_was_deprecated_is_gone_from_a_technique_that_is_the_same_to_the_byte(
    site: Site,
) -> None:
    stages = [tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")]
    thing = technique("T1000", "Thing", ("impact", "access"))
    import_objects(thing, *stages, release="1.0")
    import_objects(thing, stages[0] | {"x_mitre_deprecated": True}, stages[1], release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    rows = text_of(page, "Relationships").one("tbody").all("tr")
    assert [tr.words for tr in rows] == ["Removed TA1000 Impact"]
    assert "Nothing changed" not in page.one(id="main").words
    history = site.page(f"{LIBRARY}/techniques/T1000/history").one(id="main").words
    assert "Tactic Impact removed" in history
    feed = site.client.get(f"{LIBRARY}/techniques/T1000/atom").content.decode()
    assert "tactic Impact removed" in feed
    changes = site.page(f"{LIBRARY}/releases/1.0...2.0/changes?type=techniques&weight=material")
    assert "tactic Impact removed" in changes.one(id="main").words


@pytest.mark.parametrize(
    ("name", "value", "head"),
    [
        ("x_mitre_detection", "", "Detection text"),
        ("labels", [], "Labels"),
    ],
)
def test_a_field_that_is_stated_as_empty_differs_in_form_and_not_in_its_words(
    site: Site, name: str, value: object, head: str
) -> None:
    page = compared(site, MEASURE, MEASURE | {name: value})
    assert row(page, head) == ["not stated", "empty"]
    assert "1 field differs in form alone" in page.one(id="main").words
    assert "The same words" not in page.one(id="main").words


def test_noise_is_folded_and_counted(site: Site) -> None:
    noise = {"modified": "2030-01-01T00:00:00.000Z", "revoked": False}
    page = compared(site, MEASURE, MEASURE | noise)
    assert "No change in substance" in page.one(id="main").words
    folded = page.one("details", css="noise")
    assert folded.one("summary").words == "2 fields differ in form alone"
    assert row(page, "Date of modification")[1] == "1 January 2030, 00:00:00 UTC"
    assert row(page, "Mark as revoked") == ["not stated", "No"]


def test_equal_releases_are_said_to_be_equal(site: Site) -> None:
    page = compared(site, MEASURE, MEASURE)
    assert "Nothing changed: both releases hold the same" in page.one(id="main").words
    assert not page.has(css="json-difference")


def test_the_raw_json_is_there_line_by_line(site: Site) -> None:
    page = compared(site, MEASURE, MEASURE | {"name": "Beta"})
    lines = page.one("pre", css="canonical")
    assert [found.words for found in lines.all("del")] == ['- "name": "Alpha",']
    assert [found.words for found in lines.all("ins")] == ['+ "name": "Beta",']
    for link in page.all("a", css="hash"):
        assert site.get(link["href"]).status_code == 200


IMPACT = tactic("TA1000", "Impact", "impact")
SERVES = THING | {"kill_chain_phases": technique("T1000", "", ("impact",))["kill_chain_phases"]}
DOES = relationship("mitigates", MEASURE, SERVES, "Stop it.")
LIVE = (IMPACT, MEASURE, SERVES, BAND, USES, DOES)
DEAD = (IMPACT, MEASURE, SERVES | {"x_mitre_deprecated": True}, BAND, USES, DOES)


def links_of(page: Element) -> list[tuple[str, str]]:
    """The relationships that are shown: what became of each, and of what."""
    return [
        (tr.one(css="change-sign").words, tr.one("th").words)
        for table in page.all("table", css="link-differences")
        for tr in table.one("tbody").all("tr")
    ]


def test_relationships_are_added_when_an_object_is_live_again(site: Site) -> None:
    import_objects(*DEAD, release="1.0")
    import_objects(*LIVE, release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    assert links_of(page) == [("Added", "TA1000"), ("Added", "M1000"), ("Added", "G1000")]
    assert [item.words for item in page.one("ul", css="told-changes").all("li")] == [
        *("No longer deprecated", "1 mitigation added", "Tactic Impact added"),
        "1 procedure example added",
    ]
    assert "1.0 holds this object as deprecated" in page.one(id="main").words
    assert row(page, "Status") == ["deprecated", "live"]


def test_relationships_are_removed_when_an_object_is_let_go(site: Site) -> None:
    import_objects(*LIVE, release="1.0")
    import_objects(*DEAD, release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    assert links_of(page) == [("Removed", "TA1000"), ("Removed", "M1000"), ("Removed", "G1000")]
    assert "2.0 holds this object as deprecated" in page.one(id="main").words


def test_no_relationship_is_compared_when_an_object_is_dead_in_both(site: Site) -> None:
    import_objects(*DEAD, release="1.0")
    import_objects(*DEAD[:2], DEAD[2] | {"description": "Else."}, *DEAD[3:], release="2.0")
    page = site.page(f"{OF_THING}?from=1.0&to=2.0")
    assert links_of(page) == []
    assert "No relationship is compared" in page.one(id="main").words


def test_status_is_one_row_in_words_whichever_property_says_it(site: Site) -> None:
    dead = MEASURE | {"revoked": True, "x_mitre_deprecated": False}
    page = compared(site, MEASURE | {"x_mitre_deprecated": True}, dead)
    assert row(page, "Status") == ["deprecated", "revoked"]


def test_reference_of_the_id_is_no_change_when_its_name_alone_is_another(site: Site) -> None:
    (own,) = MEASURE["external_references"]
    renamed, report = own | {"source_name": "mitre-mobile-attack"}, {"source_name": "Report"}
    after = MEASURE | {"external_references": [renamed, report]}
    page = compared(site, MEASURE, after)
    assert page.one("ul", css="told-changes").words == "1 reference added"
    cells = row(page, "References")
    assert "nothing that is gone" in cells[0]
    assert cells[1].startswith("added")
    assert "mitre-mobile-attack" not in " ".join(cells)
    folded = row(page, "Reference of the ATT&CK ID")
    assert folded == [f"mitre-attack {own['url']}", f"mitre-mobile-attack {own['url']}"]


def test_first_attack_id_is_told_as_given(site: Site) -> None:
    page = compared(site, MEASURE | {"external_references": []}, MEASURE)
    assert page.one("ul", css="told-changes").words == "ATT&CK ID given"
    (own,) = MEASURE["external_references"]
    assert row(page, "References")[1] == f"added ATT&CK ID M1000 {own['url']}"


def test_parts_of_a_value_are_named_in_words(site: Site) -> None:
    component = attack_object("x-mitre-data-component", "DC1000", "Process Creation")
    analytic = attack_object("x-mitre-analytic", "AN1000", "Analytic 1000")
    read = {"x_mitre_data_component_ref": component["id"], "name": "log", "channel": "1"}
    for release, channel in (("1.0", "1"), ("2.0", "2")):
        refers = {"x_mitre_log_source_references": [read | {"channel": channel}]}
        import_objects(component, analytic | refers, release=release)
    page = site.page(f"{LIBRARY}/analytics/AN1000/history?from=1.0&to=2.0")
    parts = "channel: 2; name: log; data component: DC1000 Process Creation"
    assert row(page, "Log sources")[1] == f"added {parts}"


def test_an_unknown_type_and_its_fields_are_compared(site: Site) -> None:
    novelty = attack_object("x-mitre-novelty", "N1", "New", x_mitre_of=[1])
    import_objects(novelty, release="1.0")
    import_objects(novelty | {"x_mitre_of": [2], "x_mitre_what": "this"}, release="2.0")
    page = site.page(f"{LIBRARY}/objects/{novelty['id']}/history?from=1.0&to=2.0")
    assert row(page, "“of”") == ["removed 1", "added 2"]
    assert row(page, "“what”") == ["not stated", "this"]


def test_a_domain_can_be_chosen_and_else_is_the_first_that_has_both(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(MEASURE, release="2.0")
    mobile = MEASURE | {"name": "For phones"}
    import_objects(mobile, domain="mobile", release="2.0")
    import_objects(mobile | {"name": "For tablets"}, domain="mobile", release="3.0")
    page = site.page(f"{HISTORY}?from=2.0&to=3.0")
    assert row(page, "Name") == ["For phones", "For tablets"]
    why = site.page(f"{HISTORY}?from=2.0&to=3.0&domain=enterprise", 404).one(css="problem").words
    assert why == "The library holds no release 3.0 of Enterprise."


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?from=1.0", 400, "names no release to compare in “to”"),
        ("?from=&to=2.0", 400, "names no release to compare in “from”"),
        ("?from=2.0&to=2.0", 400, "Both releases are 2.0"),
        ("?from=x&to=2.0", 400, "“from” is not a release such as 18.1"),
        (f"?from={quote('<script>')}&to=2.0", 400, "“from” is not a release"),
        ("?from=1.0%00&to=2.0", 400, "“from” is not a release"),
        (f"?from={'9' * 5000}&to=2.0", 400, "“from” is not a release"),
        ("?from=1.0&to=2.0&domain=moon", 400, "not one of enterprise, mobile and ics"),
        ("?from=sample-1&to=2.0", 400, "A sample cannot be compared"),
        ("?from=9.0&to=2.0", 404, "holds no release 9.0 of Enterprise"),
        ("?from=1.0&to=2.0", 404, "Release 1.0 of Enterprise does not have this object"),
        ("?from=2.0&to=3.0&domain=ics", 404, "No release held has this object in ICS"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(
    site: Site, query: str, status: int, said: str
) -> None:
    import_objects(mitigation("M1001", "Beside"), release="1.0")
    import_objects(MEASURE, release="2.0")
    import_objects(MEASURE, release="3.0")
    page = site.page(f"{HISTORY}{query}", status)
    assert said in page.one(css="problem").words
    assert page.one("form", css="compare").has("select", name="from")


def test_search_engines_keep_histories_and_not_comparisons(site: Site) -> None:
    page = compared(site, MEASURE, MEASURE | {"name": "Beta"})
    assert page.has("meta", name="robots", content="noindex")
    history = site.page(HISTORY)
    assert not history.has("meta", name="robots")
    assert history.one("link", rel="canonical")["href"].endswith("/M1000/history")


def test_the_form_has_two_releases_of_one_domain_chosen(site: Site) -> None:
    both = mitigation("M1013", "Guidance")
    for domain, release in (("enterprise", "16.1"), ("enterprise", "18.1"), ("mobile", "17.1")):
        import_objects(both, domain=domain, release=release)
    address = f"{LIBRARY}/mitigations/M1013/history"
    form = site.page(address).one("form", css="compare")
    chosen = {
        select["name"]: [o.words for o in select.all("option") if "selected" in o.attributes]
        for select in form.all("select")
    }
    assert chosen == {"from": ["16.1"], "to": ["18.1"], "domain": ["Enterprise"]}
    assert site.page(f"{address}?from=16.1&to=18.1&domain=enterprise")
