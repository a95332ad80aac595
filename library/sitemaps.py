"""For machines that find pages: `robots.txt` and sitemaps, one a kind of object.

What they name is what may be indexed: live objects of the current edition, and the lists. A
sample names nothing.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import index, sitemap
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from library.conditional import Shelf, conditional_page
from library.identifiers import OBJECT_TYPES, ObjectType, type_of
from library.models import SnapshotObject

LISTS = "lists"
# How sitemaps are called that are of types without words of ours.
OTHERS = "objects-"

type Sections = dict[str, type[Sitemap[Any]] | Sitemap[Any]]


class Entry(NamedTuple):
    """One address, and when what it shows was last modified by MITRE."""

    path: str
    modified: datetime | None


if TYPE_CHECKING:
    _Sitemap = Sitemap[Entry]
else:
    # Generic in its stubs alone.
    _Sitemap = Sitemap


class Entries(_Sitemap):
    """The entries of one section."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def items(self) -> list[Entry]:
        """The entries themselves."""
        return self.entries

    def location(self, item: Entry) -> str:
        """The address of an entry, without scheme and host."""
        return item.path

    def lastmod(self, item: Entry) -> datetime | None:
        """When it was last modified."""
        return item.modified


@conditional_page
def sitemap_index(request: HttpRequest, shelf: Shelf) -> HttpResponseBase:
    """The index of the sitemaps that name anything; one query."""
    kinds = map(_section, _kinds(shelf))
    named: Sections = {} if shelf.sample else {name: Entries([]) for name in (LISTS, *kinds)}
    return index(request, named, sitemap_url_name="sitemap").render()


@conditional_page
def sitemap_section(request: HttpRequest, shelf: Shelf, section: str) -> HttpResponseBase:
    """One sitemap; one query, two for a type that the library has no words for."""
    kinds = {_section(kind): kind for kind in OBJECT_TYPES}
    if section.startswith(OTHERS):
        kinds = {_section(kind): kind for kind in _kinds(shelf)}
    made: Sections = {}
    if section == LISTS:
        made = {section: Entries(_lists(shelf))}
    elif section in kinds:
        made = {section: Entries(_objects(shelf, kinds[section]))}
    return sitemap(request, made, section=section).render()


def _section(kind: ObjectType) -> str:
    """What the sitemap of a kind is called: as its list, whose address may have a slash in it."""
    return kind.path.replace("/", "-")


def _kinds(shelf: Shelf) -> list[ObjectType]:
    """The kinds of live objects that have pages, those without words of ours last; one query."""
    rows = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).live()
    held = set(map(type_of, rows.values_list("object__stix_type", flat=True).distinct()))
    others = sorted(held.difference(OBJECT_TYPES), key=lambda kind: kind.path)
    return [
        *(kind for kind in OBJECT_TYPES if kind in held),
        *(kind for kind in others if kind.has_list),
    ]


def _lists(shelf: Shelf) -> list[Entry]:
    if shelf.sample or not shelf.snapshots:
        return []
    others = [kind for kind in _kinds(shelf) if not kind.is_known]
    addresses = [shelf.addresses.listing(kind) for kind in (*OBJECT_TYPES, *others)]
    own = [reverse(f"library:{name}") for name in ("home", "releases", "id-check")]
    beside = [reverse(name) for name in settings.LISTED_PAGES]
    return [Entry(path, None) for path in (*own, *addresses, *beside)]


def _objects(shelf: Shelf, kind: ObjectType) -> list[Entry]:
    if shelf.sample:
        return []
    rows = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).of_type(kind).live()
    columns = ("version__attack_id", "object__stix_id", "object__stix_type", "version__modified")
    found: dict[str, datetime | None] = {}
    for attack_id, stix_id, stix_type, modified in rows.order_by("object_id").values_list(*columns):
        found.setdefault(shelf.addresses.page(type_of(stix_type), attack_id, stix_id), modified)
    return [Entry(path, modified) for path, modified in sorted(found.items())]


@conditional_page
def robots(request: HttpRequest, shelf: Shelf) -> HttpResponse:  # noqa: ARG001
    """What crawlers are asked to leave alone: searches, of which there is no end."""
    address = request.build_absolute_uri(reverse("sitemap-index"))
    lines = ("User-agent: *", "Disallow: /learn/attack/search", f"Sitemap: {address}", "")
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
