"""What nearly every page asks of the database, as SQL.

Django takes up to two milliseconds to write such a query anew, more than PostgreSQL to answer it.

Links and objects are looked up by their keys, hundreds at a time, at the same price in a library
of any size. Left to itself, PostgreSQL meets a few hundred rows by reading whole tables, and those
hold every release. `OFFSET 0` keeps it from that: a subquery with one is worked out by itself,
here for one snapshot, or for one row, and so by index.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from library.reading import reading

EDGES = """
    SELECT e.snapshot_id, e.kind, e.source_id, e.target_id, e.version_id, e.live, {content}
    FROM unnest(%s::int[]) AS shelf (id)
    CROSS JOIN LATERAL (
        SELECT * FROM library_snapshotedge
        WHERE snapshot_id = shelf.id AND kind = %s AND {end} = ANY(%s::int[]) {holds} OFFSET 0
    ) e
"""
WITH_CONTENT = """
    CROSS JOIN LATERAL (
        SELECT canonical FROM library_objectcontent WHERE version_id = e.version_id OFFSET 0
    ) c
"""
MEMBERS = """
    SELECT m.snapshot_id, m.object_id, m.version_id, o.stix_id, o.stix_type, v.attack_id, v.name,
        v.revoked, v.deprecated
    FROM unnest(%s::int[]) AS shelf (id)
    CROSS JOIN LATERAL (
        SELECT * FROM library_snapshotobject
        WHERE snapshot_id = shelf.id AND object_id = ANY(%s::int[]) OFFSET 0
    ) m
    CROSS JOIN LATERAL (
        SELECT stix_id, stix_type FROM library_stixobject WHERE id = m.object_id OFFSET 0
    ) o
    CROSS JOIN LATERAL (
        SELECT attack_id, name, revoked, deprecated FROM library_objectversion
        WHERE id = m.version_id OFFSET 0
    ) v
"""
HELD = """
    SELECT m.snapshot_id, m.object_id, m.version_id, o.stix_id, o.stix_type,
        v.content_sha256, v.attack_id, v.name, v.revoked, v.deprecated, v.modified,
        v.x_mitre_version, c.canonical
    FROM library_snapshotobject m
    JOIN library_stixobject o ON o.id = m.object_id
    JOIN library_objectversion v ON v.id = m.version_id
    JOIN library_objectcontent c ON c.version_id = m.version_id
    WHERE m.snapshot_id = ANY(%s::int[]) AND {condition}
"""
HELD_BY_ATTACK_ID = HELD.format(condition="v.attack_id = %s AND v.attack_id > ''")
HELD_BY_STIX_ID = HELD.format(condition="o.stix_id = %s")
CONTENTS = """
    SELECT version_id, canonical FROM library_objectcontent WHERE version_id = ANY(%s::int[])
"""
IDENTITIES = """
    SELECT o.stix_type, v.attack_id
    FROM library_objectversion v
    JOIN library_snapshotobject m ON m.version_id = v.id
    JOIN library_stixobject o ON o.id = m.object_id
    WHERE v.attack_id = ANY(%s) AND v.attack_id > '' AND m.snapshot_id = ANY(%s::int[])
        AND o.stix_type = ANY(%s)
"""
FINDINGS = """
    SELECT field, reason FROM library_finding WHERE version_id = ANY(%s::int[]) ORDER BY id
"""

# A kind of link, whether the objects at hand are where it starts, and whether dead ones count.
type Direction = tuple[str, bool, bool]
type Rows = list[tuple[Any, ...]]


class HeldRow(NamedTuple):
    """An object as one snapshot holds it, with all that is stored of its version."""

    snapshot_id: int
    object_id: int
    version_id: int
    stix_id: str
    stix_type: str
    content_sha256: bytes
    attack_id: str
    name: str
    revoked: bool
    deprecated: bool
    modified: datetime | None
    x_mitre_version: str
    canonical: str


def edges_of(
    snapshots: Collection[int],
    wanted: Mapping[Direction, Iterable[int]],
    *,
    with_content: bool,
) -> Rows:
    """The links that these objects have in these snapshots; one query, 10 µs a row.

    Columns: snapshot, kind, source, target, version that carries it, whether it holds, and with
    `with_content`, or where it need not hold, the canonical JSON of the relationship, None for a
    link that is a property of its source.
    """
    parts: list[str] = []
    values: list[str] = []
    shelf = _array(snapshots)
    for (kind, forward, dead_too), object_ids in wanted.items():
        # Properties have an underscore in their names, relationships' types never have.
        joins = (with_content or dead_too) and "_" not in kind
        end = "source_id" if forward else "target_id"
        content, holds = "c.canonical" if joins else "NULL", "" if dead_too else "AND live"
        part = EDGES.format(content=content, end=end, holds=holds)
        parts.append(part + WITH_CONTENT if joins else part)
        values += [shelf, kind, _array(object_ids)]
    return _rows(" UNION ALL ".join(parts), values) if parts else []


def members_of(snapshots: Collection[int], object_ids: Iterable[int]) -> Rows:
    """What these snapshots call these objects; one query, 12 µs a row.

    Columns: snapshot, object, version, STIX id and type, ATT&CK ID, name, revoked, deprecated.
    """
    return _rows(MEMBERS, [_array(snapshots), _array(object_ids)])


def held_by_attack_id(snapshots: Collection[int], attack_id: str) -> list[HeldRow]:
    """The objects with an ATT&CK ID, as these snapshots hold them; one query."""
    rows = _rows(HELD_BY_ATTACK_ID, [_array(snapshots), attack_id])
    return [HeldRow._make(row) for row in rows]


def held_by_stix_id(snapshots: Collection[int], stix_id: str) -> list[HeldRow]:
    """The object with a STIX id, as these snapshots hold it; one query."""
    return [HeldRow._make(row) for row in _rows(HELD_BY_STIX_ID, [_array(snapshots), stix_id])]


def contents_of(versions: Iterable[int]) -> Rows:
    """The canonical JSON of these versions, each behind the version's key; one query."""
    return _rows(CONTENTS, [_array(versions)])


def identities_of(
    snapshots: Collection[int], attack_ids: Iterable[str], stix_types: Iterable[str]
) -> Rows:
    """The STIX type and ATT&CK ID of each object of some types that has one of these IDs.

    One query.
    """
    return _rows(IDENTITIES, [list(attack_ids), _array(snapshots), list(stix_types)])


def findings_of(versions: Iterable[int]) -> Rows:
    """What the import found wrong in these versions, field and reason, in its order; one query."""
    return _rows(FINDINGS, [_array(versions)])


def _array(keys: Iterable[int]) -> str:
    """Keys as PostgreSQL writes an array: psycopg takes ten times as long to write each."""
    return f"{{{','.join(map(str, keys))}}}"


def _rows(sql: str, values: Sequence[str | list[str]]) -> Rows:
    with reading().cursor() as cursor:
        cursor.execute(sql, values)
        rows: Rows = cursor.fetchall()
        return rows
