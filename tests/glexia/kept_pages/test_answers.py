"""Kept pages are found without a query, and answered as they were at first."""

import gzip
from collections.abc import Callable, Iterator
from typing import Any, cast

import brotli
import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from glexia import kept_pages
from glexia.page_memory import PageMemory
from tests.glexia.kept_pages.conftest import PAGE
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db
PAGES = [LIBRARY, MITIGATIONS, f"{MITIGATIONS}?q=alpha", PAGE, "/sitemap.xml"]


def headers_of(response: Any) -> dict[str, str]:
    """The headers of an answer, without the name of its request."""
    return {name: value for name, value in response.headers.items() if name != "X-Request-ID"}


def streamed(response: Any) -> Iterator[bytes]:
    """The pieces that a file is sent in."""
    assert response.streaming
    return iter(response.streaming_content)


@pytest.mark.parametrize("path", PAGES)
def test_page_is_answered_as_it_was_when_asked_for_again(
    keeping: None, site: Site, path: str, rendered: list[Any]
) -> None:
    first = site.get(path)
    assert first.status_code == 200
    rendered.clear()
    again = site.get(path)
    assert rendered == []
    assert again.content == first.content
    assert headers_of(again) == headers_of(first)


@pytest.mark.parametrize("keeping", [""], indirect=True)
def test_page_costs_no_query_when_it_is_kept(
    keeping: None, site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    site.get(PAGE)
    with django_assert_num_queries(0):
        assert site.get(PAGE).status_code == 200
        assert site.get(PAGE, **{"If-None-Match": site.get(PAGE)["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("br, gzip", "br"), ("gzip", "gzip"), ("", "identity")]
)
def test_page_is_compressed_once_for_each_encoding(
    keeping: None, site: Site, accepted: str, encoding: str
) -> None:
    plain = site.get(PAGE).content
    undo = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}[encoding]
    for _ in range(2):
        response = site.get(PAGE, **{"Accept-Encoding": accepted})
        assert undo(response.content) == plain
        assert response.get("Content-Encoding", "identity") == encoding
        assert int(response["Content-Length"]) == len(response.content)
        assert "Accept-Encoding" in response["Vary"]


@pytest.mark.parametrize(
    ("accepted", "undo"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_file_is_compressed_on_its_way_when_it_is_not_kept(
    keeping: None, site: Site, accepted: str, undo: Callable[[bytes], bytes]
) -> None:
    plain = b"".join(streamed(site.get(f"{PAGE}/json")))
    response = site.get(f"{PAGE}/json", **{"Accept-Encoding": accepted})
    assert response["Content-Encoding"] == accepted
    assert undo(b"".join(streamed(response))) == plain


def test_head_has_the_headers_of_the_kept_page(keeping: None, site: Site) -> None:
    whole = site.get(PAGE, **{"Accept-Encoding": "br"})
    head = site.head(PAGE, **{"Accept-Encoding": "br"})
    assert head.content == b""
    assert headers_of(head) == headers_of(whole)


def test_page_is_the_same_for_those_who_are_signed_in(
    keeping: None, site: Site, admin_client: Client
) -> None:
    assert admin_client.get(PAGE).content == site.get(PAGE).content


def test_page_of_the_staff_is_not_compressed(keeping: None, site: Site) -> None:
    # It holds a token, whose length next to a reader's own words would tell of it (BREACH).
    assert "Content-Encoding" not in site.get("/admin/login/", **{"Accept-Encoding": "br, gzip"})


@pytest.mark.parametrize("keeping", [""], indirect=True)
@pytest.mark.parametrize("accepted", ["", "gzip", "br"])
def test_page_is_kept_in_compressed_forms_alone(keeping: None, site: Site, accepted: str) -> None:
    plain = site.get(PAGE)
    for _ in range(2):
        site.get(PAGE, **{"Accept-Encoding": accepted})
    held = cast(PageMemory, caches["pages"])
    forms = len({"gzip", accepted or "gzip"})
    assert 0 < held.size < forms * (len(plain.content) / 2 + kept_pages.BESIDE)
    again = site.get(PAGE)
    assert (again.content, headers_of(again)) == (plain.content, headers_of(plain))


@pytest.mark.parametrize("host", ["evil.example", "localhost:80:80", "a b"])
def test_foreign_host_gets_no_kept_page(keeping: None, site: Site, host: str) -> None:
    site.get(PAGE)
    assert site.get(PAGE, Host=host).status_code == 400
