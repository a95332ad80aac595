"""What a web process does before its first request, so that no reader waits for it."""

import contextlib
import gc

from django.conf import settings
from django.db import DatabaseError, connection
from django.template.loader import get_template, render_to_string
from django.urls import get_resolver
from django.utils.formats import get_format

from analysis.landscape import landscape_of
from analysis.reading.filters import TakeFilters
from analysis.reading.take_list import take_list
from glexia.purging import watch
from library.conditional import build_id, current_shelf
from library.contexts.neighbours import listed_ids
from library.contexts.object_list import object_list
from library.contexts.object_page import Revocation, object_page
from library.contexts.search_page import SearchQuery, search_page
from library.identifiers import MATRIX, MITIGATION, OBJECT_TYPES
from library.panels import object_panels
from library.parameters import ListFilters, TableFilters
from library.text.markdown import plain

# A large page makes some thousand objects that live as long as it: to look among them for garbage
# at every two thousand, as Python does by itself, takes a twentieth of its time and finds little.
OBJECTS_BETWEEN_COLLECTIONS = 25_000


def warm() -> None:
    """Load addresses and views, compile templates, know the build: 0.4 seconds; begin to watch."""
    get_resolver()._populate()
    get_format("DATE_FORMAT")
    build_id()
    plain("A first text makes the parser ready.")
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.html")):
        get_template(str(path.relative_to(folder)))
    # A database that is not there yet is told of when a reader asks for it.
    with contextlib.suppress(DatabaseError):
        _make_pages()
        connection.close()
    # All of this lasts: what looks for garbage while a page is made need not go through it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    watch()


def _make_pages() -> None:
    """Make a list, a page of it and a search: queries, too, are compiled when first used.

    And work out what pages would else ask several queries for, each the first time that it is
    shown: how all published Takes stand, and what the release changed of matrices.
    """
    shelf = current_shelf()
    landscape_of(shelf.snapshot_ids)
    for kind in OBJECT_TYPES:
        listed_ids(shelf.snapshot_ids, kind)
    listing = object_list(shelf, MITIGATION, ListFilters())
    render_to_string("library/object_list.html", {"list": listing, "page": listing.page})
    found = search_page(shelf, SearchQuery("network"))
    render_to_string("library/search.html", {"search": found, "page": found.page})
    for card in listing.cards[:1]:
        detail = object_page(shelf, [card.held], card.held.href, TableFilters(), Revocation())
        shown = {"detail": detail, "page": detail.page}
        render_to_string("library/object_page.html", shown)
    take_list(shelf, TakeFilters())
    for card in object_list(shelf, MATRIX, ListFilters()).cards:
        object_panels(shelf, card.held)
