"""Snapshots of ATT&CK releases, content-addressed and immutable.

A snapshot is one imported bundle: a set of memberships that name a version of each object. Each
distinct content is stored once, as its canonical text. An edition names one snapshot a domain, and
the newest edition is what readers see. PostgreSQL itself refuses to change any of it (see the
migration `immutable`).

The foreign keys of the two largest tables carry no database constraint: `importer.store` writes
them in the transaction that makes the rows they name, and `verify_snapshot` checks them.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from library.identifiers import Domain, Provenance
from library.querysets import (
    EditionQuerySet,
    SnapshotEdgeQuerySet,
    SnapshotObjectQuerySet,
    SnapshotQuerySet,
)


class StixObject(models.Model):
    """The identity of a STIX object, whatever its content in any release."""

    stix_id = models.TextField(unique=True)
    stix_type = models.TextField(db_index=True)

    def __str__(self) -> str:
        return self.stix_id


class ObjectVersion(models.Model):
    """One content of one object, known by the SHA-256 of its canonical JSON.

    The other columns are read from that content so that pages can find and sort it.
    """

    object = models.ForeignKey(StixObject, models.CASCADE, related_name="versions")
    content_sha256 = models.BinaryField(unique=True)
    attack_id = models.TextField(blank=True)
    name = models.TextField(blank=True)
    revoked = models.BooleanField()
    deprecated = models.BooleanField()
    modified = models.DateTimeField(null=True)
    x_mitre_version = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["attack_id"],
                name="version_attack_id",
                condition=models.Q(attack_id__gt=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.attack_id or self.object_id} {self.sha256[:12]}"

    @property
    def sha256(self) -> str:
        """The content's SHA-256 in hexadecimal."""
        return bytes(self.content_sha256).hex()

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)


class ObjectContent(models.Model):
    """The canonical JSON (RFC 8785) of one object version, exactly the bytes that were hashed."""

    version = models.OneToOneField(
        ObjectVersion, models.CASCADE, primary_key=True, related_name="content"
    )
    canonical = models.TextField()

    def __str__(self) -> str:
        return self.canonical[:80]


class SearchDocument(models.Model):
    """What search and filters look an object version up by (`library.documents` makes it).

    `names` are folded, the object's own first. Searches read them from `library.catalogue`.
    """

    version = models.OneToOneField(
        ObjectVersion, models.CASCADE, primary_key=True, related_name="document"
    )
    names = ArrayField(models.TextField())
    platforms = ArrayField(models.TextField())
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="document_words")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.names[:1]}"


class Snapshot(models.Model):
    """One imported bundle of one domain; key (domain, attack_version, bundle_sha256)."""

    domain = models.TextField(choices=Domain.choices)
    attack_version = models.TextField()
    bundle_sha256 = models.BinaryField()
    provenance = models.TextField(choices=Provenance.choices)
    spec_version = models.TextField()
    released_at = models.DateTimeField(null=True)
    # True where the date is the collection's own, False where it is the newest object's.
    release_date_stated = models.BooleanField()
    imported_at = models.DateTimeField(auto_now_add=True)
    bundle_bytes = models.PositiveIntegerField()
    object_count = models.PositiveIntegerField()
    objects_by_type = models.JSONField()

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "attack_version", "bundle_sha256"], name="snapshot_key"
            ),
            models.CheckConstraint(
                condition=models.Q(domain__in=Domain.values), name="snapshot_domain"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} {self.attack_version} {self.sha256[:12]}"

    @property
    def sha256(self) -> str:
        """The bundle's SHA-256 in hexadecimal, of its uncompressed bytes."""
        return bytes(self.bundle_sha256).hex()


class SnapshotBundle(models.Model):
    """The bundle itself: compressed as it came, else with Zstandard."""

    snapshot = models.OneToOneField(
        Snapshot, models.CASCADE, primary_key=True, related_name="bundle"
    )
    encoding = models.TextField(choices=[(name, name) for name in ("xz", "gzip", "zstd")])
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.snapshot_id} ({self.encoding})"


