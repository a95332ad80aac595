"""Deletion: the one way to take a snapshot out of the library."""

from dataclasses import asdict, dataclass

from django.db import connection, transaction
from django.db.models import PROTECT, ManyToOneRel, Q, QuerySet

from accounts.audit import record
from importer.editions import take_edition_lock
from importer.errors import BundleError
from importer.store import take_import_lock
from library.epoch import advance_epoch
from library.identifiers import Domain
from library.models import Edition, Snapshot
from library.querysets import SnapshotQuerySet

UNUSED_FINDINGS = """
    DELETE FROM library_finding f WHERE NOT EXISTS
        (SELECT FROM library_snapshotobject m WHERE m.version_id = f.version_id)
"""
UNUSED_CONTENTS = """
    DELETE FROM library_objectcontent c WHERE NOT EXISTS
        (SELECT FROM library_snapshotobject m WHERE m.version_id = c.version_id)
"""
UNUSED_DOCUMENTS = """
    DELETE FROM library_searchdocument d WHERE NOT EXISTS
        (SELECT FROM library_snapshotobject m WHERE m.version_id = d.version_id)
"""
UNUSED_VERSIONS = """
    DELETE FROM library_objectversion v WHERE NOT EXISTS
        (SELECT FROM library_snapshotobject m WHERE m.version_id = v.id)
"""
UNUSED_OBJECTS = """
    DELETE FROM library_stixobject o
    WHERE NOT EXISTS (SELECT FROM library_objectversion v WHERE v.object_id = o.id)
    AND NOT EXISTS (SELECT FROM library_snapshotedge e WHERE e.source_id = o.id)
    AND NOT EXISTS (SELECT FROM library_snapshotedge e WHERE e.target_id = o.id)
"""


ONLY_HERE_FINDINGS = """
    SELECT count(*) FROM library_finding f
    JOIN library_snapshotobject m ON m.version_id = f.version_id
    WHERE m.snapshot_id = %s AND NOT EXISTS (
        SELECT FROM library_snapshotobject o
        WHERE o.version_id = m.version_id AND o.snapshot_id <> m.snapshot_id)
"""
BUNDLE_BYTES = """
    SELECT coalesce(sum(octet_length(data)), 0) FROM library_snapshotbundle WHERE snapshot_id = %s
"""
ONLY_HERE = """
    SELECT count(*) FROM library_snapshotobject m WHERE m.snapshot_id = %s AND NOT EXISTS (
        SELECT FROM library_snapshotobject o
        WHERE o.version_id = m.version_id AND o.snapshot_id <> m.snapshot_id)
"""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went with a snapshot."""

    memberships: int
    edges: int
    versions: int
    findings: int
    objects: int
    editions: int


@dataclass(frozen=True, slots=True)
class WouldGo:
    """What would go with a snapshot, or why it must stay."""

    memberships: int
    edges: int
    versions: int
    """Those that no other snapshot holds; objects that nothing else uses go with them."""

    findings: int
    """On those versions."""

    editions: int
    bundle_bytes: int
    """Of the bundle as it is kept, compressed."""

    is_current: bool
    cited_by: str
    """What cites it: "2 revisions"; empty where nothing does."""

    is_last_of_release: bool
    """Whether the library holds no other snapshot of this release and domain."""


def would_go(snapshot: Snapshot) -> WouldGo:
    """What a deletion would take, counted and not done; some ten queries, 50 ms."""
    current = Edition.objects.current()
    return WouldGo(
        memberships=snapshot.members.count(),
        edges=snapshot.edges.count(),
        versions=_count(ONLY_HERE, snapshot.pk),
        findings=_count(ONLY_HERE_FINDINGS, snapshot.pk),
        editions=_past_editions(snapshot).count(),
        bundle_bytes=_count(BUNDLE_BYTES, snapshot.pk),
        is_current=current is not None and snapshot in current.snapshots,
        cited_by=_cited_by(snapshot),
        is_last_of_release=not others_of_release(snapshot).exists(),
    )


def others_of_release(snapshot: Snapshot) -> SnapshotQuerySet:
    """The further snapshots of the release of a snapshot, in its domain."""
    alike = {"domain": snapshot.domain, "attack_version": snapshot.attack_version}
    return Snapshot.objects.filter(**alike).exclude(pk=snapshot.pk)


def delete_snapshot(snapshot: Snapshot, actor: str = "delete_snapshot") -> Deleted:
    """Remove a snapshot, the versions and objects nothing else uses, and past editions with it.

    The audit log says that `actor` did. Raises BundleError for one that readers see, and for one
    that a Take cites.
    """
    with transaction.atomic():
        take_import_lock(wait=True)
        take_edition_lock()
        if not Snapshot.objects.filter(pk=snapshot.pk).exists():
            raise BundleError(f"{snapshot} has been deleted already.")
        current = Edition.objects.current()
        if current is not None and snapshot in current.snapshots:
            raise BundleError(f"{snapshot} is current: make another snapshot current first.")
        if said := _cited_by(snapshot):
            raise BundleError(f"{snapshot} is cited by {said}, and so it is kept.")
        with connection.cursor() as cursor:
            # A large one takes longer than web processes let a statement take.
            cursor.execute("SET LOCAL statement_timeout = 0")
            # The triggers of library's migration 0002 let deletions pass in this transaction only.
            cursor.execute("SET LOCAL glexia.deleting = 'on'")
            deleted = _delete(snapshot)
            cursor.execute("SET LOCAL glexia.deleting = 'off'")
        named = f"{snapshot.domain} {snapshot.attack_version}"
        # Without it, what is told of the library would be as before the snapshot came.
        advance_epoch()
        record(actor, "snapshot deleted", named, sha256=snapshot.sha256, **asdict(deleted))
    return deleted


def _cited_by(snapshot: Snapshot) -> str:
    """What other apps hold of a snapshot and will not let go: "2 revisions and 1 act"."""
    counts = {
        relation.related_model: relation.related_model._base_manager.filter(
            **{relation.field.name: snapshot}
        ).count()
        for relation in Snapshot._meta.get_fields(include_hidden=True)
        if isinstance(relation, ManyToOneRel)
        and relation.on_delete is PROTECT
        and relation.related_model is not Edition
    }
    return " and ".join(
        f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"
        for model, count in counts.items()
        if count
    )


def _past_editions(snapshot: Snapshot) -> QuerySet[Edition]:
    """The editions that show a snapshot which is not current."""
    return Edition.objects.filter(
        Q(*((domain, snapshot) for domain in Domain.values), _connector=Q.OR)
    )


def _delete(snapshot: Snapshot) -> Deleted:
    editions = _past_editions(snapshot)
    edition_count = editions.count()
    editions._raw_delete(editions.db)
    edges = _run("DELETE FROM library_snapshotedge WHERE snapshot_id = %s", snapshot.pk)
    memberships = _run("DELETE FROM library_snapshotobject WHERE snapshot_id = %s", snapshot.pk)
    _run("DELETE FROM library_snapshotbundle WHERE snapshot_id = %s", snapshot.pk)
    _run("DELETE FROM library_snapshot WHERE id = %s", snapshot.pk)
    findings = _run(UNUSED_FINDINGS)
    _run(UNUSED_DOCUMENTS)
    _run(UNUSED_CONTENTS)
    versions = _run(UNUSED_VERSIONS)
    objects = _run(UNUSED_OBJECTS)
    return Deleted(memberships, edges, versions, findings, objects, edition_count)


def _run(statement: str, *parameters: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _count(query: str, snapshot_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, [snapshot_id])
        (found,) = cursor.fetchone()
        return int(found)
