"""Verification: every hash of a snapshot recomputed from what is stored."""

import gzip
import hashlib
import lzma
from collections.abc import Iterator

from django.db import connection

from importer.digest import digest
from importer.errors import BundleError
from importer.parse import parse
from library.models import Snapshot, SnapshotObject

UNPACK = {"gzip": gzip.decompress, "xz": lzma.decompress}
ROWS = 2000
# The links' columns carry no foreign key constraint (see library.models).
LOOSE_ENDS = """
    SELECT count(*) FROM library_snapshotedge e
    LEFT JOIN library_stixobject source ON source.id = e.source_id
    LEFT JOIN library_stixobject target ON target.id = e.target_id
    LEFT JOIN library_objectversion version ON version.id = e.version_id
    WHERE e.snapshot_id = %s AND (source.id IS NULL OR target.id IS NULL OR version.id IS NULL)
"""


def problems(snapshot: Snapshot) -> Iterator[str]:
    """A sentence for each thing that is not as it was imported; none for a sound snapshot.

    Checks the bundle's bytes against its hash, each content against the hash of its version, the
    set of contents against the bundle's objects, and that every link's ends exist.
    """
    raw = UNPACK[snapshot.bundle.encoding](bytes(snapshot.bundle.data))
    if hashlib.sha256(raw).hexdigest() != snapshot.sha256:
        yield "the bundle's bytes do not have the bundle's SHA-256."
    held: dict[str, bytes] = {}
    rows = SnapshotObject.objects.filter(snapshot=snapshot).select_related(
        "object", "version__content"
    )
    for row in rows.iterator(chunk_size=ROWS):
        stix_id = row.object.stix_id
        held[stix_id] = bytes(row.version.content_sha256)
        canonical = row.version.content.canonical.encode()
        if hashlib.sha256(canonical).digest() != held[stix_id]:
            yield f"{stix_id}: the stored content does not have its version's SHA-256."
        if row.version.object_id != row.object_id:
            yield f"{stix_id}: its version belongs to another object."
    yield from _against_bundle(raw, held)
    yield from _loose_ends(snapshot)
    if len(held) != snapshot.object_count:
        yield f"{len(held)} objects are held, {snapshot.object_count} were imported."


def _against_bundle(raw: bytes, held: dict[str, bytes]) -> Iterator[str]:
    try:
        objects = parse(raw).objects
    except BundleError as error:
        yield f"the bundle cannot be read again: {error}"
        return
    for properties in objects:
        stix_id = properties["id"]
        found = held.get(stix_id)
        if found is None:
            yield f"{stix_id}: in the bundle, but not held."
        elif found != digest(properties).sha256:
            yield f"{stix_id}: held with another content than the bundle's."
    for stix_id in held.keys() - {properties["id"] for properties in objects}:
        yield f"{stix_id}: held, but not in the bundle."


def _loose_ends(snapshot: Snapshot) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(LOOSE_ENDS, [snapshot.pk])
        (loose,) = cursor.fetchone()
    if loose:
        yield f"{loose} links name an object or a version that is not stored."
