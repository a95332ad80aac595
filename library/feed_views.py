"""The Atom feeds of releases, of a type of object, and of one object."""

from django.http import HttpRequest, HttpResponse

from library.conditional import Shelf, conditional_page
from library.contexts.held import find_by_stix_id, find_objects
from library.downloads import site_of
from library.files.atom import feed_response
from library.identifiers import ObjectType, type_of
from library.releases.feeds import object_feed, release_feed, type_feed
from library.views import ANY, in_upper_case, is_listed, not_found


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
    """What the newest releases changed of an object; an ID in lower case leads to the upper one."""
    found = find_objects(shelf, kind, attack_id)
    if not found:
        return in_upper_case(request, shelf, kind, attack_id, "/atom")
    return feed_response(object_feed(shelf, found[0], found[0].href), site_of(request))


@conditional_page
def atom_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """The same for the address that no other object shares."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None:
        return not_found(request, shelf, ANY, stix_id)
    return feed_response(object_feed(shelf, held, held.lasting_href), site_of(request))
