"""Takes: what analysts wrote of ATT&CK objects, every revision of it and every act upon it.

A Take belongs to a STIX object whatever release holds it. Saving adds a revision; what a revision
says never changes (the migration `immutable` has PostgreSQL refuse it), only its state moves on.
What was done to a revision, by whom and when, is kept as acts, which never change at all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import models

from analysis.querysets import RevisionQuerySet
from library.identifiers import Domain, release_order
from library.models import Snapshot


class Confidence(models.TextChoices):
    """How sure the analyst is of a Take."""

    LOW = "low", "Low"
    MODERATE = "moderate", "Moderate"
    HIGH = "high", "High"


class State(models.TextChoices):
    """Where a revision stands on its way to the reader and beyond."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in review", "In review"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN_STATES = (State.DRAFT, State.IN_REVIEW)


class ActKind(models.TextChoices):
    """What may be done to a revision once it is saved."""

    SUBMITTED = "submitted", "Submitted for review"
    SENT_BACK = "sent back", "Sent back to the author"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    CONFIRMED = "confirmed", "Confirmed as still right"


class Take(models.Model):
    """What Glexia says of one STIX object, in all its revisions."""

    stix_id = models.TextField(unique=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.stix_id

    @property
    def stix_type(self) -> str:
        """The type of its object."""
        return self.stix_id.partition("--")[0]


class Baseline(models.Model):
    """The object version that something was written or confirmed against, by value.

    The release may be one that this library does not hold, or no longer.
    """

    domain = models.TextField(choices=Domain.choices, blank=True)
    attack_version = models.TextField(blank=True)
    content_sha256 = models.BinaryField(null=True)
    # Named where the snapshot was at hand: it then cannot be deleted.
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True

    @property
    def moment(self) -> datetime:
        """When it was written or confirmed."""
        raise NotImplementedError

    @property
    def sha256(self) -> str:
        """The object version's SHA-256 in hexadecimal; empty where none was named."""
        return bytes(self.content_sha256 or b"").hex()


class Revision(Baseline):
    """One text of a Take. All but its state is immutable."""

    take = models.ForeignKey(Take, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    state = models.TextField(choices=State.choices, default=State.DRAFT)
    # The user where there is one here; the name stays what it was when the revision was written.
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    author_name = models.TextField()
    written_at = models.DateTimeField()
    change_note = models.TextField(blank=True)
    is_starter = models.BooleanField(default=False)
    # How the object was called when this was written.
    attack_id = models.TextField(blank=True)
    name = models.TextField()
    confidence = models.TextField(choices=Confidence.choices)
    confidence_why = models.TextField(blank=True)
    # By the name of each section of `analysis.take.SECTIONS`: Markdown, or a list of it.
    sections = models.JSONField()

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["take_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["take", "number"], name="revision_number"),
            models.UniqueConstraint(
                fields=["take"],
                condition=models.Q(state=State.PUBLISHED),
                name="one_published_revision",
            ),
            models.UniqueConstraint(
                fields=["take"],
                condition=models.Q(state__in=OPEN_STATES),
                name="one_open_revision",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="revision_state"
            ),
            models.CheckConstraint(
                condition=models.Q(content_sha256__isnull=False), name="revision_baseline"
            ),
        ]
        default_permissions = ("view",)
        permissions = [
            ("write_take", "Can write Takes"),
            ("review_take", "Can review Takes"),
            ("publish_take", "Can publish and withdraw Takes"),
        ]

    def __str__(self) -> str:
        return f"{self.attack_id or self.name}, revision {self.number}"

    @property
    def confirmations(self) -> list["Act"]:
        """The acts that confirmed it, oldest first."""
        return [act for act in self.acts.all() if act.kind == ActKind.CONFIRMED]

    @property
    def moment(self) -> datetime:
        """When it was written."""
        return self.written_at

    @property
    def baselines(self) -> list[Baseline]:
        """What it was written and confirmed against, in the order of time."""
        return [self, *self.confirmations]

    def baseline_for(self, read: Mapping[str, str]) -> Baseline:
        """What it is to be compared with where these releases are read, by their domains.

        In the domain it was last held against, the newest release that is not after what is read
        there. Where all are after it, the earliest of its own domain; where no release of that is
        read, the last of all.
        """
        usable = [
            found
            for found in self.baselines
            if found.domain in read
            and release_order(found.attack_version) <= release_order(read[found.domain])
        ]
        if usable:
            return self.last_in(usable[-1].domain, usable)
        if self.domain not in read:
            return self.baselines[-1]
        own = [found for found in self.baselines if found.domain == self.domain]
        return min(own, key=lambda found: release_order(found.attack_version))

    def last_in(self, domain: str, among: Sequence[Baseline] = ()) -> Baseline:
        """The last of its baselines, or of some, in a domain: by release and then by time.

        Raises ValueError where none is of that domain.
        """
        found = [held for held in reversed(among or self.baselines) if held.domain == domain]
        return max(found, key=lambda held: release_order(held.attack_version))

    @property
    def is_unconfirmed_starter(self) -> bool:
        """Whether this came with the library and nobody here has confirmed it."""
        return self.is_starter and not self.confirmations


class Act(Baseline):
    """Something done to a revision. A confirmation says against which object version."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="acts")
    kind = models.TextField(choices=ActKind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    actor_name = models.TextField()
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.actor_name}"

    @property
    def moment(self) -> datetime:
        """When it was done."""
        return self.at
