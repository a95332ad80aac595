"""How Takes stand to what MITRE changed, and what readers are told of it."""

import pytest

from analysis.standing import Freshness, Standing
from tests.analysis.standing_takes import M1000, T1000, T1001, T1002, mitigates, revoked, standing
from tests.factories import Properties, attack_object, import_objects, relationship
from tests.takes import draft, publish

pytestmark = pytest.mark.django_db
G1000 = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", G1000, T1000, "It ran.")


def test_a_take_is_current_when_its_release_is_still_read() -> None:
    import_objects(T1000, release="1.0")
    found = standing(publish(T1000))
    assert found == Standing(Freshness.CURRENT, "1.0", "1.0")
    assert found.told == ""


def test_a_take_is_current_when_what_differs_is_noise() -> None:
    import_objects(T1000, G1000, USES, release="1.0")
    revision = publish(T1000)
    noise = {"modified": "2025-01-01T00:00:00.000Z", "x_mitre_version": "1.1", "revoked": False}
    import_objects(T1000 | noise, G1000 | noise, USES | noise, release="2.0")
    assert standing(revision) == Standing(Freshness.CURRENT, "1.0", "2.0")


def test_a_take_must_be_reviewed_when_the_object_itself_changed() -> None:
    import_objects(M1000, T1000, T1001, T1002, release="17.1")
    revision = publish(M1000)
    edited = M1000 | {"description": "Other words."}
    links = mitigates(T1000, T1001, T1002)
    import_objects(edited, T1000, T1001, T1002, *links, release="18.1")
    found = standing(revision)
    assert (found.freshness, found.against, found.release) == (
        Freshness.MUST_REVIEW,
        "17.1",
        "18.1",
    )
    assert found.material == ("3 techniques added", "description edited")
    assert found.around == ()
    assert found.told == (
        "Written against 17.1; MITRE has since changed this object:"
        " 3 techniques added, description edited."
    )


def test_a_take_need_not_be_reviewed_when_only_what_is_around_changed() -> None:
    import_objects(T1000, release="17.1")
    revision = publish(T1000)
    import_objects(T1000 | {"x_mitre_detection": ""}, G1000, USES, release="18.1")
    found = standing(revision)
    assert found.freshness == Freshness.AROUND
    assert found.around == ("1 procedure example added", "detection text removed")
    assert found.told == (
        "Written against 17.1. What MITRE has changed since is not among what decides whether a"
        " Take must be reviewed (definition, tactics, platforms and mitigations): 1 procedure"
        " example added, detection text removed."
    )


def test_of_many_changes_the_weightiest_are_told_and_the_others_counted() -> None:
    import_objects(T1000, G1000, release="1.0")
    revision = publish(T1000)
    changed = T1000 | {
        "x_mitre_detection": "",
        "name": "Other",
        "description": "New.",
        "x_mitre_platforms": ["Linux", "ESXi"],
    }
    import_objects(changed, G1000, M1000, *mitigates(T1000), release="2.0")
    start = "Written against 1.0; MITRE has since changed this object: renamed from “Thing”,"
    listed = " 1 mitigation added, description edited, platform ESXi added and 1 other change."
    assert standing(revision).told == f"{start}{listed} Beside that: detection text removed."
    assert len(standing(revision).material) == 5


def test_one_more_change_is_told_as_one() -> None:
    found = Standing(Freshness.AROUND, "1.0", "2.0", around=("a", "b", "c", "d", "e"))
    assert found.told.endswith(": a, b, c, d and 1 other change.")


def test_a_take_must_be_reviewed_when_the_object_is_deprecated() -> None:
    import_objects(T1000, M1000, *mitigates(T1000), release="1.0")
    revision = publish(T1000)
    import_objects(T1000 | {"x_mitre_deprecated": True}, M1000, *mitigates(T1000), release="2.0")
    found = standing(revision)
    assert (found.freshness, found.material) == (Freshness.MUST_REVIEW, ("now deprecated",))


def test_a_take_on_what_was_deprecated_already_is_current() -> None:
    deprecated = T1000 | {"x_mitre_deprecated": True}
    import_objects(deprecated, release="1.0")
    revision = publish(T1000)
    import_objects(deprecated, T1001, release="2.0")
    assert standing(revision).freshness == Freshness.CURRENT


def test_a_take_is_to_be_moved_to_the_end_of_the_chain_when_its_object_is_revoked() -> None:
    import_objects(T1000, T1001, T1002, release="17.1")
    revision = publish(T1000)
    chain = [*revoked(T1000, T1001), *revoked(T1001, T1002), T1002]
    import_objects(*chain, release="18.1")
    found = standing(revision)
    assert (found.freshness, found.successor_id) == (Freshness.RETIRE, T1002["id"])
    assert found.told == "Written against 17.1; in 18.1 this object is revoked."


def test_a_revoked_object_without_replacement_has_no_successor() -> None:
    import_objects(T1000, T1001, release="17.1")
    revision = publish(T1000)
    import_objects(T1000 | {"revoked": True}, T1001, release="18.1")
    assert standing(revision).freshness == Freshness.RETIRE
    assert standing(revision).successor_id == ""


def test_a_take_is_to_be_retired_when_its_object_is_gone() -> None:
    import_objects(T1000, T1001, release="17.1")
    revision = publish(T1000)
    import_objects(T1001, release="18.1")
    found = standing(revision)
    assert (found.freshness, found.release, found.successor_id) == (Freshness.RETIRE, "", "")
    assert found.told == "Written against 17.1; the release shown no longer holds this object."


COMPONENT = attack_object("x-mitre-data-component", "DC0001", "Process Start")


def noticed(*, by_strategy: bool) -> list[Properties]:
    """T1000 seen from a component, either directly or through a strategy and its analytic."""
    if not by_strategy:
        return [relationship("detects", COMPONENT, T1000)]
    log = {"x_mitre_data_component_ref": COMPONENT["id"], "name": "Log", "channel": "c"}
    analytic = attack_object(
        "x-mitre-analytic", "AN0001", "Analytic", x_mitre_log_source_references=[log]
    )
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Way", x_mitre_analytic_refs=[analytic["id"]]
    )
    return [analytic, strategy, relationship("detects", strategy, T1000)]


def test_a_component_that_strategies_lead_to_is_not_told_as_removed() -> None:
    import_objects(T1000, COMPONENT, *noticed(by_strategy=False), release="17.1")
    revisions = [publish(T1000), publish(COMPONENT)]
    import_objects(T1000, COMPONENT, *noticed(by_strategy=True), release="18.1")
    told = [standing(revision).around for revision in revisions]
    assert told == [("1 detection strategy added",), ("1 analytic added",)]


def test_a_component_that_nothing_leads_to_any_more_is_told_as_removed() -> None:
    import_objects(T1000, COMPONENT, *noticed(by_strategy=False), release="17.1")
    revision = publish(T1000)
    import_objects(T1000, COMPONENT, release="18.1")
    assert standing(revision).around == ("1 data component removed",)


def test_a_draft_stands_as_any_revision_does() -> None:
    import_objects(T1000, release="1.0")
    revision = draft(T1000)
    import_objects(T1000 | {"name": "Other"}, release="2.0")
    assert standing(revision).freshness == Freshness.MUST_REVIEW
