"""What a release means for the published Takes, told beside a comparison of two releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from analysis.published import published
from library.comparison import Transition, compare
from library.models import SnapshotObject
from library.panels import Panel

if TYPE_CHECKING:
    from library.changes import Change
    from library.conditional import Shelf
    from library.models import ObjectVersion
    from library.releases.compared import ReleaseDifference

# Takes that are named; of more there is the number.
MOST_NAMED: Final = 12


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
    untouched: int = 0

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(map(len, (self.material, self.around, self.revoked))) + self.untouched


def takes_panel(shelf: Shelf, compared: Sequence[ReleaseDifference]) -> Panel | None:
    """What two releases mean for published Takes; nothing while there is none. Four queries.

    A Take counts once, in the first domain whose two releases both hold its object.
    """
    touched = TouchedTakes()
    takes = published(shelf.epoch)
    if not takes:
        return None
    rest = set(takes)
    for one in compared:
        sides = _sides(one, rest)
        rest -= sides.keys()
        transitions = {stix_id: _transition(one, *two) for stix_id, two in sides.items()}
        changed = compare(set(transitions.values()))
        for stix_id, (_, after) in sorted(sides.items(), key=lambda each: each[1][1].version.name):
            _sort(touched, stix_id, after.version, changed[transitions[stix_id]])
    groups = (("Revoked", touched.revoked), ("Changed in substance", touched.material))
    shown = {
        "touched": touched,
        "groups": [(label, takes[:MOST_NAMED], takes[MOST_NAMED:]) for label, takes in groups],
    }
    return Panel("analysis/_release_takes.html", shown)


def _sort(
    touched: TouchedTakes, stix_id: str, version: ObjectVersion, changes: tuple[Change, ...]
) -> None:
    take = TouchedTake(version.attack_id, version.name, stix_id, changes)
    if version.revoked and changes:
        touched.revoked.append(take)
    elif take.is_material:
        touched.material.append(take)
    elif changes:
        touched.around.append(take)
    else:
        touched.untouched += 1


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
