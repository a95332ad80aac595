"""What counts as a change of an object, how it is told, and what is noise."""

from typing import Any

import pytest

from library.changes import WEIGHTIEST, changes_between
from library.history.fields import NO_NAMES, field_differences
from library.substance import FIELDS, NOISE
from tests.factories import MOMENT, Properties, mitigation
from tests.library.told_changes import G1000, T1000, around, link, material, one, served, serving

M1000 = mitigation("M1000", "Measure")


def without(properties: Properties, name: str) -> Properties:
    return {key: value for key, value in properties.items() if key != name}


# From one value to another, and what is said of either way.
MATERIAL = [
    ("name", "Thing", "Other", "renamed from “Thing”", "renamed from “Other”"),
    ("description", "One.", "Two.", "description edited", "description edited"),
    ("description", None, "Two.", "description added", "description removed"),
    ("x_mitre_platforms", ["A"], ["A", "ESXi"], "platform ESXi added", "platform ESXi removed"),
    (
        "x_mitre_platforms",
        ["A"],
        ["IaaS", "A", "ESXi"],
        "platforms ESXi and IaaS added",
        "platforms ESXi and IaaS removed",
    ),
    (
        "x_mitre_platforms",
        None,
        ["c", "B", "a"],
        "platforms a, B and c added",
        "platforms a, B and c removed",
    ),
    ("x_mitre_platforms", [], list("ABCDE"), "5 platforms added", "5 platforms removed"),
    ("revoked", False, True, "now revoked", "no longer revoked"),
    ("x_mitre_deprecated", False, True, "now deprecated", "no longer deprecated"),
    (
        "kill_chain_phases",
        [],
        [{"kill_chain_name": "mitre-attack", "phase_name": "lateral-movement"}],
        "tactic Lateral Movement added",
        "tactic Lateral Movement removed",
    ),
]
AROUND = [
    ("x_mitre_detection", "Look.", "", "detection text removed", "detection text added"),
    ("x_mitre_detection", "Look.", "See.", "detection text edited", "detection text edited"),
    ("aliases", ["A"], ["A", "B"], "alias B added", "alias B removed"),
    ("aliases", ["A"], ["A", "B", "C"], "aliases B and C added", "aliases B and C removed"),
    ("x_mitre_contributors", [], ["Ann"], "1 contributor added", "1 contributor removed"),
    ("x_mitre_remote_support", False, True, "remote support added", "remote support removed"),
    ("first_seen", MOMENT, "2020", "date first seen edited", "date first seen edited"),
    (
        "x_mitre_log_sources",
        [{"name": "a", "channel": "1"}],
        [{"name": "a", "channel": "2"}],
        "log sources edited",
        "log sources edited",
    ),
    ("x_mitre_new_thing", 1, 2, "“new thing” edited", "“new thing” edited"),
    ("tactic_refs", ["a", "b"], ["b", "a"], "order of the tactics changed", None),
    ("tactic_refs", ["a", "b"], ["b", "c", "a"], "order of the tactics changed", None),
    ("tactic_refs", ["a", "c", "b"], ["b", "a"], "order of the tactics changed", None),
]


@pytest.mark.parametrize(("name", "before", "after", "there", "back"), MATERIAL)
def test_what_the_object_is_counts_as_material(
    name: str, before: Any, after: Any, there: str, back: str
) -> None:
    old, new = T1000 | {name: before}, T1000 | {name: after}
    assert material(old, new) == [there]
    assert material(new, old) == [back]
    assert around(old, new) == around(new, old) == []


@pytest.mark.parametrize(("name", "before", "after", "there", "back"), AROUND)
def test_everything_else_of_substance_counts_as_around(
    name: str, before: Any, after: Any, there: str, back: str | None
) -> None:
    old, new = T1000 | {name: before}, T1000 | {name: after}
    assert around(old, new) == [there]
    assert around(new, old) == [back or there]
    assert material(old, new) == material(new, old) == []


@pytest.mark.parametrize("name", sorted(NOISE.keys() - {"id", "type"}))
def test_who_keeps_an_object_and_when_is_noise(name: str) -> None:
    given = T1000 | {name: "one"}
    for other in (given | {name: "other"}, without(given, name)):
        assert changes_between(given, other) == changes_between(other, given) == ()


@pytest.mark.parametrize("name", sorted(FIELDS.keys() | {"x_mitre_new_thing"}))
@pytest.mark.parametrize("default", [False, "", [], None])
def test_an_explicit_default_is_noise(name: str, default: object) -> None:
    bare = without(T1000, name)
    assert changes_between(bare, bare | {name: default}) == ()
    assert changes_between(bare | {name: default}, bare) == ()


