"""Each release beside the one before it in its domain: what came with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from library.identifiers import BESIDE, Domain, is_sample
from library.models import Snapshot
from library.reading import reading
from library.releases.asked import Pair
from library.releases.links import ChangedLink
from library.releases.members import ChangedObject, changed_object
from library.releases.names import LinkEnd

if TYPE_CHECKING:
    from library.conditional import Shelf

# The objects of some types that snapshots do not hold alike, of many pairs of snapshots at once.
MEMBERS: Final = """
    SELECT pair.after, o.id, o.stix_id, o.stix_type,
        a.id, a.content_sha256, a.attack_id, a.name, a.revoked, a.deprecated, a.modified,
        a.x_mitre_version,
        b.id, b.content_sha256, b.attack_id, b.name, b.revoked, b.deprecated, b.modified,
        b.x_mitre_version
    FROM unnest(%(before)s::int[], %(after)s::int[]) AS pair (before, after)
    CROSS JOIN LATERAL (
        SELECT object_id, was.version_id AS old, now.version_id AS new
        FROM (
            SELECT object_id, version_id FROM library_snapshotobject
            WHERE snapshot_id = pair.before
        ) AS was
        FULL JOIN (
            SELECT object_id, version_id FROM library_snapshotobject WHERE snapshot_id = pair.after
        ) AS now USING (object_id)
        WHERE was.version_id IS DISTINCT FROM now.version_id
    ) AS held
    JOIN library_stixobject o ON o.id = held.object_id
        AND (o.stix_type = ANY(%(types)s)) = %(are)s
    LEFT JOIN library_objectversion a ON a.id = held.old
    LEFT JOIN library_objectversion b ON b.id = held.new
    ORDER BY o.stix_id
"""
# The links from or to objects of some types that snapshots do not hold alike, as in
# `library.releases.links`, of many pairs of snapshots at once. Versions that both hold cancel each
# other out: that is told without sorting those of all the links that stay as they are.
LINKS: Final = """
    SELECT pair.after, link.*
    FROM unnest(%(before)s::int[], %(after)s::int[]) AS pair (before, after)
    CROSS JOIN LATERAL (
        SELECT kind, source_id, target_id,
            coalesce(array_agg(version) FILTER (WHERE NOT is_after), '{}'),
            coalesce(array_agg(version) FILTER (WHERE is_after), '{}')
        FROM (
            SELECT kind, source_id, target_id, snapshot_id = pair.after AS is_after,
                CASE WHEN strpos(kind, '_') > 0 THEN 0 ELSE version_id END AS version
            FROM library_snapshotedge
            WHERE snapshot_id IN (pair.before, pair.after) AND live AND (
                source_id IN (SELECT id FROM library_stixobject WHERE stix_type = ANY(%(types)s))
                OR target_id IN (SELECT id FROM library_stixobject WHERE stix_type = ANY(%(types)s))
            )
        ) AS told
        GROUP BY kind, source_id, target_id
        HAVING count(*) <> 2 * count(*) FILTER (WHERE is_after)
            OR bit_xor(hashint8extended(version, 0)) <> 0
    ) AS link
