"""What replaced a revoked object: MITRE's `revoked-by` relationships, followed to their end."""

from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.identifiers import Link
from library.models import SnapshotEdge, SnapshotObject

# The longest real chain has two hops.
LONGEST_CHAIN = 8


def replacement(shelf: Shelf, held: HeldObject) -> SnapshotObject | None:
    """The object at the end of a chain of revocations; None where MITRE names none.

    Two queries a hop. A chain may end at a deprecated object, or at one of another type.
    """
    found: SnapshotObject | None = None
    seen = {held.object_id}
    at = held.object_id
    for _ in range(LONGEST_CHAIN):
        edge = SnapshotEdge.objects.filter(
            snapshot__in=shelf.snapshots, source=at, kind=Link.REVOKED_BY
        ).first()
        if edge is None or edge.target_id in seen:
            return found
        seen.add(edge.target_id)
        rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).filter(object=edge.target_id)
        step = rows.in_order_of_preference().first()
        if step is None:
            return found
        found, at = step, step.object_id
        if not found.version.revoked:
            return found
    return found
