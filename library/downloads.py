"""The files that pages and lists offer: JSON, CSV, XLSX, STIX bundles, Navigator layers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from library.conditional import Shelf, conditional_page
from library.contexts.charted import ways_to_techniques
from library.contexts.held import HeldObject, find_by_stix_id, find_objects
from library.contexts.matrix import Matrix, matrix_of
from library.contexts.object_list import every_match, list_frame, usable
from library.contexts.object_page import ObjectPage, Revocation, object_page
from library.contexts.page import Page
from library.contexts.subject import subject_of
from library.files.list_file import list_labels, list_records
from library.files.navigator import Heading, layer, list_marks, matrix_marks, page_marks
from library.files.object_file import object_file
from library.files.responses import file_name, file_response, filter_part, name_part
from library.files.shape import SCHEMAS, ListRecord, schema
from library.files.sheets import FACTS, Sheet, list_sheet, matrix_sheet, page_sheets
from library.files.spreadsheets import csv_pieces, workbook
from library.files.stix import around, bundle_pieces
from library.files.workbook import release_sheets
from library.identifiers import MATRIX, Domain, ObjectType, type_of
from library.kinds import page_kind
from library.missing import ANY, not_found
from library.parameters import ListFilters, MatrixFilters, TableFilters
from library.revocations import revocation_chain
from library.views import in_upper_case, is_listed

# ATT&CK IDs that may be part of a file's name as they stand.
FILE_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")


@conditional_page
def object_download(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str, form: str
) -> HttpResponseBase:
    """A file of an object's page; an ID in lower case leads to the upper one."""
    found = find_objects(shelf, kind, attack_id)
    if found:
        return _Download(request, shelf, found[0], found[0].href).answer(form)
    return in_upper_case(request, shelf, kind, attack_id, f"/{form}")


@conditional_page
def download_by_stix_id(
    request: HttpRequest, shelf: Shelf, stix_id: str, form: str
) -> HttpResponseBase:
    """The same for the address that no other object shares."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None:
        return not_found(request, shelf, ANY, stix_id)
    return _Download(request, shelf, held, held.lasting_href).answer(form)


@dataclass(frozen=True, slots=True)
class _Download:
    """One object whose page is taken away."""

    request: HttpRequest
    shelf: Shelf
    held: HeldObject
    address: str

    def answer(self, form: str) -> HttpResponseBase:
        filters = TableFilters.of(self.request.GET, page_kind(self.held.kind).main)
        detail = object_page(self.shelf, [self.held], self.address, filters, self.revocation)
        if form == "navigator" and not (detail.kind.charted or self.held.kind is MATRIX):
            raise Http404(f"no techniques belong to a {self.held.kind.label}")
        matrix = None
        if self.held.kind is MATRIX:
            matrix = matrix_of(self.shelf, self.held, MatrixFilters.of(self.request.GET))
        match form:
            case "json":
                made = object_file(detail, matrix, site_of(self.request))
                pieces = [_json(self.request, "object-1", shallow(made))]
                return self.file(form, detail, pieces, _filtered(matrix))
            case "csv":
                return self.csv(detail, matrix)
            case "xlsx":
                book = workbook(_sheets(detail, matrix), properties_of(detail.page, self.request))
                return self.file(form, detail, book, _filtered(matrix))
            case "stix":
                graph = subject_of(self.shelf, self.held).graph
                ids = around(graph, self.held, detail.revocation.successors)
                return self.file(form, detail, bundle_pieces(self.shelf.snapshots, ids))
            case _:
                return self.layer(detail, matrix)

    @property
    def revocation(self) -> Revocation:
        return Revocation(successors=tuple(revocation_chain(self.shelf, self.held)))

    def csv(self, detail: ObjectPage, matrix: Matrix | None) -> HttpResponseBase:
        """The table that is asked for, as it is filtered and sorted; else the page's main one."""
        sheets = _sheets(detail, matrix)
        asked = self.request.GET.get("table", "")
        main = "matrix" if matrix else detail.kind.main
        wanted = asked or main or FACTS
        sheet = next((sheet for sheet in sheets if sheet.slug == wanted), None)
        if sheet is None and not asked:
            sheet = sheets[0]
        if sheet is None:
            raise Http404(f"the page has no table {asked}")
        part = "" if sheet.slug == main else sheet.slug
        table = detail.table(sheet.slug)
        filtered = filter_part(table.filters.text) if table else _filtered(matrix)
        return self.file("csv", detail, csv_pieces(sheet), part, filtered)

    def layer(self, detail: ObjectPage, matrix: Matrix | None) -> HttpResponseBase:
        rows = {row.snapshot.domain: row for row in self.held.rows}
        first = next((found.value for found in detail.layers), next(iter(rows)))
        domain = self.request.GET.get("domain") or first
        if domain not in rows:
            raise Http404(f"{self.held.attack_id} is not in {domain}")
        release = rows[domain].snapshot.attack_version
        platform, query = (matrix.filters.platform, matrix.file_query) if matrix else ("", "")
        named = f"{detail.page.title} on {platform}" if platform else detail.page.title
        title = f"{named} ({Domain(domain).label}, ATT&CK {release})"
        heading = Heading(
            title,
            f"{citation_of(detail.page, self.request)} {detail.page.notice}",
            domain,
            release,
            site_of(self.request) + detail.page.canonical + query,
        )
        marks = matrix_marks(matrix) if matrix else page_marks(detail, domain)
        # The ID of a matrix names its domain.
        part = _filtered(matrix) if matrix else domain
        return self.file("navigator", detail, [orjson.dumps(layer(heading, marks))], part)

    def file(self, form: str, detail: ObjectPage, content: Any, *parts: str) -> HttpResponseBase:
        release = self.held.rows[0].snapshot.attack_version
        name = file_name(*self.named, *parts, release)
        return file_response(form, content, name, detail.page)

    @property
    def named(self) -> list[str]:
        """The object's ID and name as parts of a file's name; a matrix may be called by its ID."""
        attack_id = self.held.attack_id
        shown = attack_id if FILE_PART.fullmatch(attack_id) else ""
        return list(dict.fromkeys((shown, name_part(self.held.name))))


