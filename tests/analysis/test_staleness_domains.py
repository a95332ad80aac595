"""How Takes stand to what MITRE changed in several domains."""

import pytest

from analysis.models import ActKind, Revision
from analysis.standing import Freshness
from analysis.workflow import RefusedError, act
from importer.deletion import delete_snapshot
from importer.editions import make_current
from library.models import Snapshot
from tests.analysis.standing_takes import (
    M1000,
    T1000,
    T1001,
    mitigates,
    pinned,
    standing,
    written,
)
from tests.factories import Properties, import_objects, relationship, technique
from tests.library.pages import LIBRARY, Site
from tests.takes import member, publish, subject

pytestmark = pytest.mark.django_db


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


FAR = technique("T1600", "Far", (), "mobile")


@pytest.mark.parametrize("appears", [True, False])
def test_a_take_must_be_reviewed_when_its_mitigation_appears_in_a_domain_or_leaves_it(
    appears: bool,
) -> None:
    import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
    there = [FAR, M1000, *mitigates(FAR)]
    import_objects(*([FAR] if appears else there), domain="mobile", release="17.1")
    revision = publish(M1000)
    import_objects(M1000, T1000, *mitigates(T1000), release="18.1")
    import_objects(*(there if appears else [FAR]), domain="mobile", release="18.1")
    found = standing(revision)
    told = f"1 technique {'added' if appears else 'removed'} in Mobile"
    assert (found.freshness, found.material) == (Freshness.MUST_REVIEW, (told,))
    assert standing(revision, pinned("17.1")).freshness == Freshness.CURRENT


def test_a_take_is_current_when_nothing_links_its_object_in_the_domain_it_appears_in() -> None:
    import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
    import_objects(FAR, domain="mobile", release="17.1")
    revision = publish(M1000)
    import_objects(M1000, T1000, *mitigates(T1000), release="18.1")
    import_objects(FAR, M1000, domain="mobile", release="18.1")
    assert standing(revision).freshness == Freshness.CURRENT


def test_nothing_is_told_of_a_domain_whose_earlier_release_is_not_held() -> None:
    import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
    revision = publish(M1000)
    import_objects(M1000, T1000, *mitigates(T1000), release="18.1")
    import_objects(FAR, M1000, *mitigates(FAR), domain="mobile", release="18.1")
    assert standing(revision).freshness == Freshness.CURRENT


OTHER_FAR = technique("T1601", "Other far", (), "mobile")


def in_mobile(release: str, *reached: Properties) -> None:
    """A release of mobile in which the measure reaches these techniques."""
    import_objects(M1000, FAR, OTHER_FAR, *mitigates(*reached), domain="mobile", release=release)


def editions_that_differ() -> Revision:
    """A Take written where readers see enterprise 17.1 beside mobile 18.1."""
    import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
    in_mobile("17.1")
    in_mobile("18.1", FAR)
    return publish(M1000)


def confirm(revision: Revision) -> None:
    act(revision, ActKind.CONFIRMED, member("reviewer"), against=subject(M1000))


def test_a_take_is_current_against_what_its_author_saw_in_domains_of_other_releases() -> None:
    revision = editions_that_differ()
    assert (revision.domain, revision.attack_version) == ("enterprise", "17.1")
    assert standing(revision).freshness == Freshness.CURRENT
    assert standing(revision).told == ""


def test_a_change_in_another_domain_alone_is_told_and_cleared_by_one_confirmation() -> None:
    revision = editions_that_differ()
    in_mobile("19.0", FAR, OTHER_FAR)
    found = standing(revision)
    assert found.told == (
        "Written against 17.1; MITRE has since changed this object: 1 technique added in Mobile."
    )
    assert found.query == "?from=18.1&to=19.0&domain=mobile"
    confirm(revision)
    assert standing(revision).freshness == Freshness.CURRENT
    with pytest.raises(RefusedError, match=r"confirmed against 17\.1 already, by reviewer"):
        confirm(revision)
    in_mobile("19.1", OTHER_FAR)
    assert standing(revision).material == ("1 technique removed in Mobile",)
    confirm(revision)
    assert standing(revision).freshness == Freshness.CURRENT


