"""What readers see: which snapshots become current, by themselves and by an admin."""

import itertools

import pytest

from importer import editions
from importer.errors import BundleError
from importer.pipeline import Options, import_bundles
from importer.report import Report
from library.identifiers import Domain, Provenance
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import import_objects, mitigation

pytestmark = pytest.mark.django_db

_names = (f"Mitigation {number}" for number in itertools.count())


def bring_in(domain: str, release: str, *, current: bool = True) -> Snapshot:
    """A snapshot of a release, unlike any other."""
    fresh = mitigation("M1", next(_names), domain)
    report = import_objects(fresh, domain=domain, release=release, make_current=current)
    return Snapshot.objects.get(pk=report.snapshot)


def official(domain: str, release: str) -> Snapshot:
    """A snapshot whose hash MITRE published, as far as the library knows."""
    return Snapshot.objects.create(
        domain=domain,
        attack_version=release,
        bundle_sha256=next(_names).encode(),
        provenance=Provenance.OFFICIAL,
        spec_version="2.1",
        release_date_stated=False,
        bundle_bytes=1,
        object_count=0,
        objects_by_type={},
    )


def shown() -> dict[str, str]:
    """What the current edition shows: release by domain."""
    edition = Edition.objects.current()
    assert edition is not None
    return {held.domain: held.attack_version for held in edition.snapshots}


def current(domain: str) -> Snapshot:
    found: Snapshot = getattr(Edition.objects.current(), domain)
    return found


def test_there_is_no_edition_when_nothing_is_imported() -> None:
    assert Edition.objects.current() is None


def test_each_domain_keeps_its_snapshot_when_another_is_imported() -> None:
    bring_in("enterprise", "18.1")
    bring_in("ics", "17.1")

    assert shown() == {"enterprise": "18.1", "ics": "17.1"}
    assert Edition.objects.count() == 2
    assert current("ics").pk == Snapshot.objects.get(domain="ics").pk


def test_a_newer_release_becomes_current_when_imported() -> None:
    for release in ("8.0", "9.0", "10.0", "11.0-beta", "11.0", "18.1"):
        bring_in("enterprise", release)
        assert shown() == {"enterprise": release}


@pytest.mark.parametrize("older", ["18.0", "9.1", "1.0", "18.1-beta", "sample-2", "sample-99"])
def test_an_older_release_does_not_become_current_when_imported(older: str) -> None:
    bring_in("ics", "18.1")
    bring_in("ics", older)

    assert shown() == {"ics": "18.1"}
    assert Edition.objects.count() == 1


def test_the_newest_row_is_current_when_there_are_several() -> None:
    first, second = bring_in("ics", "1.0"), bring_in("ics", "2.0", current=False)
    Edition.objects.create(ics=second, made_by="a test")
    Edition.objects.create(ics=first, made_by="a test")

    assert current("ics") == first
    assert [held.ics for held in Edition.objects.all()] == [first, second, first]


def test_nothing_becomes_current_when_the_admin_says_so() -> None:
    bring_in("ics", "1.0", current=False)
    assert Edition.objects.current() is None

    bring_in("ics", "2.0")
    bring_in("ics", "3.0", current=False)
    assert shown() == {"ics": "2.0"}


def test_one_edition_is_made_when_a_run_brings_several_bundles() -> None:
    asked = [("enterprise", "2.0"), ("ics", "1.0"), ("enterprise", "1.0"), ("mobile", "1.0-beta")]
    sources = [
        factories.source(
            factories.bundle(mitigation("M1", next(_names)), domain=domain, release=release),
            origin=f"{domain} {release}",
        )
        for domain, release in asked
    ]
    reports = import_bundles(sources, Options(validate=False))

    assert Edition.objects.count() == 1
    assert shown() == {"enterprise": "2.0", "mobile": "1.0-beta", "ics": "1.0"}
    assert {(r.domain, r.release): r.current for r in reports} == {
        ("enterprise", "1.0"): False,
        ("enterprise", "2.0"): True,
        ("mobile", "1.0-beta"): True,
        ("ics", "1.0"): True,
    }


def test_samples_leave_when_anything_real_is_current() -> None:
    bring_in("enterprise", "sample-1")
    bring_in("mobile", "sample-2")
    assert shown() == {"enterprise": "sample-1", "mobile": "sample-2"}

    bring_in("ics", "1.0")
    assert shown() == {"ics": "1.0"}


def test_a_newer_sample_becomes_current_when_only_samples_are() -> None:
    bring_in("enterprise", "sample-2")
    bring_in("enterprise", "sample-1")
    assert shown() == {"enterprise": "sample-2"}


@pytest.mark.parametrize("domain", Domain.values)
def test_a_sample_stays_out_when_another_domain_shows_something_real(domain: str) -> None:
    bring_in("ics", "1.0")
    bring_in(domain, "sample-2")

    assert shown() == {"ics": "1.0"}


def test_the_newest_import_stands_when_two_unofficial_ones_share_a_release() -> None:
    first, second = bring_in("ics", "1.0"), bring_in("ics", "1.0")

    assert current("ics") == second
    assert Snapshot.objects.of_release("ics", "1.0") == second != first


