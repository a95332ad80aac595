"""The 404 of an address that the product does not have."""

from collections.abc import Iterable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from library.addresses import Addresses
from library.conditional import Shelf, shelf_of
from library.contexts.held import HeldObject, find_objects
from library.contexts.page import Page
from library.identifiers import OBJECT_TYPES
from library.models import Snapshot
from library.old_addresses import KINDS, PINNED, VERSION
from library.text.links import parse_attack_url


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """A 404 with ways on; of a release that is not held it says so, and what of it is held."""
    shelf = shelf_of(request)
    held = dict.fromkeys(found.attack_version for found in Snapshot.objects.newest_first())
    release, rest = _release(request.path_info, held)
    is_absent = bool(release) and release not in held
    addresses = shelf.addresses
    shown = {
        "page": Page(shelf=shelf, title="Page not found", description="", indexed=False),
        "absent": release if is_absent else "",
        "held": list(held),
        "there": _object(shelf, rest) if is_absent else None,
        "doors": [(kind.plural, addresses.listing(kind)) for kind in OBJECT_TYPES],
    }
    return render(request, "404.html", shown, status=HTTPStatus.NOT_FOUND)


def _release(path: str, held: Iterable[str]) -> tuple[str, str]:
    """The release that an address asks for, and what of it; nothing where it names none.

    For attack.mitre.org, whose addresses name its number alone, one of those that are held.
    """
    path = path.removeprefix(Addresses().home).strip("/")
    versioned, pinned = VERSION.fullmatch(path), PINNED.fullmatch(path)
    if versioned:
        number = versioned["number"]
        fitting = (release for release in held if release.partition(".")[0] == number)
        return next(fitting, number), versioned["rest"] or ""
    return (pinned["release"], pinned["rest"] or "") if pinned else ("", "")


def _object(shelf: Shelf, path: str) -> HeldObject | None:
    """The object of the current edition that the rest of an address names; None for none."""
    link = parse_attack_url(f"/{path}")
    found = find_objects(shelf, KINDS[link.kind], link.attack_id) if link else []
    return found[0] if found else None