@pytest.mark.parametrize(
    "name",
    ["x_mitre_platforms", "aliases", "x_mitre_data_sources", "labels", "x_mitre_new_thing"],
)
def test_the_order_of_a_set_is_noise(name: str) -> None:
    assert changes_between(T1000 | {name: ["a", "b"]}, T1000 | {name: ["b", "a"]}) == ()


def test_the_order_of_listed_objects_is_noise() -> None:
    entries = [{"name": "a", "channel": "1"}, {"channel": "2", "name": "b"}]
    phases = T1000["kill_chain_phases"] + [{"kill_chain_name": "x", "phase_name": "y"}]
    for name, value in (("x_mitre_log_sources", entries), ("kill_chain_phases", phases)):
        assert changes_between(T1000 | {name: value}, T1000 | {name: value[::-1]}) == ()


READ = "It runs [Tool](https://attack.mitre.org/software/S0001) as `root`. Then it stops."


@pytest.mark.parametrize(
    "written",
    [
        READ.replace("https://attack.mitre.org/software/S0001", "/software/S0001"),
        READ.replace(" Then ", "\n\nThen  "),
        READ.replace("`root`", "<code>root</code>"),
    ],
)
def test_forms_of_links_markup_and_white_space_are_not_prose(written: str) -> None:
    assert changes_between(T1000 | {"description": READ}, T1000 | {"description": written}) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "(Citation: Ann (Bob) 2020)", ["1 citation in the description added"]),
        ("", " (Citation: A)(Citation: B)", ["2 citations in the description added"]),
        ("(Citation: A)", "", ["1 citation in the description removed"]),
        ("(Citation: A)(Citation: A)", "(Citation: A)", ["1 citation in the description removed"]),
        (
            "(Citation: A)",
            "(Citation: B)",
            ["1 citation in the description added", "1 citation in the description removed"],
        ),
        ("(Citation: A)", " (Citation:  A )", []),
        ("(Citation: A)(Citation: B)", "(Citation: B)(Citation: A)", []),
    ],
)
def test_citations_that_come_to_prose_or_leave_it_are_around(
    old: str, new: str, told: list[str]
) -> None:
    before, after = (T1000 | {"description": f"{READ}{cited}"} for cited in (old, new))
    assert around(before, after) == told
    assert material(before, after) == []


def test_citations_are_told_by_the_words_where_those_differ() -> None:
    before, after = (T1000 | {"description": said} for said in ("One.(Citation: A)", "Two."))
    assert [found.phrase for found in changes_between(before, after)] == ["description edited"]
    assert around(T1000 | {"x_mitre_detection": "Look.(Citation: A)"}, T1000) == [
        "detection text removed"
    ]


def test_a_procedure_example_is_edited_when_it_loses_a_citation_and_keeps_its_reference() -> None:
    cites = one("It ran.(Citation: A)", external_references=[{"source_name": "A"}])
    bare = cites | {"description": "It ran."}
    edited = link("uses", "intrusion-set", before=(cites,), after=(bare,))
    assert around(T1000, T1000, edited) == ["1 procedure example edited"]


@pytest.mark.parametrize("word", ["Tool", "root", "Then"])
def test_any_word_that_is_read_is_prose(word: str) -> None:
    edited = READ.replace(f"[{word}]", "[Other]").replace(f"{word} ", "Other ")
    edited = edited.replace(f"`{word}`", "`Other`")
    assert material(T1000 | {"description": READ}, T1000 | {"description": edited}) == [
        "description edited"
    ]


OTHER_REFERENCE = {"source_name": "Ann 2020", "url": "https://ann.example/a"}


def references(*found: Properties) -> Properties:
    return T1000 | {"external_references": [*T1000["external_references"], *found]}


def test_references_are_told_by_number() -> None:
    more = [{"source_name": f"Report {number}"} for number in range(3)]
    assert around(references(), references(OTHER_REFERENCE)) == ["1 reference added"]
    assert around(references(*more, OTHER_REFERENCE), references(OTHER_REFERENCE)) == [
        "3 references removed"
    ]
    edited = OTHER_REFERENCE | {"url": "https://ann.example/b"}
    assert around(references(OTHER_REFERENCE), references(edited)) == ["1 reference edited"]


