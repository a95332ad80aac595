"""How Takes stand to what MITRE changed, and what readers are told of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analysis import staleness
from analysis.models import ActKind, Revision, State, Take
from analysis.staleness import Freshness, Standing, standings
from analysis.workflow import act
from importer.deletion import delete_snapshot
from library.conditional import Shelf, current_shelf, pinned_shelf
from library.identifiers import Provenance
from library.models import ObjectVersion, Snapshot, SnapshotObject
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    technique,
)
from tests.takes import draft, member, publish, subject

pytestmark = pytest.mark.django_db

PLACES = ["Linux", "Windows"]
T1000 = technique("T1000", "Thing", ("impact",), x_mitre_platforms=PLACES, x_mitre_detection="Look")
T1001 = technique("T1001", "Second", ("impact",))
T1002 = technique("T1002", "Third", ("impact",))
M1000 = mitigation("M1000", "Measure")
G1000 = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", G1000, T1000, "It ran.")


def mitigates(*techniques: Properties) -> list[Properties]:
    return [relationship("mitigates", M1000, found, "Do.") for found in techniques]


def standing(revision: Revision, shelf: Shelf | None = None) -> Standing:
    found = standings(shelf or current_shelf(), [Revision.objects.get(pk=revision.pk)])
    return found[revision.pk]


def pinned(release: str) -> Shelf:
    found = pinned_shelf(current_shelf(), release)
    assert found is not None
    return found


def written(of: Properties, **baseline: Any) -> Revision:
    """A published revision as an import of Takes writes it: no snapshot is named."""
    given = subject(of).baseline | {"snapshot": None} | baseline
    return Revision.objects.create(
        take=Take.objects.create(stix_id=of["id"]),
        number=1,
        state=State.PUBLISHED,
        author_name="Ann",
        written_at=datetime(2026, 1, 1, tzinfo=UTC),
        name=of["name"],
        confidence="low",
        sections={"summary": "What it means."},
        **given,
    )


def confirm(revision: Revision, of: Properties) -> None:
    act(revision, ActKind.CONFIRMED, member("reviewer"), against=subject(of))


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
        "Written against 17.1. MITRE has since changed what follows, on none of which this Take"
        " rests: 1 procedure example added, detection text removed."
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


def revoked(old: Properties, new: Properties) -> list[Properties]:
    return [old | {"revoked": True}, relationship("revoked-by", old, new)]


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


def test_a_take_must_be_reviewed_when_its_object_stands_in_another_domain_only() -> None:
    import_objects(T1000, T1001, release="1.0")
    import_objects(T1000, domain="mobile", release="1.0")
    revision = publish(T1000)
    import_objects(T1001, release="2.0")
    found = standing(revision)
    assert (found.freshness, found.material) == (
        Freshness.MUST_REVIEW,
        ("no longer in Enterprise",),
    )


def test_a_confirmation_is_what_a_take_is_compared_with_from_then_on() -> None:
    import_objects(T1000, release="17.1")
    revision = publish(T1000)
    renamed = T1000 | {"name": "Other"}
    import_objects(renamed, release="18.0")
    assert standing(revision).freshness == Freshness.MUST_REVIEW
    confirm(revision, renamed)
    assert standing(revision) == Standing(Freshness.CURRENT, "18.0", "18.0", is_confirmed=True)
    import_objects(renamed | {"description": "New."}, release="18.1")
    found = standing(revision)
    assert found.material == ("description edited",)
    assert found.told.startswith("Confirmed against 18.0; MITRE has since changed this object:")
    confirm(revision, renamed)
    assert standing(revision).freshness == Freshness.CURRENT


def test_a_baseline_without_snapshot_is_compared_with_a_snapshot_that_holds_it() -> None:
    import_objects(T1000, release="17.1")
    revision = written(T1000)
    import_objects(T1000 | {"name": "Other"}, release="18.1")
    assert standing(revision).material == ("renamed from “Thing”",)


def official(release: str, *held: Properties) -> None:
    """A snapshot that MITRE published, as far as the library knows, of objects that it has."""
    snapshot = Snapshot.objects.create(
        domain="enterprise",
        attack_version=release,
        bundle_sha256=b"official",
        provenance=Provenance.OFFICIAL,
        spec_version="2.1",
        release_date_stated=False,
        bundle_bytes=1,
        object_count=len(held),
        objects_by_type={},
    )
    for version in ObjectVersion.objects.filter(object__stix_id__in=[of["id"] for of in held]):
        SnapshotObject.objects.create(snapshot=snapshot, object=version.object, version=version)


@pytest.mark.parametrize("is_official", [True, False])
def test_of_several_snapshots_of_its_release_the_official_is_compared_else_the_newest(
    is_official: bool,
) -> None:
    import_objects(T1000, M1000, release="17.1")
    if is_official:
        official("17.1", T1000, M1000)
    import_objects(T1000, M1000, *mitigates(T1000), release="17.1")
    revision = written(T1000)
    import_objects(T1000, M1000, release="18.1")
    assert standing(revision).material == (() if is_official else ("1 mitigation removed",))


def test_a_take_cannot_be_compared_when_its_release_is_not_held() -> None:
    import_objects(T1000, release="18.1")
    revision = written(T1000, attack_version="17.1", content_sha256=b"x" * 32)
    found = standing(revision)
    assert found.freshness == Freshness.INCOMPARABLE
    assert found.told == (
        "Written against 17.1, which this library does not hold:"
        " whether MITRE has changed the object since cannot be told."
    )


def test_a_take_can_be_compared_once_its_release_is_imported() -> None:
    import_objects(T1000 | {"name": "Other"}, release="18.1")
    import_objects(T1000, release="16.1", make_current=False)
    sha256 = ObjectVersion.objects.get(name="Thing").content_sha256
    revision = written(T1000, attack_version="17.1", content_sha256=sha256)
    assert standing(revision).freshness == Freshness.INCOMPARABLE
    import_objects(T1000, release="17.1", make_current=False)
    assert standing(revision).freshness == Freshness.MUST_REVIEW
    delete_snapshot(Snapshot.objects.get(attack_version="17.1"))
    assert standing(revision).freshness == Freshness.INCOMPARABLE


def test_a_take_cannot_be_compared_when_its_release_is_held_with_another_content() -> None:
    import_objects(T1000, release="17.1")
    revision = written(T1000, content_sha256=b"x" * 32)
    found = standing(revision)
    assert found.freshness == Freshness.INCOMPARABLE
    assert found.told.startswith(
        "Written against 17.1, in a version of the object that this library does not hold:"
    )


def test_a_take_on_a_revoked_object_is_to_be_moved_even_where_it_cannot_be_compared() -> None:
    import_objects(*revoked(T1000, T1001), T1001, release="18.1")
    revision = written(T1000, attack_version="17.1", content_sha256=b"x" * 32)
    assert standing(revision).freshness == Freshness.RETIRE
    assert standing(revision).successor_id == T1001["id"]


@pytest.mark.parametrize("missing", ["domain", "attack_version"])
def test_a_take_that_names_no_release_cannot_be_compared(missing: str) -> None:
    import_objects(T1000, release="18.1")
    found = standing(written(T1000, **{missing: ""}))
    assert found.freshness == Freshness.INCOMPARABLE
    assert found.told.startswith("No release is recorded that this was written against:")


def test_a_pinned_release_is_what_a_take_is_compared_with() -> None:
    import_objects(T1000, release="17.1")
    revision = publish(T1000)
    import_objects(T1000 | {"x_mitre_detection": "See"}, release="18.0")
    import_objects(T1000 | {"name": "Other"}, release="18.1")
    assert standing(revision, pinned("17.1")).freshness == Freshness.CURRENT
    assert standing(revision, pinned("18.0")).freshness == Freshness.AROUND
    assert standing(revision).freshness == Freshness.MUST_REVIEW


def test_an_earlier_release_is_told_the_right_way_round() -> None:
    import_objects(T1000, M1000, release="17.1")
    import_objects(T1000 | {"name": "Other"}, M1000, *mitigates(T1000), release="18.1")
    found = standing(publish(T1000), pinned("17.1"))
    assert (found.freshness, found.against, found.release) == (
        Freshness.MUST_REVIEW,
        "18.1",
        "17.1",
    )
    assert found.told == (
        "Written against 18.1; this page shows 17.1, before MITRE changed this object:"
        " renamed from “Thing”, 1 mitigation added."
    )
    found = standing(publish(M1000), pinned("17.1"))
    assert found.material == ("1 technique added",)


def test_an_earlier_release_is_told_the_right_way_round_when_it_differs_around() -> None:
    import_objects(T1000, release="17.1")
    import_objects(T1000 | {"x_mitre_detection": ""}, release="18.1")
    assert standing(publish(T1000), pinned("17.1")).told == (
        "Written against 18.1; this page shows 17.1, before MITRE changed what follows, on none of"
        " which this Take rests: detection text removed."
    )


def test_nothing_is_retired_because_an_earlier_release_did_not_have_it_yet() -> None:
    import_objects(T1001, release="17.1")
    import_objects(T1000, T1001, release="18.1")
    found = standing(publish(T1000), pinned("17.1"))
    assert found.freshness == Freshness.INCOMPARABLE
    assert found.told == ("Written against 18.1; 17.1, which is shown, does not hold this object.")


def test_a_release_that_its_domain_does_not_have_cannot_be_compared_with() -> None:
    import_objects(T1000, domain="mobile", release="18.1")
    import_objects(T1001, release="17.1")
    found = standing(publish(T1000), pinned("17.1"))
    assert found.freshness == Freshness.INCOMPARABLE
    assert found.told == (
        "Written against 18.1; no release of Mobile is shown here to compare it with."
    )


def test_a_take_is_held_against_every_domain_of_its_object() -> None:
    both = M1000 | {"x_mitre_domains": ["enterprise-attack", "mobile-attack"]}
    far = technique("T1600", "Far", (), "mobile")
    for domain, beside in (("enterprise", T1000), ("mobile", far)):
        import_objects(both, beside, domain=domain, release="17.1")
    revision = publish(both)
    assert revision.domain == "enterprise"
    import_objects(both, T1000, release="18.1")
    assert standing(revision).freshness == Freshness.CURRENT
    link = relationship("mitigates", both, far)
    import_objects(both, far, link, domain="mobile", release="18.1")
    assert standing(revision).material == ("1 technique added in Mobile",)


MANY = [technique(f"T{number}", "Thing") for number in range(1000, 1010)]
T_NEW = technique("T2000", "New")


# For the revisions: themselves, their acts, their Takes. To compare them: the snapshots, what those
# hold, the links, the contents. For what replaced revoked objects: the catalogue's two.
QUERIES = {"compared": 7, "revoked": 7}


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("case", QUERIES)
def test_the_cost_in_queries_does_not_depend_on_how_many_are_asked_for(
    case: str, count: int
) -> None:
    import_objects(*MANY, M1000, T_NEW, release="1.0")
    for at, found in enumerate(MANY):
        publish(found) if at % 2 else written(found)
    if case == "revoked":
        changed = [part for found in MANY for part in revoked(found, T_NEW)]
    else:
        changed = [found | {"name": "Other"} for found in MANY]
    import_objects(*changed, M1000, T_NEW, *mitigates(*MANY), release="2.0")
    shelf = current_shelf()
    with CaptureQueriesContext(connection) as queries:
        found_now = standings(shelf, Revision.objects.order_by("pk")[:count])
    assert len(found_now) == count
    assert len(queries) == QUERIES[case]
    wanted = {"compared": Freshness.MUST_REVIEW, "revoked": Freshness.RETIRE}[case]
    assert {found.freshness for found in found_now.values()} == {wanted}


def test_a_second_page_view_asks_nothing() -> None:
    import_objects(T1000, release="1.0")
    publish(T1000)
    import_objects(T1000 | {"name": "Other"}, release="2.0")
    shelf = current_shelf()
    standings(shelf, Revision.objects.published())
    revisions = list(Revision.objects.published())
    with CaptureQueriesContext(connection) as queries:
        (found,) = standings(shelf, revisions).values()
    assert not len(queries)
    assert found.material == ("renamed from “Thing”",)


def test_no_more_standings_are_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import_objects(*MANY, release="1.0")
    for found in MANY:
        written(found)
    monkeypatch.setattr(staleness._kept, "most", 3)
    found_now = standings(current_shelf(), Revision.objects.published())
    assert len(found_now) == 10
    assert len(staleness._kept) == 3


def test_nothing_is_asked_when_there_are_no_revisions() -> None:
    shelf = current_shelf()
    with CaptureQueriesContext(connection) as queries:
        assert standings(shelf, []) == {}
    assert not len(queries)


def test_a_draft_stands_as_any_revision_does() -> None:
    import_objects(T1000, release="1.0")
    revision = draft(T1000)
    import_objects(T1000 | {"name": "Other"}, release="2.0")
    assert standing(revision).freshness == Freshness.MUST_REVIEW
