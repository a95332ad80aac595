"""Which kind of change an object is: DiffStix's rules, and the one that differs."""

import hashlib
from typing import Any

import pytest

from library.releases.kinds import EXPLANATIONS, ChangeKind, Side, kind_of


def side(content: str = "one", version: str = "1.0", **rest: Any) -> Side:
    """An object in one release."""
    given: dict[str, Any] = {"revoked": False, "deprecated": False} | rest
    sha256 = hashlib.sha256(f"{content} {version} {given}".encode()).digest()
    return Side(1, sha256, "T1000", "Thing", modified=None, x_mitre_version=version, **given)


def test_object_is_an_addition_when_the_later_release_alone_holds_it() -> None:
    assert kind_of(None, side()) is ChangeKind.ADDITIONS


def test_object_is_a_deletion_when_the_earlier_release_alone_holds_it() -> None:
    assert kind_of(side(), None) is ChangeKind.DELETIONS


def test_object_is_unchanged_when_its_content_is_the_same_to_the_byte() -> None:
    assert kind_of(side(), side()) is None


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("1.0", "2.0", ChangeKind.MAJOR),
        ("1.4", "2.0", ChangeKind.MAJOR),
        ("9.9", "10.0", ChangeKind.MAJOR),
        ("1.0", "1.1", ChangeKind.MINOR),
        ("1.9", "1.10", ChangeKind.MINOR),
        ("", "0.1", ChangeKind.MINOR),
        ("", "1.0", ChangeKind.MAJOR),
        ("1.0", "1.2", ChangeKind.OTHER),
        ("1.0", "3.0", ChangeKind.OTHER),
        ("1.0", "2.1", ChangeKind.OTHER),
        ("1.1", "1.0", ChangeKind.OTHER),
        ("2.0", "1.0", ChangeKind.OTHER),
        ("1.0", "", ChangeKind.OTHER),
        ("1.0", "one", ChangeKind.OTHER),
        ("1.0", "1.0.1", ChangeKind.OTHER),
        ("1.0", "٢.0", ChangeKind.OTHER),
        ("1.0", f"{'9' * 5000}.0", ChangeKind.OTHER),
        ("1.0", "1.0", ChangeKind.PATCHES),
        ("", "", ChangeKind.PATCHES),
        ("", "0.0", ChangeKind.PATCHES),
        ("1.0", "01.0", ChangeKind.PATCHES),
        ("one", "one", ChangeKind.PATCHES),
    ],
)
def test_change_is_named_by_the_object_s_own_version(
    before: str, after: str, kind: ChangeKind
) -> None:
    assert kind_of(side("one", before), side("two", after)) is kind


def test_content_is_a_patch_when_it_changed_in_silence() -> None:
    """DiffStix asks whether `modified` or the description changed; here the content decides."""
    assert kind_of(side("one"), side("two")) is ChangeKind.PATCHES


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({}, {"revoked": True}, ChangeKind.REVOCATIONS),
        ({}, {"deprecated": True}, ChangeKind.DEPRECATIONS),
        ({}, {"revoked": True, "deprecated": True}, ChangeKind.REVOCATIONS),
        ({"deprecated": True}, {"revoked": True}, ChangeKind.REVOCATIONS),
        ({"revoked": True}, {"deprecated": True}, ChangeKind.DEPRECATIONS),
        ({"revoked": True}, {}, ChangeKind.PATCHES),
        ({"deprecated": True}, {}, ChangeKind.PATCHES),
        ({"revoked": True}, {"revoked": True, "deprecated": True}, ChangeKind.PATCHES),
        ({"deprecated": True}, {"revoked": True, "deprecated": True}, ChangeKind.REVOCATIONS),
    ],
)
def test_status_decides_before_the_version_does(
    before: dict[str, Any], after: dict[str, Any], kind: ChangeKind
) -> None:
    assert kind_of(side("one", **before), side("two", **after)) is kind


def test_what_stays_revoked_is_told_by_its_version() -> None:
    dead: dict[str, Any] = {"revoked": True}
    assert kind_of(side("one", "1.0", **dead), side("two", "2.0", **dead)) is ChangeKind.MAJOR


def test_every_kind_is_explained() -> None:
    assert set(EXPLANATIONS) == set(ChangeKind)
    assert ChangeKind.OTHER.label == "Other version changes"
