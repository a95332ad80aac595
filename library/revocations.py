"""What replaced a revoked object: MITRE's `revoked-by` relationships, followed to their end."""

from library.conditional import Shelf
from library.contexts.held import HeldObject, find_by_stix_id
from library.identifiers import Link
from library.models import SnapshotEdge

# The longest real chain has two hops.
LONGEST_CHAIN = 8


def revocation_chain(shelf: Shelf, held: HeldObject) -> list[HeldObject]:
    """What replaced a revoked object, hop by hop; nothing where MITRE names nothing.

    Two queries a hop. A chain may end at a deprecated object, or at one of another type; one that
    goes in a circle has no end, and so replaces nothing.
    """
    chain: list[HeldObject] = []
    seen = {held.object_id}
    at = held
    while at.version.revoked and len(chain) < LONGEST_CHAIN:
        edge = (
            SnapshotEdge.objects.filter(
                snapshot__in=shelf.snapshots, source=at.object_id, kind=Link.REVOKED_BY
            )
            .select_related("target")
            .first()
        )
        step = find_by_stix_id(shelf, edge.target.stix_id) if edge else None
        if step is None:
            break
        if step.object_id in seen:
            return []
        seen.add(step.object_id)
        chain.append(step)
        at = step
    return chain
