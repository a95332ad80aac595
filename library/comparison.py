"""Objects in two snapshots each, compared: what the rules of `library.changes` need, fetched.

The cost grows with what changed: the database leaves out the links that both snapshots hold alike,
and contents are read of versions that differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson

from library.changes import Change, LinkChange, Linked, changes_and_links, states_tactics
from library.identifiers import Link
from library.models import ObjectContent
from library.reading import reading
from library.substance import Properties
from library.tactics import tactics_by_name

# Links of each object by what is at their other end, where they are not the same before and after;
# those that lead to tactics in any case. A link that a property carries (an underscore tells) is
# the same link whatever else its object says, so its version counts for nothing.
LINKS: Final = """
    WITH asked AS MATERIALIZED (
        SELECT * FROM unnest(%(objects)s::int[], %(before)s::int[], %(after)s::int[])
            AS asked (object, before, after)
    ),
    side AS (
        SELECT object, before, after, before AS snapshot, false AS is_after FROM asked
        UNION ALL SELECT object, before, after, after, true FROM asked
    ),
    link AS (
        SELECT side.*, true AS forward, edge.kind, edge.target_id AS other, edge.version_id
        FROM side JOIN library_snapshotedge edge
            ON edge.snapshot_id = side.snapshot AND edge.source_id = side.object AND edge.live
        UNION ALL
        SELECT side.*, false, edge.kind, edge.source_id, edge.version_id
        FROM side JOIN library_snapshotedge edge
            ON edge.snapshot_id = side.snapshot AND edge.target_id = side.object AND edge.live
    ),
    pair AS (
        SELECT object, before, after, forward, kind, other,
            coalesce(array_agg(version ORDER BY version) FILTER (WHERE NOT is_after), '{}') AS old,
            coalesce(array_agg(version ORDER BY version) FILTER (WHERE is_after), '{}') AS new
        FROM (
            SELECT *, CASE WHEN strpos(kind, '_') > 0 THEN 0 ELSE version_id END AS version
            FROM link
        ) AS told
        GROUP BY object, before, after, forward, kind, other
    )
    SELECT pair.*, held.stix_id, held.stix_type, coalesce(was.name, ''), coalesce(now.name, '')
    FROM pair
    JOIN library_stixobject held ON held.id = pair.other
    LEFT JOIN LATERAL (
        SELECT v.name FROM library_snapshotobject m
        JOIN library_objectversion v ON v.id = m.version_id
        WHERE m.snapshot_id = pair.before AND m.object_id = pair.other
            AND pair.kind = %(tactic)s AND pair.forward
    ) was ON true
    LEFT JOIN LATERAL (
        SELECT v.name FROM library_snapshotobject m
        JOIN library_objectversion v ON v.id = m.version_id
        WHERE m.snapshot_id = pair.after AND m.object_id = pair.other
            AND pair.kind = %(tactic)s AND pair.forward
    ) now ON true
    WHERE pair.old <> pair.new OR (pair.kind = %(tactic)s AND pair.forward)
"""


class Transition(NamedTuple):
    """One object in one snapshot and in another that is compared with it, by their keys."""

    object_id: int
    before: int
    before_version: int
    after: int
    after_version: int


class _Pair(NamedTuple):
    """The links of one kind between two objects, by the versions of their relationships."""

    link: Linked
    before: list[int]
    after: list[int]

    @property
    def is_edited(self) -> bool:
        """Whether there are links in both snapshots, and contents to compare."""
        return bool(self.before and self.after and self.before != self.after)

    def with_contents(self, contents: dict[int, Properties]) -> Linked:
        """The links with what their relationships say, where that was fetched."""
        before, after = (
            tuple(contents.get(version, {}) for version in versions)
            for versions in (self.before, self.after)
        )
        return replace(self.link, before=before, after=after)


def compare(transitions: Collection[Transition]) -> dict[Transition, tuple[Change, ...]]:
    """What changed of each object, the weightiest first; three queries whatever their number.

    About 1 ms for each object that changed.
    """
    return {asked: changes for asked, (changes, _) in compare_with_links(transitions).items()}


def compare_with_links(
    transitions: Collection[Transition],
) -> dict[Transition, tuple[tuple[Change, ...], tuple[LinkChange, ...]]]:
    """The same, and beside it what became of which links of each object."""
    if not transitions:
        return {}
    pairs = _pairs(transitions)
    wanted = {
        version for asked in transitions for version in (asked.before_version, asked.after_version)
    }
    wanted |= {
        version
        for found in pairs.values()
        for pair in found
        if pair.is_edited
        for version in (*pair.before, *pair.after)
    }
    held = contents_of(wanted)
    tactics = tactics_by_name(
        {
            snapshot
            for asked in transitions
            if states_tactics(held[asked.before_version], held[asked.after_version])
            for snapshot in (asked.before, asked.after)
        }
    )
    return {
        asked: changes_and_links(
            held[asked.before_version],
            held[asked.after_version],
            [pair.with_contents(held) for pair in pairs[_place(asked)]],
            (tactics.get(asked.before, {}), tactics.get(asked.after, {})),
        )
        for asked in transitions
    }


type _Place = tuple[int, int, int]


def _place(asked: Transition) -> _Place:
    return asked.object_id, asked.before, asked.after


def _pairs(transitions: Collection[Transition]) -> dict[_Place, list[_Pair]]:
    objects, before, after = zip(*{_place(asked) for asked in transitions}, strict=True)
    given: dict[str, Any] = {
        "objects": list(objects),
        "before": list(before),
        "after": list(after),
        "tactic": str(Link.TACTIC),
    }
    found: dict[_Place, list[_Pair]] = defaultdict(list)
    with reading().cursor() as cursor:
        cursor.execute(LINKS, given)
        for row in cursor.fetchall():
            *place, forward, kind, _, old, new, stix_id, stix_type, was, now = row
            link = Linked(kind, forward, stix_id, stix_type, names=(was, now))
            found[place[0], place[1], place[2]].append(_Pair(link, old, new))
    return found


def contents_of(versions: Iterable[int]) -> dict[int, Properties]:
    """What object versions say, by their keys; one query, 20 µs each."""
    rows = ObjectContent.objects.filter(version__in=versions)
    return {
        version: orjson.loads(canonical)
        for version, canonical in rows.values_list("version_id", "canonical").iterator()
    }
