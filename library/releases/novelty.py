"""What is new for a reader of several domains: an object may come to one that another held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from library.models import SnapshotObject
from library.releases.kinds import ChangeKind

if TYPE_CHECKING:
    from library.releases.asked import Pair


def held_before(pair: Pair) -> frozenset[int]:
    """The keys of objects that came to a domain shown and that another one had; one query."""
    added = {
        changed.object_id
        for one in pair.shown
        for changed in one.objects
        if changed.kind is ChangeKind.ADDITIONS
    }
    if len(pair.shown) == 1 or not added:
        return frozenset()
    rows = SnapshotObject.objects.filter(
        snapshot__in=[one.before.pk for one in pair.shown], object__in=added
    )
    return frozenset(rows.values_list("object_id", flat=True))
