"""The library's home."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q

from library.conditional import Shelf
from library.contexts.page import Page
from library.identifiers import BESIDE, OBJECT_TYPES, Domain, ObjectType, type_of
from library.kinds import page_kind
from library.models import Snapshot, SnapshotObject
from library.parameters import ListFilters

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
    rows = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots)
    rows = rows.exclude(object__stix_type__in=BESIDE)
    is_live = Q(version__revoked=False, version__deprecated=False)
    counted = rows.values_list("object__stix_type").annotate(
        every=Count("object_id"), live=Count("object_id", filter=is_live)
    )
    held, counts = Counter[ObjectType](), Counter[ObjectType]()
    for stix_type, every, live in counted:
        held[type_of(stix_type)] += every
        counts[type_of(stix_type)] += live
    others = sorted((kind for kind in held if not kind.is_known), key=lambda kind: kind.path)
    return HomeContext(
        page=Page(
            shelf=shelf,
            title="ATT&CK Library",
            description=PURPOSE,
            canonical="" if shelf.release else shelf.addresses.home,
            cited=shelf.addresses.home,
        ),
        purpose=PURPOSE,
        doors=[
            Door(kind, _list_of(shelf, kind, counts[kind]), counts[kind], page_kind(kind).purpose)
            for kind in (*OBJECT_TYPES, *others)
            if held[kind]
        ],
        snapshots=[(Domain(held.domain).label, held) for held in shelf.snapshots],
    )


def _list_of(shelf: Shelf, kind: ObjectType, live: int) -> str:
    """The list of a kind: with what is revoked or deprecated where there is nothing else."""
    listing = shelf.addresses.listing(kind)
    return listing if live else listing + ListFilters(include_revoked=True).query
