"""The page of all releases that are held: each snapshot, and how the domains grew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from library.contexts.page import Crumb, FeedLink, Page, way_up
from library.identifiers import (
    OBJECT_TYPES,
    Domain,
    Provenance,
    is_sample,
    release_order,
    type_of,
)
from library.models import Snapshot
from library.querysets import standing_each
from library.reading import reading
from library.releases.asked import BETWEEN

if TYPE_CHECKING:
    from library.conditional import Shelf
    from library.identifiers import ObjectType

FINDINGS: Final = """
    SELECT m.snapshot_id, count(*) FROM library_finding f
    JOIN library_snapshotobject m ON m.version_id = f.version_id GROUP BY m.snapshot_id
"""
# The plot of one type, in units of the drawing.
WIDTH, HEIGHT, EDGE = 160, 40, 4


@dataclass(frozen=True, slots=True)
class HeldSnapshot:
    """One imported bundle."""

    snapshot: Snapshot
    findings: int
    is_shown: bool
    """Whether the current edition reads it."""

    types: tuple[tuple[str, int], ...]
    """What it holds, by type in a reader's words."""

    before: str
    """The release before it in its domain; empty where that is not held."""

    comparison: str
    """The address of what it changed against that."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How many objects of a type each release holds, oldest first, as figures and as a drawing."""

    label: str
    counts: tuple[tuple[str, int], ...]
    points: str

    @property
    def last(self) -> int:
        """How many the newest holds."""
        return self.counts[-1][1]

    @property
    def end(self) -> tuple[str, str]:
        """Where the line ends."""
        x, _, y = self.points.rpartition(" ")[2].partition(",")
        return x, y


@dataclass(frozen=True, slots=True)
class DomainReleases:
    """The snapshots of one domain, newest first, and how it grew over them."""

    label: str
    held: tuple[HeldSnapshot, ...]
    growth: tuple[Growth, ...]


@dataclass(frozen=True, slots=True)
class ReleasesPage:
    """What the page of all releases shows."""

    page: Page
    domains: tuple[DomainReleases, ...]
    choices: tuple[str, ...]
    """The releases that may be compared, newest first."""


def releases_page(shelf: Shelf) -> ReleasesPage:
    """All snapshots by domain; two queries, whatever their number."""
    snapshots = Snapshot.objects.up_to(shelf.newest_snapshot).newest_first()
    findings = _findings()
    by_domain: dict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        by_domain[snapshot.domain].append(snapshot)
    page = Page(
        shelf=shelf,
        title="Releases",
        description="Every release of MITRE ATT&CK that this library holds: when it was published"
        " and imported, what is in it, and what it changed.",
        crumbs=(*way_up(shelf), Crumb("Releases")),
        canonical=f"{shelf.addresses.home}/releases",
        section="releases",
        pinnable=False,
        feed=FeedLink("Releases of ATT&CK", f"{shelf.addresses.home}/releases/atom"),
    )
    return ReleasesPage(
        page=page,
        domains=tuple(
            DomainReleases(
                Domain(domain).label,
                tuple(_held(shelf, held, findings)),
                tuple(_growth(held)),
            )
            for domain, held in by_domain.items()
        ),
        choices=tuple(
            sorted({s.attack_version for s in snapshots}, key=release_order, reverse=True)
        ),
    )


def _findings() -> dict[int, int]:
    with reading().cursor() as cursor:
        cursor.execute(FINDINGS)
        return dict(cursor.fetchall())


def _held(
    shelf: Shelf, snapshots: Sequence[Snapshot], findings: dict[int, int]
) -> Iterator[HeldSnapshot]:
    for at, snapshot in enumerate(snapshots):
        release = snapshot.attack_version
        before = next(
            (
                older.attack_version
                for older in snapshots[at + 1 :]
                if older.attack_version != release
                if is_sample(older.attack_version) == is_sample(release)
            ),
            "",
        )
        compared = f"{shelf.current.addresses.home}/releases/{before}{BETWEEN}{release}"
        yield HeldSnapshot(
            snapshot=snapshot,
            findings=findings.get(snapshot.pk, 0),
            is_shown=snapshot.pk in shelf.snapshot_ids,
            types=tuple(_types(snapshot)),
            before=before,
            comparison=f"{compared}?domain={snapshot.domain}" if before else "",
        )


def _types(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    counts: dict[ObjectType, int] = defaultdict(int)
    for stix_type, count in snapshot.objects_by_type.items():
        counts[type_of(stix_type)] += count
    for kind in sorted(counts, key=_place):
        yield kind.plural if kind.has_list else kind.label, counts[kind]


def _place(kind: ObjectType) -> tuple[int, str]:
    """The known kinds in their order, then others by name, and last what is no entry."""
    known = OBJECT_TYPES.index(kind) if kind.is_known else len(OBJECT_TYPES)
    return known + (not kind.has_list), kind.label


def _growth(snapshots: Sequence[Snapshot]) -> Iterator[Growth]:
    """The types that are entries, over the releases; nothing where there is one release alone."""
    standing = standing_each(
        snapshots, lambda s: s.attack_version, lambda s: s.provenance == Provenance.OFFICIAL
    )
    oldest_first = [s for s in reversed(standing) if not is_sample(s.attack_version)]
    oldest_first = oldest_first or list(reversed(standing))
    if len(oldest_first) < 2:
        return
    kinds = {type_of(stix_type) for s in oldest_first for stix_type in s.objects_by_type}
    for kind in sorted((kind for kind in kinds if kind.has_list), key=_place):
        counts = [
            (s.attack_version, sum(s.objects_by_type.get(t, 0) for t in kind.stix_types))
            for s in oldest_first
        ]
        yield Growth(kind.plural, tuple(counts), _points([count for _, count in counts]))


def _points(counts: Sequence[int]) -> str:
    """A line over the releases, from nothing at the foot to the most at the head."""
    most = max(*counts, 1)
    across, down = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    return " ".join(
        f"{EDGE + at * across / (len(counts) - 1):.1f},{HEIGHT - EDGE - count * down / most:.1f}"
        for at, count in enumerate(counts)
    )
