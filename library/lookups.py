"""Links and objects by their keys, hundreds at a time, at the same price in a library of any size.

Left to itself, PostgreSQL meets a few hundred rows by reading whole tables, and those hold every
release. `OFFSET 0` keeps it from that: a subquery with one is worked out by itself, here for one
snapshot, or for one row, and so by index.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

EDGES = """
    SELECT e.snapshot_id, e.kind, e.source_id, e.target_id, e.version_id, {content}
    FROM unnest(%s::int[]) AS shelf (id)
    CROSS JOIN LATERAL (
        SELECT * FROM library_snapshotedge
        WHERE snapshot_id = shelf.id AND kind = %s AND {end} = ANY(%s) AND live OFFSET 0
    ) e
"""
WITH_CONTENT = """
    CROSS JOIN LATERAL (
        SELECT canonical FROM library_objectcontent WHERE version_id = e.version_id OFFSET 0
    ) c
"""
MEMBERS = """
    SELECT m.snapshot_id, m.object_id, m.version_id, o.stix_id, o.stix_type, v.attack_id, v.name
    FROM unnest(%s::int[]) AS shelf (id)
    CROSS JOIN LATERAL (
        SELECT * FROM library_snapshotobject
        WHERE snapshot_id = shelf.id AND object_id = ANY(%s) OFFSET 0
    ) m
    CROSS JOIN LATERAL (
        SELECT stix_id, stix_type FROM library_stixobject WHERE id = m.object_id OFFSET 0
    ) o
    CROSS JOIN LATERAL (
        SELECT attack_id, name FROM library_objectversion WHERE id = m.version_id OFFSET 0
    ) v
"""

# A kind of link, and whether the objects at hand are where it starts.
type Direction = tuple[str, bool]
type Rows = list[tuple[Any, ...]]


def edges_of(
    snapshots: Collection[int],
    wanted: Mapping[Direction, Iterable[int]],
    *,
    with_content: bool,
) -> Rows:
    """The live links that these objects have in these snapshots; one query, 10 µs a row.

    Columns: snapshot, kind, source, target, version that carries it, and with `with_content` the
    canonical JSON of the relationship, None for a link that is a property of its source.
    """
    parts: list[str] = []
    values: list[str | list[int]] = []
    for (kind, forward), object_ids in wanted.items():
        # Properties have an underscore in their names, relationships' types never have.
        joins = with_content and "_" not in kind
        end = "source_id" if forward else "target_id"
        part = EDGES.format(content="c.canonical" if joins else "NULL", end=end)
        parts.append(part + WITH_CONTENT if joins else part)
        values += [list(snapshots), kind, list(object_ids)]
    return _rows(" UNION ALL ".join(parts), values) if parts else []


def members_of(snapshots: Collection[int], object_ids: Iterable[int]) -> Rows:
    """What these snapshots call these objects; one query, 12 µs a row.

    Columns: snapshot, object, version, STIX id and type, ATT&CK ID, name.
    """
    return _rows(MEMBERS, [list(snapshots), list(object_ids)])


def _rows(sql: str, values: Sequence[str | list[int]]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: Rows = cursor.fetchall()
        return rows