def _filtered(matrix: Matrix | None) -> str:
    """What a matrix is filtered by, as a part of a file's name."""
    return filter_part(matrix.filters.platform) if matrix else ""


def _sheets(detail: ObjectPage, matrix: Matrix | None) -> list[Sheet]:
    facts, *others = page_sheets(detail)
    return [facts, *([matrix_sheet(matrix)] if matrix else []), *others]


@conditional_page
def list_download(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, form: str
) -> HttpResponseBase:
    """A file of a list, whole, as the reader filtered it."""
    return _list_file(request, shelf, kind, form)


@conditional_page
def list_download_by_stix_type(
    request: HttpRequest, shelf: Shelf, stix_type: str, form: str
) -> HttpResponseBase:
    """The same for a type that the library has no words for."""
    kind = type_of(stix_type)
    if kind.is_known or not is_listed(shelf, kind):
        return not_found(request, shelf, ANY, stix_type)
    return _list_file(request, shelf, kind, form)


def _list_file(request: HttpRequest, shelf: Shelf, kind: ObjectType, form: str) -> HttpResponseBase:
    filters = ListFilters.of(request.GET, page_kind(kind).filters).at(0)
    filters = usable(shelf, kind, filters)
    page = list_frame(shelf, kind, filters)
    labels = list_labels(kind)
    records = list_records(shelf, kind, filters, site_of(request))
    content: Any
    match form:
        case "json":
            address = site_of(request) + shelf.addresses.listing(kind) + filters.query
            content = _list_json(request, page, address, records)
        case "csv":
            content = csv_pieces(list_sheet(kind.slug, kind.plural, labels, records))
        case "xlsx":
            sheet = list_sheet(kind.slug, kind.plural, labels, records)
            content = workbook([sheet], properties_of(page, request))
        case "stix":
            shown = [s for s in shelf.snapshots if filters.domain in {"", s.domain}]
            ids = [held.object_id for held in every_match(shelf, kind, filters)]
            content = bundle_pieces(shown, ids)
        case _:
            return _list_layer(request, shelf, kind, filters)
    return file_response(form, content, _list_name(kind, filters, _releases(page)), page)


def _list_name(kind: ObjectType, filters: ListFilters, release: str) -> str:
    """What a file of a list is called: one that a reader filtered says by what."""
    asked = (filters.tactic, filters.platform, filters.text)
    dead = "with-revoked-and-deprecated" if filters.include_revoked else ""
    parts = (kind.slug, filters.domain, *map(filter_part, asked), dead)
    return file_name(*parts, "attack", release)