def test_link_to_another_attack_object_is_substance_and_to_another_page_is_not() -> None:
    def ran(address: str) -> Properties:
        return T1000 | {"description": f"[It]({address}) ran.(Citation: A)"}

    site = "https://attack.mitre.org"
    same = (
        f"{site}/software/S0001",
        f"{site}/software/S0001/",
        f"{site}/versions/v9/software/S0001",
    )
    assert [changes_between(ran(same[0]), ran(other)) for other in same] == [()] * 3
    assert changes_between(ran("https://example.org/a"), ran("https://example.org/b")) == ()
    told = ["link in the description to S0002 added", "link in the description to S0001 removed"]
    assert around(ran(same[0]), ran(f"{site}/software/S0002")) == told
    many = " ".join(f"[x]({site}/groups/G000{n})" for n in range(4))
    more, none = (T1000 | {"description": text} for text in (many, "x x x x"))
    assert around(none, more) == ["4 links in the description added"]
    note = [one(str(ran(f"{site}/software/S000{n}")["description"])) for n in (1, 2)]
    edited = link("uses", "intrusion-set", before=(note[0],), after=(note[1],))
    assert around(T1000, T1000, edited) == ["1 procedure example edited"]


def test_white_space_in_a_name_is_noise() -> None:
    assert changes_between(T1000, T1000 | {"name": " Thing "}) == ()
    assert changes_between(T1000 | {"name": "A  b"}, T1000 | {"name": "A\nb"}) == ()
    assert material(T1000 | {"name": "A b"}, T1000 | {"name": "Ab"}) == ["renamed from “A b”"]
    renamed = served(1, "Impact", "Impact ")
    assert changes_between(serving("impact"), serving("impact"), [renamed]) == ()


def test_the_reference_to_the_object_itself_counts_by_its_id() -> None:
    (own,) = T1000["external_references"]
    page, other_page = (
        T1000 | {"external_references": [own | {"url": f"https://attack.mitre.org/{path}/T1000"}]}
        for path in ("techniques", "wiki/Technique")
    )
    gone = T1000 | {"external_references": [own | {"url": "https://attack.mitre.org/new"}]}
    renamed = T1000 | {"external_references": [own | {"source_name": "mitre-mobile-attack"}]}
    numbered = T1000 | {"external_references": [own | {"external_id": "T1999"}]}
    bare = T1000 | {"external_references": [OTHER_REFERENCE]}
    assert changes_between(page, other_page) == changes_between(T1000, renamed) == ()
    assert around(T1000, gone) == around(page, gone) == ["1 reference edited"]
    assert around(T1000, numbered) == ["ATT&CK ID changed from T1000 to T1999"]
    assert around(bare, references(OTHER_REFERENCE)) == ["ATT&CK ID given"]
    assert around(references(OTHER_REFERENCE), bare) == ["ATT&CK ID removed"]


def test_mitigations_of_a_technique_are_material() -> None:
    gone = link("mitigates", "course-of-action", before=(one(),))
    come = [link("mitigates", "course-of-action", n, after=(one(),)) for n in (2, 3)]
    assert material(T1000, T1000, gone, *come) == ["2 mitigations added", "1 mitigation removed"]
    assert around(T1000, T1000, gone, *come) == []


def test_techniques_of_a_mitigation_are_material() -> None:
    come = [link("mitigates", "attack-pattern", n, forward=True, after=(one(),)) for n in (1, 2, 3)]
    assert material(M1000, M1000, *come) == ["3 techniques added"]
    assert material(M1000, M1000, come[0]) == ["1 technique added"]


def test_a_note_on_a_mitigation_is_around() -> None:
    edited = [
        link("mitigates", "course-of-action", n, before=(one("Old."),), after=(one("New."),))
        for n in (1, 2)
    ]
    assert around(T1000, T1000, *edited) == ["notes on 2 mitigations edited"]
    assert around(T1000, T1000, edited[0]) == ["note on 1 mitigation edited"]
    assert material(T1000, T1000, *edited) == []


LINKS = [
    ("uses", "intrusion-set", False, "procedure example", "procedure examples"),
    ("uses", "tool", False, "procedure example", "procedure examples"),
    ("detects", "x-mitre-detection-strategy", False, "detection strategy", "detection strategies"),
    ("detects", "x-mitre-data-component", False, "data component", "data components"),
    ("subtechnique-of", "attack-pattern", False, "sub-technique", "sub-techniques"),
    ("subtechnique-of", "attack-pattern", True, "parent technique", "parent techniques"),
    ("targets", "x-mitre-asset", True, "asset", "assets"),
    ("attributed-to", "campaign", False, "campaign", "campaigns"),
    ("related-to", "attack-pattern", True, "“related-to” link", "“related-to” links"),
]


