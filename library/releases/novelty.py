"""What came or went for a reader of several domains: another domain may hold it all the while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from library.models import Snapshot, SnapshotObject
from library.releases.kinds import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from library.releases.asked import Pair


def held_before(pair: Pair) -> frozenset[int]:
    """The keys of objects that came to a domain shown and that another one had; one query."""
    return _elsewhere(pair, ChangeKind.ADDITIONS, (one.before for one in pair.shown))


def held_after(pair: Pair) -> frozenset[int]:
    """The keys of objects that left a domain shown and that another one has; one query."""
    return _elsewhere(pair, ChangeKind.DELETIONS, (one.after for one in pair.shown))


def _elsewhere(pair: Pair, kind: ChangeKind, releases: Iterable[Snapshot]) -> frozenset[int]:
    changed = {found.object_id for one in pair.shown for found in one.objects if found.kind is kind}
    if len(pair.shown) == 1 or not changed:
        return frozenset()
    held = [release.pk for release in releases]
    rows = SnapshotObject.objects.filter(snapshot__in=held, object__in=changed)
    return frozenset(rows.values_list("object_id", flat=True))
