"""Deleting a snapshot takes what nothing else uses, and nothing more."""

import itertools

import orjson
import pytest

from importer import editions
from importer.deletion import delete_snapshot
from importer.errors import BundleError
from importer.pipeline import Options, import_bundles
from importer.selection import select_snapshot
from importer.verification import problems
from library.models import Edition, Finding, ObjectVersion, Snapshot, StixObject
from tests import factories
from tests.factories import import_objects, mitigation, relationship, technique
from tests.importer.test_store import SAMPLES, import_sample, library_state

pytestmark = pytest.mark.django_db

STOP = mitigation("M1", "Stop")
ATTACK = technique("T1", "Attack")
GONE = technique("T2", "Gone in 2.0")
LINK = relationship("mitigates", STOP, GONE)


def import_(
    *objects: factories.Properties,
    release: str,
    domain: str = "enterprise",
    validate: bool = False,
) -> Snapshot:
    report = import_objects(*objects, release=release, domain=domain, validate=validate)
    return Snapshot.objects.get(pk=report.snapshot)


def contents() -> dict[str, int]:
    """How many versions there are of each object that has one."""
    ids = ObjectVersion.objects.values_list("object__stix_id", flat=True).order_by("object")
    return {stix_id: len(list(same)) for stix_id, same in itertools.groupby(ids)}


def test_only_what_nothing_else_uses_goes_when_a_snapshot_is_deleted() -> None:
    old = import_(STOP, ATTACK, GONE, LINK, release="1.0")
    before = library_state()
    new = import_(STOP, ATTACK | {"name": "Attack, renamed"}, release="2.0")
    gone = delete_snapshot(old)

    # Stop and the matrix are shared; attack, its twin of 1.0 and the collections are not.
    assert (gone.memberships, gone.edges, gone.versions, gone.objects) == (6, 1, 4, 2)
    assert gone.editions == 1
    assert contents() == dict.fromkeys(contents(), 1)
    assert not StixObject.objects.filter(stix_id__in=[GONE["id"], LINK["id"]]).exists()
    assert list(problems(new)) == []
    assert Edition.objects.get().enterprise == new
    # Imported again it is all there again.
    again = import_(STOP, ATTACK, GONE, LINK, release="1.0")
    assert list(problems(again)) == list(problems(new)) == []
    for table, (count, _) in before.items():
        assert library_state()[table][0] >= count


def test_the_library_is_as_before_when_an_import_is_deleted() -> None:
    import_sample("enterprise", "sample-1")
    import_sample("ics", "sample-1")
    state = library_state()
    content = (SAMPLES / "enterprise-sample-2.json").read_bytes()
    (report,) = import_bundles([factories.source(content)], Options(make_current=False))
    assert library_state() != state
    delete_snapshot(Snapshot.objects.get(pk=report.snapshot))

    found = library_state()
    # What readers were told meanwhile must not be told again.
    assert found.pop("library_epoch") != state.pop("library_epoch")
    assert found == state


def test_the_others_are_sound_when_any_one_is_deleted() -> None:
    samples = list(itertools.product(("enterprise", "mobile", "ics"), ("sample-1", "sample-2")))
    for domain, release in samples:
        import_sample(domain, release)
    for domain, release in samples:
        if release == "sample-1":
            delete_snapshot(select_snapshot(domain, release))
            assert [list(problems(left)) for left in Snapshot.objects.all()] == [
                [] for _ in Snapshot.objects.all()
            ]
    assert [held.attack_version for held in Snapshot.objects.all()] == ["sample-2"] * 3


def test_findings_go_with_their_version_when_nothing_else_uses_it() -> None:
    broken, worse = STOP | {"x_mitre_version": 7}, STOP | {"x_mitre_version": 8}
    first = import_(broken, release="1.0", validate=True)
    second = import_(broken, ATTACK | {"x_mitre_version": []}, release="2.0", validate=True)
    import_(worse, release="3.0", validate=True)
    of_stop = Finding.objects.filter(version__object__stix_id=STOP["id"])
    assert of_stop.count() == 2

    delete_snapshot(first)
    assert of_stop.count() == 2
    delete_snapshot(second)
    assert of_stop.count() == 1
    assert not Finding.objects.filter(version__object__stix_id=ATTACK["id"]).exists()


