"""The page of a run: how far it is, what it found, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_POST, require_safe

from importer import acts
from importer.console.page import actor_of, demand, shown
from importer.console.start import hints, run_address
from importer.editions import StepBack, step_back
from importer.errors import RefusedError
from importer.models import QUEUED, ImportRun, RunState, SourceKind
from importer.roles import START, VIEW
from importer.runs import spool
from importer.runs.expiry import expire
from importer.runs.preview import has_changed_since
from importer.runs.recovery import notice_dead
from importer.runs.wording import asks_for_a_hint
from library.conditional import is_partial
from library.identifiers import Domain
from library.models import Edition, Snapshot
from library.releases.asked import pair_of

# A worker that is at hand takes a run within a second or two.
LATE_SECONDS = 15
DOWNLOADING = "downloading from MITRE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run that is done."""

    report: dict[str, Any]
    snapshot: Snapshot | None
    is_current: bool
    back: StepBack | None
    """The step back from it, as long as readers see the very edition that the run made."""

    comparison: str
    """The address of the comparison with the release before it then, while both are held."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the page of a run shows."""

    run: ImportRun
    counted: str
    """How much of the stage is done, in words."""

    is_late: bool
    """Whether it has waited for a worker for longer than one takes that is there."""

    has_changed: bool
    """Whether the library is another than the dry run saw."""

    is_silent: bool
    """Whether it failed for want of what its admin can say beside Retry."""

    may_retry: bool
    outcome: Outcome | None
    followed_by: ImportRun | None


@require_safe
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page; for a partial request what changes of it."""
    demand(request, VIEW)
    if not run_id.isascii() or not run_id.isdigit() or len(run_id) > 9:
        raise Http404("no such run")
    notice_dead()
    expire()
    found = get_object_or_404(ImportRun.objects.select_related("retry_of"), pk=int(run_id))
    title = f"Import of {found.bundle}"
    context = shown(request, title, page=run_page(found), domains=Domain.choices)
    name = "importer/_run.html" if is_partial(request) else "importer/run.html"
    return render(request, name, context)


def run_page(run: ImportRun) -> RunPage:
    """What is shown of a run; at most ten queries."""
    waits = run.state in QUEUED
    return RunPage(
        run=run,
        counted=_counted(run),
        is_late=waits and (run.waited_seconds > LATE_SECONDS),
        has_changed=run.state == RunState.PREVIEWED and has_changed_since(run.preview),
        is_silent=run.state == RunState.FAILED and asks_for_a_hint(run.problem),
        may_retry=_may_retry(run),
        outcome=_outcome(run),
        followed_by=run.retries.order_by("id").first(),
    )


def _counted(run: ImportRun) -> str:
    if run.stage == DOWNLOADING and run.done:
        whole = f" of {filesizeformat(run.parts)}" if run.parts else ""
        return f"{filesizeformat(run.done)}{whole}"
    return f"{run.done:,} of {run.parts:,}" if run.parts > 1 else ""


def _may_retry(run: ImportRun) -> bool:
    if run.state not in (RunState.FAILED, RunState.CANCELLED, RunState.PREVIEWED):
        return False
    if run.source_kind == SourceKind.UPLOADED:
        return spool.holds(run.stored_as)
    return run.source_kind != SourceKind.COMMAND


def _outcome(run: ImportRun) -> Outcome | None:
    if run.state != RunState.DONE or run.report is None:
        return None
    snapshot = run.snapshot()
    edition = Edition.objects.current()
    is_current = snapshot is not None and edition is not None and snapshot in edition.snapshots
    made = run.report.get("edition")
    back = step_back() if edition is not None and edition.pk == made else None
    return Outcome(run.report, snapshot, is_current, back, _comparison(run.report, snapshot))


def _comparison(report: dict[str, Any], snapshot: Snapshot | None) -> str:
    if snapshot is None or not report["before"]:
        return ""
    pair = pair_of(report["before"], report["release"], report["domain"])
    return f"{pair.path}{pair.query}" if pair else ""


@require_POST
def act(request: HttpRequest, run_id: int) -> HttpResponse:
    """Confirm, cancel or retry a run; then to its page, or to that of the new one."""
    demand(request, START)
    found = get_object_or_404(ImportRun, pk=run_id)
    kind = request.POST.get("kind", "")
    actor = actor_of(request)
    try:
        match kind:
            case "confirm":
                acts.confirm(actor, found, make_current="make_current" in request.POST)
            case "cancel":
                acts.cancel(actor, found)
            case "retry":
                found = acts.retry(actor, found, _said_now(request.POST))
            case _:
                raise Http404("no such act")
    except RefusedError as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(run_address(found))


def _said_now(sent: QueryDict) -> tuple[str, str] | None:
    """What the admin says of the bundle beside Retry; None where the form has no such fields."""
    return hints(sent) if {"said_domain", "said_release"} & sent.keys() else None
