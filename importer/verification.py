"""Verification: every hash of a snapshot recomputed from what is stored."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from importer.acquire import encoding_of, unpack
from importer.digest import digest
from importer.errors import BundleError
from importer.identify import identify
from importer.normalise import NormalisedObject, normalise, tactics_by_phase
from importer.parse import Bundle, parse
from importer.verify import verify
from library.models import Snapshot, SnapshotBundle, SnapshotObject

ROWS = 2000
# What a page looks an object up by, as a version's row has it.
COLUMNS = ("attack_id", "name", "revoked", "deprecated", "modified", "x_mitre_version")
# The links' columns carry no foreign key constraint (see library.models): an end that is not
# stored, or a version that the snapshot does not hold, comes out as NULL.
LINKS = """
    SELECT e.kind, source.stix_id, target.stix_id, carrier.stix_id, e.live
    FROM library_snapshotedge e
    LEFT JOIN library_stixobject source ON source.id = e.source_id
    LEFT JOIN library_stixobject target ON target.id = e.target_id
    LEFT JOIN library_snapshotobject m
        ON m.snapshot_id = e.snapshot_id AND m.version_id = e.version_id
    LEFT JOIN library_stixobject carrier ON carrier.id = m.object_id
    WHERE e.snapshot_id = %s
"""

# Kind, source, target, the object that carries the link, live.
type Link = tuple[str, str | None, str | None, str | None, bool]


@dataclass(frozen=True, slots=True)
class _Held:
    """What the library holds of one object: its version's hash and columns."""

    sha256: bytes
    columns: tuple[str | bool | datetime | None, ...]


def problems(snapshot: Snapshot) -> Iterator[str]:
    """A sentence for each thing that is not as it was imported; none for a sound snapshot.

    Checks the bundle's bytes against its hash, each content against the hash of its version, and
    what else is stored (what the snapshot says of its bundle, its objects, their columns, its
    links) against the bundle. Findings are not made anew.
    """
    held: dict[str, _Held] = {}
    yield from _contents(snapshot, held)
    if len(held) != snapshot.object_count:
        yield f"{len(held)} objects are held, {snapshot.object_count} were imported."
    try:
        raw = unpack("kept bytes", bytes(snapshot.bundle.data)).raw
        if hashlib.sha256(raw).hexdigest() != snapshot.sha256:
            yield "the bundle's bytes do not have the bundle's SHA-256."
        bundle = parse(raw)
        yield from _row_against_bundle(snapshot, bundle, raw)
        objects = bundle.objects
        hashes = {found["id"]: digest(found).sha256 for found in objects}
    except SnapshotBundle.DoesNotExist:
        yield "the bundle is not stored."
    except BundleError as error:
        yield f"the bundle cannot be read again: {error}"
    else:
        tactics = tactics_by_phase(objects)
        normalised = [normalise(found, tactics) for found in objects]
        yield from _against_bundle(held, hashes, normalised)
        yield from _links_against_bundle(snapshot, normalised)


def _row_against_bundle(
    snapshot: Snapshot, bundle: Bundle, raw: bytes | bytearray
) -> Iterator[str]:
    """What the snapshot says of its bundle, against the bundle.

    What only the admin told at its import, for a bundle that does not say so itself, is taken as
    it stands.
    """
    told = identify(bundle, verify(raw), snapshot.domain, snapshot.attack_version)
    types = Counter(found["type"] for found in bundle.objects)
    expected: dict[str, object] = {
        "provenance": told.provenance,
        "released_at": told.released_at,
        "release_date_stated": told.release_date_stated,
        "spec_version": bundle.spec_version,
        "bundle_bytes": len(raw),
        "objects_by_type": dict(types),
    }
    for column, value in expected.items():
        if getattr(snapshot, column) != value:
            yield f"the snapshot's {column} is not what its bundle says."
    if encoding_of(bytes(snapshot.bundle.data)) != snapshot.bundle.encoding:
        yield "the bundle's encoding is not what it is kept in."


def _contents(snapshot: Snapshot, held: dict[str, _Held]) -> Iterator[str]:
    """Each content against its hash; fills `held`."""
    rows = SnapshotObject.objects.filter(snapshot=snapshot).values_list(
        "object__stix_id",
        "object__stix_type",
        "object_id",
        "version__object_id",
        "version__content_sha256",
        "version__content__canonical",
        *(f"version__{column}" for column in COLUMNS),
    )
    for stix_id, stix_type, object_id, version_of, sha256, canonical, *columns in rows.iterator(
        ROWS
    ):
        held[stix_id] = _Held(bytes(sha256), tuple(columns))
        if canonical is None:
            yield f"{stix_id}: its version has no stored content."
        elif hashlib.sha256(canonical.encode()).digest() != held[stix_id].sha256:
            yield f"{stix_id}: the stored content does not have its version's SHA-256."
        if version_of != object_id:
            yield f"{stix_id}: its version belongs to another object."
        if stix_type != stix_id.partition("--")[0]:
            yield f"{stix_id}: listed under another type."


def _against_bundle(
    held: dict[str, _Held], hashes: dict[str, bytes], normalised: list[NormalisedObject]
) -> Iterator[str]:
    for expected in normalised:
        stix_id = expected.stix_id
        found = held.get(stix_id)
        if found is None:
            yield f"{stix_id}: in the bundle, but not held."
        elif found.sha256 != hashes[stix_id]:
            yield f"{stix_id}: held with another content than the bundle's."
        elif found.columns != tuple(getattr(expected, column) for column in COLUMNS):
            yield f"{stix_id}: looked up by something else than its content says."
    for stix_id in sorted(held.keys() - hashes.keys()):
        yield f"{stix_id}: held, but not in the bundle."


def _links_against_bundle(snapshot: Snapshot, normalised: list[NormalisedObject]) -> Iterator[str]:
    live = {found.stix_id for found in normalised if found.live}
    expected: set[Link] = {
        (
            edge.kind,
            edge.source,
            edge.target,
            found.stix_id,
            {found.stix_id, edge.source, edge.target} <= live,
        )
        for found in normalised
        for edge in found.edges
    }
    with connection.cursor() as cursor:
        cursor.execute(LINKS, [snapshot.pk])
        stored: set[Link] = set(cursor.fetchall())
    for link in sorted(expected - stored, key=str):
        yield f"{_told(link)}: in the bundle, but not held."
    for link in sorted(stored - expected, key=str):
        yield f"{_told(link)}: held, but not in the bundle."


def _told(link: Link) -> str:
    kind, source, target, carrier, live = link
    nothing = "nothing that is stored"
    state = "live" if live else "dead"
    return (
        f"the {state} link {source or nothing} {kind} {target or nothing}"
        f" of {carrier or 'no version held'}"
    )