"""
# What single snapshots call single objects of some types.
NAMES: Final = """
    SELECT m.snapshot_id, o.id, o.stix_id, o.stix_type, v.attack_id, v.name
    FROM unnest(%(snapshots)s::int[], %(objects)s::int[]) AS asked (snapshot, object)
    JOIN library_stixobject o ON o.id = asked.object AND o.stix_type = ANY(%(types)s)
    JOIN library_snapshotobject m ON m.snapshot_id = asked.snapshot AND m.object_id = o.id
    JOIN library_objectversion v ON v.id = m.version_id
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A release, and that before it in its domain; None where it is the first that is held."""

    before: Snapshot | None
    after: Snapshot

    @property
    def title(self) -> str:
        """What the release is called: "Enterprise ATT&CK 18.1"."""
        return f"{Domain(self.after.domain).label} ATT&CK {self.after.attack_version}"

    @property
    def key(self) -> str:
        """What tells it from all other steps: "enterprise/18.1"."""
        return f"{self.after.domain}/{self.after.attack_version}"

    @property
    def date(self) -> datetime:
        """When the release came out; where it states no date, when it was imported."""
        return self.after.released_at or self.after.imported_at

    @property
    def pair(self) -> Pair:
        """Both releases, to be compared; of a release that is the first, itself."""
        before = self.before or self.after
        versions = before.attack_version, self.after.attack_version
        return Pair(*versions, self.after.domain, ((before, self.after),), ())


def latest_steps(shelf: Shelf, most: int) -> list[Step]:
    """The newest releases, at most so many, of each domain that has them; one query.

    Samples are told of while readers see a sample, and at no other time.
    """
    there = Snapshot.objects.up_to(shelf.newest_snapshot).standing()
    held = [s for s in there if is_sample(s.attack_version) == shelf.sample]
    newest = list(dict.fromkeys(snapshot.attack_version for snapshot in held))[:most]
    before: dict[str, Snapshot] = {}
    made: list[Step] = []
    for snapshot in reversed(held):
        made.append(Step(before.get(snapshot.domain), snapshot))
        before[snapshot.domain] = snapshot
    return [step for step in reversed(made) if step.after.attack_version in newest]


def changed_of_types(
    steps: Sequence[Step], stix_types: Collection[str]
) -> dict[Step, list[ChangedObject]]:
    """What changed of some STIX types at each step that has a release before it; one query.

    Some 50 ms a step of enterprise.
    """
    return _changed(steps, {"types": list(stix_types), "are": True})


def changed_entries(steps: Sequence[Step]) -> dict[Step, list[ChangedObject]]:
    """The same for all entries of the library, whatever their type."""
    return _changed(steps, {"types": list(BESIDE), "are": False})


def _changed(steps: Sequence[Step], given: dict[str, Any]) -> dict[Step, list[ChangedObject]]:
    found: dict[int, list[ChangedObject]] = defaultdict(list)
    for after, *row in _rows(MEMBERS, steps, given):
        changed = changed_object(row)
        if changed is not None:
            found[after].append(changed)
    return {step: found[step.after.pk] for step in steps if step.before}


def changed_links_of_types(
    steps: Sequence[Step], stix_types: Collection[str]
) -> dict[Step, list[ChangedLink]]:
    """The live links from or to objects of some types that changed at each step; one query.

    Some 0.3 s a step of enterprise.
    """
    found: dict[int, list[ChangedLink]] = defaultdict(list)
    for after, kind, source, target, old, new in _rows(LINKS, steps, {"types": list(stix_types)}):
        found[after].append(
            ChangedLink(kind, source, target, tuple(sorted(old)), tuple(sorted(new)))
        )
    return {step: found[step.after.pk] for step in steps}


def named_of_types(
    keys: Mapping[Step, Collection[int]], stix_types: Collection[str]
) -> dict[Step, list[LinkEnd]]:
    """Those of objects that are of some types, as the later release of a step calls them.

    One query.
    """
    asked = [(step.after.pk, key) for step, held in keys.items() for key in held]
    found: dict[int, list[LinkEnd]] = defaultdict(list)
    if asked:
        snapshots, objects = (list(column) for column in zip(*asked, strict=True))
        given = {"snapshots": snapshots, "objects": objects, "types": list(stix_types)}
        with reading().cursor() as cursor:
            cursor.execute(NAMES, given)
            for after, *end in cursor.fetchall():
                found[after].append(LinkEnd(*end))
    return {step: found[step.after.pk] for step in keys}


def _rows(sql: str, steps: Sequence[Step], given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    pairs = [(step.before.pk, step.after.pk) for step in steps if step.before]
    if not pairs:
        return
    before, after = zip(*pairs, strict=True)
    with reading().cursor() as cursor:
        cursor.execute(sql, given | {"before": list(before), "after": list(after)})
        yield from cursor.fetchall()
