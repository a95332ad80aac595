"""What waits for somebody: Takes to review, stale ones, ones to move or retire, ones to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from analysis.landscape import Node, landscape_of
from analysis.models import ActKind, Revision, State, Take
from analysis.published import published, shown_take
from analysis.staleness import standings
from analysis.standing import Freshness, Standing
from analysis.take import ShownTake
from analysis.workflow import approval
from library.catalogue import catalogue
from library.conditional import Shelf
from library.identifiers import MATRIX, OBJECT_TYPES

REVIEW, STALE, RETIRE, MISSING = "review", "stale", "retire", "missing"
TITLES: Final = {
    REVIEW: "To review",
    STALE: "Stale",
    RETIRE: "Move or retire",
    MISSING: "No Take yet",
}
PURPOSES: Final = {
    REVIEW: "Revisions that their authors have handed in, the longest waiting first.",
    STALE: "Published Takes whose object MITRE has changed in substance since they were written.",
    RETIRE: "Published Takes on objects that are revoked, or gone from the release readers see.",
    MISSING: "Live objects that no analyst has written on, by how much depends on them.",
}
PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A revision that waits, with why."""

    revision: Revision
    said: str = ""
    changes: tuple[str, ...] = ()
    """All that changed, what the Take rests on first."""

    text: ShownTake | None = None
    since: datetime | None = None
    """When it was handed in, of what is to be reviewed."""

    approved: bool = False
    successor: Node | None = None
    successor_has_take: bool = False
    """Whether readers see a Take on the successor already."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """An object without a Take, and how many live links it has."""

    node: Node
    weight: int


def waiting(shelf: Shelf, queue: str) -> list[Waiting]:
    """The revisions in a queue, with all that was done to them."""
    if queue == REVIEW:
        rows = Revision.objects.filter(state=State.IN_REVIEW).select_related("take")
        found = sorted(rows.prefetch_related("acts"), key=lambda r: (_handed_in(r), r.pk))
        return [
            Waiting(revision, since=_handed_in(revision), approved=approval(revision) is not None)
            for revision in found
        ]
    wanted = Freshness.MUST_REVIEW if queue == STALE else Freshness.RETIRE
    landscape = landscape_of(shelf.snapshot_ids)
    nodes = {node.stix_id: node for node in landscape.nodes.values()} if queue == RETIRE else {}
    return [
        Waiting(
            revision,
            standing.told,
            (*standing.material, *standing.around),
            shown_take(revision, shelf),
            successor=nodes.get(standing.successor_id),
            successor_has_take=standing.successor_id in published(shelf.epoch),
        )
        for revision, standing in _standing(shelf)
        if standing.freshness == wanted
    ]


def _handed_in(revision: Revision) -> datetime:
    """When it was last submitted; when it was written where a file does not say who did so."""
    submitted = [act.at for act in revision.acts.all() if act.kind == ActKind.SUBMITTED]
    return submitted[-1] if submitted else revision.written_at


def _standing(shelf: Shelf) -> list[tuple[Revision, Standing]]:
    """Every published revision with how it stands, by what is written on.

    Without those that readers see beside a release earlier than they were written for: there is
    nothing to do for them.
    """
    revisions = sorted(published(shelf.epoch).values(), key=lambda r: (r.attack_id, r.name))
    known = standings(shelf, revisions)
    found = [(revision, known[revision.pk]) for revision in revisions]
    return [(revision, standing) for revision, standing in found if not standing.is_earlier]


def unwritten(shelf: Shelf, kind: str = "") -> list[Unwritten]:
    """The live objects without a Take, of one kind or of all, the weightiest first."""
    landscape = landscape_of(shelf.snapshot_ids)
    written = set(
        Take.objects.exclude(revisions=None)
        .filter(revisions__state__in=[State.DRAFT, State.IN_REVIEW, State.PUBLISHED])
        .values_list("stix_id", flat=True)
    )
    weights = landscape.weights()
    found = [
        Unwritten(node, weights[node.object_id])
        for node in landscape.nodes.values()
        if node.stix_id not in written and kind in {"", node.kind.path}
    ]
    return sorted(found, key=lambda entry: (-entry.weight, entry.node.order))


def counts(shelf: Shelf) -> dict[str, int]:
    """How many wait in each queue."""
    freshness = [standing.freshness for _, standing in _standing(shelf)]
    return {
        REVIEW: Revision.objects.filter(state=State.IN_REVIEW).count(),
        STALE: freshness.count(Freshness.MUST_REVIEW),
        RETIRE: freshness.count(Freshness.RETIRE),
        MISSING: len(unwritten(shelf)),
    }


def kinds_offered() -> Sequence[tuple[str, str]]:
    """The kinds that a queue may be narrowed to."""
    return [(kind.path, kind.plural) for kind in OBJECT_TYPES]


def object_of_id(shelf: Shelf, asked: str) -> list[str]:
    """The STIX ids of the objects that an ATT&CK ID or a STIX id names, the live ones first.

    Of the matrices of one ID the live ones alone: an ID that was split says no other.
    """
    known = catalogue(shelf.snapshot_ids)
    given = asked.strip()
    # The IDs of matrices, which are names of domains, are in lower case.
    entries = known.by_id.get(given.upper()) or known.by_id.get(given.lower(), [])
    live = [entry for entry in entries if entry.live]
    left = [entry for entry in entries if not (entry.live or (live and entry.kind is MATRIX))]
    found = [entry.stix_id for entry in (*live, *left)]
    found += [given for entry in known.entries if entry.stix_id == given]
    return list(dict.fromkeys(found))
