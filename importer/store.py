"""Store: contents, versions, memberships and edges of one bundle, in the caller's transaction.

Rows go in by COPY with keys drawn beforehand, so that nothing is read back; only what the library
does not hold yet is written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction

from importer.acquire import Packed
from importer.database import analyze
from importer.digest import Digest
from importer.identify import Identity
from importer.normalise import NormalisedObject, is_live
from importer.parse import Properties
from importer.validate import Finding as InvalidField
from library.documents import Document
from library.documents import store as store_documents
from library.identifiers import Link
from library.models import Finding, Snapshot, SnapshotBundle

type Digested = tuple[Properties, Digest]

IN_DONOR = """
    SELECT v.content_sha256, m.object_id, m.version_id FROM library_snapshotobject m
    JOIN library_objectversion v ON v.id = m.version_id WHERE m.snapshot_id = %s
"""
# Edges of versions that both snapshots hold. Whether they are live is asked anew: an end may have
# been revoked, or be gone. Those of objects that were added are there already.
DONATED_EDGES = """
    WITH held AS MATERIALIZED (
        SELECT m.object_id, m.version_id, NOT (v.revoked OR v.deprecated) AS live
        FROM library_snapshotobject m JOIN library_objectversion v ON v.id = m.version_id
        WHERE m.snapshot_id = %(snapshot)s
    )
    INSERT INTO library_snapshotedge (snapshot_id, source_id, kind, target_id, version_id, live)
    SELECT %(snapshot)s, edge.source_id, edge.kind, edge.target_id, edge.version_id,
        carrier.live AND coalesce(source.live AND target.live, false)
    FROM library_snapshotedge edge
    JOIN held carrier USING (version_id)
    LEFT JOIN held source ON source.object_id = edge.source_id
    LEFT JOIN held target ON target.object_id = edge.target_id
    WHERE edge.snapshot_id = %(donor)s AND edge.kind <> %(tactic)s
    ORDER BY edge.source_id, edge.kind, edge.target_id, edge.version_id
    ON CONFLICT DO NOTHING
"""

# One import at a time: any number that no other advisory lock of this database uses.
IMPORT_LOCK = 0x61747461636B


@dataclass(frozen=True, slots=True)
class Prepared:
    """One object of a bundle, ready to be stored."""

    normalised: NormalisedObject
    digest: Digest
    document: Document | None


@dataclass(frozen=True, slots=True)
class Delta:
    """Objects of a snapshot against those of another, by hash."""

    added: int
    changed: int
    removed: int
    unchanged: int


def take_import_lock(*, wait: bool) -> bool:
    """Whether this transaction holds the lock that lets one import write at a time.

    With `wait`, only after any other import has ended.
    """
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORT_LOCK])
        (held,) = cursor.fetchone()
        return bool(held)


def wait_for_import_lock(milliseconds: int) -> bool:
    """Whether this transaction has come to hold the import lock within so long a wait."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(milliseconds)}")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            return False
        raise
    return True


@dataclass(frozen=True, slots=True)
class _Member:
    """An object that was added, and the version it was stored as; its edges are still to come."""

    normalised: NormalisedObject
    version_id: int


