"""What replaced an object from one release to another, where links of old revocations stay."""

import pytest

from tests.factories import Properties, relationship, technique
from tests.library.releases.test_compared import T1000, T1001, compared, key_of

pytestmark = pytest.mark.django_db


def heirs(before: list[Properties], after: list[Properties]) -> list[str]:
    """What replaced T1000 from one bundle to another, hop by hop."""
    of = compared(before, after)
    return [found.attack_id for found in of.replaced_by(key_of(of, T1000))]


def test_a_chain_ends_at_what_came_back_when_the_link_of_its_revocation_stayed() -> None:
    back = relationship("revoked-by", T1001, T1000)
    before = [T1000, T1001 | {"revoked": True}, back]
    after = [T1000 | {"revoked": True}, T1001, back, relationship("revoked-by", T1000, T1001)]
    assert heirs(before, after) == ["T1001"]


def test_a_chain_goes_no_further_than_what_is_live() -> None:
    last = technique("T1002", "Last")
    stayed = relationship("revoked-by", T1001, last)
    before = [T1000, T1001 | {"revoked": True}, last, stayed]
    after = [T1000 | {"revoked": True}, T1001, last, stayed]
    assert heirs(before, [*after, relationship("revoked-by", T1000, T1001)]) == ["T1001"]


def test_what_the_later_release_lacks_replaces_nothing() -> None:
    link = relationship("revoked-by", T1000, T1001)
    assert heirs([T1000, T1001], [T1000 | {"revoked": True}, link]) == []
