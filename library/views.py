"""The library's pages: find the object, build the context, render the page or its part."""

from dataclasses import replace
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from library.attack_ids import CERTAIN
from library.conditional import Shelf, conditional_page, is_partial
from library.contexts.held import (
    HeldObject,
    find_by_attack_id,
    find_by_stix_id,
    find_objects,
)
from library.contexts.home import home_context
from library.contexts.matrix import Matrix, matrix_frame, matrix_of, own_matrices
from library.contexts.object_list import object_list
from library.contexts.object_page import Revocation
from library.contexts.object_page import object_page as make_page
from library.contexts.page import Crumb, Page, way_up
from library.contexts.search_page import SearchQuery, live_results, search_page
from library.identifiers import MATRIX, TYPE_OF, ObjectType, type_of
from library.kinds import page_kind
from library.missing import ANY, not_found
from library.models import SnapshotObject
from library.parameters import ListFilters, MatrixFilters, TableFilters, as_query
from library.redirects import redirect
from library.revocations import revocation_chain

# How an object's page may be read: with the tables open, or with what other apps say alone.
VIEWS = ("analyst", "executive")


@conditional_page
def home(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """The library's home: which release this is, and the ways in."""
    context = home_context(shelf)
    return render(request, "library/home.html", {"home": context, "page": context.page})


@conditional_page
def list_page(request: HttpRequest, shelf: Shelf, kind: ObjectType) -> HttpResponse:
    """The list of a kind of object; for a partial request its results alone."""
    return _list(request, shelf, kind)


@conditional_page
def list_by_stix_type(request: HttpRequest, shelf: Shelf, stix_type: str) -> HttpResponse:
    """The list of a STIX type, for types that the library has no words for."""
    kind = type_of(stix_type)
    if kind.is_known:
        return redirect(request, shelf.addresses.listing(kind), permanent=True)
    if not is_listed(shelf, kind):
        return not_found(request, shelf, ANY, stix_type)
    return _list(request, shelf, kind)


def is_listed(shelf: Shelf, kind: ObjectType) -> bool:
    """Whether there are objects of a kind to list; at most one query."""
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind)
    return kind.has_list and rows.exists()


def _list(request: HttpRequest, shelf: Shelf, kind: ObjectType) -> HttpResponse:
    offered = page_kind(kind).filters
    listing = object_list(shelf, kind, ListFilters.of(request.GET, offered))
    shown: dict[str, object] = {"list": listing, "page": listing.page}
    before = ListFilters.of(query_before(request), offered)
    return answer(
        request,
        ("library/object_list.html", "library/_results_swap.html"),
        shown,
        listing.address,
        typing=listing.filters.continues(before),
    )


@conditional_page
def object_page(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str
) -> HttpResponse:
    """The page of an object; for a partial request the table that was asked for."""
    sharing = find_by_attack_id(shelf, attack_id)
    found = [held for held in sharing if held.kind is kind]
    if not found:
        return in_upper_case(request, shelf, kind, attack_id)
    chain = revocation_chain(shelf, found[0])
    target = chain[-1] if chain else None
    if target is not None and request.GET.get("redirect") != "no":
        kept = as_query({"replaces": attack_id, "view": _view(request)})
        return HttpResponseRedirect(target.href + kept)
    others = [held for held in sharing if held.kind is not kind]
    return _page_of(request, shelf, [*found, *others], found[0].href, chain)


@conditional_page
def object_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """Any object of the edition by its STIX id: a redirect where its short address is its own."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None:
        return not_found(request, shelf, TYPE_OF.get(stix_id.partition("--")[0], ANY), stix_id)
    if held.href != held.lasting_href:
        return redirect(request, held.href, permanent=False)
    sharing = find_by_attack_id(shelf, held.attack_id) if held.attack_id else []
    others = [other for other in sharing if other.object_id != held.object_id]
    chain = revocation_chain(shelf, held)
    return _page_of(request, shelf, [held, *others], held.lasting_href, chain)


def _page_of(
    request: HttpRequest,
    shelf: Shelf,
    found: list[HeldObject],
    address: str,
    chain: list[HeldObject],
) -> HttpResponse:
    matrix = None
    if found[0].kind is MATRIX:
        matrix = matrix_of(shelf, found[0], MatrixFilters.of(request.GET))
    if matrix and is_partial(request):
        frame = matrix_frame(shelf, found[0], address, matrix.filters)
        shown: dict[str, object] = _of_matrix(request, matrix, address) | {"page": frame}
        return _grids(request, "library/object_page.html", shown)
    asked = request.GET.get("replaces", "")
    revoked = Revocation(_replaced(shelf, found[0], asked), tuple(chain))
    main = page_kind(found[0].kind).main
    filters = TableFilters.of(request.GET, main)
    detail = make_page(shelf, found, address, filters, revoked)
    shown = {"detail": detail, "page": detail.page, "view": _view(request)}
    if matrix:
        cited = address + matrix.filters.query
        shown |= _of_matrix(request, matrix, address) | {"page": replace(detail.page, cited=cited)}
    table = detail.table(filters.table)
    if table is None:
        return render(request, "library/object_page.html", shown)
    before = TableFilters.of(query_before(request), main)
    # One table at a time is filtered: the one that was so before is whole again.
    left = detail.table(before.table) if before.table != filters.table else None
    return answer(
        request,
        ("library/object_page.html", "library/_table_swap.html"),
        shown | {"table": table, "left": left},
        table.address,
        typing=filters.continues(before),
    )


def _view(request: HttpRequest) -> str:
    """How an object's page is read: "analyst" or "executive"; empty where the address is silent."""
    asked = request.GET.get("view", "")
    return asked if asked in VIEWS else ""


