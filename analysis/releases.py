"""What a release means for the published Takes, told beside a comparison of two releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from analysis.published import published
from analysis.sensing import compare_sensed
from analysis.staleness import together
from library.comparison import Transition
from library.models import SnapshotObject
from library.panels import Panel

if TYPE_CHECKING:
    from library.changes import Change
    from library.conditional import Shelf
    from library.models import ObjectVersion
    from library.releases.compared import ReleaseDifference

# Takes of a group that are named on paper, where all of it stands on one sheet.
MOST_ON_PAPER: Final = 12


@dataclass(frozen=True, slots=True)
class Group:
    """Takes that fared alike."""

    slug: str
    label: str
    takes: list[TouchedTake]

    @property
    def beyond_paper(self) -> int:
        """How many are not named on paper."""
        return max(0, len(self.takes) - MOST_ON_PAPER)


@dataclass(frozen=True, slots=True)
class TouchedTake:
    """A published Take whose object a release changed."""

    attack_id: str
    name: str
    stix_id: str
    changes: tuple[Change, ...]

    @property
    def is_material(self) -> bool:
        """Whether what the Take rests on changed."""
        return any(change.material for change in self.changes)


@dataclass(slots=True)
class TouchedTakes:
    """The published Takes on objects that the earlier of two releases holds."""

    material: list[TouchedTake] = field(default_factory=list)
    around: list[TouchedTake] = field(default_factory=list)
    revoked: list[TouchedTake] = field(default_factory=list)
    untouched: list[TouchedTake] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(map(len, (self.material, self.around, self.revoked, self.untouched)))


def takes_panel(shelf: Shelf, compared: Sequence[ReleaseDifference]) -> Panel | None:
    """What two releases mean for published Takes; nothing while there is none.

    Four queries a domain, a fifth where direct links of detection changed. A Take counts once, with
    what changed in every domain whose two releases both hold its object.
    """
    touched = TouchedTakes()
    takes = published(shelf.epoch)
    if not takes:
        return None
    found: dict[str, list[tuple[str, Sequence[Change]]]] = {}
    shown: dict[str, ObjectVersion] = {}
    for one in compared:
        sides = _sides(one, set(takes))
        transitions = {stix_id: _transition(one, *two) for stix_id, two in sides.items()}
        types = {after.object_id: after.object.stix_type for _, after in sides.values()}
        changed = compare_sensed(set(transitions.values()), types)
        for stix_id, (_, after) in sides.items():
            shown.setdefault(stix_id, after.version)
            found.setdefault(stix_id, []).append((one.after.domain, changed[transitions[stix_id]]))
    for stix_id, version in sorted(shown.items(), key=lambda each: each[1].name):
        _sort(touched, stix_id, version, tuple(together(found[stix_id])))
    groups = (
        Group("revoked", "Revoked", touched.revoked),
        Group("material", "Changed in substance", touched.material),
        Group("around", "Changed around them", touched.around),
        Group("untouched", "Untouched", touched.untouched),
    )
    told = {"total": touched.total, "groups": [group for group in groups if group.takes]}
    return Panel("analysis/_release_takes.html", told)


def _sort(
    touched: TouchedTakes, stix_id: str, version: ObjectVersion, changes: tuple[Change, ...]
) -> None:
    take = TouchedTake(version.attack_id, version.name, stix_id, changes)
    if version.revoked and any(change.about == "revoked" for change in changes):
        touched.revoked.append(take)
    elif take.is_material:
        touched.material.append(take)
    elif changes:
        touched.around.append(take)
    else:
        touched.untouched.append(take)


type _Two = tuple[SnapshotObject, SnapshotObject]


def _sides(compared: ReleaseDifference, stix_ids: set[str]) -> dict[str, _Two]:
    """The objects in both releases, of those that both hold."""
    pair = (compared.before.pk, compared.after.pk)
    rows = SnapshotObject.objects.filter(snapshot__in=pair, object__stix_id__in=stix_ids)
    found: dict[str, dict[int, SnapshotObject]] = {}
    for row in rows.select_related("object", "version"):
        found.setdefault(row.object.stix_id, {})[row.snapshot_id] = row
    before, after = pair
    return {
        stix_id: (sides[before], sides[after])
        for stix_id, sides in found.items()
        if before in sides and after in sides
    }


def _transition(
    compared: ReleaseDifference, before: SnapshotObject, after: SnapshotObject
) -> Transition:
    return Transition(
        before.object_id,
        compared.before.pk,
        before.version_id,
        compared.after.pk,
        after.version_id,
    )
