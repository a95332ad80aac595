"""STIX bundles of a page or list: every object in it as MITRE published it, in canonical JSON."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import batched
from typing import Any, Final

import orjson

from library.contexts.graph import Graph
from library.contexts.held import HeldObject
from library.declarations import Step
from library.identifiers import Link
from library.models import (
    ObjectContent,
    ObjectVersion,
    Snapshot,
    SnapshotEdge,
    SnapshotObject,
    StixObject,
)
from library.parameters import can_be_held

_BATCH: Final = 250
OF_MATRIX: Final = Step(Link.MATRIX_TACTIC)
UNDER_TACTIC: Final = Step(Link.TACTIC, forward=False)
STIX_2_0: Final = "2.0"


def around(graph: Graph, held: HeldObject, successors: Sequence[HeldObject]) -> set[int]:
    """An object, every object that its page's links join, and the relationships that do.

    Of a matrix its tactics and their techniques, of one that is let go those that are as well; of a
    revoked object all that replaced it, hop by hop. Two queries, four for a matrix.
    """
    origin, dead_too = held.object_id, not held.version.live
    of_matrix = replace(OF_MATRIX, dead_too=dead_too)
    under_tactic = replace(UNDER_TACTIC, dead_too=dead_too)
    graph.fetch([([origin], of_matrix)])
    graph.fetch([(graph.ends([origin], of_matrix), under_tactic)])
    found = [(e.source_id, e.target_id, e.version_id) for e in graph.all_edges]
    revoked = [origin, *(successor.object_id for successor in successors[:-1])]
    revocations = SnapshotEdge.objects.filter(
        snapshot__in=graph.shelf.snapshots, source__in=revoked, kind=Link.REVOKED_BY
    )
    found += revocations.values_list("source_id", "target_id", "version_id")
    ends = {end for source, target, _ in found for end in (source, target)}
    carriers = ObjectVersion.objects.filter(id__in={version for _, _, version in found})
    return {origin, *ends, *carriers.values_list("object_id", flat=True)}


def bundle_pieces(snapshots: Sequence[Snapshot], object_ids: Iterable[int]) -> Iterator[bytes]:
    """A bundle of these objects with the identities and markings that they name, piece by piece.

    Where snapshots hold different contents, that of the first. Three queries, and one for every
    250 objects. STIX 2.0 states its version in the bundle, 2.1 in every object.
    """
    keys = [snapshot.pk for snapshot in snapshots]
    versions = _versions(keys, object_ids)
    seen = set(versions)
    named: set[str] = set()
    # The same id for the same objects, whoever asks and when; STIX 2.0 wants it to look random.
    digest = sha256(",".join(map(str, sorted(versions.values()))).encode()).digest()
    bundle_id = uuid.UUID(bytes=digest[:16], version=4)
    is_old = all(snapshot.spec_version == STIX_2_0 for snapshot in snapshots)
    stated = f'"spec_version":"{STIX_2_0}",' if is_old else ""
    head = f'{{"type":"bundle","id":"bundle--{bundle_id}"'
    if not versions:
        # A list of no objects is not allowed: there is none.
        yield f"{head}}}\n".encode()
        return
    yield f'{head},{stated}"objects":['.encode()
    joint = b""
    for canonical in _contents(versions.values()):
        named |= _named(orjson.loads(canonical))
        yield joint + canonical.encode()
        joint = b",\n"
    known = StixObject.objects.filter(stix_id__in=named).values_list("pk", flat=True)
    for canonical in _contents(_versions(keys, set(known) - seen).values()):
        yield joint + canonical.encode()
        joint = b",\n"
    yield b"]}\n"


def _versions(snapshots: Sequence[int], object_ids: Iterable[int]) -> dict[int, int]:
    """The version of each object in the first of these snapshots that holds it; one query."""
    rows = SnapshotObject.objects.filter(snapshot__in=snapshots, object__in=set(object_ids))
    columns = ("snapshot_id", "object_id", "version_id")
    found: dict[int, int] = {}
    for _, object_id, version_id in sorted(
        rows.values_list(*columns), key=lambda row: (snapshots.index(row[0]), row[1])
    ):
        found.setdefault(object_id, version_id)
    return found


def _contents(version_ids: Iterable[int]) -> Iterator[str]:
    for batch in batched(version_ids, _BATCH):
        rows = ObjectContent.objects.filter(version__in=batch).order_by("version")
        yield from rows.values_list("canonical", flat=True)


def _named(properties: dict[str, Any]) -> set[str]:
    """The identities and markings that an object names: who made it, and on what terms."""
    markings = properties.get("object_marking_refs")
    made_by = (properties.get(name) for name in ("created_by_ref", "x_mitre_modified_by_ref"))
    named = [*made_by, *(markings if isinstance(markings, list) else ())]
    return {found for found in named if isinstance(found, str) and can_be_held(found)}
