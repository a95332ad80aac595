"""Change history: every snapshot that holds an object."""

from dataclasses import dataclass

from library.conditional import Shelf
from library.contexts.held import HeldObject, status_of
from library.identifiers import Domain
from library.models import Snapshot, SnapshotObject


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An object in one snapshot."""

    domain: str
    snapshot: Snapshot
    row: SnapshotObject
    current: bool
    raw_query: str

    @property
    def status(self) -> str:
        """The word "Live", "Revoked" or "Deprecated"."""
        return status_of(self.row.version) or "Live"


def history(shelf: Shelf, held: HeldObject) -> list[HistoryRow]:
    """The object in every snapshot, newest release first in each domain; one query."""
    current = {snapshot.pk for snapshot in shelf.snapshots}
    return [
        HistoryRow(
            domain=Domain(row.snapshot.domain).label,
            snapshot=row.snapshot,
            row=row,
            current=row.snapshot_id in current,
            raw_query=f"?sha256={row.version.sha256}",
        )
        for row in SnapshotObject.objects.history_of([held.object_id])
    ]
