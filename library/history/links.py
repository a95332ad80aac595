"""The links of one object over a row of releases: what came, went or changed on the way.

`library.comparison` answers for many objects and two snapshots each. One object over many releases
would ask it for the same links twice, and for all of those that never change: T1105 has 700.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from library.changes import (
    Change,
    LinkChange,
    Linked,
    TacticsByName,
    changes_and_links,
    states_tactics,
)
from library.comparison import contents_of
from library.identifiers import Link
from library.reading import reading
from library.substance import Properties
from library.tactics import tactics_by_name

# Which of the snapshots have each link that not all of a row of them have; those that lead to
# tactics in any case. As in `library.comparison`, what else an object says counts for nothing where
# its property carries the link.
LINKS: Final = """
    WITH held AS MATERIALIZED (
        SELECT * FROM unnest(%(snapshots)s::int[], %(rows)s::int[], %(sizes)s::int[])
            AS held (snapshot, place, size)
    ),
    link AS (
        SELECT held.*, true AS forward, e.kind, e.target_id AS other, e.version_id
        FROM held CROSS JOIN LATERAL (
            SELECT kind, target_id, version_id FROM library_snapshotedge
            WHERE snapshot_id = held.snapshot AND source_id = %(object)s AND live OFFSET 0
        ) e
        UNION ALL
        SELECT held.*, false, e.kind, e.source_id, e.version_id
        FROM held CROSS JOIN LATERAL (
            SELECT kind, source_id, version_id FROM library_snapshotedge
            WHERE snapshot_id = held.snapshot AND target_id = %(object)s AND live OFFSET 0
        ) e
    )
    SELECT ends.forward, ends.kind, ends.other, o.stix_id, o.stix_type, ends.version, ends.having
    FROM (
        SELECT forward, kind, other, version, array_agg(snapshot) AS having
        FROM (
            SELECT *, CASE WHEN strpos(kind, '_') > 0 THEN 0 ELSE version_id END AS version
            FROM link
        ) AS told
        GROUP BY place, size, forward, kind, other, version
        HAVING count(*) < size OR (kind = %(tactic)s AND forward)
    ) AS ends
    JOIN library_stixobject o ON o.id = ends.other
"""
# What single snapshots call single objects.
NAMES: Final = """
    SELECT asked.snapshot, asked.object, v.attack_id, v.name
    FROM unnest(%(snapshots)s::int[], %(objects)s::int[]) AS asked (snapshot, object)
    CROSS JOIN LATERAL (
        SELECT version_id FROM library_snapshotobject
        WHERE snapshot_id = asked.snapshot AND object_id = asked.object OFFSET 0
    ) m
    CROSS JOIN LATERAL (
        SELECT attack_id, name FROM library_objectversion WHERE id = m.version_id OFFSET 0
    ) v
"""
# Edited links that one answer looks into: some 0.1 ms each, and a release may touch every one.
MOST_EDITED: Final = 150


class _End(NamedTuple):
    """Whether the object is where a link starts, its kind, and what is at the other end."""

    forward: bool
    kind: str
    other: int
    stix_id: str
    stix_type: str

    @property
    def leads_to_tactic(self) -> bool:
        return self.kind == Link.TACTIC and self.forward


class Other(NamedTuple):
    """An object at the other end of a link, as one snapshot calls it."""

    stix_id: str
    stix_type: str
    attack_id: str
    name: str


class Step(NamedTuple):
    """One object from one snapshot to another, by their keys."""

    before: int
    before_version: int
    after: int
    after_version: int
    round: int = 0
    """Its place among steps that are told together: newest first, one round a release."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs of an object between two snapshots."""

    before: Properties
    after: Properties
    links: tuple[Linked, ...]
    """The links that differ, and all that lead to tactics."""

    changes: tuple[Change, ...]
    link_changes: tuple[LinkChange, ...]
    """What became of the links; the changes tell it, too."""


@dataclass(frozen=True, slots=True)
class Course:
    """What an object and its links went through, step by step."""

    steps: dict[Step, Compared]
    """Those that are told: whole rounds from the first on."""

    others: dict[tuple[int, str], Other]
    """What is at the other ends of links, by the snapshot that has the link and STIX id."""


