"""What a Take is compared with, and when it cannot be compared."""

import pytest

from analysis.models import ActKind, Revision
from analysis.standing import Freshness, Standing
from analysis.workflow import act
from importer.deletion import delete_snapshot
from library.identifiers import Provenance
from library.models import ObjectVersion, Snapshot, SnapshotObject
from tests.analysis.standing_takes import (
    M1000,
    T1000,
    T1001,
    mitigates,
    pinned,
    revoked,
    standing,
    written,
)
from tests.factories import Properties, import_objects
from tests.takes import member, publish, subject

pytestmark = pytest.mark.django_db


def confirm(revision: Revision, of: Properties) -> None:
    act(revision, ActKind.CONFIRMED, member("reviewer"), against=subject(of))


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
        "Written against 18.1; this page shows 17.1. What MITRE changed after it is not among what"
        " decides whether a Take must be reviewed (definition, tactics, platforms and mitigations):"
        " detection text removed."
    )


def test_nothing_is_retired_because_an_earlier_release_did_not_have_it_yet() -> None:
    import_objects(T1001, release="17.1")
    import_objects(T1000, T1001, release="18.1")
    found = standing(publish(T1000), pinned("17.1"))
    assert found.freshness == Freshness.INCOMPARABLE
    assert found.told == ("Written against 18.1; 17.1, which is shown, does not hold this object.")
