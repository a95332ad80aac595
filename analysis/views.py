"""The pages of what Glexia says."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from analysis.derivation import derivation
from library.conditional import Shelf, conditional_page
from library.contexts.held import HeldObject, find_by_stix_id, find_objects
from library.contexts.page import Crumb, Page, way_up
from library.identifiers import ObjectType
from library.views import ANY, in_upper_case, not_found


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
