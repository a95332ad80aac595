"""The findings of a snapshot: a list with filters, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from importer.console.page import demand, shown
from importer.roles import VIEW
from library.addresses import Addresses
from library.files.sheets import Sheet
from library.files.spreadsheets import csv_pieces
from library.models import Edition, Finding, Snapshot
from library.parameters import offset

PAGE_SIZE: Final = 50
LONGEST: Final = 200
COLUMNS: Final = ("Type", "ID", "Name", "STIX id", "Field", "Finding")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which findings are asked for."""

    stix_type: str
    field: str
    text: str

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """From an address; what is too long is cut, a NUL is left out."""
        names = ("type", "field", "q")
        stix_type, field, text = (
            query.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in names
        )
        return cls(stix_type, field, text)

    def apply(self, findings: QuerySet[Finding]) -> QuerySet[Finding]:
        """The findings that fit."""
        if self.stix_type:
            findings = findings.filter(version__object__stix_type=self.stix_type)
        if self.field:
            findings = findings.filter(field=self.field)
        if self.text:
            findings = findings.filter(reason__icontains=self.text)
        return findings

    def query(self, **more: object) -> str:
        """The query of an address with these filters and more."""
        given = {"type": self.stix_type, "field": self.field, "q": self.text} | more
        return "?" + urlencode({name: value for name, value in given.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, with the object it is on."""

    stix_type: str
    attack_id: str
    name: str
    stix_id: str
    field: str
    reason: str
    href: str
    """The page on which readers see this very object; empty where there is none."""


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """The findings of a snapshot as they are filtered, one page of them."""

    snapshot: Snapshot
    filters: Filters
    total: int
    rows: tuple[Row, ...]
    start: int
    types: tuple[tuple[str, int], ...]
    fields: tuple[tuple[str, int], ...]

    @property
    def previous(self) -> str:
        """The address of the page before; empty on the first."""
        if not self.start:
            return ""
        return self.filters.query(offset=max(0, self.start - PAGE_SIZE)) or "?"

    @property
    def following(self) -> str:
        """The address of the page after; empty on the last."""
        if self.start + PAGE_SIZE >= self.total:
            return ""
        return self.filters.query(offset=self.start + PAGE_SIZE)

    @property
    def csv(self) -> str:
        """The address of all that fits, as a file."""
        return self.filters.query(form="csv")


@require_safe
def findings(request: HttpRequest, snapshot_id: int) -> HttpResponseBase:
    """The findings of a snapshot; with `form=csv` all of those that fit, as a file."""
    demand(request, VIEW)
    snapshot = get_object_or_404(Snapshot, pk=snapshot_id)
    filters = Filters.of(request.GET)
    if request.GET.get("form") == "csv":
        return _file(snapshot, filters)
    page = findings_page(snapshot, filters, offset(request.GET.get("offset", "")))
    title = f"Findings of {snapshot.domain} {snapshot.attack_version}"
    return render(request, "importer/findings.html", shown(request, title, page=page))


def findings_page(snapshot: Snapshot, filters: Filters, start: int) -> FindingsPage:
    """One page of the findings; six queries."""
    every = _of(snapshot)
    fitting = filters.apply(every)
    total = fitting.count()
    start = min(start, max(0, total - 1))
    start -= start % PAGE_SIZE
    return FindingsPage(
        snapshot,
        filters,
        total,
        tuple(_rows(fitting, _addresses(snapshot), slice(start, start + PAGE_SIZE))),
        start,
        _counts(every, "version__object__stix_type"),
        _counts(every, "field"),
    )


def _of(snapshot: Snapshot) -> QuerySet[Finding]:
    return Finding.objects.filter(version__memberships__snapshot=snapshot)


def _counts(every: QuerySet[Finding], column: str) -> tuple[tuple[str, int], ...]:
    """The values of a column with the number of findings of each, the most first."""
    counted = every.values_list(column).annotate(count=Count("pk")).order_by("-count", column)
    return tuple((value, count) for value, count in counted)


def _addresses(snapshot: Snapshot) -> Addresses | None:
    """Addresses at which readers see what this snapshot holds; None where they see another's."""
    edition = Edition.objects.current()
    if edition is not None and snapshot in edition.snapshots:
        return Addresses()
    release = snapshot.attack_version
    is_shown = Snapshot.objects.of_release(snapshot.domain, release) == snapshot
    return Addresses(release) if is_shown else None


def _rows(
    found: QuerySet[Finding], addresses: Addresses | None = None, which: slice = slice(None)
) -> Iterator[Row]:
    columns = (
        "version__object__stix_type",
        "version__attack_id",
        "version__name",
        "version__object__stix_id",
        "field",
        "reason",
    )
    rows = found.order_by("version__object__stix_type", "pk").values_list(*columns)
    for stix_type, attack_id, name, stix_id, field, reason in rows[which]:
        href = addresses.by_stix_id(stix_id) if addresses else ""
        yield Row(stix_type, attack_id, name, stix_id, field, reason, href)


def _file(snapshot: Snapshot, filters: Filters) -> HttpResponse | StreamingHttpResponse:
    rows = (
        (row.stix_type, row.attack_id, row.name, row.stix_id, row.field, row.reason)
        for row in _rows(filters.apply(_of(snapshot)))
    )
    sheet = Sheet("findings", "Findings", COLUMNS, rows)
    answer = StreamingHttpResponse(csv_pieces(sheet), content_type="text/csv; charset=utf-8")
    name = f"findings-{snapshot.domain}-{snapshot.attack_version}.csv"
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    return answer