class SnapshotObject(models.Model):
    """Membership: this snapshot holds this object in this version."""

    pk = models.CompositePrimaryKey("snapshot_id", "object_id")
    snapshot = models.ForeignKey(
        Snapshot, models.CASCADE, db_index=False, db_constraint=False, related_name="members"
    )
    object = models.ForeignKey(
        StixObject, models.CASCADE, db_index=False, db_constraint=False, related_name="memberships"
    )
    version = models.ForeignKey(
        ObjectVersion, models.CASCADE, db_constraint=False, related_name="memberships"
    )

    objects = SnapshotObjectQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["object", "snapshot"], include=["version"], name="snapshotobject_object"
            )
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id}: {self.object_id} as {self.version_id}"


class SnapshotEdge(models.Model):
    """A link from one object to another in one snapshot.

    `kind` is a STIX relationship's type, or the name of the property of `version` that carries the
    link (`library.identifiers.Link`). `live` holds when the relationship and both its ends are
    neither revoked nor deprecated in this snapshot (an end it does not hold makes it dead, too).
    """

    pk = models.CompositePrimaryKey("snapshot_id", "source_id", "kind", "target_id", "version_id")
    snapshot = models.ForeignKey(
        Snapshot, models.CASCADE, db_index=False, db_constraint=False, related_name="edges"
    )
    kind = models.TextField()
    source = models.ForeignKey(
        StixObject, models.CASCADE, db_index=False, db_constraint=False, related_name="edges_out"
    )
    target = models.ForeignKey(
        StixObject, models.CASCADE, db_index=False, db_constraint=False, related_name="edges_in"
    )
    version = models.ForeignKey(
        ObjectVersion, models.CASCADE, db_index=False, db_constraint=False, related_name="edges"
    )
    live = models.BooleanField()

    objects = SnapshotEdgeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["snapshot", "target", "kind"], name="snapshotedge_target"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class Finding(models.Model):
    """A rule of STIX or ATT&CK that one content of an object breaks; the object is kept.

    A snapshot's findings are those of the versions it holds.
    """

    version = models.ForeignKey(ObjectVersion, models.CASCADE, related_name="findings")
    field = models.TextField()
    reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.version_id} {self.field}: {self.reason}"


class Epoch(models.Model):
    """One row, whose number is another whenever pages change otherwise than by an edition.

    No number comes twice (`library.epoch`).
    """

    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"epoch {self.number}"


class KnownRelease(models.Model):
    """The newest release of a domain that MITRE is known to have published, held here or not.

    One row a domain, written by `importer.known_releases`. Readers are told of it where it is newer
    than what they see, so whatever changes it advances the epoch.
    """

    class Source(models.TextChoices):
        """Who names it. Only for what the list names is there a hash to check a bundle by."""

        LIST = "list", "mitreattack-python’s list of published releases"
        INDEX = "index", "MITRE’s index of its releases"

    domain = models.TextField(primary_key=True, choices=Domain.choices)
    attack_version = models.TextField()
    source = models.TextField(choices=Source.choices)
    known_since = models.DateTimeField()
    # When MITRE's index was last read; null where it never was.
    index_read_at = models.DateTimeField(null=True)
    # The release of which administrators were last told by e-mail; empty where of none.
    mailed = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(domain__in=Domain.values), name="known_release_domain"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} {self.attack_version}"


class Edition(models.Model):
    """What readers see: one snapshot for each domain that has one. The newest row is current."""

    # What the audit log calls it that one was made, and that an earlier one was taken up again.
    MADE, TAKEN_UP = "edition made", "edition before taken up"

    enterprise = models.ForeignKey(Snapshot, models.PROTECT, null=True, related_name="+")
    mobile = models.ForeignKey(Snapshot, models.PROTECT, null=True, related_name="+")
    ics = models.ForeignKey(Snapshot, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.TextField()
    # The number of the earlier edition that it repeats, where it was made by going back.
    repeats = models.BigIntegerField(null=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"edition {self.pk}"

    @property
    def place(self) -> int:
        """Where going back goes on from: its number, or that of the edition that it repeats."""
        return self.pk if self.repeats is None else self.repeats

    @property
    def snapshots(self) -> list[Snapshot]:
        """The edition's snapshots in the order of the domains, without gaps."""
        held = (self.enterprise, self.mobile, self.ics)
        return [snapshot for snapshot in held if snapshot is not None]
