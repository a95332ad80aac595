"""Which tactics a technique is told to have gained, lost or kept under another name."""

from dataclasses import replace

import pytest

from library.changes import NamedTactic, TacticsByName, changes_between
from tests.library.told_changes import T1000, around, link, material, one, served, serving


@pytest.mark.parametrize("status", ["revoked", "x_mitre_deprecated"])
def test_links_and_tactics_of_an_object_go_and_come_with_its_status(status: str) -> None:
    word = status.removeprefix("x_mitre_")
    dead = T1000 | {status: True}
    gone = link("mitigates", "course-of-action", before=(one(),)), served(1, "Impact", "")
    assert material(T1000, dead, *gone) == [
        *(f"now {word}", "1 mitigation removed", "tactic Impact removed"),
    ]
    come = link("mitigates", "course-of-action", after=(one(),)), served(1, "", "Impact")
    assert material(dead, T1000, *come) == [
        *(f"no longer {word}", "1 mitigation added", "tactic Impact added"),
    ]


def test_tactics_of_an_object_that_is_live_again_are_new_whatever_it_stated_before() -> None:
    dead = serving("impact", "kept") | {"x_mitre_deprecated": True}
    come = served(2, "", "Kept")
    assert material(dead, serving("kept"), come) == ["no longer deprecated", "tactic Kept added"]


def known(**named: str) -> TacticsByName:
    """Tactics of a release by short name, each with its number in `served` and its name."""
    found = (each.partition(" ") for each in named.values())
    tactics = [NamedTactic(f"x-mitre-tactic--{number}", name) for number, _, name in found]
    return dict(zip((name.replace("_", "-") for name in named), tactics, strict=True))


EVASION, STEALTH = known(defense_evasion="1 Defense Evasion"), known(stealth="1 Stealth")


@pytest.mark.parametrize("status", ["revoked", "x_mitre_deprecated"])
def test_a_tactic_of_what_is_dead_has_another_name_when_it_was_renamed(status: str) -> None:
    dead = {status: True}
    before, after = serving("defense-evasion") | dead, serving("stealth") | dead
    (only,) = changes_between(before, after, (), (EVASION, STEALTH))
    assert only.phrase == "tactic “Defense Evasion” renamed “Stealth”"
    assert (only.material, only.stated) == (False, False)


def test_a_renamed_tactic_is_not_another_when_the_status_changes_as_well() -> None:
    live, dead = serving("defense-evasion"), serving("stealth") | {"revoked": True}
    gone = changes_between(live, dead, [served(1, "Defense Evasion", "")], (EVASION, STEALTH))
    assert [c.phrase for c in gone] == ["now revoked", "tactic Defense Evasion removed"]
    come = changes_between(dead, live, [served(1, "", "Defense Evasion")], (STEALTH, EVASION))
    assert [c.phrase for c in come] == ["no longer revoked", "tactic Defense Evasion added"]


def test_a_phase_is_compared_by_its_spelling_when_no_tactic_of_the_release_has_it() -> None:
    dead = {"revoked": True}
    before, after = serving("defense-evasion") | dead, serving("stealth", "odd") | dead
    changes = changes_between(before, after, (), (EVASION, {}))
    assert [c.phrase for c in changes if c.material] == [
        *("tactics Odd and Stealth added", "tactic Defense Evasion removed"),
    ]


def test_a_phase_of_another_framework_is_no_tactic_whatever_its_name() -> None:
    other = {"kill_chain_phases": [{"kill_chain_name": "lockheed", "phase_name": "stealth"}]}
    dead = serving("stealth") | {"revoked": True}
    changes = changes_between(dead, dead | other, (), (STEALTH, STEALTH))
    assert [c.phrase for c in changes] == ["tactic Stealth added", "tactic Stealth removed"]


def test_tactics_that_an_object_no_longer_states_are_told_when_its_status_changes_as_well() -> None:
    dead, live = {"x_mitre_deprecated": True}, served(2, "", "Kept")
    tactics = known(kept="2 Kept", impact="1 Impact")
    held = tactics, tactics
    come = changes_between(serving("impact", "kept") | dead, serving("kept"), [live], held)
    assert [found.phrase for found in come if found.stated] == ["stated tactic Impact removed"]
    back = replace(live, before=live.after, after=(), names=("Kept", ""))
    gone = changes_between(serving("kept"), serving("impact", "kept") | dead, [back], held)
    assert [found.phrase for found in gone if found.stated] == ["stated tactic Impact added"]


