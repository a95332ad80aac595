"""Imports by command in the history of runs: written when they are over, whatever came of them.

Nobody waits for their workers, confirms them or has them tried again from a browser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePath
from typing import Final

from django.db import connection
from django.utils import timezone

from importer.acquire import Acquired
from importer.database import DATABASE_FAILURES, failure
from importer.errors import BundleError
from importer.models import ImportRun, RunState, SourceKind
from importer.pipeline import Options, Progress, import_bundles
from importer.report import IMPORTED, Report
from importer.runs.preview import final_report
from importer.sources import Source
from importer.validate import ValidatorError

UNEXPECTED: Final = "Something unexpected went wrong ({})."
INTERRUPTED: Final = "Somebody interrupted the command: nothing was imported."


def import_by_command(
    sources: Sequence[Source], options: Options, progress: Progress, *, held_too: bool = True
) -> list[Report]:
    """A report for each bundle, as `import_bundles` makes them, and a run for each in the history.

    The runs come in with what they are about. Where all of it is undone, one says which bundle was
    at fault and why, unless the database is gone. Dry runs leave none, and what the library holds
    already none unless `held_too`.
    """
    if options.dry_run:
        return import_bundles(sources, options, progress)
    watched, begun = _Watched(sources), timezone.now()
    write = partial(_write, options, begun, held_too=held_too)
    try:
        return import_bundles(watched.sources, options, progress, write)
    except BaseException as error:
        # What went wrong is what the command is to end with, whatever goes wrong here.
        with suppress(Exception):
            # A connection that is gone would be waited for.
            if not isinstance(error, DATABASE_FAILURES) or connection.is_usable():
                _write_failure(options, begun, watched, error)
        raise


class _Watched:
    """The sources of an import, and which of them was the last to be read."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = [Source(source.origin, partial(self._read, source)) for source in sources]
        self.last = sources[0] if sources else None
        self._is_read = False

    def _read(self, source: Source) -> Acquired:
        self.last, self._is_read = source, False
        acquired = source.read()
        self._is_read = True
        return acquired

    def sha256(self) -> str:
        """That of the last bundle, read once more; empty where it cannot be read."""
        if self.last is None or not self._is_read:
            return ""
        with suppress(BundleError):
            return hashlib.sha256(self.last.read().raw).hexdigest()
        return ""


def _write(options: Options, begun: datetime, reports: list[Report], *, held_too: bool) -> None:
    """The runs that are done, in the import's own transaction; one query."""
    runs: list[ImportRun] = []
    finished = timezone.now()
    # They came in one after the other.
    for report in reversed(reports):
        if report.status == IMPORTED or held_too:
            run = _run(options, begun, report.origin)
            run.state, run.report = RunState.DONE, final_report(report)
            run.domain, run.release = report.domain, report.release
            run.sha256, run.finished_at = report.bundle_sha256, finished
            run.started_at = finished - timedelta(seconds=report.seconds)
            said = f"{report.status.replace('-', ' ').capitalize()} as snapshot {report.snapshot}"
            run.log.append(_line(finished, said))
            runs.append(run)
        finished -= timedelta(seconds=report.seconds)
    ImportRun.objects.bulk_create(reversed(runs))


def _write_failure(
    options: Options, begun: datetime, watched: _Watched, error: BaseException
) -> None:
    """The run that failed, once everything is undone; one query."""
    run = _run(options, begun, watched.last.origin if watched.last else "")
    run.state = RunState.FAILED
    run.problem = _readable(_problem(error))
    run.domain, run.release = options.domain or "", options.release or ""
    # Who interrupts does not wait for another reading.
    run.sha256 = "" if isinstance(error, KeyboardInterrupt) else watched.sha256()
    run.started_at, run.finished_at = begun, timezone.now()
    run.log.append(_line(run.finished_at, f"{RunState.FAILED.label}: {run.problem}"))
    run.save()


def _run(options: Options, begun: datetime, origin: str) -> ImportRun:
    """A run of a bundle, as far as it is known when the command begins."""
    return ImportRun(
        source_kind=SourceKind.COMMAND,
        source_name=_readable(origin if "://" in origin else PurePath(origin).name),
        said_domain=options.domain or "",
        said_release=options.release or "",
        make_current=options.make_current,
        asked_by=options.made_by,
        asked_at=begun,
        queued_at=begun,
        log=[_line(begun, f"Begun by {options.made_by}")],
    )


def _problem(error: BaseException) -> str:
    if isinstance(error, BundleError | ValidatorError):
        return str(error)
    if isinstance(error, DATABASE_FAILURES):
        return failure(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return UNEXPECTED.format(type(error).__name__)


def _line(at: datetime, text: str) -> dict[str, str]:
    return {"at": at.isoformat(timespec="seconds"), "text": text}


def _readable(text: str) -> str:
    """A text of one line, whatever a file's name or a bundle holds, that PostgreSQL can keep."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())
