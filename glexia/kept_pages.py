"""Pages that are kept as they were sent: found before anything else of the product runs.

A page is kept under its ETag, which changes with everything that it is made of. So nothing is ever
taken out: what is out of date is not asked for any more, and leaves in time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from django.core.cache import caches
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from glexia.compression import (
    SHORTEST,
    compressed,
    compressed_pieces,
    is_worth_it,
    preferred_encoding,
)
from glexia.metrics import page_cache_hits, page_cache_misses
from glexia.probes import is_internal
from library.conditional import is_partial, page_tag, shelf_of, unmodified

# Longer ones, mostly files, would take the room of many pages.
LONGEST = 2_000_000
# Those of the pages that anybody may keep stand below these.
PUBLIC = ("/learn/", "/sitemap", "/robots.txt")


@dataclass(frozen=True, slots=True)
class KeptPage:
    """An answer as it was sent."""

    headers: dict[str, str]
    content: bytes


def kept_pages(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers with the kept page, or 304, where nothing has changed; else compresses and keeps."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        if not _is_page(request):
            return answer(request)
        try:
            shelf = shelf_of(request)
            tag = page_tag(request, shelf)
        except (SuspiciousOperation, DatabaseError):
            # Whoever answers finds the same, and says so.
            return answer(request)
        if unchanged := unmodified(request, shelf, tag):
            _note(request)
            return unchanged
        return _whole(request, tag, answer)

    return respond


def _is_page(request: HttpRequest) -> bool:
    """Whether a request is for something whose tag is known beforehand: raw objects have others."""
    path = request.path
    return (
        request.method in ("GET", "HEAD")
        and path.startswith(PUBLIC)
        and not path.endswith("/raw")
        and not is_internal(request)
        and not is_partial(request)
    )


def _note(request: HttpRequest) -> None:
    """Say on a request, for who counts them, that no view had to answer it."""
    request.kept = True  # type: ignore[attr-defined]


def _whole(
    request: HttpRequest, tag: str, answer: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """The page itself, kept or newly made, in the encoding that the client likes best."""
    encoding = preferred_encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    pages, key = caches["pages"], f"{tag}{encoding}"
    kept: KeptPage | None = pages.get(key)
    if kept is not None:
        page_cache_hits.inc()
        _note(request)
        return HttpResponse(kept.content, headers=kept.headers)
    response = answer(request)
    if response.status_code != 200 or response.get("ETag") != tag or response.cookies:
        return response
    if isinstance(response, StreamingHttpResponse):
        _compress_on_its_way(response, encoding)
    elif isinstance(response, HttpResponse):
        _compress(response, encoding)
        if len(response.content) <= LONGEST:
            page_cache_misses.inc()
            pages.set(key, KeptPage(dict(response.headers), response.content))
    return response


def _compress(response: HttpResponse, encoding: str) -> None:
    length = len(response.content)
    if encoding != "identity" and is_worth_it(length, response["Content-Type"]):
        response.content = compressed(response.content, encoding)
        response["Content-Encoding"] = encoding
        response["Content-Length"] = str(len(response.content))


def _compress_on_its_way(response: StreamingHttpResponse, encoding: str) -> None:
    if encoding != "identity" and is_worth_it(SHORTEST, response["Content-Type"]):
        pieces = cast("Iterator[bytes]", response.streaming_content)
        response.streaming_content = compressed_pieces(pieces, encoding)
        response["Content-Encoding"] = encoding
        del response["Content-Length"]
