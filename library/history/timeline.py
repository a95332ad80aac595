"""Every snapshot of the domains where an object stands, and what each holds of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from library.identifiers import Domain, Provenance, is_sample, release_order
from library.querysets import standing_each
from library.reading import reading

PLACES: Final = """
    SELECT s.id, s.domain, s.attack_version, encode(s.bundle_sha256, 'hex'), s.provenance,
        s.imported_at, v.id, coalesce(encode(v.content_sha256, 'hex'), ''),
        coalesce(v.attack_id, ''), coalesce(v.name, ''), coalesce(v.x_mitre_version, ''),
        v.modified, coalesce(v.revoked, false), coalesce(v.deprecated, false)
    FROM library_snapshot s
    LEFT JOIN library_snapshotobject m ON m.snapshot_id = s.id AND m.object_id = %s
    LEFT JOIN library_objectversion v ON v.id = m.version_id
    WHERE s.id <= %s
"""


class Place(NamedTuple):
    """One snapshot with what it holds of an object; no version where it does not hold it."""

    snapshot_id: int
    domain: str
    release: str
    bundle_sha256: str
    provenance: str
    imported_at: datetime
    version_id: int | None
    sha256: str
    attack_id: str
    name: str
    x_mitre_version: str
    modified: datetime | None
    revoked: bool
    deprecated: bool

    @property
    def holds(self) -> bool:
        """Whether the snapshot holds the object."""
        return self.version_id is not None

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)

    @property
    def status(self) -> str:
        """The word "Live", "Revoked" or "Deprecated"."""
        if self.revoked:
            return "Revoked"
        return "Deprecated" if self.deprecated else "Live"

    @property
    def is_official(self) -> bool:
        """Whether MITRE published the bundle."""
        return self.provenance == Provenance.OFFICIAL


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring snapshots that hold the same of an object, to the byte; newest first."""

    places: tuple[Place, ...]
    shown: bool
    """Whether one of them is what readers see."""

    rival: str = ""
    """What is said of snapshots of a release that has several: which of them is compared."""

    @property
    def first(self) -> Place:
        """The newest of them; all hold the same."""
        return self.places[0]

    @property
    def releases(self) -> str:
        """The release, or the oldest and the newest of several."""
        newest, oldest = self.places[0].release, self.places[-1].release
        return newest if newest == oldest else f"{oldest} to {newest}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """An object in one domain, over all releases of it that are held, the newest first."""

    domain: str
    runs: tuple[Run, ...]
    releases: tuple[Place, ...]
    """The snapshot that stands for each release, whether it holds the object or not."""

    @property
    def label(self) -> str:
        """The domain's name."""
        return Domain(self.domain).label

    @property
    def holding(self) -> list[Place]:
        """The snapshots of releases that hold the object."""
        return [place for place in self.releases if place.holds]

    @property
    def first(self) -> Place | None:
        """The first release that holds it; None where another snapshot of a release does alone."""
        return self.holding[-1] if self.holding else None

    @property
    def newest(self) -> Place | None:
        """The newest release that holds it."""
        return self.holding[0] if self.holding else None

    @property
    def is_in_earliest(self) -> bool:
        """Whether the earliest release held of the domain has it, so that it may be older."""
        return self.first is not None and self.first == self.releases[-1]

    @property
    def absent(self) -> list[str]:
        """The releases since the first that do not have it, oldest first."""
        since = list(self.releases)
        while since and not since[-1].holds:
            since.pop()
        return [place.release for place in reversed(since) if not place.holds]

    def of_release(self, release: str) -> Place | None:
        """The snapshot that stands for a release; None where the domain has none held."""
        return next((place for place in self.releases if place.release == release), None)


def timelines(
    object_id: int, shown: Iterable[int] = (), *, up_to: int, of_sample: bool
) -> list[Timeline]:
    """An object in each domain that has or had it, in their order; one query.

    Of real releases alone, or of samples alone: neither takes part in the history of the other.
    `shown` are the snapshots that readers see, `up_to` the newest that was there when the request
    came.
    """
    with reading().cursor() as cursor:
        cursor.execute(PLACES, [object_id, up_to])
        every = [Place._make(row) for row in cursor.fetchall()]
    return timelines_of(every, shown, of_sample=of_sample)


def timelines_of(
    every: Sequence[Place], shown: Iterable[int] = (), *, of_sample: bool
) -> list[Timeline]:
    """The same of places that were fetched."""
    marked = set(shown)
    made = []
    for domain in Domain.values:
        places = [
            place
            for place in every
            if place.domain == domain and is_sample(place.release) == of_sample
        ]
        if any(place.holds for place in places):
            places.sort(key=lambda place: (release_order(place.release), place.snapshot_id))
            places.reverse()
            made.append(_timeline(domain, places, marked))
    return made


def _timeline(domain: str, places: Sequence[Place], shown: set[int]) -> Timeline:
    standing = standing_each(places, lambda at: at.release, lambda at: at.is_official)
    releases = tuple(standing)
    rivals = [place for place in places if place not in releases]
    contested = {place.release for place in rivals}
    runs: list[list[Place]] = [[places[0]]]
    for newer, older in pairwise(places):
        if older.version_id == newer.version_id:
            runs[-1].append(older)
        else:
            runs.append([older])
    made = [
        Run(
            tuple(run),
            any(place.snapshot_id in shown for place in run),
            _rival(run, rivals, contested),
        )
        for run in runs
        if run[0].holds
    ]
    return Timeline(domain, tuple(made), releases)


def _rival(run: Sequence[Place], rivals: Sequence[Place], contested: set[str]) -> str:
    """What is to be said of a run of one release where its snapshots hold different contents."""
    if len({place.release for place in run}) > 1 or run[0].release not in contested:
        return ""
    if all(place in rivals for place in run):
        return "another bundle of this release, not the one compared"
    return "the bundle that stands for this release"