@pytest.mark.parametrize(("kind", "other", "forward", "noun", "nouns"), LINKS)
def test_other_links_are_around(
    kind: str, other: str, forward: bool, noun: str, nouns: str
) -> None:
    come = link(kind, other, forward=forward, after=(one(),))
    gone = link(kind, other, forward=forward, before=(one(),))
    second = link(kind, other, 2, forward=forward, after=(one(),))
    assert around(T1000, T1000, come) == [f"1 {noun} added"]
    assert around(T1000, T1000, gone) == [f"1 {noun} removed"]
    assert around(T1000, T1000, come, second) == [f"2 {nouns} added"]
    assert material(T1000, T1000, come, gone) == []


def test_of_a_group_the_techniques_and_the_software_are_told_apart() -> None:
    used = link("uses", "attack-pattern", forward=True, after=(one(),))
    tool = link("uses", "tool", forward=True, after=(one(),))
    malware = link("uses", "malware", forward=True, before=(one(),))
    assert around(G1000, G1000, used, tool, malware) == [
        "1 piece of software added",
        "1 piece of software removed",
        "1 technique added",
    ]


def test_a_procedure_example_is_edited_when_its_substance_differs() -> None:
    old = one("It ran.(Citation: A)", external_references=[{"source_name": "A"}])
    for rest in ({"description": "It walked."}, {"external_references": [{"source_name": "B"}]}):
        edited = link("uses", "intrusion-set", before=(old,), after=(old | rest,))
        assert around(T1000, T1000, edited) == ["1 procedure example edited"]


def test_a_procedure_example_is_not_edited_when_another_version_says_the_same() -> None:
    old = one("It ran.(Citation: A)")
    new = one("It  ran. (Citation: A)", modified="2025-01-01", revoked=False) | {"id": "r--2"}
    same = link("uses", "intrusion-set", before=(old,), after=(new,))
    assert changes_between(T1000, T1000, [same]) == ()


def test_of_several_examples_between_two_objects_the_changed_ones_are_counted() -> None:
    kept, old, new = one("Kept.", 1), one("Old.", 2), one("New.", 2)
    edited = link("uses", "tool", before=(kept, old), after=(new, kept))
    more = link("uses", "tool", before=(kept,), after=(kept, old))
    assert around(T1000, T1000, edited) == ["1 procedure example edited"]
    assert around(T1000, T1000, more) == ["1 procedure example edited"]


def test_changes_are_told_weightiest_first() -> None:
    old = T1000 | {"x_mitre_detection": "Look."}
    new = old | {
        "x_mitre_detection": "",
        "description": "New.",
        "name": "New",
        "x_mitre_platforms": ["Linux"],
        "kill_chain_phases": [],
        "x_mitre_contributors": ["Ann"],
    }
    links = [
        link("uses", "tool", after=(one(),)),
        link("mitigates", "course-of-action", before=(one(),)),
    ]
    assert material(old, new, *links) == [
        "renamed from “Thing”",
        "1 mitigation removed",
        "description edited",
        "tactic Impact removed",
        "platform Windows removed",
    ]
    assert around(old, new, *links) == [
        "1 procedure example added",
        "detection text removed",
        "1 contributor added",
    ]


HOSTILE = [
    ("description", 5, "description edited"),
    ("name", ["x"], "name edited"),
    ("x_mitre_platforms", [{"a": 1}, 2], "platforms edited"),
    ("x_mitre_platforms", "Linux", "platforms edited"),
    ("external_references", "none", "ATT&CK ID removed"),
    ("external_references", [3, {"source_name": []}], "2 references added"),
    ("kill_chain_phases", [1, {"phase_name": {}}], "tactic {} added"),
]


@pytest.mark.parametrize(("name", "value", "said"), HOSTILE)
def test_values_of_the_wrong_kind_are_compared_all_the_same(
    name: str, value: object, said: str
) -> None:
    phrases = [found.phrase for found in changes_between(T1000, T1000 | {name: value})]
    assert said in phrases
    assert changes_between(T1000 | {name: value}, T1000 | {name: value}) == ()


def test_a_long_name_is_told_in_short() -> None:
    (phrase,) = material(T1000 | {"name": f"a\n{'b' * 500}"}, T1000)
    assert len(phrase) < 110
    assert phrase.startswith("renamed from “a bbb")


def test_every_material_property_has_a_place_among_the_weightiest() -> None:
    assert {name for name, field in FIELDS.items() if field.material} < set(WEIGHTIEST)


def test_domains_are_told_as_readers_call_them() -> None:
    before, after = ({"x_mitre_domains": each} for each in (["a"], ["a", "mobile-attack"]))
    assert [change.phrase for change in changes_between(before, after)] == ["domain Mobile added"]
    (field,), _ = field_differences(before, after, {"x_mitre_domains"}, NO_NAMES)
    assert field.after.entries == ("Mobile",)
