"""What a crawler notes: answers that are none, links that lead nowhere, lists that miscount."""

import random
from dataclasses import dataclass, field
from typing import cast

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.factories import import_objects, mitigation, stix_id
from tests.library.crawl import Crawler, Finding, Known
from tests.library.pages import LIBRARY, Site
from tests.library.whole_crawl import followed


@dataclass
class Answers:
    """Stands for the site: what it answers at each address, and 404 at any other."""

    pages: dict[str, HttpResponse] = field(default_factory=dict)
    raise_request_exception: bool = True

    def get(self, path: str) -> HttpResponse:
        return self.pages.get(path, HttpResponse(status=404))


def crawler(**pages: HttpResponse) -> Crawler:
    """A crawler of a site with these pages."""
    return Crawler(cast(Client, Answers({f"/{name}": page for name, page in pages.items()})))


def moved(to: str) -> HttpResponse:
    return HttpResponse(status=302, headers={"Location": to})


def said(made: Crawler) -> list[str]:
    return [str(found) for found in made.known.findings]


def test_link_is_noted_with_its_page_when_it_leads_nowhere() -> None:
    made = crawler(here=HttpResponse("<p id='a'>"), moved=moved("/here"), lost=moved("/gone"))
    for link in ("/here", "/moved", "/lost", "/gone"):
        made.visit(link, "/source")
    assert said(made) == [
        "/source: leads to /lost: answers 404",
        "/source: leads to /gone: answers 404",
    ]


def test_redirects_without_end_are_noted() -> None:
    made = crawler(one=moved("/two"), two=moved("/one"))
    made.visit("/one", "/source")
    assert said(made) == ["/source: leads to /one: answers 302"]


def test_raw_json_is_noted_when_it_has_another_hash() -> None:
    raw = HttpResponse(b"{}", "application/json", headers={"ETag": '"00"'})
    made = crawler(**{"x/raw": raw})
    made.visit("/x/raw", "/x")
    assert said(made) == ["/x: leads to /x/raw: has not the hash that it states"]


def test_anchor_is_dead_when_its_page_was_read_and_has_it_not() -> None:
    known = Known(
        links={"/a#one": "/s", "/a#two": "/s", "/b#one": "/s", "/c": "/s"},
        ids={"/a": frozenset({"one"}), "/c": frozenset()},
    )
    assert known.dead_anchors() == [Finding("/s", "#two is not on /a")]
    assert known.unvisited() == [("/b", "/s")]


@pytest.mark.django_db
def test_page_is_noted_when_its_view_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("library.views.home_context")
    made = Crawler(site.client)
    assert made.read(LIBRARY) is None
    assert said(made) == [f"{LIBRARY}: answers 500"]


@pytest.mark.django_db
def test_page_is_noted_when_it_is_not_sound(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Crawler(site.client)
    assert made.read(LIBRARY) is not None
    assert f"{LIBRARY}#doors-title" in made.known.links
    monkeypatch.setattr("library.contexts.home.PURPOSE", "Left over. (Citation: Someone)")
    assert made.read(LIBRARY) is None
    assert [found.address for found in made.known.findings] == [LIBRARY]
    assert "(Citation:" in said(made)[0]


@pytest.mark.django_db
def test_page_is_noted_when_it_says_what_is_wrong(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("library.contexts.home.PURPOSE", "Left over.<br>")
    made = Crawler(site.client)
    made.read(LIBRARY)
    assert said(made)[0].startswith(f"{LIBRARY}: a tag stands among the words")


@pytest.mark.django_db
def test_page_is_noted_when_it_is_that_of_another_object(site: Site) -> None:
    import_objects(mitigation("M1000", "Measure"))
    made = Crawler(site.client)
    made.read(f"{LIBRARY}/mitigations/M1000", shows=stix_id("course-of-action", "another"))
    assert said(made) == [
        f"{LIBRARY}/mitigations/M1000: is not the page of {stix_id('course-of-action', 'another')}"
    ]


@pytest.mark.django_db
def test_list_is_noted_when_it_miscounts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Crawler(site.client)
    made.walk(f"{LIBRARY}/mitigations")
    assert said(made) == []
    monkeypatch.setattr("tests.library.crawl.stated_results", lambda _page: 3)
    made.walk(f"{LIBRARY}/mitigations")
    assert said(made) == [f"{LIBRARY}/mitigations: says {{3}} and lists 0, 0 distinct"]


def test_whole_crawl_follows_every_link_unless_one_in_so_many_is_asked_for() -> None:
    forms = ("json", "csv?table=facts", "xlsx", "stix", "navigator", "?sort=name")
    files = [(f"/a{n}/{form}", "/s") for n in range(100) for form in forms]
    pages = [(f"/b{n}", "/s") for n in range(100)]
    assert followed(files + pages, random.Random(1), 1) == files + pages
    some = followed(files + pages, random.Random(1), 20)
    assert 0 < len(some) - len(pages) < len(files) / 10
    assert set(pages) <= set(some)
