"""How an object of a pinned release stands in the current edition."""

from library.conditional import Shelf
from library.contexts.held import HeldObject, status_of
from library.models import SnapshotObject


def standing_now(shelf: Shelf, held: HeldObject, around: str) -> tuple[str, str]:
    """A sentence on the difference, and the current entry's address; nothing where none is pinned.

    Compared is the entry alone; `around` names what else the page shows. One query
    where a release is pinned.
    """
    if not shelf.release:
        return "", ""
    rows = SnapshotObject.objects.in_snapshots(shelf.current.snapshots).filter(
        object=held.object_id
    )
    now = {row.snapshot.domain: row for row in rows}
    if not now:
        return "The current edition does not hold this object.", ""
    first = next(iter(now.values()))
    current = HeldObject((first,), shelf.current.addresses)
    status = status_of(first.version)
    if status != held.status:
        was = held.status.lower() or "live"
        said = f"It is {status.lower() or 'live'} in the current edition, and {was} here."
    elif all(row.version_id == now.get(row.snapshot.domain, row).version_id for row in held.rows):
        # Pages show more than their entry: of the rest only the same snapshots say the same.
        same = "The entry itself is the same in the current edition, to the byte"
        is_current = set(shelf.snapshot_ids) == set(shelf.current.snapshot_ids)
        rest = ", and so is all around it." if is_current else f"; {around} may differ."
        said = same + rest
    else:
        said = "The current edition’s entry differs from this one."
    return said, current.own_href
