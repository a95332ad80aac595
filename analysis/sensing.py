"""Which data components help to notice which techniques: what derived Takes count as detection.

Until 17.1 a component was linked to the techniques that it detects. Since 18.0 a strategy is, whose
analytics read components. So that a link went says nothing of whether the two still belong
together, and what they reach is compared in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from library.changes import Change, LinkChange
from library.comparison import Transition, compare_with_links
from library.identifiers import DATA_COMPONENT, TECHNIQUE, Link, type_of
from library.reading import reading
from library.substance import amount

type Sensed = Mapping[tuple[int, int], set[int]]
"""The objects at the other end, by the keys of an object and a snapshot."""

# Of data components their techniques, of techniques their data components: those linked to them,
# and those that strategies, analytics and log sources lead to.
_SENSED: Final = """
    WITH asked AS MATERIALIZED (
        SELECT * FROM unnest(%(objects)s::int[], %(snapshots)s::int[]) AS asked (object, snapshot)
    ),
    edge AS NOT MATERIALIZED (
        SELECT held.snapshot_id AS snapshot, kind, source_id AS source, target_id AS target
        FROM library_snapshotedge held
        WHERE live
    )
    SELECT object, snapshot, target
    FROM asked JOIN edge direct USING (snapshot)
    WHERE direct.source = object AND direct.kind = %(detects)s
    UNION
    SELECT object, snapshot, source
    FROM asked JOIN edge direct USING (snapshot)
    JOIN library_stixobject held ON held.id = direct.source AND held.stix_type = ANY(%(components)s)
    WHERE direct.target = object AND direct.kind = %(detects)s
    UNION
    SELECT object, snapshot, detects.target
    FROM asked JOIN edge read USING (snapshot)
    JOIN edge has USING (snapshot)
    JOIN edge detects USING (snapshot)
    WHERE read.target = object AND read.kind = %(log_source)s
        AND has.target = read.source AND has.kind = %(analytic)s
        AND detects.source = has.source AND detects.kind = %(detects)s
    UNION
    SELECT object, snapshot, read.target
    FROM asked JOIN edge detects USING (snapshot)
    JOIN edge has USING (snapshot)
    JOIN edge read USING (snapshot)
    WHERE detects.target = object AND detects.kind = %(detects)s
        AND has.source = detects.source AND has.kind = %(analytic)s
        AND read.source = has.target AND read.kind = %(log_source)s
"""


def compare_sensed(
    transitions: Collection[Transition], types: Mapping[int, str]
) -> dict[Transition, tuple[Change, ...]]:
    """What changed of each object, with what it senses compared wherever direct links changed.

    `types` has the STIX type of each object by its key. Two queries whatever their number, a third
    where any such link changed.
    """
    compared = compare_with_links(transitions)
    moved = {
        asked: direct
        for asked, (_, links) in compared.items()
        if (direct := [link.change for link in links if _is_direct(types[asked.object_id], link)])
    }
    sensed = _sensed(moved)
    return {
        asked: tuple(_replaced(changes, moved[asked], _changed(asked, types, sensed)))
        if asked in moved
        else changes
        for asked, (changes, _) in compared.items()
    }


def _is_direct(own_type: str, link: LinkChange) -> bool:
    """Whether links between components and techniques came or went."""
    if link.kind != Link.DETECTS or link.verb == "edited":
        return False
    ends = {type_of(own_type), *(type_of(found.other_type) for found in link.links)}
    return ends == {DATA_COMPONENT, TECHNIQUE}


def _replaced(
    changes: Iterable[Change], old: Collection[Change], new: Iterable[Change]
) -> Iterator[Change]:
    """The changes with some of them replaced, at the place of the first."""
    left = list(new)
    for change in changes:
        if change in old:
            yield from left
            left = []
        else:
            yield change


def _changed(asked: Transition, types: Mapping[int, str], sensed: Sensed) -> Iterator[Change]:
    before, after = (
        sensed.get((asked.object_id, snapshot), set()) for snapshot in (asked.before, asked.after)
    )
    other = TECHNIQUE if type_of(types[asked.object_id]) is DATA_COMPONENT else DATA_COMPONENT
    for found, verb in ((after - before, "added"), (before - after, "removed")):
        if found:
            counted = amount(len(found), other.label.lower(), other.plural.lower())
            yield Change(Link.DETECTS, f"{counted} {verb}")


def _sensed(transitions: Collection[Transition]) -> Sensed:
    """What objects sense, or are sensed by, before and after; one query."""
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    if not transitions:
        return found
    asked = {
        (one.object_id, snapshot) for one in transitions for snapshot in (one.before, one.after)
    }
    objects, snapshots = zip(*asked, strict=True)
    given: dict[str, Any] = {
        "objects": list(objects),
        "snapshots": list(snapshots),
        "detects": str(Link.DETECTS),
        "analytic": str(Link.ANALYTIC),
        "log_source": str(Link.LOG_SOURCE),
        "components": list(DATA_COMPONENT.stix_types),
    }
    with reading().cursor() as cursor:
        cursor.execute(_SENSED, given)
        for object_id, snapshot, other in cursor.fetchall():
            found[object_id, snapshot].add(other)
    return found
