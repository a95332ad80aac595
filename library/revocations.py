"""What replaced a revoked object: MITRE's `revoked-by` relationships, followed to their end."""

from library.conditional import Shelf
from library.contexts.held import HeldObject, find_by_stix_id
from library.identifiers import Link
from library.models import SnapshotEdge

# The longest real chain has two hops.
LONGEST_CHAIN = 8


def replacement(shelf: Shelf, held: HeldObject) -> HeldObject | None:
    """The object at the end of a chain of revocations; None where MITRE names none.

    Two queries a hop. A chain may end at a deprecated object, or at one of another type; one that
    goes in a circle has no end.
    """
    found: HeldObject | None = None
    seen = {held.object_id}
    at = held.object_id
    for _ in range(LONGEST_CHAIN):
        edge = (
            SnapshotEdge.objects.filter(
                snapshot__in=shelf.snapshots, source=at, kind=Link.REVOKED_BY
            )
            .select_related("target")
            .first()
        )
        if edge is None:
            return found
        if edge.target_id in seen:
            return None
        seen.add(edge.target_id)
        step = find_by_stix_id(shelf, edge.target.stix_id)
        if step is None:
            return found
        found, at = step, step.object_id
        if not found.version.revoked:
            return found
    return found