def course_of(object_id: int, rows: Iterable[Sequence[Step]], *, whole: bool = False) -> Course:
    """What changed of one object on rows of steps, each of one domain; four queries.

    Later rounds are left out where so many links were edited that they would take long to compare;
    none is with `whole`, and then all links have what their relationships say, not the edited ones
    alone. About 3 ms a step for an object with 700 links, 1 ms for most.
    """
    followed = [list(row) for row in rows if row]
    if not followed:
        return Course({}, {})
    ends = _ends(object_id, followed)
    steps = [step for row in followed for step in row]
    changed = {step: _changed(ends, step) for step in steps}
    if not whole:
        told = _rounds(changed)
        changed = {step: found for step, found in changed.items() if step.round < told}
    names = _names(changed)
    wanted = {version for step in changed for version in (step.before_version, step.after_version)}
    for found in changed.values():
        for before, after in found.values():
            if whole or (before and after and before != after):
                wanted |= before | after
    contents = contents_of(wanted - {0})
    tactics = tactics_by_name(
        {
            snapshot
            for step in changed
            if states_tactics(contents[step.before_version], contents[step.after_version])
            for snapshot in (step.before, step.after)
        }
    )
    return Course(
        {step: _compared(step, found, names, contents, tactics) for step, found in changed.items()},
        {
            (place, end.stix_id): Other(end.stix_id, end.stix_type, *names[place, end.other])
            for step, found in changed.items()
            for end, (_, after) in found.items()
            for place in [step.after if after else step.before]
        },
    )


type _Versions = dict[_End, dict[int, set[int]]]
type _Changed = dict[_End, tuple[set[int], set[int]]]
type _Names = dict[tuple[int, int], tuple[str, str]]


def _ends(object_id: int, rows: list[list[Step]]) -> _Versions:
    """The versions of each link by the snapshots that have it."""
    snapshots: list[int] = []
    places: list[int] = []
    sizes: list[int] = []
    for place, row in enumerate(rows):
        held = sorted({key for step in row for key in (step.before, step.after)})
        snapshots += held
        places += [place] * len(held)
        sizes += [len(held)] * len(held)
    given: dict[str, Any] = {
        "object": object_id,
        "snapshots": snapshots,
        "rows": places,
        "sizes": sizes,
        "tactic": str(Link.TACTIC),
    }
    found: _Versions = defaultdict(lambda: defaultdict(set))
    with reading().cursor() as cursor:
        cursor.execute(LINKS, given)
        for *end, version, having in cursor.fetchall():
            held_in = found[_End._make(end)]
            for snapshot in having:
                held_in[snapshot].add(version)
    return found


def _changed(ends: _Versions, step: Step) -> _Changed:
    """The links that differ between two snapshots, and all to tactics, with their versions."""
    found: _Changed = {}
    for end, held in ends.items():
        before, after = held.get(step.before, set()), held.get(step.after, set())
        if before != after or (before and end.leads_to_tactic):
            found[end] = before, after
    return found


def _rounds(changed: dict[Step, _Changed]) -> int:
    """How many rounds can be told: the first, and more while few links were edited in them."""
    edited: dict[int, int] = defaultdict(int)
    for step, found in changed.items():
        edited[step.round] += sum(
            bool(before and after and before != after) for before, after in found.values()
        )
    total = told = 0
    for place in sorted(edited):
        total += edited[place]
        if told and total > MOST_EDITED:
            break
        told = place + 1
    return told


def _names(changed: dict[Step, _Changed]) -> _Names:
    """The ATT&CK IDs and names of what is at the other ends of links; one query.

    As the later snapshot has them that has the link; tactics as both have them.
    """
    wanted = set()
    for step, found in changed.items():
        for end, (before, after) in found.items():
            if after:
                wanted.add((step.after, end.other))
            if before and (not after or end.leads_to_tactic):
                wanted.add((step.before, end.other))
    if not wanted:
        return {}
    snapshots, objects = (list(column) for column in zip(*wanted, strict=True))
    with reading().cursor() as cursor:
        cursor.execute(NAMES, {"snapshots": snapshots, "objects": objects})
        return {(place, key): (attack_id, name) for place, key, attack_id, name in cursor}


def _compared(
    step: Step,
    changed: _Changed,
    names: _Names,
    contents: dict[int, Properties],
    tactics: Mapping[int, TacticsByName],
) -> Compared:
    links = []
    for end, versions in changed.items():
        before, after = (
            tuple(contents.get(version, {}) for version in sorted(side)) for side in versions
        )
        _, was = names.get((step.before, end.other), ("", ""))
        _, now = names.get((step.after, end.other), ("", ""))
        links.append(
            Linked(end.kind, end.forward, end.stix_id, end.stix_type, before, after, (was, now))
        )
    links.sort(key=lambda link: (link.kind, link.other_id))
    old, new = contents[step.before_version], contents[step.after_version]
    stated = tactics.get(step.before, {}), tactics.get(step.after, {})
    return Compared(old, new, tuple(links), *changes_and_links(old, new, links, stated))
