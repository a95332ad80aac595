"""What replaced a revoked object, and what it replaced, as each snapshot has it.

MITRE's `revoked-by` relationships start at what is revoked, so that none of them holds as links of
what is live do: `library.history.links` passes over them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from library.history.links import Other
from library.history.naming import LinkedObject, Namer
from library.history.timeline import Timeline
from library.identifiers import Domain, Link
from library.lookups import members_of
from library.reading import reading

NOW_REPLACED: Final = "Now replaced by"
ENDS: Final = """
    SELECT e.snapshot_id, e.is_heir, e.other FROM (
        SELECT snapshot_id, true AS is_heir, source_id, target_id AS other
        FROM library_snapshotedge
        WHERE snapshot_id = ANY(%(snapshots)s) AND kind = %(kind)s AND source_id = %(object)s
        UNION ALL
        SELECT snapshot_id, false, source_id, source_id FROM library_snapshotedge
        WHERE snapshot_id = ANY(%(snapshots)s) AND kind = %(kind)s AND target_id = %(object)s
    ) e
    JOIN library_snapshotobject m ON m.snapshot_id = e.snapshot_id AND m.object_id = e.source_id
    JOIN library_objectversion v ON v.id = m.version_id AND v.revoked
"""


@dataclass(slots=True)
class Succession:
    """What a snapshot says of an object's succession, by STIX ids."""

    heirs: dict[str, Other] = field(default_factory=dict)
    """What it was revoked in favour of."""

    forebears: dict[str, Other] = field(default_factory=dict)
    """What was revoked in favour of it."""

    statuses: dict[str, str] = field(default_factory=dict)
    """The word "revoked" or "deprecated" for each that is one of these."""


type Successions = Mapping[int, Succession]


class Passed(NamedTuple):
    """What replaced an object, or was replaced by it, from one snapshot on or no longer."""

    phrase: str
    is_now: bool
    """Whether it is the later snapshot that says so, and calls the others what they are called."""

    others: Sequence[Other]


@dataclass(frozen=True, slots=True)
class Replaced:
    """What the newest release of a domain that holds a revoked object says has replaced it."""

    label: str
    release: str
    by: list[tuple[LinkedObject, str]]
    """Each with the word "revoked" or "deprecated" where it is one of these itself."""


def successions(object_id: int, snapshots: Collection[int]) -> Successions:
    """What snapshots say of an object's succession, by their keys; at most two queries."""
    found: dict[int, Succession] = defaultdict(Succession)
    given: dict[str, Any] = {
        "snapshots": list(snapshots),
        "kind": Link.REVOKED_BY,
        "object": object_id,
    }
    with reading().cursor() as cursor:
        cursor.execute(ENDS, given)
        ends = {(snapshot, other, is_heir) for snapshot, is_heir, other in cursor.fetchall()}
    # Of two that replace each other neither does, as `library.revocations` has it.
    sides = {end[:2]: end[2] for end in ends if (*end[:2], not end[2]) not in ends}
    if not sides:
        return found
    for row in members_of(snapshots, {other for _, other in sides}):
        snapshot, other, _, stix_id, stix_type, attack_id, name, revoked, deprecated = row
        if (snapshot, other) in sides:
            side = found[snapshot]
            named = side.heirs if sides[snapshot, other] else side.forebears
            named[stix_id] = Other(stix_id, stix_type, attack_id, name)
            status = "revoked" if revoked else "deprecated" if deprecated else ""
            side.statuses[stix_id] = status
    return found


def passed(found: Successions, before: int, after: int) -> Iterator[Passed]:
    """What became of an object's succession from one snapshot to another."""
    old, new = (found.get(snapshot, Succession()) for snapshot in (before, after))
    for one, other, is_now, phrases in (
        (new, old, True, (NOW_REPLACED, "Now replaces")),
        (old, new, False, ("No longer replaced by", "No longer replaces")),
    ):
        for phrase, here, there in zip(
            phrases, (one.heirs, one.forebears), (other.heirs, other.forebears), strict=True
        ):
            others = [named for stix_id, named in here.items() if stix_id not in there]
            if others:
                yield Passed(phrase, is_now, others)


def replaced(object_id: int, lines: Sequence[Timeline], namer: Namer) -> list[Replaced]:
    """What replaced a revoked object, domain by domain; two queries where any revokes it."""
    ends = [line.newest for line in lines if line.newest and line.newest.revoked]
    found = successions(object_id, {place.snapshot_id for place in ends}) if ends else {}
    made = []
    for place in ends:
        said = found.get(place.snapshot_id, Succession())
        by = [
            (namer.linked(place, named), said.statuses[stix_id])
            for stix_id, named in said.heirs.items()
        ]
        if by:
            made.append(Replaced(Domain(place.domain).label, place.release, by))
    return made
