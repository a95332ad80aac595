"""The overview: per domain what readers see, what is newer, what is held, what was done last."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from importer import acts
from importer.console.page import actor_of, demand, shown
from importer.editions import step_back
from importer.errors import RefusedError
from importer.known_releases import Outlook, outlook
from importer.models import OPEN, OVER, ImportRun
from importer.roles import START, VIEW
from importer.runs.expiry import tidy
from importer.runs.recovery import notice_dead
from library.identifiers import Domain
from library.models import Edition, Finding, Snapshot, SnapshotBundle

MOST_LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Held:
    """A snapshot that the library holds."""

    snapshot: Snapshot
    findings: int
    stored_bytes: int
    """Of its bundle, compressed."""

    is_current: bool


@dataclass(frozen=True, slots=True)
class DomainState:
    """One domain: what readers see of it, and what an admin might do."""

    name: str
    label: str
    held: tuple[Held, ...]
    outlook: Outlook
    last_run: ImportRun | None
    last_import: Snapshot | None
    """The snapshot that has come in since the last run: by a command, that is."""

    @property
    def current(self) -> Held | None:
        """What readers see."""
        return next((held for held in self.held if held.is_current), None)

    @property
    def stored_bytes(self) -> int:
        """Of all its bundles."""
        return sum(held.stored_bytes for held in self.held)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The staff's overview of the library; some ten queries."""
    demand(request, VIEW)
    notice_dead()
    tidy()
    domains = domain_states()
    read = [known.index_read_at for state in domains if (known := state.outlook.known)]
    open_runs = ImportRun.objects.filter(state__in=OPEN)
    context = shown(
        request,
        "Releases and imports",
        domains=domains,
        index_read_at=max(filter(None, read), default=None),
        open_runs=open_runs[:MOST_LISTED],
        open_count=open_runs.count(),
        back=step_back(),
        editions=Edition.objects.select_related(*Domain.values)[:10],
        database_bytes=_database_bytes(),
    )
    return render(request, "importer/overview.html", context)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Learn from MITRE's index which releases there are; some seconds, bounded."""
    demand(request, START)
    try:
        acts.read_index(actor_of(request))
    except RefusedError as refused:
        messages.error(request, str(refused))
    else:
        newer = [f"{found.domain} {found.newest}" for found in outlook() if found.is_newer]
        told = f"Newer than what readers see: {', '.join(newer)}." if newer else "Nothing is newer."
        messages.success(request, f"MITRE’s index was read. {told}")
    return HttpResponseRedirect(reverse("admin:import-overview"))


def domain_states() -> list[DomainState]:
    """All domains, in the order of the library."""
    edition = Edition.objects.current()
    current = {snapshot.pk for snapshot in edition.snapshots} if edition else set()
    findings = dict(
        Finding.objects.values_list("version__memberships__snapshot")
        .annotate(count=Count("id"))
        .order_by()
    )
    sizes = dict(SnapshotBundle.objects.values_list("snapshot_id", Length("data")))
    held: dict[str, list[Held]] = defaultdict(list)
    for found in Snapshot.objects.newest_first():
        counted = findings.get(found.pk, 0), sizes.get(found.pk, 0)
        held[found.domain].append(Held(found, *counted, found.pk in current))
    last = {
        run.domain: run
        for run in ImportRun.objects.filter(state__in=OVER, domain__in=Domain.values)
        .order_by("domain", "-finished_at")
        .distinct("domain")
    }
    known = {found.domain: found for found in outlook()}
    return [
        DomainState(
            domain.value,
            domain.label,
            tuple(held[domain]),
            known[domain.value],
            last.get(domain.value),
            _since(last.get(domain.value), held[domain]),
        )
        for domain in Domain
    ]


def _since(last: ImportRun | None, held: list[Held]) -> Snapshot | None:
    """The newest import of a domain, where it is later than its last run and is not that run's."""
    newest = max((found.snapshot for found in held), key=lambda s: s.imported_at, default=None)
    if newest is None or last is None or last.finished_at is None:
        return newest
    is_its_own = last.sha256 == newest.sha256
    return None if is_its_own or newest.imported_at <= last.finished_at else newest


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (found,) = cursor.fetchone()
        return int(found)