class SnapshotWriter:
    """Writes one snapshot; use inside a transaction that holds the import lock.

    Every object goes through `take_over`, and what that returns through `add`, in batches so that
    no content is held longer than it takes to store it; then `finish`. What search needs is made
    `beside`, on the same connection, in the time that the caller spends on the next batch.
    """

    def __init__(self, domain: str, beside: Executor) -> None:
        if not connection.in_atomic_block:
            raise transaction.TransactionManagementError("a snapshot needs a transaction")
        # The snapshot of the same domain that most of this one is likely to stand in already.
        self._donor = Snapshot.objects.filter(domain=domain).order_by("-id").first()
        self._donated = _contents_of(self._donor) if self._donor else {}
        self._memberships: list[tuple[int, int]] = []
        self._types: Counter[str] = Counter()
        self._live: set[str] = set()
        self._added: list[_Member] = []
        self._object_ids: dict[str, int] = {}
        self._new_versions: dict[str, int] = {}
        self._beside = beside
        self._indexing: Future[None] | None = None
        connection.ensure_connection()
        self._raw: psycopg.Connection[Any] = connection.connection

    def take_over(self, batch: Sequence[Digested]) -> list[Digested]:
        """The objects of a batch that do not stand in the donor with the same content.

        Those that do become members at once; `finish` copies their edges in the database. Objects
        with a kill chain phase are left to `add`: what that leads to depends on other objects.
        """
        changed: list[Digested] = []
        for properties, found in batch:
            held = None if Link.TACTIC in properties else self._donated.get(found.sha256)
            if held is None:
                changed.append((properties, found))
                continue
            object_id, version_id = held
            self._object_ids[properties["id"]] = object_id
            self._count(properties["type"], object_id, version_id)
            if is_live(properties):
                self._live.add(properties["id"])
        return changed

    def add(self, batch: Sequence[Prepared]) -> list[bytes]:
        """Store objects of the bundle; the canonical JSON of those the library did not hold yet."""
        self._wait()
        self._find_objects({p.normalised.stix_id for p in batch})
        known = _known_versions([p.digest.sha256 for p in batch])
        new = [p for p in batch if p.digest.sha256 not in known]
        known |= self._write_versions(new)
        for p in batch:
            found, version_id = p.normalised, known[p.digest.sha256]
            self._count(found.stix_type, self._object_ids[found.stix_id], version_id)
            self._added.append(_Member(found, version_id))
            if found.live:
                self._live.add(found.stix_id)
        return [p.digest.canonical for p in new]

    def finish(self, identity: Identity, packed: Packed, sha256: str, spec: str) -> Snapshot:
        """The snapshot, with its bundle, memberships and edges."""
        self._wait()
        self._find_objects(
            {end for m in self._added for e in m.normalised.edges for end in (e.source, e.target)}
        )
        snapshot = self._write_snapshot(identity, packed, sha256, spec)
        # In the order of their primary keys, which the indexes take in much faster.
        _copy(
            "library_snapshotobject (snapshot_id, object_id, version_id)",
            ((snapshot.pk, *membership) for membership in sorted(self._memberships)),
        )
        _copy(
            "library_snapshotedge (snapshot_id, source_id, kind, target_id, version_id, live)",
            sorted(self._edge_rows(snapshot)),
        )
        if self._donor is not None:
            self._copy_edges(snapshot, self._donor)
        return snapshot

    def _copy_edges(self, snapshot: Snapshot, donor: Snapshot) -> None:
        with connection.cursor() as cursor:
            # Of snapshots that the planner knows nothing of it thinks that they hold one row, and
            # joins them row by row: fifty times slower, on PostgreSQL 15 even after an ANALYZE.
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(
                DONATED_EDGES,
                {"snapshot": snapshot.pk, "donor": donor.pk, "tactic": str(Link.TACTIC)},
            )
            cursor.execute("SET LOCAL enable_nestloop = on")

    def write_findings(self, invalid: Iterable[InvalidField]) -> None:
        """Keep what the validation found of the versions that are new."""
        Finding.objects.bulk_create(
            Finding(version_id=version_id, field=found.field, reason=found.reason)
            for found in invalid
            if (version_id := self._new_versions.get(found.stix_id)) is not None
        )

    def _count(self, stix_type: str, object_id: int, version_id: int) -> None:
        self._memberships.append((object_id, version_id))
        self._types[stix_type] += 1

    def _find_objects(self, stix_ids: set[str]) -> None:
        """Learn, or draw, the keys of objects that the bundle holds or that its links name."""
        unknown = stix_ids - self._object_ids.keys()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT stix_id, id FROM library_stixobject WHERE stix_id = ANY(%s)",
                [list(unknown)],
            )
            self._object_ids.update(cursor.fetchall())
        missing = sorted(unknown - self._object_ids.keys())
        fresh = dict(zip(missing, _keys("library_stixobject", len(missing)), strict=True))
        _copy(
            "library_stixobject (id, stix_id, stix_type)",
            ((number, stix_id, stix_id.partition("--")[0]) for stix_id, number in fresh.items()),
        )
        self._object_ids |= fresh

    def _write_versions(self, new: list[Prepared]) -> dict[bytes, int]:
        keys = _keys("library_objectversion", len(new))
        numbered = list(zip(keys, new, strict=True))
        _copy(
            "library_objectversion (id, object_id, content_sha256, attack_id, name, revoked,"
            " deprecated, modified, x_mitre_version)",
            ((key, *self._version_row(p)) for key, p in numbered),
        )
        _copy(
            "library_objectcontent (version_id, canonical)",
            ((key, p.digest.canonical.decode()) for key, p in numbered),
        )
        documents = [(key, p.document) for key, p in numbered if p.document is not None]
        if documents:
            self._indexing = self._beside.submit(self._index, documents)
        self._new_versions |= {p.normalised.stix_id: key for key, p in numbered}
        return {p.digest.sha256: key for key, p in numbered}

    def _wait(self) -> None:
        """Until the documents are made: a connection can do but one thing at a time."""
        if self._indexing is not None:
            self._indexing.result()
            self._indexing = None

    def _index(self, documents: list[tuple[int, Document]]) -> None:
        """Make documents while the importer goes on with what needs no database."""
        with self._raw.cursor() as cursor:
            store_documents(documents, cursor)

    def _version_row(self, p: Prepared) -> tuple[object, ...]:
        found = p.normalised
        identity = (self._object_ids[found.stix_id], p.digest.sha256, found.attack_id, found.name)
        status = (found.revoked, found.deprecated, found.modified, found.x_mitre_version)
        return identity + status

    def _write_snapshot(
        self, identity: Identity, packed: Packed, sha256: str, spec: str
    ) -> Snapshot:
        snapshot = Snapshot.objects.create(
            domain=identity.domain,
            attack_version=identity.attack_version,
            bundle_sha256=bytes.fromhex(sha256),
            provenance=identity.provenance,
            spec_version=spec,
            released_at=identity.released_at,
            release_date_stated=identity.release_date_stated,
            bundle_bytes=packed.bundle_bytes,
            object_count=len(self._memberships),
            objects_by_type=dict(sorted(self._types.items())),
        )
        # In binary: a query would carry it as text of twice the length.
        copy_in = f"COPY {SnapshotBundle._meta.db_table} (snapshot_id, encoding, data) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(f"{copy_in} (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "text", "bytea"])
            copy.write_row((snapshot.pk, packed.encoding, packed.data))
        return snapshot

    def _edge_rows(self, snapshot: Snapshot) -> Iterator[tuple[object, ...]]:
        for member in self._added:
            for edge in member.normalised.edges:
                holds = {member.normalised.stix_id, edge.source, edge.target} <= self._live
                source, target = self._object_ids[edge.source], self._object_ids[edge.target]
                yield snapshot.pk, source, edge.kind, target, member.version_id, holds


