"""The kinds of change between two releases, as mitreattack-python's DiffStix names them."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


class ChangeKind(StrEnum):
    """What became of an object from one release to another."""

    ADDITIONS = "additions"
    MAJOR = "major_version_changes"
    MINOR = "minor_version_changes"
    OTHER = "other_version_changes"
    PATCHES = "patches"
    REVOCATIONS = "revocations"
    DEPRECATIONS = "deprecations"
    DELETIONS = "deletions"

    @property
    def label(self) -> str:
        """What readers call it: "Major version changes"."""
        return self.value.replace("_", " ").capitalize()

    @property
    def label_one(self) -> str:
        """What readers call one of them: "Major version change"."""
        return self.label.removesuffix("s") if self is not ChangeKind.PATCHES else "Patch"

    @property
    def explanation(self) -> str:
        """What it means, in a phrase."""
        return EXPLANATIONS[self]


EXPLANATIONS: Final = {
    ChangeKind.ADDITIONS: "only in the later of the two bundles",
    ChangeKind.MAJOR: "the object’s own version went up to the next whole number",
    ChangeKind.MINOR: "the object’s own version went up by one step",
    ChangeKind.OTHER: "the object’s own version changed in another way",
    ChangeKind.PATCHES: "something in the object changed and its own version did not",
    ChangeKind.REVOCATIONS: "newly revoked",
    ChangeKind.DEPRECATIONS: "newly deprecated",
    ChangeKind.DELETIONS: "no longer in the bundle",
}


# The kinds in which both releases hold the object and neither lets go of it: of these it matters
# how much the change says.
WEIGHED: Final = (ChangeKind.MAJOR, ChangeKind.MINOR, ChangeKind.OTHER, ChangeKind.PATCHES)


@dataclass(frozen=True, slots=True)
class Side:
    """An object as one of two releases holds it."""

    version_id: int
    sha256: bytes
    attack_id: str
    name: str
    revoked: bool
    deprecated: bool
    modified: datetime | None
    x_mitre_version: str

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)

    @property
    def status(self) -> tuple[bool, bool]:
        """Whether it is revoked, and whether deprecated."""
        return self.revoked, self.deprecated


def kind_of(before: Side | None, after: Side | None) -> ChangeKind | None:
    """What became of an object; None where both releases hold the same content of it.

    The rules are those of DiffStix, save that any difference of content is a patch: DiffStix asks
    whether `modified` or the description differ, and so takes content that was changed in silence
    for unchanged. It also leaves out what was revoked without a successor of its own kind, and
    what was dead before and stays so; here both count like any other object.
    """
    if before is None:
        return ChangeKind.ADDITIONS
    if after is None:
        return ChangeKind.DELETIONS
    if before.sha256 == after.sha256:
        return None
    if after.revoked and not before.revoked:
        return ChangeKind.REVOCATIONS
    if after.deprecated and not after.revoked and not before.deprecated:
        return ChangeKind.DEPRECATIONS
    return _version_change(before.x_mitre_version, after.x_mitre_version)


def _version_change(before: str, after: str) -> ChangeKind:
    if before == after:
        return ChangeKind.PATCHES
    old, new = _number(before), _number(after)
    if old is None or new is None:
        return ChangeKind.OTHER
    if new == old:
        return ChangeKind.PATCHES
    if new == (old[0] + 1, 0):
        return ChangeKind.MAJOR
    return ChangeKind.MINOR if new == (old[0], old[1] + 1) else ChangeKind.OTHER


def _number(x_mitre_version: str) -> tuple[int, int] | None:
    """An object's own version as numbers; 0.0 where none is stated, as in ICS before 11.0."""
    found = _VERSION.fullmatch(x_mitre_version or "0.0")
    return (int(found[1]), int(found[2])) if found else None


def versions(before: Side | None, after: Side | None) -> str:
    """An object's own version, or both where it has another: "1.0 to 1.1"."""
    old, new = (side.x_mitre_version if side else "" for side in (before, after))
    return f"{old} to {new}" if old and new and old != new else new or old
