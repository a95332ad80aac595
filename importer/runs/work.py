"""The work on a run: its dry run, or its import, from begin to end.

The outcome of an import is written in the import's own transaction, so that a run is done exactly
when the library holds what it says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
from django.db.models.functions import Now

from importer.database import DATABASE_FAILURES, failure
from importer.errors import BundleError, RefusedError
from importer.models import WORKED_ON, ImportRun, RunState, SourceKind, logged
from importer.pipeline import AtEnd, Options, import_bundles
from importer.report import IMPORTED, Report
from importer.runs import spool
from importer.runs.bundles import fetch, source_of
from importer.runs.control import Control
from importer.runs.preview import final_report, has_changed_since, preview_of
from importer.runs.progress import CancelledError, RunProgress
from importer.runs.wording import in_console
from importer.validate import ValidatorError

log = logging.getLogger(__name__)

STOPPED: Final = "The worker was stopped before the run was over: nothing was imported."
CHANGED: Final = (
    "Nothing was imported: the library has changed since the dry run. Retry runs the dry run again,"
    " to show what the import would do now."
)
UNEXPECTED: Final = "Something unexpected went wrong ({}): the worker’s log tells more."
WORKING: Final = {RunState.ASKED: RunState.PREVIEWING, RunState.CONFIRMED: RunState.IMPORTING}

type Step = Callable[[ImportRun, Control], None]


def work(run_id: int) -> None:
    """Do what a run waits for; nothing where it waits for nothing.

    What goes wrong is said in the run; an error that nobody expected is raised as well.
    """
    with Control(run_id) as control:
        run = ImportRun.objects.filter(pk=run_id).first()
        waiting = RunState(run.state) if run is not None else None
        if run is None or waiting not in WORKING or not control.begin(waiting, WORKING[waiting]):
            return
        _attempt(run, control, _dry_run if waiting == RunState.ASKED else _import)


def _attempt(run: ImportRun, control: Control, step: Step) -> None:
    """One dry run or import, and what is said of each way in which it may end."""
    try:
        step(run, control)
    except CancelledError:
        control.end(RunState.CANCELLED)
    except (BundleError, RefusedError, ValidatorError) as error:
        control.end(RunState.FAILED, in_console(" ".join(str(error).split())))
    except DATABASE_FAILURES as error:
        _fail(run, control, failure(error))
    except Exception as error:
        log.exception("import run %s failed", run.pk)
        _fail(run, control, UNEXPECTED.format(type(error).__name__))
        raise
    except BaseException:
        _fail(run, control, STOPPED)
        raise


def _fail(run: ImportRun, control: Control, problem: str) -> None:
    """Say that the run failed, by whatever connection is left.

    Where there is none, whoever looks at the run next finds its lock free (see `recovery`).
    """
    try:
        control.end(RunState.FAILED, problem)
    except psycopg.Error:
        with suppress(*DATABASE_FAILURES):
            ImportRun.objects.filter(pk=run.pk, state__in=WORKED_ON).update(
                state=RunState.FAILED,
                problem=problem,
                finished_at=Now(),
                log=logged(f"{RunState.FAILED.label}: {problem}"),
            )


def _dry_run(run: ImportRun, control: Control) -> None:
    """The whole import and what it would mean, all of it undone."""
    found: list[dict[str, Any]] = []

    def look(reports: list[Report]) -> None:
        progress.stage("", "looking at what would change", 0)
        state = control.library_state(reports[0].domain, reports[0].release)
        found.append(preview_of(reports[0], state))

    progress = RunProgress(control)
    (report,) = _import_bundle(run, control, progress, dry_run=True, at_end=look)
    control.previewed(found[0], anything_new=report.status == IMPORTED)


def _import(run: ImportRun, control: Control) -> None:
    """The import; with its commit the run is done.

    Whether the library is as its dry run saw it is asked before the work, to spare it, and as the
    last thing before the commit: from there on no other import and no deletion comes between, nor
    another edition where this import makes one.
    """

    def finish(reports: list[Report]) -> None:
        (report,) = reports
        if report.bundle_sha256 != run.sha256:
            raise BundleError(
                f"{run.source_name}: not the file of the dry run any more: its SHA-256 was"
                f" {run.sha256} and is {report.bundle_sha256}."
            )
        _demand_unchanged(run, control)
        if not control.close():
            raise CancelledError
        _done(run, report)

    _demand_unchanged(run, control)
    _import_bundle(run, control, RunProgress(control), dry_run=False, at_end=finish)
    spool.discard(run.stored_as)


def _demand_unchanged(run: ImportRun, control: Control) -> None:
    """Go on where a confirmation would not be refused; outside the import's transaction, that is.

    It was not when it was given, but another import may have come in since.
    """
    if has_changed_since(run.preview, control.library_state):
        raise RefusedError(CHANGED)


def _done(run: ImportRun, report: Report) -> None:
    """Say so in the import's transaction; it fails where the run was given up meanwhile."""
    ended = ImportRun.objects.filter(pk=run.pk, state=RunState.IMPORTING).update(
        state=RunState.DONE,
        report=final_report(report),
        finished_at=Now(),
        stage="",
        log=logged(f"{report.status.capitalize()} as snapshot {report.snapshot}"),
    )
    if not ended:
        raise CancelledError


def _import_bundle(
    run: ImportRun, control: Control, progress: RunProgress, *, dry_run: bool, at_end: AtEnd
) -> list[Report]:
    fetch(run, progress)
    source = source_of(run, control.read)
    return import_bundles([source], _options(run, dry_run=dry_run), progress, at_end)


def _options(run: ImportRun, *, dry_run: bool) -> Options:
    """What the pipeline is asked; of what MITRE published the release is known."""
    published = run.source_kind == SourceKind.PUBLISHED
    return Options(
        domain=run.said_domain or None,
        release=(run.source_name if published else run.said_release) or None,
        make_current=run.make_current,
        dry_run=dry_run,
        made_by=run.confirmed_by or run.asked_by,
    )