def _of_matrix(request: HttpRequest, matrix: Matrix, address: str) -> dict[str, object]:
    """What the page of a matrix shows of it."""
    asked = MatrixFilters.of(request.GET)
    return {
        "matrices": [matrix],
        "platforms": matrix.platforms,
        "filters": matrix.filters,
        "left_aside": asked.left_aside(matrix.platforms),
        "path": address,
        "offers_files": True,
    }


def _grids(request: HttpRequest, whole: str, shown: dict[str, object]) -> HttpResponse:
    """A page with matrices; for a partial request the grids alone."""
    filters = shown["filters"]
    assert isinstance(filters, MatrixFilters)
    return answer(
        request,
        (whole, "library/_matrix_swap.html"),
        shown,
        f"{shown['path']}{filters.query}",
        typing=filters.continues(MatrixFilters.of(query_before(request))),
    )


@conditional_page
def object_matrix(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str
) -> HttpResponse:
    """The matrices with an object's techniques marked; for a partial request the grids alone."""
    declared = page_kind(kind)
    relation = next((r for r in declared.relations if r.slug == declared.explored), None)
    found = find_objects(shelf, kind, attack_id)
    if not found:
        return in_upper_case(request, shelf, kind, attack_id, "/matrix")
    if relation is None:
        return _without_matrix(request, shelf, found[0])
    asked = MatrixFilters.of(request.GET)
    own = own_matrices(shelf, found[0], relation, asked)
    shown: dict[str, object] = {
        "own": own,
        "page": own.page,
        "matrices": own.matrices,
        "platforms": own.platforms,
        "filters": own.filters,
        "left_aside": asked.left_aside(own.platforms),
        "path": own.page.canonical,
    }
    if "embedded" in request.GET:
        # Within the object's own page, whose address stays.
        return render(request, "library/_matrix.html#grids", shown)
    return _grids(request, "library/matrix_of.html", shown)


@conditional_page
def search_results(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """What a text may mean; an exact ID leads straight to its page.

    For a partial request the results alone, or the few that are shown while a reader types.
    """
    asked = SearchQuery.of(request.GET)
    if "live" in request.GET:
        found_so_far = live_results(shelf, asked)
        live = {"search": found_so_far, "shelf": shelf}
        return render(request, "library/_search_live.html", live)
    found = search_page(shelf, asked)
    shown: dict[str, object] = {"search": found, "page": found.page}
    first = found.results[0] if found.results and not is_partial(request) else None
    if first is not None and first.hit.score >= CERTAIN:
        return HttpResponseRedirect(first.href)
    return answer(
        request,
        ("library/search.html", "library/_search_swap.html"),
        shown,
        found.address,
        typing=bool(asked.text),
    )


def _page_before(request: HttpRequest) -> SplitResult:
    """The address of the page that htmx is about to change."""
    try:
        return urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return urlsplit("")


def query_before(request: HttpRequest) -> QueryDict:
    """The query of the page that htmx is about to change."""
    return QueryDict(_page_before(request).query)


def answer(
    request: HttpRequest,
    templates: tuple[str, str],
    shown: dict[str, object],
    address: str,
    *,
    typing: bool,
) -> HttpResponse:
    """The whole page, or the part that htmx asks for and the address that it then has.

    `templates` are those of the page and of the part; `typing` tells whether the address follows
    what a reader types.
    """
    whole, part = templates
    if not is_partial(request):
        return render(request, whole, shown)
    response = render(request, part, shown)
    _remember(request, response, address, typing=typing)
    return response


def _remember(request: HttpRequest, response: HttpResponse, address: str, *, typing: bool) -> None:
    """Put what is shown in the address bar, without the empty fields that a form sends.

    A new entry of the browser's history, but only one for all that is typed in a row, and none
    for what is in the address bar already.
    """
    page = _page_before(request)
    before = f"{page.path}?{page.query}" if page.query else page.path
    response["HX-Replace-Url" if typing or address == before else "HX-Push-Url"] = address


def _replaced(shelf: Shelf, held: HeldObject, attack_id: str) -> tuple[HeldObject, ...]:
    """The object of an ATT&CK ID that led here by revocations, and the hops between; else none."""
    if not attack_id:
        return ()
    for old in find_objects(shelf, held.kind, attack_id):
        chain = revocation_chain(shelf, old)
        if chain and chain[-1].object_id == held.object_id:
            return (old, *chain[:-1])
    return ()


def in_upper_case(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str, rest: str = ""
) -> HttpResponse:
    """Where an ID leads that no object has as it stands: to its upper case, else to a 404.

    `rest` is what follows the page's own address.
    """
    upper = attack_id.upper()
    if attack_id.isascii() and attack_id != upper and find_objects(shelf, kind, upper):
        return redirect(request, shelf.addresses.page(kind, upper) + rest, permanent=True)
    return not_found(request, shelf, kind, attack_id)


def _without_matrix(request: HttpRequest, shelf: Shelf, held: HeldObject) -> HttpResponse:
    """A 404 that says that the object is there, but that its kind has no matrix of its own."""
    page = Page(
        shelf=shelf,
        title=f"No matrix of {held.attack_id}",
        description="",
        crumbs=(*way_up(shelf, held.kind), Crumb(held.attack_id, held.href), Crumb("Not found")),
        indexed=False,
    )
    shown: dict[str, object] = {
        "page": page,
        "kind": held.kind,
        "said": f"{held.kind.plural} have no matrix of their own.",
        "near_title": "Its page:",
        "near": [held],
    }
    return render(request, "library/not_found.html", shown, status=HTTPStatus.NOT_FOUND)
