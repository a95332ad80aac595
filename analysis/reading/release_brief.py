"""The release brief: what the releases shown mean for the published Takes, for executives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from django.urls import reverse
from django.utils.safestring import SafeString

from analysis.reading.listed import ListedTake, executive_view, published_takes
from analysis.since import Place, ReleaseChange, changes_of_release
from analysis.staleness import standings
from analysis.standing import MOST_TOLD, Freshness, Standing
from analysis.words import joined, listed
from library.catalogue import Entry, catalogue
from library.conditional import Shelf
from library.contexts.page import Crumb, Page, way_up
from library.identifiers import OBJECT_TYPES, Domain
from library.models import Snapshot

PURPOSE: Final = (
    "What the releases shown change for the published Takes: first those that must be reviewed."
)
# Of changes that no review waits for, the brief tells fewer than the page of the object does.
MOST_AROUND: Final = 2


_ONE: Final = {"object": "an object that was", "it": "it", "its": "its", "thing": "object"}
_MANY: Final = {"object": "objects that were", "it": "them", "its": "their", "thing": "objects"}


@dataclass(frozen=True, slots=True)
class DomainRelease:
    """The release of one domain that readers see, and the one before it that is held."""

    label: str
    release: str
    before: str
    """Empty where none is held."""


@dataclass(frozen=True, slots=True)
class Successor:
    """What replaced a revoked object, at the end of the chain."""

    href: str
    attack_id: str
    name: str


@dataclass(frozen=True, slots=True)
class BriefEntry:
    """One Take that a release touches."""

    take: ListedTake
    standing: Standing
    successor: Successor | None = None

    released: tuple[ReleaseChange, ...] = ()
    """What the releases changed of an object whose Take was written or confirmed since."""

    @property
    def changes(self) -> str:
        """What changed, in a line: what asks for a review, else what stands around it."""
        if not self.released:
            return _line(self.standing.material, self.standing.around)
        if len(self.take.entries) == 1:
            return _told(self.released[0])
        return "; ".join(f"{found.domain.label}: {_told(found)}" for found in self.released)

    @property
    def compared_with(self) -> str:
        """The releases that these changes came after, one for all domains or one each."""
        return ", ".join(dict.fromkeys(found.before for found in self.released))


def _told(released: ReleaseChange) -> str:
    if released.is_new:
        return "new"
    return _line(
        [change.phrase for change in released.changes if change.material],
        [change.phrase for change in released.changes if not change.material],
    )


def _line(material: Sequence[str], around: Sequence[str]) -> str:
    return listed(material, MOST_TOLD) if material else listed(around, MOST_AROUND)


@dataclass(frozen=True, slots=True)
class ReleaseBrief:
    """What the page shows."""

    page: Page
    purpose: str
    releases: list[DomainRelease]
    total: int
    absent: int
    """How many more Takes are on objects that the release does not hold."""

    material: list[BriefEntry]
    retired: list[BriefEntry]
    around: list[BriefEntry]
    incomparable: list[BriefEntry]
    considered: list[BriefEntry]
    """Takes that were written or confirmed after the release changed their objects."""

    untouched: int

    @property
    def counted(self) -> SafeString:
        """How many Takes stand how, those kinds alone of which there are any."""
        kinds = (
            (len(self.material), "on {object} changed in substance"),
            (len(self.retired), "on {object} revoked"),
            (len(self.around), "with changes around {it}"),
            (len(self.considered), "written or confirmed since the release changed {its} {thing}"),
            (self.untouched, "untouched"),
            (len(self.incomparable), "that cannot be compared"),
        )
        said = [
            f"{count} {words.format(**(_ONE if count == 1 else _MANY))}"
            for count, words in kinds
            if count
        ]
        return joined(said)

    @property
    def compared(self) -> bool:
        """Whether an earlier release of any domain is held."""
        return any(domain.before for domain in self.releases)


def release_brief(shelf: Shelf) -> ReleaseBrief:
    """The brief for the edition: two queries a domain, those of `standings`, three more."""
    known = published_takes(shelf)
    standing = standings(shelf, [take.revision for take in known.takes]) if known.takes else {}
    by_freshness: dict[Freshness, list[BriefEntry]] = {each: [] for each in Freshness}
    successors = _entries(shelf, {found.successor_id for found in standing.values()})
    for take in sorted(known.takes, key=_order):
        found = standing[take.revision.pk]
        entry = BriefEntry(take, found, _successor(shelf, successors.get(found.successor_id)))
        by_freshness[found.freshness].append(entry)
    considered = _considered(shelf, by_freshness[Freshness.CURRENT])
    return ReleaseBrief(
        page=_frame(shelf),
        purpose=PURPOSE,
        releases=[_release(snapshot) for snapshot in shelf.snapshots],
        total=len(known.takes),
        absent=len(known.absent),
        material=by_freshness[Freshness.MUST_REVIEW],
        retired=by_freshness[Freshness.RETIRE],
        around=by_freshness[Freshness.AROUND],
        incomparable=by_freshness[Freshness.INCOMPARABLE],
        considered=considered,
        untouched=len(by_freshness[Freshness.CURRENT]) - len(considered),
    )


def _considered(shelf: Shelf, current: list[BriefEntry]) -> list[BriefEntry]:
    """Those Takes whose objects the release changed all the same, material changes first."""
    places = [
        [Place(held.object_id, held.snapshot_id, held.version_id) for held in entry.take.entries]
        for entry in current
    ]
    changed = changes_of_release(shelf, chain.from_iterable(places))
    told = [
        replace(entry, released=tuple(changed[place] for place in held if place in changed))
        for entry, held in zip(current, places, strict=True)
    ]
    found = [entry for entry in told if entry.released]
    return sorted(found, key=lambda entry: not any(map(_is_material, entry.released)))


def _is_material(released: ReleaseChange) -> bool:
    return released.is_new or any(change.material for change in released.changes)


def _order(take: ListedTake) -> tuple[int, str, str]:
    kind = OBJECT_TYPES.index(take.kind) if take.kind in OBJECT_TYPES else len(OBJECT_TYPES)
    return kind, take.attack_id, take.name


def _release(snapshot: Snapshot) -> DomainRelease:
    before = Snapshot.objects.before(snapshot.domain, snapshot.attack_version)
    return DomainRelease(
        Domain(snapshot.domain).label,
        snapshot.attack_version,
        before.attack_version if before else "",
    )


def _entries(shelf: Shelf, stix_ids: Iterable[str]) -> dict[str, Entry]:
    """The objects with these STIX ids, each in the first domain that holds it."""
    wanted = {stix_id for stix_id in stix_ids if stix_id}
    found: dict[str, Entry] = {}
    if not wanted:
        return found
    for entry in catalogue(shelf.snapshot_ids).entries:
        if entry.stix_id in wanted:
            found.setdefault(entry.stix_id, entry)
    return found


def _successor(shelf: Shelf, entry: Entry | None) -> Successor | None:
    if entry is None:
        return None
    href = executive_view(shelf.addresses, entry)
    return Successor(href, entry.attack_id, entry.name or entry.stix_id)


def _frame(shelf: Shelf) -> Page:
    return Page(
        shelf=shelf,
        title="Release brief",
        description=PURPOSE,
        crumbs=(*way_up(shelf), Crumb("Takes", reverse("analysis:takes")), Crumb("Release brief")),
        canonical=reverse("analysis:takes-brief"),
        section="takes",
    )
