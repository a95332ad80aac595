"""The library's home."""

from dataclasses import dataclass

from django.db.models import Count

from library.conditional import Shelf
from library.contexts.page import Page
from library.identifiers import PAGED_TYPES, Domain, ObjectType
from library.models import Snapshot, SnapshotObject

PURPOSE = (
    "MITRE ATT&CK as published, release by release: what defenders can do, against which"
    " techniques, and where each statement comes from."
)


@dataclass(frozen=True, slots=True)
class Door:
    """A list that the home page leads to, with how many live entries it has."""

    kind: ObjectType
    url_name: str
    count: int


@dataclass(frozen=True, slots=True)
class HomeContext:
    """The home page."""

    page: Page
    purpose: str
    doors: list[Door]
    snapshots: list[tuple[str, Snapshot]]


def home_context(shelf: Shelf) -> HomeContext:
    """What the home page shows; one query for each kind of object that has pages."""
    return HomeContext(
        page=Page(shelf=shelf, title="ATT&CK Library", description=PURPOSE, canonical=""),
        purpose=PURPOSE,
        doors=[Door(kind, f"library:{kind.path}", _count(shelf, kind)) for kind in PAGED_TYPES],
        snapshots=[(Domain(held.domain).label, held) for held in shelf.snapshots],
    )


def _count(shelf: Shelf, kind: ObjectType) -> int:
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind).live()
    count: int = rows.aggregate(count=Count("object_id"))["count"]
    return count
