"""The Atom feeds of releases, of a type of object, and of one object."""

from django.http import HttpRequest, HttpResponse

from library.conditional import Shelf, conditional_page
from library.contexts.held import HeldObject
from library.downloads import site_of
from library.files.atom import feed_response
from library.history_views import found_ever, found_ever_by_stix_id
from library.identifiers import ObjectType, type_of
from library.missing import ANY, not_found
from library.redirects import redirect
from library.releases.feeds import object_feed, release_feed, type_feed
from library.views import is_listed


@conditional_page
def releases_atom(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """The newest releases and what they changed, in numbers."""
    base = site_of(request)
    return feed_response(release_feed(shelf, base), base)


@conditional_page
def list_atom(request: HttpRequest, shelf: Shelf, kind: ObjectType) -> HttpResponse:
    """What the newest releases changed of a kind of object, by name."""
    base = site_of(request)
    return feed_response(type_feed(shelf, kind, base), base)


@conditional_page
def list_atom_by_stix_type(request: HttpRequest, shelf: Shelf, stix_type: str) -> HttpResponse:
    """The same for a type that the library has no words for."""
    kind = type_of(stix_type)
    if kind.is_known or not is_listed(shelf, kind):
        return not_found(request, shelf, ANY, stix_type)
    base = site_of(request)
    return feed_response(type_feed(shelf, kind, base), base)


@conditional_page
def object_atom(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str
) -> HttpResponse:
    """What the newest releases changed of an object; an ID in lower case leads to the upper one.

    Of one that no release holds any longer, too; an ID that an object had before leads to that
    which it has.
    """
    found = found_ever(shelf, kind, attack_id)
    if found:
        held = found[0]
        if not held.addresses.release and held.attack_id != attack_id:
            return redirect(request, f"{held.href}/atom", permanent=False)
        if held.has_feed(shelf):
            return _feed_of(
                request, shelf, held, shelf.addresses.page(kind, attack_id, held.stix_id)
            )
    upper = attack_id.upper()
    if attack_id.isascii() and attack_id != upper and found_ever(shelf, kind, upper):
        return redirect(request, f"{shelf.addresses.page(kind, upper)}/atom", permanent=True)
    return not_found(request, shelf, kind, attack_id)


@conditional_page
def atom_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """The same for the address that no other object shares."""
    held = found_ever_by_stix_id(shelf, stix_id)
    if held is None or not held.has_feed(shelf):
        return not_found(request, shelf, ANY, stix_id)
    return _feed_of(request, shelf, held, shelf.addresses.by_stix_id(stix_id))


def _feed_of(request: HttpRequest, shelf: Shelf, held: HeldObject, address: str) -> HttpResponse:
    return feed_response(object_feed(shelf, held, address), site_of(request))
