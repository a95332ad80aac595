"""The overview: per domain what readers see, what is newer, what is held, what was done last."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from importer.console.page import demand, shown
from importer.editions import before_current
from importer.models import OPEN, OVER, ImportRun
from importer.published import published_releases
from importer.roles import VIEW
from importer.runs.recovery import notice_dead
from library.identifiers import Domain, is_sample, release_order
from library.models import Edition, Finding, Snapshot, SnapshotBundle


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
    newest_known: str
    last_run: ImportRun | None

    @property
    def current(self) -> Held | None:
        """What readers see."""
        return next((held for held in self.held if held.is_current), None)

    @property
    def is_behind(self) -> bool:
        """Whether MITRE has published a newer release than readers see."""
        if self.current is None or is_sample(self.current.snapshot.attack_version):
            return True
        return release_order(self.current.snapshot.attack_version) < release_order(
            self.newest_known
        )

    @property
    def stored_bytes(self) -> int:
        """Of all its bundles."""
        return sum(held.stored_bytes for held in self.held)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The staff's overview of the library; some ten queries."""
    demand(request, VIEW)
    notice_dead()
    context = shown(
        request,
        "Releases and imports",
        domains=domain_states(),
        open_runs=ImportRun.objects.filter(state__in=OPEN),
        back_to=before_current(),
        editions=Edition.objects.select_related(*Domain.values)[:10],
        database_bytes=_database_bytes(),
    )
    return render(request, "importer/overview.html", context)


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
    return [
        DomainState(
            domain.value,
            domain.label,
            tuple(held[domain]),
            published_releases(domain)[0],
            last.get(domain.value),
        )
        for domain in Domain
    ]


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (found,) = cursor.fetchone()
        return int(found)
