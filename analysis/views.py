"""The pages of what Glexia says."""

from dataclasses import dataclass
from http import HTTPStatus

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from analysis.derivation import derivation
from analysis.reading.filters import TakeFilters
from analysis.reading.release_brief import release_brief
from analysis.reading.shape import TakeFile
from analysis.reading.take_file import take_file
from analysis.reading.take_list import take_list
from library.conditional import Shelf, conditional_page
from library.contexts.held import HeldObject, find_by_stix_id, find_objects
from library.contexts.page import Crumb, Page, way_up
from library.downloads import schema_response, shallow, site_of
from library.files.shape import schema_of
from library.identifiers import ObjectType
from library.missing import ANY, not_found
from library.views import answer, in_upper_case, query_before


@dataclass(frozen=True, slots=True)
class Entry:
    """One object that a figure counts."""

    href: str
    attack_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A figure with the objects it counts."""

    key: str
    title: str
    entries: list[Entry]


@conditional_page
def evidence(request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str) -> HttpResponse:
    """The objects behind every figure of the Take on an object."""
    found = find_objects(shelf, kind, attack_id)
    if not found:
        return in_upper_case(request, shelf, kind, attack_id, "/evidence")
    return _evidence(request, shelf, found[0])


@conditional_page
def evidence_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """The same for the address that no other object shares."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None:
        return not_found(request, shelf, ANY, stix_id)
    return _evidence(request, shelf, held)


def _evidence(request: HttpRequest, shelf: Shelf, held: HeldObject) -> HttpResponse:
    made = derivation(shelf, held)
    page = Page(
        shelf=shelf,
        title=f"{held.attack_id or held.name}: evidence",
        description="",
        crumbs=(
            *way_up(shelf, held.kind),
            Crumb(held.attack_id or held.name, held.href),
            Crumb("Evidence"),
        ),
        canonical=f"{held.href}/evidence",
        indexed=False,
        kind=held.kind,
        cited_release=held.rows[0].snapshot.attack_version,
    )
    figures = [
        ShownFigure(
            figure.key,
            figure.title,
            [
                Entry(
                    shelf.addresses.page(node.kind, node.attack_id, node.stix_id),
                    node.attack_id,
                    node.name or node.stix_id,
                )
                for node in figure.nodes
            ],
        )
        for figure in (made.figures if made else ())
    ]
    shown = {"page": page, "held": held, "figures": figures}
    return render(request, "analysis/evidence.html", shown)


@conditional_page
def takes(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """The published Takes; for a partial request the results alone."""
    asked = TakeFilters.of(request.GET)
    listing = take_list(shelf, asked)
    return answer(
        request,
        ("analysis/takes.html", "analysis/_takes_swap.html"),
        {"list": listing, "page": listing.page},
        listing.address,
        typing=asked.continues(TakeFilters.of(query_before(request))),
    )


@conditional_page
def takes_brief(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """What the releases shown change for the published Takes."""
    brief = release_brief(shelf)
    return render(request, "analysis/release_brief.html", {"brief": brief, "page": brief.page})


@conditional_page
def take(request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str) -> HttpResponse:
    """The Take on an object as JSON; an ID in lower case leads to the upper one."""
    found = find_objects(shelf, kind, attack_id)
    if not found:
        answered = in_upper_case(request, shelf, kind, attack_id, "/take")
        if answered.status_code == HTTPStatus.NOT_FOUND:
            return _no_take(attack_id, "the release shown does not hold it.")
        return answered
    return _take(request, shelf, found[0], found[0].href)


@conditional_page
def take_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """The same for the address that no other object shares."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None:
        return _no_take(stix_id, "the release shown does not hold it.")
    return _take(request, shelf, held, held.lasting_href)


def _take(request: HttpRequest, shelf: Shelf, held: HeldObject, address: str) -> HttpResponse:
    made = take_file(shelf, held, address, site_of(request))
    if made is None:
        why = "nobody has written one, and none is derived for what is revoked, deprecated or of"
        return _no_take(held.attack_id or held.stix_id, f"{why} an unknown kind.")
    body = orjson.dumps({"$schema": _schema_address(request)} | shallow(made))
    response = HttpResponse(body, content_type="application/json")
    response["Link"] = f'<{address}#licence>; rel="license"'
    response["X-Robots-Tag"] = "noindex"
    return response


def _no_take(on: str, why: str) -> HttpResponse:
    message = f"There is no Take on {on}: {why}"
    return JsonResponse({"error": message}, status=HTTPStatus.NOT_FOUND)


@conditional_page
def take_schema(request: HttpRequest, shelf: Shelf) -> HttpResponse:  # noqa: ARG001
    """The JSON Schema of a Take's JSON."""
    return schema_response(schema_of(TakeFile), _schema_address(request))


def _schema_address(request: HttpRequest) -> str:
    return site_of(request) + reverse("analysis:take-schema")
