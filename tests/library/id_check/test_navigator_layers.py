"""A Navigator layer for another release: what is upgraded, and what is left as it was."""

import json
from typing import Any

import orjson
import pytest
from mitreattack.navlayers import Layer

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    relationship,
    tactic,
    technique,
)
from tests.library.id_check.asking import body, checked, result, sent, trouble
from tests.library.pages import Site

pytestmark = pytest.mark.django_db

FIRST, SECOND = tactic("TA0001", "First", "first"), tactic("TA0002", "Second", "second")


def layer(*techniques: Any, **properties: Any) -> str:
    made = {
        "name": "Ours",
        "versions": {"attack": "1", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "techniques": list(techniques),
    }
    return orjson.dumps(made | properties).decode()


def entry(technique_id: str, tactic: str = "", **marks: Any) -> dict[str, Any]:
    return {"techniqueID": technique_id} | ({"tactic": tactic} if tactic else {}) | marks


def upgraded(site: Site, text: str, **fields: str | bytes) -> dict[str, Any]:
    """The layer that comes back, which MITRE's own classes read without loss of an entry."""
    response = sent(site, text, form="navigator", **fields)
    assert response.status_code == 200, trouble(response)
    made: dict[str, Any] = orjson.loads(body(response))
    read = Layer()
    # They refuse what they do not know, which the Navigator passes over.
    read.from_dict(known(made) | {"techniques": [known(each) for each in made["techniques"]]})
    assert len(read.to_dict()["techniques"]) == len(made["techniques"])
    return made


def known(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if not name.startswith("x_")}


def left(site: Site, text: str) -> dict[str, str]:
    """The entries that were left as they were, each with the reason."""
    steps = checked(site, text)["layer"]["not_upgraded"]
    return {step["technique_id"]: step["why"] for step in steps}


def revoked(attack_id: str, by: Properties | None, **rest: Any) -> list[Properties]:
    dead = technique(attack_id, f"Was {attack_id}", revoked=True, **rest)
    return [dead, *([relationship("revoked-by", dead, by)] if by else [])]


def released(*changed: Properties) -> None:
    """Release 1.0 with four techniques, and 2.0 with these in their place."""
    old = [technique(f"T100{number}", f"Way {number}", ("first",)) for number in range(4)]
    import_objects(*old, FIRST, SECOND, release="1.0")
    ids = {found["id"] for found in changed}
    kept = [found for found in (*old, FIRST, SECOND) if found["id"] not in ids]
    import_objects(*kept, *changed, release="2.0")


def test_an_entry_follows_the_chain_to_a_live_technique_with_all_that_it_says(site: Site) -> None:
    end = technique("T2000", "End", ("first",))
    released(end, *revoked("T1000", end))
    given = entry("T1000", "first", score=3, comment="seen\nT1001", color="#dc1234", x_ours=[1])
    made = upgraded(site, layer(given, entry("T1001", score=1.5), x_more={"a": [None]}))
    assert made["techniques"] == [given | {"techniqueID": "T2000"}, entry("T1001", score=1.5)]
    assert checked(site, layer(given))["layer"]["kept"] == 0
    assert made["versions"] == {"attack": "2", "navigator": "5.1.0", "layer": "4.5"}
    assert made["x_more"] == {"a": [None]}
    assert made["metadata"][0]["value"].startswith("From ATT&CK 1.0 to 2.0")


def test_an_entry_is_left_with_the_reason_when_no_live_technique_stands_for_it(site: Site) -> None:
    software = attack_object("tool", "S2000", "Tool")
    dead = technique("T2000", "Dead", x_mitre_deprecated=True)
    released(
        *(software, dead),
        *revoked("T1000", None),
        *revoked("T1001", software),
        *revoked("T1002", dead),
        technique("T1003", "Way 3", x_mitre_deprecated=True),
    )
    ids = ("T1000", "T1001", "T1002", "T1003", "T9999")
    text = layer(*(entry(found, score=1) for found in ids))
    assert left(site, text) == {
        "T1000": "it was revoked, and MITRE names nothing that replaces it",
        "T1001": "it leads to S2000, which is no technique",
        "T1002": "it was revoked, and T2000 is not live either",
        "T1003": "it is deprecated, and nothing replaces it",
        "T9999": "no release held here has this ID",
    }
    made = upgraded(site, text)
    assert [found["techniqueID"] for found in made["techniques"]] == [*ids]
    notes = {note["name"]: note["value"] for note in made["metadata"]}
    assert notes["Not upgraded: T1003"] == "it is deprecated, and nothing replaces it"
    shown = result(site, text).one(id="layer").words
    assert "5 are left as they were" in shown
    assert "no release held here has this ID" in shown


def test_a_tactic_is_kept_while_it_is_served_and_follows_its_new_short_name(site: Site) -> None:
    renamed = FIRST | {"name": "Foremost", "x_mitre_shortname": "foremost"}
    released(
        renamed,
        *(technique(f"T100{number}", f"Way {number}", ("foremost",)) for number in range(3)),
        technique("T1003", "Way 3", ("foremost", "second")),
    )
    text = layer(*(entry(f"T100{number}", "first", score=number) for number in range(4)))
    assert {found["tactic"] for found in upgraded(site, text)["techniques"]} == {"foremost"}
    assert checked(site, text)["layer"]["changed"][0]["became"] == "T1000 in foremost"


def test_a_tactic_is_updated_when_the_technique_left_it_for_one_other_alone(site: Site) -> None:
    third = tactic("TA0003", "Third", "third")
    released(
        third,
        technique("T1000", "Way 0", ("second",)),
        technique("T1001", "Way 1", ("second", "third")),
        technique("T1002", "Way 2"),
    )
    entries = [entry(f"T100{number}", "first", score=1) for number in range(3)]
    text = layer(*entries, entry("T1003", "second", score=1))
    assert {each: why.partition(": ")[2] for each, why in left(site, text).items()} == {
        "T1001": "second, third",
        "T1002": "none",
        "T1003": "first",
    }
    assert [found["tactic"] for found in upgraded(site, text)["techniques"]] == [
        *("second", "first", "first", "second"),
    ]


def test_a_tactic_that_no_longer_holds_is_updated_or_left_though_the_technique_states_it(
    site: Site,
) -> None:
    released(
        FIRST | {"x_mitre_deprecated": True},
        technique("T1001", "Way 1", ("first", "second")),
        technique("T1002", "Way 2", ("nowhere",)),
    )
    text = layer(*(entry(f"T100{number}", "first", score=1) for number in range(3)))
    assert {each: why.partition(": ")[2] for each, why in left(site, text).items()} == {
        "T1000": "none",
        "T1002": "none",
    }
    assert [found["tactic"] for found in upgraded(site, text)["techniques"]] == [
        *("first", "second", "first"),
    ]


def test_two_entries_become_one_when_they_say_the_same(site: Site) -> None:
    end = technique("T2000", "End", ("first",))
    released(end, *revoked("T1000", end), *revoked("T1001", end))
    text = layer(*(entry(found, score=3) for found in ("T1000", "T1001", "T1002")))
    made = upgraded(site, text)
    assert made["techniques"] == [entry("T2000", score=3), entry("T1002", score=3)]
    assert not left(site, text)


@pytest.mark.parametrize("held", ["T1001", "T2000"])
def test_entries_that_say_different_things_are_left_when_they_would_be_one(
    site: Site, held: str
) -> None:
    end = technique("T2000", "End", ("first",))
    released(end, *revoked("T1000", end), *revoked("T1001", end))
    given = [entry("T1000", score=3), entry(held, score=4)]
    text = layer(*given)
    assert upgraded(site, text)["techniques"] == given
    assert left(site, text)["T1000"].startswith("it would be T2000, of which several entries")
    assert "T2000" not in left(site, text)


def test_a_technique_marked_in_two_tactics_is_no_case_of_two_that_become_one(site: Site) -> None:
    both = technique("T2000", "End", ("first", "second"))
    released(both, *revoked("T1000", both))
    given = [entry("T1000", "first", score=1), entry("T2000", "second", score=2)]
    made = upgraded(site, layer(*given))["techniques"]
    assert made == [entry("T2000", "first", score=1), given[1]]
    # An entry without a tactic marks it in all of them.
    assert left(site, layer(given[0], entry("T2000", score=2)))


def test_a_layer_says_itself_which_release_and_domain_it_is_of(site: Site) -> None:
    for release in ("1.0", "1.1", "2.0", "2.1"):
        import_objects(technique("T1000", "One"), release=release)
        import_objects(technique("T1001", "Two", domain="ics"), domain="ics", release=release)
    told = checked(site, layer(entry("T1000")))
    assert (told["mapped_to"], told["compared_with"]) == ("1.1", "2.1")
    assert told["domains"] == ["Enterprise"]
    told = checked(site, layer(entry("T1001"), domain="ics-attack"))
    assert told["domains"] == ["ICS"]
    told = checked(site, layer(entry("T1001"), domain="mitre-enterprise", versions={"attack": 2}))
    assert (told["mapped_to"], told["domains"]) == ("2.1", ["Enterprise"])
    chosen = checked(site, layer(entry("T1000")), **{"from": "1.0", "to": "2.0"})
    assert (chosen["mapped_to"], chosen["compared_with"]) == ("1.0", "2.0")


def test_a_layer_of_a_release_that_is_not_held_is_told_so(site: Site) -> None:
    released()
    text = layer(entry("T1000"), versions={"attack": "9", "navigator": "4.0", "layer": "4.5"})
    page = result(site, text)
    assert "of ATT&CK 9, which is not held here" in page.one("main").words
    # As the form of the result sends it again, with the release that was compared, too.
    for given in ({}, {"from": "1.0", "to": "2.0"}):
        (note,) = upgraded(site, text, **given)["metadata"]
        assert note["value"].startswith("From ATT&CK 9 (not held; compared as 1.0) to 2.0 by ")


def test_a_layer_is_not_upgraded_when_its_domain_is_not_compared(site: Site) -> None:
    for release in ("1.0", "2.0"):
        import_objects(technique("T1000", "One"), release=release)
        import_objects(technique("T1001", "Two", domain="ics"), domain="ics", release=release)
    text = layer(entry("T1000"))
    assert checked(site, text, domain="ics")["layer"] is None
    assert "is of a domain that is not compared" in result(site, text, domain="ics").words
    response = sent(site, text, form="navigator", domain="ics")
    assert response.status_code == 400
    assert "choose its own" in trouble(response)


def test_what_is_no_layer_cannot_come_back_as_one(site: Site) -> None:
    released()
    response = sent(site, "T1000", form="navigator")
    assert response.status_code == 400
    assert trouble(response) == "What was given is no Navigator layer, so there is none to upgrade."


def test_a_layer_of_an_old_format_comes_back_in_one_that_states_the_release(site: Site) -> None:
    end = technique("T2000", "End", ("first",))
    released(end, *revoked("T1000", end))
    old = {"version": "2.2", "domain": "mitre-enterprise", "hideDisabled": True, "name": "Old"}
    text = orjson.dumps(old | {"techniques": [entry("T1000", score=1)]}).decode()
    made = upgraded(site, text)
    assert made["versions"] == {"attack": "2", "navigator": "5.1.0", "layer": "4.5"}
    assert (made["domain"], made["hideDisabled"]) == ("enterprise-attack", True)
    assert "version" not in made
    assert made["techniques"] == [entry("T2000", score=1)]
    said = "The layer was in format 2.2 that has no place for ATT&CK’s release: it is now in"
    assert checked(site, text)["layer"]["notes"] == [f"{said} format 4.5, which states it."]
    assert said in result(site, text).one(id="layer").words


def test_a_layer_whose_versions_are_none_states_no_release_and_says_so(site: Site) -> None:
    released()
    told = checked(site, layer(entry("T1000"), versions="4.5"))["layer"]
    assert "no place for ATT&CK’s release" in told["notes"][0]


def test_a_layer_of_a_domain_that_there_is_not_is_refused(site: Site) -> None:
    released()
    text = layer(entry("T1000"), domain="foo")
    said = "The layer says that it is of the domain “foo”, which is none of ATT&CK’s"
    told = checked(site, text)
    assert told["layer"] is None
    assert told["layer_trouble"].startswith(said)
    assert told["counts"] == {"unchanged": 1}
    assert said in result(site, text).one(id="layer").words
    response = sent(site, text, form="navigator")
    assert response.status_code == 400
    assert trouble(response).startswith(said)


def test_an_entry_parted_otherwise_becomes_its_sub_technique_and_never_the_parent(
    site: Site,
) -> None:
    for release in ("1.0", "2.0"):
        import_objects(technique("T1000", "W"), technique("T1000.001", "S"), release=release)
    text = layer(entry("T1000_001", score=1), entry("T1000-9", score=2), entry("T1000_777"))
    made = [found["techniqueID"] for found in upgraded(site, text)["techniques"]]
    assert made == ["T1000.001", "T1000-9", "T1000_777"]
    assert left(site, text) == dict.fromkeys(
        ("T1000-9", "T1000_777"), "no release held here has this ID"
    )


WRONG: list[Any] = [None, 7, -1.5, True, [], [[]], {}, "", "x" * 500, "\ud800", 10**30, {"a": None}]


@pytest.mark.parametrize("place", ["entry", "techniqueID", "tactic", "score"])
def test_what_has_the_wrong_type_stays_as_it_is(site: Site, place: str) -> None:
    released()
    wrong = WRONG if place == "entry" else [entry("T1000") | {place: each} for each in WRONG]
    given = [*wrong, entry("T1001", score=2)]
    response = sent(site, dumped(layer=given), form="navigator")
    assert response.status_code == 200
    assert loaded(response)["techniques"] == given


@pytest.mark.parametrize("name", ["name", "versions", "domain", "metadata", "description", "x"])
def test_a_layer_is_read_when_a_property_of_it_has_the_wrong_type(site: Site, name: str) -> None:
    released()
    for wrong in WRONG:
        text = dumped(**{name: wrong}, layer=[entry("T1000")])
        response = sent(site, text, form="navigator")
        if name == "domain" and isinstance(wrong, str) and wrong:
            assert response.status_code == 400
            continue
        assert response.status_code == 200, (name, wrong)
        made = loaded(response)
        if name not in {"versions", "metadata"}:
            assert made[name] == wrong
        assert sent(site, text).status_code == sent(site, text, form="json").status_code == 200


def dumped(layer: list[Any], **properties: Any) -> str:
    return json.dumps({"name": "L", "techniques": layer} | properties)


def loaded(response: Any) -> Any:
    return json.loads(body(response))


def test_names_in_a_layer_are_text_on_the_page_and_in_the_file_s_name(site: Site) -> None:
    released(*revoked("T1000", None))
    text = layer(entry("T1000", "<b>first"), name='../"<script>alert(1)</script>\r\nX: y')
    page = result(site, text)
    assert "<script>alert(1)</script> X: y" in page.one(id="layer").words
    disposition = sent(site, text, form="navigator")["Content-Disposition"]
    assert disposition.startswith('attachment; filename="scriptalert1script-x-y-attack-2.0.layer')


def test_a_sigma_rule_and_a_layer_are_told_apart_by_their_content(site: Site) -> None:
    released()
    assert checked(site, "tags: [attack.t1000]")["layer"] is None
    assert checked(site, file=b'\xef\xbb\xbf{"techniques": [{"techniqueID": "T1000"}]}')["layer"]
    assert checked(site, '{"techniques": ["T1000"]}')["layer"] is None
