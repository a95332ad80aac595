"""Import runs: what was asked for, by whom, how far it is and what came of it.

A run is work on one bundle: a dry run first, then, once somebody confirms it, the import. Its row
outlives the snapshot, which it names by domain, release and hash.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import models
from django.db.models.expressions import Combinable
from django.utils import timezone

from library.identifiers import Domain
from library.models import Snapshot


class RunState(models.TextChoices):
    """How far a run is, in the order of its life."""

    ASKED = "asked", "Waiting for its dry run"
    PREVIEWING = "previewing", "Dry run under way"
    PREVIEWED = "previewed", "Waiting to be confirmed"
    CONFIRMED = "confirmed", "Waiting for its import"
    IMPORTING = "importing", "Import under way"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# What a worker works on, what waits for one, what may still change, and what is over.
WORKED_ON: Final = (RunState.PREVIEWING, RunState.IMPORTING)
QUEUED: Final = (RunState.ASKED, RunState.CONFIRMED)
OPEN: Final = (*QUEUED, *WORKED_ON, RunState.PREVIEWED)
OVER: Final = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


class SourceKind(models.TextChoices):
    """Where a run's bundle comes from."""

    PUBLISHED = "published", "Published by MITRE"
    UPLOADED = "uploaded", "Uploaded"
    DIRECTORY = "directory", "Import directory"
    # Written when it is over: nobody confirms it, or tries it again from here.
    COMMAND = "command", "By command"


class ImportRun(models.Model):
    """One asked-for import of one bundle."""

    state = models.TextField(choices=RunState.choices, default=RunState.ASKED)
    source_kind = models.TextField(choices=SourceKind.choices)
    # The release that MITRE published, or the name of the file.
    source_name = models.TextField()
    # The file in the data directory that holds the bundle until the run is over.
    stored_as = models.TextField(blank=True)
    # What the admin says of a bundle that may be silent; with what was found once it is known.
    said_domain = models.TextField(blank=True, choices=Domain.choices)
    said_release = models.TextField(blank=True)
    domain = models.TextField(blank=True, choices=Domain.choices)
    release = models.TextField(blank=True)
    sha256 = models.TextField(blank=True)
    make_current = models.BooleanField(default=True)

    asked_by = models.TextField()
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_by = models.TextField(blank=True)
    retry_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="retries")
    # Of the queue: the task that is to work on it next, or does, and since when it is there.
    task_id = models.UUIDField(null=True)
    queued_at = models.DateTimeField(default=timezone.now)

    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Of the dry run, once the import is confirmed: the times above are the import's from then on.
    dry_run_seconds = models.FloatField(null=True)
    stage = models.TextField(blank=True)
    parts = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    # The import is about to be committed: it is too late to cancel it.
    closing = models.BooleanField(default=False)
    log = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    preview = models.JSONField(null=True)
    report = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("start_imports", "Can start, confirm and cancel imports"),
            ("switch_editions", "Can choose which releases readers see"),
            ("delete_snapshots", "Can delete snapshots"),
        ]
        indexes = [
            models.Index(
                fields=["state"], name="importrun_open", condition=models.Q(state__in=OPEN)
            ),
            models.Index(fields=["domain", "-finished_at"], name="importrun_domain"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RunState.values), name="importrun_state"
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk}: {self.bundle}"

    @property
    def bundle(self) -> str:
        """What is imported: "enterprise 18.1" once that is known, else where it comes from."""
        if self.domain and self.release:
            return f"{self.domain} {self.release}"
        if self.source_kind == SourceKind.PUBLISHED:
            return f"{self.said_domain} {self.source_name}"
        return self.source_name

    @property
    def is_worked_on(self) -> bool:
        """Whether a worker holds it, as far as its row says."""
        return self.state in WORKED_ON

    @property
    def is_moving(self) -> bool:
        """Whether it will change without anybody doing anything."""
        return self.state in (*QUEUED, *WORKED_ON)

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in OVER

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it is not too late."""
        return self.state in OPEN and not self.closing

    @property
    def seconds(self) -> float | None:
        """How long the dry run or the import at hand has taken, or the last of them took.

        None while either of them is waited for.
        """
        if self.started_at is None or self.state in QUEUED:
            return None
        until: datetime = self.finished_at or timezone.now()
        return max(0.0, (until - self.started_at).total_seconds())

    @property
    def waited_seconds(self) -> float:
        """Since when it has waited for a worker, where it does."""
        since: datetime = self.queued_at
        return (timezone.now() - since).total_seconds()

    @property
    def percent(self) -> int | None:
        """How much of the stage is done, in hundredths; None where that cannot be said."""
        if self.parts < 2:
            return None
        return min(100, 100 * self.done // self.parts)

    @property
    def outcome(self) -> str:
        """What came of it, in a word or two."""
        if self.state == RunState.DONE and self.report:
            return str(self.report["status"]).replace("-", " ").capitalize()
        return self.get_state_display()

    def snapshot(self) -> Snapshot | None:
        """The snapshot of this very bundle, where the library holds it; one query."""
        if not (self.domain and self.release and self.sha256):
            return None
        return Snapshot.objects.filter(
            domain=self.domain,
            attack_version=self.release,
            bundle_sha256=bytes.fromhex(self.sha256),
        ).first()

    @property
    def people(self) -> str:
        """Who asked for it, and who confirmed it."""
        if not self.confirmed_by:
            return self.asked_by
        return f"{self.asked_by}, confirmed by {self.confirmed_by}"

    @classmethod
    def said(cls, text: str) -> dict[str, Any]:
        """A line of a run's log, at this moment."""
        return {"at": timezone.now().isoformat(timespec="seconds"), "text": text}


def logged(text: str) -> Combinable:
    """The log of a run, with a line more, for an UPDATE."""
    line = models.Value([ImportRun.said(text)], models.JSONField())
    return models.Func(
        models.F("log"),
        line,
        template="(%(expressions)s)",
        arg_joiner=" || ",
        output_field=models.JSONField(),
    )