@pytest.mark.parametrize("comes_first", [True, False])
def test_the_official_one_stands_when_two_share_a_release(comes_first: bool) -> None:
    if comes_first:
        standing = official("ics", "1.0")
        editions.publish([standing], "a test")
        other = bring_in("ics", "1.0")
    else:
        other = bring_in("ics", "1.0")
        standing = official("ics", "1.0")
        editions.publish([standing], "a test")

    assert current("ics") == standing != other
    assert Snapshot.objects.of_release("ics", "1.0") == standing


def test_the_chosen_one_is_current_when_an_admin_chooses() -> None:
    older, newer = bring_in("ics", "1.0"), bring_in("ics", "2.0")
    mobile = bring_in("mobile", "2.0")
    made = editions.make_current(older, made_by="a test")

    assert made is not None
    assert made.snapshots == [mobile, older]
    assert (made.made_by, current("ics")) == ("a test", older)
    assert editions.make_current(older, made_by="a test") is None
    assert editions.make_current(newer, made_by="a test") is not None
    assert Edition.objects.count() == 5


def test_the_next_release_replaces_it_when_an_admin_chose_an_older_one() -> None:
    older = bring_in("ics", "1.0")
    bring_in("ics", "3.0")
    editions.make_current(older, made_by="a test")
    bring_in("ics", "2.0")

    assert shown() == {"ics": "2.0"}


def test_a_sample_stands_without_anything_real_when_an_admin_chooses_it() -> None:
    sample, real = bring_in("ics", "sample-1"), bring_in("enterprise", "1.0")
    editions.make_current(sample, made_by="a test")
    assert shown() == {"ics": "sample-1"}

    editions.make_current(real, made_by="a test")
    assert shown() == {"enterprise": "1.0"}


def test_the_edition_before_comes_again_when_undone() -> None:
    bring_in("ics", "1.0")
    bring_in("enterprise", "1.0")
    bring_in("ics", "2.0")
    before = list(Edition.objects.values_list("pk", flat=True))

    editions.undo(made_by="a test")
    assert shown() == {"ics": "1.0", "enterprise": "1.0"}
    # Appended: what was there is there still.
    assert set(before) < set(Edition.objects.values_list("pk", flat=True))


def test_each_undo_goes_one_step_further_back_when_repeated() -> None:
    for release in ("1.0", "2.0", "3.0"):
        bring_in("ics", release)
    for release in ("2.0", "1.0"):
        editions.undo(made_by="a test")
        assert shown() == {"ics": release}
    with pytest.raises(BundleError, match="no edition before"):
        editions.undo(made_by="a test")
    assert shown() == {"ics": "1.0"}


def test_undo_passes_over_what_was_undone_when_something_else_was_made_current() -> None:
    snapshots = [bring_in("ics", release) for release in ("1.0", "2.0", "3.0", "4.0")]
    editions.undo(made_by="a test")
    editions.undo(made_by="a test")
    assert shown() == {"ics": "2.0"}
    editions.make_current(snapshots[3], made_by="a test")
    for release in ("2.0", "1.0"):
        editions.undo(made_by="a test")
        assert shown() == {"ics": release}


def test_undo_is_refused_when_it_was_asked_for_on_a_page_that_is_old() -> None:
    _, second, third = (bring_in("ics", release) for release in ("1.0", "2.0", "3.0"))
    step = editions.step_back()
    assert step is not None
    assert (step.told, step.current.ics, step.target.ics) == ("ics 2.0", third, second)
    asked = step.current.pk, step.target.pk
    mobile = bring_in("mobile", "1.0")
    for wrong in (asked, (0, 0), (Edition.objects.latest("id").pk, asked[1])):
        with pytest.raises(BundleError, match="nothing was changed"):
            editions.undo("a test", wrong)
    step = editions.step_back()
    assert step is not None
    assert step.told == "no mobile"
    editions.undo("a test", (step.current.pk, step.target.pk))
    assert current("ics") == third
    assert mobile not in Edition.objects.latest("id").snapshots


def test_a_step_back_names_the_hash_when_both_are_of_one_release() -> None:
    first, _ = bring_in("ics", "1.0"), bring_in("ics", "1.0")
    step = editions.step_back()
    assert step is not None
    assert step.told == f"ics 1.0 ({first.sha256[:8]})"


def test_undo_is_refused_when_there_is_no_edition_before() -> None:
    with pytest.raises(BundleError, match="no edition before"):
        editions.undo(made_by="a test")
    bring_in("ics", "1.0")
    with pytest.raises(BundleError, match="no edition before"):
        editions.undo(made_by="a test")
    assert Edition.objects.count() == 1


def test_publishing_makes_no_edition_when_readers_would_see_no_change() -> None:
    newer = bring_in("ics", "2.0")
    older = bring_in("ics", "1.0", current=False)

    assert editions.publish([older], "a test") is None
    assert editions.publish([newer, older], "a test") is None
    assert editions.publish([], "a test") is None


def test_deltas_compare_with_the_release_before_when_imports_come_out_of_order() -> None:
    keeps, first = mitigation("M1", "Keeps"), mitigation("M2", "First")

    def report(*objects: factories.Properties, release: str) -> Report:
        return import_objects(*objects, release=release)

    assert report(keeps, release="sample-1").before is None
    assert report(keeps, release="9.0").before is None
    assert report(keeps, first, release="11.0").before == "9.0"
    # The collection changes with each release; the matrix does not.
    middle = report(keeps, first, release="10.0")
    assert (middle.before, middle.added, middle.changed, middle.unchanged) == ("9.0", 1, 1, 2)
    assert report(keeps, release="sample-2").before == "sample-1"
