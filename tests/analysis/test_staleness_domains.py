"""How Takes stand to what MITRE changed in several domains."""

import pytest

from analysis.standing import Freshness
from tests.analysis.standing_takes import M1000, T1000, T1001, mitigates, pinned, standing
from tests.factories import import_objects, relationship, technique
from tests.takes import publish

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
