"""What admins do to imports, releases and snapshots: one function an act, each with its actor.

Each act and its record in the audit log are one transaction; what changes editions and snapshots
is recorded where it is done. Raises RefusedError, with one
sentence, for what cannot be done as things stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from importer import deletion, editions, known_releases
from importer.errors import BundleError, RefusedError
from importer.models import OPEN, QUEUED, WORKED_ON, ImportRun, RunState, SourceKind
from importer.published import INDEX_ADDRESS
from importer.runs import directory, spool
from importer.runs.expiry import expire
from importer.runs.preview import has_changed_since
from importer.runs.recovery import notice_dead
from importer.runs.tasks import work_on
from library.models import Edition, Snapshot

AT_ONCE: Final = (*QUEUED, RunState.PREVIEWED)
# What is open is looked at on every page, and each upload of it takes disk.
MOST_OPEN: Final = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """The bundle that somebody asks to import, and what they say of it where it may be silent."""

    source_kind: SourceKind
    source_name: str
    stored_as: str = ""
    domain: str = ""
    release: str = ""


@transaction.atomic
def start(actor: str, asked: Asked, retry_of: ImportRun | None = None) -> ImportRun:
    """A run that waits for its dry run."""
    expire()
    if ImportRun.objects.filter(state__in=OPEN).count() >= MOST_OPEN:
        raise RefusedError(
            f"Nothing was started: {MOST_OPEN} imports are open, which is the most. Confirm or"
            " cancel some of them, or wait."
        )
    run = ImportRun.objects.create(
        source_kind=asked.source_kind,
        source_name=asked.source_name,
        stored_as=asked.stored_as,
        said_domain=asked.domain,
        said_release=asked.release,
        domain=asked.domain,
        asked_by=actor,
        retry_of=retry_of,
        log=[ImportRun.said(f"Asked for by {actor}")],
    )
    _enqueue(run)
    action = "import retried" if retry_of else "import asked for"
    record(actor, action, str(run), source=f"{asked.source_kind} {asked.source_name}")
    return run


@transaction.atomic
def confirm(actor: str, run: ImportRun, *, make_current: bool) -> None:
    """Have the import done that a dry run has shown."""
    expire()
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.state != RunState.PREVIEWED:
        raise RefusedError(f"Nothing was confirmed: {_how_it_is(run)}.")
    if has_changed_since(run.preview):
        raise RefusedError(
            "Nothing was confirmed: the library has changed since the dry run. Run the dry run"
            " again, to see what the import would do now."
        )
    run.dry_run_seconds, run.started_at, run.finished_at = run.seconds, None, None
    run.state, run.confirmed_by, run.make_current = RunState.CONFIRMED, actor, make_current
    run.log = [*run.log, ImportRun.said(f"Confirmed by {actor}")]
    times = ["dry_run_seconds", "started_at", "finished_at"]
    run.save(update_fields=["state", "confirmed_by", "make_current", "log", *times])
    _enqueue(run)
    record(actor, "import confirmed", str(run), sha256=run.sha256, make_current=make_current)


@transaction.atomic
def cancel(actor: str, run: ImportRun) -> None:
    """Have a run end without an import: at once, or as soon as its worker notices."""
    notice_dead()
    expire()
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if not run.may_be_cancelled:
        raise RefusedError(f"Nothing was cancelled: {_how_it_is(run)}.")
    run.cancel_asked = True
    if run.state in AT_ONCE:
        run.state = RunState.CANCELLED
        run.finished_at = run.finished_at or timezone.now()
    run.log = [*run.log, ImportRun.said(f"Cancelled by {actor}")]
    run.save(update_fields=["state", "cancel_asked", "finished_at", "log"])
    record(actor, "import cancelled", str(run))


@transaction.atomic
def retry(actor: str, run: ImportRun, hints: tuple[str, str] | None = None) -> ImportRun:
    """A new run of the same bundle, in place of one that failed, was cancelled or looks old.

    `hints` are what the admin says of its domain and release now, in place of what was said before.
    """
    notice_dead()
    expire()
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.state not in (RunState.FAILED, RunState.CANCELLED, RunState.PREVIEWED):
        raise RefusedError(f"Nothing was started: {_how_it_is(run)}.")
    if again := run.retries.order_by("id").first():
        raise RefusedError(f"Nothing was started: it was started again already, as run {again.pk}.")
    if run.source_kind == SourceKind.COMMAND:
        raise RefusedError("Nothing was started: it was an import by command. Give that again.")
    if run.source_kind == SourceKind.UPLOADED and not spool.holds(run.stored_as):
        raise RefusedError(f"{run.source_name} is not kept any more: upload it again.")
    if run.source_kind == SourceKind.DIRECTORY and not directory.is_name(run.source_name):
        raise RefusedError(f"{run.source_name} is no name of a bundle.")
    # Of what MITRE published both are known.
    if hints is None or run.source_kind == SourceKind.PUBLISHED:
        hints = run.said_domain, run.said_release
    asked = Asked(SourceKind(run.source_kind), run.source_name, run.stored_as, *hints)
    # The file goes to the new run, which decides how long it is kept.
    run.stored_as = ""
    if run.state == RunState.PREVIEWED:
        run.state = RunState.CANCELLED
    run.save(update_fields=["stored_as", "state"])
    return start(actor, asked, retry_of=run)


@transaction.atomic
def make_current(actor: str, snapshot: Snapshot) -> Edition | None:
    """The edition that shows a snapshot to readers; None where they see it already."""
    try:
        return editions.make_current(snapshot, made_by=actor)
    except BundleError as error:
        raise RefusedError(str(error)) from None


@transaction.atomic
def go_back(actor: str, shown: int, target: int) -> Edition:
    """An edition like the target, which is before what is shown as long as nothing has changed."""
    try:
        return editions.undo(actor, (shown, target))
    except BundleError as error:
        raise RefusedError(_begun(str(error))) from None


@transaction.atomic
def delete(actor: str, snapshot: Snapshot) -> deletion.Deleted:
    """Take a snapshot out of the library; what went with it."""
    notice_dead()
    if ImportRun.objects.filter(state__in=WORKED_ON).exists():
        # It would wait for the import to end, and the browser with it.
        raise RefusedError(
            "Nothing was deleted: an import is under way. Wait for it, or cancel it."
        )
    try:
        return deletion.delete_snapshot(snapshot, actor)
    except BundleError as error:
        raise RefusedError(str(error)) from None


def read_index(actor: str) -> None:
    """Learn from MITRE's index which releases there are; some seconds, bounded."""
    try:
        # The network comes before the first query, so no transaction waits for it.
        with transaction.atomic():
            known_releases.refresh()
            newest = [f"{found.domain} {found.newest}" for found in known_releases.outlook()]
            record(actor, "index read", INDEX_ADDRESS, newest=newest)
    except BundleError as error:
        record(actor, "index not read", INDEX_ADDRESS, problem=str(error))
        raise RefusedError(f"The index could not be read: {error}") from None


def _enqueue(run: ImportRun) -> None:
    result = work_on.enqueue(run.pk)
    ImportRun.objects.filter(pk=run.pk).update(task_id=result.id, queued_at=timezone.now())


def _how_it_is(run: ImportRun) -> str:
    if run.closing and run.state == RunState.IMPORTING:
        return "the import is just being committed"
    return f"the run is “{run.get_state_display().lower()}” by now"


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