def _list_layer(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, filters: ListFilters
) -> HttpResponseBase:
    """The layer of a list in one domain: the one asked for, else the first with techniques."""
    domains = {snapshot.domain: snapshot for snapshot in shelf.snapshots}
    asked = [domain for domain in domains if filters.domain in {"", domain}]
    ways = ways_to_techniques(shelf.snapshot_ids, kind)
    if not ways or not asked:
        raise Http404(f"no techniques belong to this list of {kind.plural}")
    for domain in asked:
        in_domain = replace(filters, domain=domain)
        held = list(every_match(shelf, kind, in_domain))
        if marks := list_marks(shelf, ways, held):
            break
    page = list_frame(shelf, kind, in_domain)
    release = domains[domain].attack_version
    heading = Heading(
        f"{kind.plural} ({Domain(domain).label}, ATT&CK {release})",
        f"{citation_of(page, request)} {page.notice}",
        domain,
        release,
        site_of(request) + page.canonical,
    )
    name = _list_name(kind, in_domain, release)
    return file_response("navigator", [orjson.dumps(layer(heading, marks))], name, page)


def _list_json(
    request: HttpRequest, page: Page, address: str, records: Iterable[ListRecord]
) -> Iterator[bytes]:
    """The JSON of a list, a record a piece; how many there were comes last."""
    head = {
        "$schema": schema_address(request, "list-1"),
        "url": address,
        "title": page.title,
        "citation": citation_of(page, request),
        "notice": page.notice,
    }
    yield orjson.dumps(head).removesuffix(b"}") + b',"records":['
    total = 0
    for total, record in enumerate(records, 1):
        yield (b",\n" if total > 1 else b"\n") + orjson.dumps(record)
    yield b'\n],"total":%d}\n' % total


@conditional_page
def release_workbook(request: HttpRequest, shelf: Shelf, domain: str) -> HttpResponseBase:
    """A whole release of a domain as an Excel workbook."""
    snapshot = next((held for held in shelf.snapshots if held.domain == domain), None)
    if snapshot is None:
        raise Http404(f"no release of {domain} is shown")
    page = Page(
        shelf=shelf,
        title=f"{Domain(domain).label} ATT&CK {snapshot.attack_version}",
        description="",
        canonical=shelf.addresses.home,
        cited_release=snapshot.attack_version,
    )
    book = workbook(release_sheets(shelf, snapshot, site_of(request)), properties_of(page, request))
    name = file_name(f"{domain}-attack", snapshot.attack_version)
    return file_response("xlsx", book, name, page)


@conditional_page
def json_schema(request: HttpRequest, shelf: Shelf, name: str) -> HttpResponse:  # noqa: ARG001
    """The JSON Schema of the library's JSON files."""
    if name not in SCHEMAS:
        raise Http404(f"no schema {name}")
    return schema_response(schema(name), schema_address(request, name))


def schema_response(made: dict[str, Any], address: str) -> HttpResponse:
    """A JSON Schema as it is published at an address."""
    return JsonResponse(made | {"$id": address}, content_type="application/schema+json")


def shallow(made: Any) -> dict[str, Any]:
    """The fields of a dataclass as they are: orjson knows what they hold."""
    return {field.name: getattr(made, field.name) for field in fields(made)}


def _json(request: HttpRequest, name: str, made: dict[str, Any]) -> bytes:
    return orjson.dumps({"$schema": schema_address(request, name)} | made)


def schema_address(request: HttpRequest, name: str) -> str:
    """The whole address of a JSON Schema."""
    return site_of(request) + reverse("library:schema", args=[name])


def site_of(request: HttpRequest) -> str:
    """The scheme and host with which every address in a file begins."""
    return f"{request.scheme}://{request.get_host()}"


def citation_of(page: Page, request: HttpRequest) -> str:
    """How to cite a page, with its whole address."""
    return f"{page.citation} {site_of(request)}{page.lasting_path}"


def properties_of(page: Page, request: HttpRequest) -> dict[str, str]:
    """What a workbook says of itself."""
    return {
        "title": page.title,
        "subject": page.release_line,
        "comments": f"{citation_of(page, request)} {page.notice}",
    }


def _releases(page: Page) -> str:
    return "-".join(dict.fromkeys(version for _, version in page.releases))