def delta(snapshot: Snapshot, before: Snapshot | None) -> Delta:
    """How the objects of a snapshot differ from those of the one before it, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE a.version_id IS NULL),"
            " count(*) FILTER (WHERE a.version_id <> b.version_id),"
            " count(*) FILTER (WHERE b.version_id IS NULL),"
            " count(*) FILTER (WHERE a.version_id = b.version_id)"
            " FROM (SELECT object_id, version_id FROM library_snapshotobject"
            "       WHERE snapshot_id = %s) a"
            " FULL JOIN (SELECT object_id, version_id FROM library_snapshotobject"
            "       WHERE snapshot_id = %s) b USING (object_id)",
            [before.pk if before else None, snapshot.pk],
        )
        return Delta(*cursor.fetchone())


def refresh_statistics(*, contents: bool) -> None:
    """Tell PostgreSQL's planner of the snapshots just written, and of contents where many are new.

    Costs about 0.3 seconds, most of it for the contents.
    """
    tables = ["snapshotobject", "snapshotedge"]
    if contents:
        tables += ["stixobject", "objectversion", "objectcontent", "searchdocument"]
        # What was added stands in a list that every search would read from end to end.
        with connection.cursor() as cursor:
            cursor.execute("SELECT library_order_words()")
    analyze(f"library_{table}" for table in tables)


def _contents_of(donor: Snapshot) -> dict[bytes, tuple[int, int]]:
    """The object and version of each content in a snapshot, by its SHA-256."""
    with connection.cursor() as cursor:
        cursor.execute(IN_DONOR, [donor.pk])
        return {bytes(sha256): (object_id, version) for sha256, object_id, version in cursor}


def _known_versions(hashes: list[bytes]) -> dict[bytes, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT content_sha256, id FROM library_objectversion WHERE content_sha256 = ANY(%s)",
            [hashes],
        )
        return {bytes(sha256): key for sha256, key in cursor.fetchall()}


def _keys(table: str, count: int) -> range:
    """As many fresh primary keys of a table; only the holder of the import lock may draw them."""
    if not count:
        return range(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name, nextval(name) + %s)"
            " FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name) sequence",
            [count - 1, table],
        )
        (last,) = cursor.fetchone()
    return range(last - count + 1, last + 1)


def _copy(into: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