def test_ends_stay_when_another_snapshot_links_to_what_it_does_not_hold() -> None:
    first = import_(STOP, GONE, LINK, release="1.0")
    second = import_(STOP, LINK, release="2.0")
    third = import_(STOP, release="3.0")
    delete_snapshot(first)

    assert GONE["id"] not in contents()
    assert StixObject.objects.filter(stix_id=GONE["id"]).exists()
    assert list(problems(second)) == []
    delete_snapshot(second)
    assert not StixObject.objects.filter(stix_id=GONE["id"]).exists()
    assert list(problems(third)) == []


def test_deleting_is_refused_when_readers_see_the_snapshot() -> None:
    shown = import_(STOP, release="2.0")
    older = import_(ATTACK, release="1.0")
    state = library_state()
    with pytest.raises(BundleError, match=r"^enterprise 2\.0 \w+ is current: make another"):
        delete_snapshot(shown)
    assert library_state() == state

    editions.make_current(older, made_by="a test")
    delete_snapshot(shown)
    assert [edition.enterprise for edition in Edition.objects.all()] == [older]


def test_past_editions_go_when_a_snapshot_they_showed_is_deleted() -> None:
    first = import_(STOP, release="1.0")
    import_(STOP, release="1.0", domain="ics")
    second = import_(ATTACK, release="2.0")
    assert delete_snapshot(first).editions == 2

    assert [edition.enterprise for edition in Edition.objects.all()] == [second]
    with pytest.raises(BundleError, match="no edition before"):
        editions.undo(made_by="a test")


def test_deleting_is_refused_when_it_is_gone_already() -> None:
    gone = import_(STOP, release="1.0")
    import_(ATTACK, release="2.0")
    same = Snapshot.objects.get(pk=gone.pk)
    delete_snapshot(gone)
    state = library_state()

    with pytest.raises(BundleError, match="deleted"):
        delete_snapshot(same)
    with pytest.raises(BundleError, match="deleted"):
        editions.make_current(same, made_by="a test")
    assert library_state() == state


def test_a_snapshot_is_unknown_when_its_release_or_hash_is_not_held() -> None:
    with pytest.raises(BundleError, match=r"^there is no snapshot of ics 9\.9\.$"):
        select_snapshot("ics", "9.9")
    held = [import_(STOP, release=release, domain="ics") for release in ("9.0", "10.0")]
    with pytest.raises(BundleError, match=r"no snapshot of ics 9\.9; held are 10\.0, 9\.0\.$"):
        select_snapshot("ics", "9.9")
    with pytest.raises(BundleError, match=r"no snapshot of mobile 9\.0\.$"):
        select_snapshot("mobile", "9.0")
    with pytest.raises(BundleError, match=r"^no snapshots of ics 10\.0 begin with "):
        select_snapshot("ics", "10.0", held[0].sha256[:20])
    for unusable in ("xyz", "a" * 65, "%", "' OR 1=1"):
        with pytest.raises(BundleError, match="is not the beginning of a SHA-256"):
            select_snapshot("ics", "10.0", unusable)


def test_a_snapshot_is_ambiguous_when_a_prefix_fits_two() -> None:
    held: list[Snapshot] = []
    bundle = factories.bundle(STOP, release="1.0")
    numbers = itertools.count()
    while len({found.sha256[0] for found in held}) == len(held):
        bundle["id"] = factories.stix_id("bundle", f"number {next(numbers)}")
        sources = [factories.source(orjson.dumps(bundle))]
        (report,) = import_bundles(sources, Options(validate=False))
        held.append(Snapshot.objects.get(pk=report.snapshot))
    *others, last = held
    (twin,) = (found for found in others if found.sha256[0] == last.sha256[0])

    with pytest.raises(BundleError, match=r"^2 snapshots of enterprise 1\.0 begin with \w\.$"):
        select_snapshot("enterprise", "1.0", last.sha256[0])
    for found in (twin, last):
        assert select_snapshot("enterprise", "1.0", found.sha256) == found
        assert select_snapshot("enterprise", "1.0", found.sha256.upper()) == found
    # Without a prefix: the one that stands for the release.
    assert select_snapshot("enterprise", "1.0") == last