def test_nothing_is_told_where_only_another_domain_went_back_to_an_earlier_release() -> None:
    revision = editions_that_differ()
    make_current(Snapshot.objects.get(domain="mobile", attack_version="17.1"), "the test")
    assert standing(revision).freshness == Freshness.CURRENT


@pytest.mark.parametrize("is_gone", [True, False])
def test_the_same_release_of_another_domain_is_compared_where_no_edition_tells(
    is_gone: bool,
) -> None:
    if is_gone:
        # The edition that the author saw goes with the other snapshot that it shows.
        import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
        import_objects(M1000, FAR, domain="mobile", release="17.0")
        revision = publish(M1000)
        in_mobile("17.1")
        in_mobile("18.1", FAR)
        delete_snapshot(Snapshot.objects.get(domain="mobile", attack_version="17.0"))
    else:
        # Nothing says what its author had on screen: it came in a file.
        import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
        in_mobile("17.1")
        in_mobile("18.1", FAR)
        revision = written(M1000)
    assert standing(revision).material == ("1 technique added in Mobile",)


def test_an_object_that_left_its_domain_is_confirmed_in_the_other_that_readers_see() -> None:
    import_objects(M1000, FAR, *mitigates(FAR), domain="mobile", release="18.1")
    revision = publish(M1000)
    import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
    assert revision.domain == "mobile"
    import_objects(FAR, domain="mobile", release="19.0")
    assert standing(revision).material == ("no longer in Mobile",)
    confirm(revision)
    assert standing(revision).freshness == Freshness.CURRENT
    import_objects(M1000, T1000, T1001, *mitigates(T1000, T1001), release="18.0")
    assert standing(revision).told.startswith(
        "Confirmed against 17.1; MITRE has since changed this object: 1 technique added."
    )
    assert standing(revision, pinned("18.1")).freshness == Freshness.CURRENT


def test_a_take_is_to_be_retired_where_the_domain_that_still_has_its_object_revoked_it() -> None:
    import_objects(M1000, FAR, domain="mobile", release="17.1")
    revision = publish(M1000)
    import_objects(FAR, domain="mobile", release="18.1")
    import_objects(M1000 | {"revoked": True}, T1000, release="18.1")
    assert standing(revision).freshness == Freshness.RETIRE


def test_nothing_is_told_of_another_domain_when_the_edition_that_was_seen_is_gone() -> None:
    import_objects(M1000, T1000, *mitigates(T1000), release="17.1")
    in_mobile("16.1")
    in_mobile("17.1", FAR)
    revision = publish(M1000)
    in_mobile("18.1", FAR)
    assert standing(revision).freshness == Freshness.CURRENT
    delete_snapshot(Snapshot.objects.get(domain="mobile", attack_version="17.1"))
    found = standing(revision)
    assert (found.freshness, found.told) == (Freshness.CURRENT, "")


def test_two_releases_tell_of_a_take_what_changed_in_any_domain_of_its_object(site: Site) -> None:
    links = mitigates(T1000)
    import_objects(M1000, T1000, *links, release="17.1")
    in_mobile("17.1")
    revision = publish(M1000)
    import_objects(M1000, T1000, *links, release="18.1")
    in_mobile("18.1", FAR)
    assert standing(revision).freshness == Freshness.MUST_REVIEW
    told = site.page(f"{LIBRARY}/releases/17.1...18.1/brief").one("section", id="takes").words
    assert "1 on an object that changed in substance" in told


def test_two_releases_call_revoked_what_they_revoked_alone(site: Site) -> None:
    dead = M1000 | {"revoked": True}
    in_mobile("16.1")
    import_objects(M1000, T1000, release="16.1")
    publish(M1000)
    for release in ("17.1", "18.1"):
        import_objects(dead, T1000, release=release)
        in_mobile(release, *([FAR] if release == "18.1" else []))
    told = site.page(f"{LIBRARY}/releases/17.1...18.1/brief").one("section", id="takes").words
    assert "1 on an object that changed in substance" in told
    told = site.page(f"{LIBRARY}/releases/16.1...17.1/brief").one("section", id="takes").words
    assert "1 on an object that was revoked" in told
