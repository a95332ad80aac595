"""Two releases compared as files: JSON, CSV, XLSX, Markdown and a Navigator layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import orjson

from library.conditional import Shelf, conditional_page
from library.downloads import citation_of, properties_of, schema_address, site_of
from library.files.navigator import Heading, layer
from library.files.responses import file_name, file_response
from library.files.spreadsheets import csv_pieces, workbook
from library.identifiers import Domain
from library.release_views import no_comparison
from library.releases.asked import Pair, pair_of
from library.releases.exchange import changes, link_changes
from library.releases.layer import LEGEND, changed_techniques
from library.releases.markdown import changelog
from library.releases.summary import page_of
from library.releases.tables import change_sheet, comparison_sheets

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from library.contexts.page import Page
    from library.models import Snapshot


@conditional_page
def comparison_file(
    request: HttpRequest, shelf: Shelf, before: str, after: str, form: str
) -> HttpResponseBase:
    """A file of two releases compared, of all domains or of the one that is asked for.

    A Navigator layer is of one domain: without one that is asked for, of the first.
    """
    pair = pair_of(before, after, request.GET.get("domain", ""))
    if pair is None:
        return no_comparison(request, shelf, before, after)
    if form == "navigator" and not pair.domain:
        pair = pair.of(pair.every[0][0].domain)
    return _File(request, shelf, pair, page_of(shelf, pair)).answer(form)


@dataclass(frozen=True, slots=True)
class _File:
    """One comparison that is taken away."""

    request: HttpRequest
    shelf: Shelf
    pair: Pair
    page: Page

    def answer(self, form: str) -> HttpResponseBase:
        name = file_name(self.pair.domain, "attack", self.pair.before, "to", self.pair.after)
        return file_response(form, self.content(form), name, self.page)

    def content(self, form: str) -> Iterable[bytes] | IO[bytes]:
        match form:
            case "json":
                return self.json()
            case "csv":
                return csv_pieces(change_sheet(self.pair, self.base))
            case "xlsx":
                sheets = comparison_sheets(self.shelf, self.pair, self.base)
                return workbook(sheets, properties_of(self.page, self.request))
            case "markdown":
                return changelog(self.pair, self.base, self.page)
            case _:
                return [orjson.dumps(self.layer())]

    @property
    def base(self) -> str:
        return site_of(self.request)

    @property
    def citation(self) -> str:
        return citation_of(self.page, self.request)

    def json(self) -> Iterator[bytes]:
        """The JSON of the comparison, a domain a piece."""
        before, after = zip(*self.pair.every, strict=True)
        head = {
            "$schema": schema_address(self.request, "comparison-1"),
            "url": self.base + self.page.canonical,
            "title": self.pair.title,
            "citation": self.citation,
            "notice": self.page.notice,
            "before": self.releases(before),
            "after": self.releases(after),
        }
        yield orjson.dumps(head).removesuffix(b"}") + b',"domains":'
        yield from _by_domain((c.domain, changes(c)) for c in self.pair.shown)
        yield b',\n"links":'
        yield from _by_domain((c.domain, link_changes(c)) for c in self.pair.shown)
        yield b"}\n"

    def releases(self, snapshots: Iterable[Snapshot]) -> dict[str, dict[str, Any]]:
        return {
            held.domain: {
                "attack_version": held.attack_version,
                "released": f"{held.released_at:%Y-%m-%d}" if held.released_at else None,
                "bundle_sha256": held.sha256,
                "provenance": held.provenance,
            }
            for held in snapshots
            if self.pair.domain in {"", held.domain}
        }

    def layer(self) -> dict[str, Any]:
        """The layer of the later release, its techniques coloured by what became of them."""
        (compared,) = self.pair.shown
        title = f"What changed: {Domain(compared.domain).label} ATT&CK"
        heading = Heading(
            f"{title} {self.pair.before} to {self.pair.after}",
            f"{self.citation} {self.page.notice}",
            compared.domain,
            self.pair.after,
            self.base + self.page.canonical,
        )
        return layer(heading, changed_techniques(compared), LEGEND)


def _by_domain(held: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """A JSON object with a member for each domain, which there is at least one of."""
    joint = b"{"
    for domain, value in held:
        yield joint + orjson.dumps(domain) + b":" + orjson.dumps(value)
        joint = b",\n"
    yield b"}"
