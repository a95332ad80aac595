"""What 19.0 did, done to 18.1: every page and comparison says so.

Expected values are those of the bundles that `tests.library.next_release` makes.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

from library.models import Snapshot
from library.releases.compared import ReleaseDifference, difference
from library.releases.exchange import changes
from library.releases.links import LinkFate
from tests.library.next_release import (
    ADDED_NAME,
    ADDED_TACTIC,
    FAMILY,
    FAMILY_SUCCESSOR,
    ICS_PARENT,
    ICS_SUB,
    MOMENT,
    MOVED,
    NEW_NAME,
    NEXT,
    OLD_NAME,
    OLD_TACTIC,
    UNKNOWN_FIELD,
    UNKNOWN_ID,
    UNKNOWN_TYPE,
    Objects,
    attack_id,
    import_next_release,
    live,
    next_objects,
)
from tests.library.pages import Site

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
HOME = "/learn/attack"
PAIR = f"{HOME}/releases/18.1...{NEXT}"


@pytest.fixture(scope="module")
def next_release(every_release: None, attack_bundles: Path) -> None:
    """18.1 and the release after it, which is current."""
    import_next_release(attack_bundles)


@pytest.fixture(autouse=True)
def library(next_release: None) -> None:
    """Both releases."""


@pytest.fixture(scope="module")
def made(attack_bundles: Path) -> Objects:
    """The objects of the next release of enterprise."""
    return next_objects(attack_bundles, "enterprise")


def compared(domain: str) -> ReleaseDifference:
    old, new = (Snapshot.objects.of_release(domain, one) for one in ("18.1", NEXT))
    assert old
    assert new
    return difference(old, new)


def ids(entries: list[dict[str, Any]]) -> set[str]:
    return {entry["attack_id"] for entry in entries}


def family(made: Objects, head: str) -> set[str]:
    return {
        attack_id(found)
        for found in made.values()
        if found["type"] == "attack-pattern" and attack_id(found).partition(".")[0] == head
    }


def successors_of(made: Objects) -> dict[str, list[str]]:
    """The ID of each technique that the release revoked, with that of what replaced it."""
    dead = [found for found in made.values() if found.get("revoked")]
    ids_of = [attack_id(found) for found in dead if found["modified"] == MOMENT]
    return {old: [old.replace(FAMILY, FAMILY_SUCCESSOR)] for old in ids_of}


def test_renamed_tactic_keeps_its_place_in_the_comparison(site: Site) -> None:
    told = changes(compared("enterprise"))["x-mitre-tactic"]
    assert ids(told["additions"]) == {ADDED_TACTIC}
    (renamed,) = told["major_version_changes"]
    assert (renamed["before"]["name"], renamed["after"]["name"]) == (OLD_NAME, NEW_NAME)
    text = site.page(f"{PAIR}?domain=enterprise").words
    assert f"{OLD_TACTIC} {NEW_NAME} was “{OLD_NAME}”" in text
    assert f"1 tactic{ADDED_TACTIC} {ADDED_NAME}" in text


def test_techniques_are_moved_when_their_tactic_is_another_not_when_it_has_another_name() -> None:
    of = compared("enterprise")
    moved = {
        of.ends[key].attack_id: {
            change: [end.name for end in ends] for change, ends in by_change.items()
        }
        for key, by_change in of.moved.items()
    }
    tactics = {LinkFate.REMOVED: [OLD_NAME], LinkFate.ADDED: [ADDED_NAME]}
    assert moved == dict.fromkeys(MOVED, tactics)


def test_family_is_revoked_into_its_successors_one_by_one(made: Objects, site: Site) -> None:
    told = changes(compared("enterprise"))["attack-pattern"]
    successors = {
        entry["attack_id"]: [hop["attack_id"] for hop in entry["revoked_by"]]
        for entry in told["revocations"]
    }
    assert successors == successors_of(made)
    assert len(successors) > 10
    assert ids(told["additions"]) == family(made, FAMILY_SUCCESSOR)
    page = site.page(f"{PAIR}/changes?type=techniques&kind=revocations").words
    assert f"In favour of {FAMILY_SUCCESSOR}" in page


def test_ics_gets_a_sub_technique(site: Site) -> None:
    of = compared("ics")
    assert ids(changes(of)["attack-pattern"]["additions"]) == {ICS_SUB}
    (link,) = of.links_by_words["Sub-techniques under techniques"][LinkFate.ADDED]
    assert of.ends[link.target_id].attack_id == ICS_PARENT
    assert ICS_SUB in site.page(f"{HOME}/techniques/{ICS_PARENT}").words


def test_type_and_field_of_which_nothing_is_known_are_told_by_their_own_names(site: Site) -> None:
    told = changes(compared("enterprise"))
    assert [entry["name"] for entry in told[UNKNOWN_TYPE]["additions"]] == ["Endpoint Sensor"]
    assert f"1 sensor{UNKNOWN_ID} Endpoint Sensor" in site.page(f"{PAIR}?domain=enterprise").words
    listed = site.page(f"{PAIR}/changes?type={UNKNOWN_TYPE}").words
    assert "Endpoint Sensor" in listed
    page = site.page(f"{PAIR}/changes?type=mitigations").words
    words = UNKNOWN_FIELD.removeprefix("x_mitre_")
    assert f"“{words}” added" in page


def test_matrix_marks_what_the_release_did(site: Site, made: Objects) -> None:
    legend = site.page(f"{PAIR}/matrix?domain=enterprise").words
    new = len(family(made, FAMILY_SUCCESSOR))
    gone = len(successors_of(made))
    assert f"New {new}not in the earlier release" in legend
    assert f"Moved {len(MOVED)}under another tactic" in legend
    assert "Changed 0another name" in legend
    assert f"Gone {gone}no longer live" in legend
    assert ADDED_NAME in legend
    assert NEW_NAME in legend


def test_brief_names_what_was_renamed_moved_and_revoked(site: Site) -> None:
    text = site.page(f"{PAIR}/brief").words
    assert f"{OLD_TACTIC} {NEW_NAME} was “{OLD_NAME}”" in text
    assert f"T1014 Rootkit from {OLD_NAME} to {ADDED_NAME}" in text
    assert f", in favour of {FAMILY_SUCCESSOR}" in text
    assert "Which of our detections, plans and reports still name what MITRE let go of?" in text


def test_histories_tell_what_the_release_did(site: Site) -> None:
    tactic = site.page(f"{HOME}/tactics/{OLD_TACTIC}/history").words
    assert f"Renamed from “{OLD_NAME}”" in tactic
    moved = site.page(f"{HOME}/techniques/{MOVED[0]}/history").words
    assert f"Tactic {ADDED_NAME} added" in moved
    assert f"Tactic {OLD_NAME} removed" in moved
    stays = site.page(f"{HOME}/techniques/T1036/history").words
    assert f"Tactic “{OLD_NAME}” renamed “{NEW_NAME}”" in stays
    dead = site.page(f"{HOME}/techniques/{FAMILY}/history").words
    assert "Now revoked" in dead
    assert FAMILY_SUCCESSOR in dead
    both = site.page(f"{HOME}/mitigations/M1037/history?from=18.1&to={NEXT}").words
    assert UNKNOWN_FIELD.removeprefix("x_mitre_") in both


def test_nothing_is_told_of_what_is_dead_and_states_its_tactic_by_the_old_name(
    site: Site, made: Objects
) -> None:
    old = OLD_NAME.lower().replace(" ", "-")
    dead = [
        found
        for found in made.values()
        if not live(found) and not attack_id(found).startswith(FAMILY)
        if old in {phase["phase_name"] for phase in found.get("kill_chain_phases", ())}
    ]
    assert len(dead) > 20
    told = compared("enterprise").of_object.values()
    assert not {found["id"] for found in dead} & {changed.stix_id for changed in told}
    for found in dead[:5]:
        history = site.page(f"{HOME}/objects/{found['id']}/history?from=18.1&to={NEXT}").words
        assert "Nothing changed: both releases hold the same, to the byte" in history


def test_ids_in_a_text_are_told_what_became_of_them(site: Site) -> None:
    asked = {
        "text": f"{FAMILY}.001 {MOVED[0]} T1036 {OLD_TACTIC} {ADDED_TACTIC} {ICS_SUB} {UNKNOWN_ID}",
        "from": "18.1",
        "to": NEXT,
        "form": "json",
    }
    response = site.client.post(f"{HOME}/id-check", asked)
    answer = orjson.loads(response.getvalue())
    told = {found["attack_id"]: found for found in answer["ids"]}
    assert {attack_id: found["verdict"] for attack_id, found in told.items()} == {
        f"{FAMILY}.001": "revoked",
        MOVED[0]: "tactic-moved",
        "T1036": "changed",
        OLD_TACTIC: "renamed",
        ADDED_TACTIC: "new",
        ICS_SUB: "new",
        UNKNOWN_ID: "new",
    }
    assert told[f"{FAMILY}.001"]["stands_for"]["attack_id"] == f"{FAMILY_SUCCESSOR}.001"


@pytest.mark.parametrize(
    "path",
    [
        *("", f"/releases/{NEXT}...18.1", "/releases", "/matrices/enterprise-attack"),
        *(f"/tactics/{OLD_TACTIC}", f"/tactics/{ADDED_TACTIC}", "/mitigations/M1037"),
        *(f"/techniques/{FAMILY_SUCCESSOR}", f"/objects/{UNKNOWN_TYPE}", f"/techniques/{ICS_SUB}"),
        *("/v/18.1/tactics/TA0005", f"/v/{NEXT}/matrices/ics-attack", "/takes/brief"),
        *(f"{PAIR.removeprefix(HOME)}/changes", f"{PAIR.removeprefix(HOME)}/changes?weight=noise"),
    ],
)
def test_every_page_opens(path: str, site: Site) -> None:
    assert site.page(f"{HOME}{path}")
