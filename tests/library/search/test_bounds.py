"""What a search costs, whatever is asked."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from library.conditional import current_shelf
from library.search import search
from tests.factories import import_objects, technique
from tests.library.pages import LIBRARY, Site
from tests.library.search.results import SEARCH

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "asked",
    [
        *("", " ", "%00", "' OR 1=1 --", "a & | ! ( ) : * <->", "\\", "x" * 500, "%F0%9F%98%80"),
        *("<script>alert(1)</script>", ":*", "&q=", "((((", "' ' '", "%ff", "a " * 200),
    ],
)
def test_search_is_clean_when_the_text_is_hostile(library: Site, asked: str) -> None:
    library.page(f"{SEARCH}?q={asked}&type={asked}&domain={asked}")
    assert library.get(f"{SEARCH}?q={asked}&live=1").status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        *("x" * 100_000, "word " * 1000, " ".join(f"w{n}" for n in range(1000)), "a|b&!(c):*<->"),
        *("\x00", "a\x00b", "\n", "\u0130", "___", "\u00b2", "\ud800", "ab", "a"),
    ],
)
def test_a_search_is_bounded_when_the_text_is_hostile(library: Site, asked: str) -> None:
    _, ordinary = queries_of("two words")
    count, length = queries_of(asked)
    assert count <= 6
    assert length < ordinary + 5_000


def queries_of(asked: str) -> tuple[int, int]:
    """How many queries a search takes, and how long they are together.

    Not counted is what names the versions that are held, a digit for each that there ever was.
    """
    search(current_shelf(), "warm")
    with CaptureQueriesContext(connection) as queries:
        search(current_shelf(), asked)
    return len(queries), sum(len(re.sub("[01]{9,}", "", query["sql"])) for query in queries)


def test_a_second_search_reads_no_names_again(library: Site) -> None:
    library.get(f"{SEARCH}?q=powershell")
    with CaptureQueriesContext(connection) as queries:
        library.get(f"{SEARCH}?q=mimika&live=1")
    # The edition; all words, one that is unfinished.
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        library.get(f"{SEARCH}?q=mimikatz&live=1")
    # A whole name needs no words that are unfinished.
    assert len(queries) == 2


@pytest.mark.parametrize("releases", [1, 4])
def test_search_costs_the_same_however_many_releases(site: Site, releases: int) -> None:
    for number in range(1, releases + 1):
        made = [technique(f"T100{n}", f"Name {n}", x_edited=number) for n in range(3)]
        import_objects(*made, release=f"{number}.0")
    site.page(LIBRARY)
    with CaptureQueriesContext(connection) as queries:
        site.page(f"{SEARCH}?q=name")
    assert len(queries) == 6
