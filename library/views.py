"""The library's pages: find the object, build the context, render the page or its part."""

from difflib import get_close_matches
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from library.addresses import page_path
from library.conditional import Shelf, conditional_page, current_shelf, is_partial
from library.contexts.held import HeldObject, find_by_stix_id, find_objects
from library.contexts.home import home_context
from library.contexts.mitigation_detail import mitigation_detail as mitigation_context
from library.contexts.object_list import object_list
from library.contexts.page import Crumb, Page
from library.identifiers import MITIGATION, PAGED_TYPES, ObjectType
from library.models import SnapshotObject
from library.parameters import ListFilters, TableFilters, search_text
from library.revocations import replacement

SUGGESTIONS = 5


@conditional_page
def home(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """The library's home: which release this is, and the ways in."""
    context = home_context(shelf)
    return render(request, "library/home.html", {"home": context, "page": context.page})


@conditional_page
def mitigation_list(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """The list of mitigations; for a partial request its results alone."""
    listing = object_list(shelf, MITIGATION, ListFilters.of(request.GET))
    shown = {"list": listing, "page": listing.page}
    if not is_partial(request):
        return render(request, "library/object_list.html", shown)
    response = render(request, "library/_results_swap.html", shown)
    before = ListFilters.of(_query_before(request))
    _remember(response, listing.address, typing=listing.filters.continues(before))
    return response


@conditional_page
def mitigation_detail(request: HttpRequest, shelf: Shelf, attack_id: str) -> HttpResponse:
    """A mitigation; for a partial request its techniques table alone."""
    if attack_id.isascii() and attack_id != attack_id.upper():
        return _elsewhere(page_path(MITIGATION, attack_id.upper()), request, permanent=True)
    found = find_objects(shelf, MITIGATION, attack_id)
    if not found:
        return not_found(request, shelf, MITIGATION, attack_id)
    if found[0].version.revoked and request.GET.get("redirect") != "no":
        target = replacement(shelf, found[0])
        if target is not None and target.kind in PAGED_TYPES and target.attack_id != attack_id:
            return HttpResponseRedirect(f"{target.href}?{urlencode({'replaces': attack_id})}")
    return _mitigation_page(request, shelf, found, found[0].href)


@conditional_page
def object_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """Any object of the edition by its STIX id: a redirect where its short address is its own."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None or held.kind not in PAGED_TYPES:
        raw_path = f"{held.lasting_href}/raw" if held else ""
        return not_found(request, shelf, MITIGATION, stix_id, raw_path)
    sharing = find_objects(shelf, held.kind, held.attack_id) if held.attack_id else []
    is_first = bool(sharing) and sharing[0].object_id == held.object_id
    if is_first and held.href != held.lasting_href:
        return _elsewhere(held.href, request, permanent=False)
    others = [other for other in sharing if other.object_id != held.object_id]
    return _mitigation_page(request, shelf, [held, *others], held.lasting_href)


def _mitigation_page(
    request: HttpRequest, shelf: Shelf, found: list[HeldObject], address: str
) -> HttpResponse:
    replaced = _replaced(shelf, found[0], request.GET.get("replaces", ""))
    filters = TableFilters.of(request.GET)
    context = mitigation_context(shelf, found, address, filters, replaced)
    if is_partial(request):
        response = render(request, "library/_techniques_swap.html", {"detail": context})
        before = TableFilters.of(_query_before(request))
        _remember(response, context.techniques.address, typing=filters.continues(before))
        return response
    shown = {"detail": context, "page": context.page}
    return render(request, "library/mitigation_detail.html", shown)


def _query_before(request: HttpRequest) -> QueryDict:
    """The query of the page that htmx is about to change."""
    try:
        return QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    except ValueError:
        return QueryDict()


def _remember(response: HttpResponse, address: str, *, typing: bool) -> None:
    """Put what is shown in the address bar, without the empty fields that a form sends.

    A new entry of the browser's history, but only one for all that is typed in a row.
    """
    response["HX-Replace-Url" if typing else "HX-Push-Url"] = address


def _replaced(shelf: Shelf, held: HeldObject, attack_id: str) -> str:
    """The ATT&CK ID that led here by a revocation; nothing where that is not true."""
    if not attack_id:
        return ""
    revoked = [old for old in find_objects(shelf, held.kind, attack_id) if old.version.revoked]
    ends = [end for old in revoked if (end := replacement(shelf, old)) is not None]
    return attack_id if any(end.object_id == held.object_id for end in ends) else ""


def not_found(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, asked: str, raw_path: str = ""
) -> HttpResponse:
    """A 404 that says what was asked for and which objects come near.

    `raw_path` is where the JSON of an object is that the library holds and has no page for.
    """
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind).in_list_order()
    named = {row.version.attack_id: HeldObject((row,)) for row in rows}
    near = get_close_matches(search_text(asked).upper(), named, n=SUGGESTIONS, cutoff=0.6)
    page = Page(
        shelf=shelf,
        title=f"No {kind.label.lower()} {search_text(asked)}",
        description="",
        crumbs=(
            Crumb("ATT&CK Library", reverse("library:home")),
            Crumb(kind.plural, reverse(f"library:{kind.path}")),
            Crumb("Not found"),
        ),
        indexed=False,
    )
    context = {
        "page": page,
        "kind": kind,
        "asked": search_text(asked),
        "list_path": reverse(f"library:{kind.path}"),
        "near": [
            (found, named[found].name, named[found].href, named[found].status) for found in near
        ],
        "raw_path": raw_path,
    }
    return render(request, "library/not_found.html", context, status=HTTPStatus.NOT_FOUND)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The 404 of an address that the product does not have."""
    page = Page(shelf=current_shelf(), title="Page not found", description="", indexed=False)
    return render(request, "404.html", {"page": page}, status=HTTPStatus.NOT_FOUND)


def _elsewhere(path: str, request: HttpRequest, *, permanent: bool) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponseRedirect(f"{path}?{query}" if query else path)
    if permanent:
        response.status_code = HTTPStatus.MOVED_PERMANENTLY
    return response
