"""The library's home."""

from dataclasses import dataclass

from django.db.models import Count

from library.conditional import Shelf
from library.contexts.page import Page
from library.identifiers import OBJECT_TYPES, TYPE_OF, Domain, ObjectType
from library.kinds import PAGE_KINDS
from library.models import Snapshot, SnapshotObject

PURPOSE = (
    "MITRE ATT&CK as published, release by release: who does what to whom, what stands against"
    " it, and where each statement comes from."
)


@dataclass(frozen=True, slots=True)
class Door:
    """A list that the home page leads to, with how many live entries it has."""

    kind: ObjectType
    href: str
    count: int
    purpose: str


@dataclass(frozen=True, slots=True)
class HomeContext:
    """The home page."""

    page: Page
    purpose: str
    doors: list[Door]
    snapshots: list[tuple[str, Snapshot]]


def home_context(shelf: Shelf) -> HomeContext:
    """What the home page shows; one query."""
    live = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).live()
    counted = live.values_list("object__stix_type").annotate(Count("object_id"))
    counts = dict.fromkeys(OBJECT_TYPES, 0)
    for stix_type, count in counted:
        if stix_type in TYPE_OF:
            counts[TYPE_OF[stix_type]] += count
    return HomeContext(
        page=Page(
            shelf=shelf,
            title="ATT&CK Library",
            description=PURPOSE,
            canonical="" if shelf.release else shelf.addresses.home,
        ),
        purpose=PURPOSE,
        doors=[
            Door(kind, shelf.addresses.listing(kind), count, PAGE_KINDS[kind].purpose)
            for kind, count in counts.items()
            if count
        ],
        snapshots=[(Domain(held.domain).label, held) for held in shelf.snapshots],
    )