def test_a_tactic_that_no_longer_holds_is_gone_from_a_technique_that_states_it_still() -> None:
    links = [served(1, "Impact", ""), served(2, "Kept", "Kept")]
    held = serving("impact", "kept")
    assert [c.phrase for c in changes_between(held, held, links)] == ["tactic Impact removed"]
    back = [served(1, "", "Impact"), served(2, "Kept", "Kept")]
    assert [c.phrase for c in changes_between(held, held, back)] == ["tactic Impact added"]


def test_a_phase_without_a_tactic_is_told_once_and_as_stated_beside_tactics_that_hold() -> None:
    links = [served(1, "Impact", ""), served(2, "Kept", "Kept")]
    before, after = serving("impact", "kept", "old"), serving("kept", "new")
    tactics = known(kept="2 Kept", impact="1 Impact")
    changes = changes_between(before, after, links, (tactics, tactics))
    assert [found.phrase for found in changes] == [
        *("tactic Impact removed", "stated tactic New added", "stated tactic Old removed"),
    ]


def test_tactics_of_what_is_dead_before_and_after_are_compared_as_stated() -> None:
    dead = {"revoked": True}
    assert material(serving("impact") | dead, serving() | dead) == ["tactic Impact removed"]
    assert material(serving("impact") | dead, serving("impact") | dead) == []


def test_tactics_are_told_by_their_own_names() -> None:
    moved = [served(1, "Impact", ""), served(2, "", "C2"), served(3, "Kept", "Kept")]
    changes = material(serving("impact", "kept"), serving("command-and-control", "kept"), *moved)
    assert changes == ["tactic C2 added", "tactic Impact removed"]


def test_a_tactic_that_was_renamed_is_still_the_same_tactic() -> None:
    renamed = served(1, "Defense Evasion", "Stealth")
    before, after = serving("defense-evasion"), serving("stealth")
    assert material(before, after, renamed) == []
    assert around(before, after, renamed) == ["tactic “Defense Evasion” renamed “Stealth”"]


ANOTHER = known(defense_evasion="2 Another", stealth="1 Stealth")


@pytest.mark.parametrize(
    "after",
    [STEALTH, known(defense_evasion="1 Evasion"), {}, ANOTHER],
    ids=["renamed", "renamed under its short name", "gone", "taken over"],
)
def test_nothing_is_told_of_a_dead_object_when_a_tactic_changed_and_its_phases_did_not(
    after: TacticsByName,
) -> None:
    dead = serving("defense-evasion") | {"revoked": True}
    assert changes_between(dead, dead, (), (EVASION, after)) == ()
    assert changes_between(dead, dead, (), (after, EVASION)) == ()


@pytest.mark.parametrize("after", [STEALTH, {}, ANOTHER], ids=["renamed", "gone", "taken over"])
def test_nothing_is_stated_anew_when_an_object_dies_and_its_phases_stay(
    after: TacticsByName,
) -> None:
    live, dead = serving("defense-evasion"), serving("defense-evasion") | {"revoked": True}
    gone = changes_between(live, dead, [served(1, "Defense Evasion", "")], (EVASION, after))
    assert [c.phrase for c in gone] == ["now revoked", "tactic Defense Evasion removed"]
    come = changes_between(dead, live, [served(1, "", "Defense Evasion")], (after, EVASION))
    assert [c.phrase for c in come] == ["no longer revoked", "tactic Defense Evasion added"]


def test_what_is_told_of_a_live_object_stays_when_tactics_are_known_for_another() -> None:
    live, gone = serving("impact"), [served(1, "Impact", "")]
    nothing: TacticsByName = {}
    for before in (nothing, known(impact="1 Impact")):
        changes = changes_between(live, live, gone, (before, nothing))
        assert [c.phrase for c in changes] == ["tactic Impact removed"]


def test_nothing_is_told_of_a_technique_when_its_tactic_alone_has_another_name() -> None:
    held, link = serving("defense-evasion"), served(1, "Defense Evasion", "Evasion")
    assert changes_between(held, held, [link]) == ()
