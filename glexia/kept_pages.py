"""Public answers: kept as they were sent, found before anything else of the product runs.

A page is kept under its ETag, which changes with everything that it is made of. So nothing is ever
taken out: what is out of date is not asked for any more, and leaves in time. Compressed alone: who
takes nothing compressed gets it unpacked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from glexia.cached import ask
from glexia.caches import NOWHERE
from glexia.compression import (
    SHORTEST,
    compressed,
    compressed_pieces,
    is_worth_it,
    preferred_encoding,
    unpacked,
)
from glexia.metrics import page_cache_hits, page_cache_misses
from glexia.probes import is_internal
from glexia.replicas import FROM_FIRST
from library.conditional import (
    SAFE,
    give_freshness,
    is_partial,
    page_tag,
    shelf_of,
    unmodified,
)

CACHE = "pages"
# Longer ones, mostly files, would take the room of many pages.
LONGEST = 2_000_000
# Those of the pages that anybody may keep stand below these.
PAGES = ("/learn/", "/sitemap", "/robots.txt")
# What is kept for those who take nothing compressed.
USUAL = "gzip"
# Beside its content, of a page: some twenty headers, and what Python adds.
BESIDE = 4_000
# What says that an answer must arrive as the view made it (RFC 9111 §5.2.2.6).
AS_IT_IS = "no-transform"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """An answer as it was sent."""

    headers: dict[str, str]
    content: bytes

    @property
    def size(self) -> int:
        """How many bytes of memory it takes, about."""
        return len(self.content) + BESIDE

    def answer(self, encoding: str) -> HttpResponse:
        """The same for a client who takes this encoding, in which it is if it was worth it."""
        held = self.headers.get("Content-Encoding")
        if held is None or encoding == held:
            return HttpResponse(self.content, headers=self.headers)
        plain = unpacked(self.content, held)
        response = HttpResponse(plain, headers=self.headers)
        del response["Content-Encoding"]
        response["Content-Length"] = str(len(plain))
        return response


class Parameters(QueryDict):
    """The parameters of an address, which remember whether all of them were looked at."""

    def __init__(self, query: bytes) -> None:
        self.seen: set[str] = set()
        super().__init__(query)
        self.seen.clear()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.seen.add(str(key))
        return super().__contains__(key)

    def getlist(self, key: str, default: Any = None) -> Any:
        """All values of a parameter."""
        self.seen.add(key)
        return super().getlist(key, default)

    @property
    def were_read(self) -> bool:
        """Whether each was looked at: an address with others is one of any number."""
        return self.keys() <= self.seen


def kept_pages(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers with the kept page, or 304, where nothing has changed; else compresses and keeps.

    What else is public is compressed, too, and says how long it may be kept. What is not, nobody
    keeps unless it says so: a file of another version may be there once this process is replaced.
    """
    not_public = (*FROM_FIRST, settings.STATIC_URL)

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(not_public) or is_internal(request):
            response = answer(request)
            response.headers.setdefault("Cache-Control", "no-store")
            return response
        if not _is_page(request):
            return _finished(request, answer(request))
        try:
            shelf = shelf_of(request)
            tag = page_tag(request, shelf)
        except (SuspiciousOperation, DatabaseError):
            # Whoever answers finds the same, and says so.
            return _finished(request, answer(request))
        if unchanged := unmodified(request, shelf, tag):
            _note(request)
            return unchanged
        return _whole(request, tag, answer)

    return respond


def _is_page(request: HttpRequest) -> bool:
    """Whether a request is for something whose tag is known beforehand: raw objects have others."""
    path = request.path
    return (
        request.method in SAFE
        and path.startswith(PAGES)
        and not path.endswith("/raw")
        and not is_partial(request)
    )


def _note(request: HttpRequest) -> None:
    """Say on a request, for who counts them, that no view had to answer it."""
    request.kept = True  # type: ignore[attr-defined]


def _encoding(request: HttpRequest) -> str:
    return preferred_encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""))


def _whole(
    request: HttpRequest, tag: str, answer: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """The page itself, kept or newly made, in the encoding that the client likes best."""
    encoding = _encoding(request)
    form = USUAL if encoding == "identity" else encoding
    key = f"{tag}{form}"
    kept: KeptPage | None = ask(CACHE, lambda pages: pages.get(key), None)
    if kept is not None:
        page_cache_hits.inc()
        _note(request)
        return kept.answer(encoding)
    parameters = _parameters(request)
    response = answer(request)
    if (
        not isinstance(response, HttpResponse)
        or response.status_code != 200
        or response.get("ETag") != tag
        or response.cookies
        or (parameters is not None and not parameters.were_read)
        or settings.CACHES[CACHE]["BACKEND"] == NOWHERE
    ):
        return _finished(request, response)
    made = _packed(response, form)
    if len(made.content) <= LONGEST:
        page_cache_misses.inc()
        ask(CACHE, lambda pages: pages.set(key, made), None)
    return response if encoding == "identity" else _as(response, made)


def _parameters(request: HttpRequest) -> Parameters | None:
    """The parameters of a request from here on, where it has any that can be read."""
    query = request.META["QUERY_STRING"]
    if not query:
        return None
    try:
        found = Parameters(query.encode("latin-1"))
    except SuspiciousOperation:
        return None
    request.GET = found  # type: ignore[assignment]
    return found


def _packed(response: HttpResponse, encoding: str) -> KeptPage:
    """An answer in an encoding, where that is worth it."""
    headers, content = dict(response.headers), response.content
    if is_worth_it(len(content), response["Content-Type"]):
        content = compressed(content, encoding)
        headers |= {"Content-Encoding": encoding, "Content-Length": str(len(content))}
    return KeptPage(headers, content)


def _as(response: HttpResponse, made: KeptPage) -> HttpResponse:
    response.content = made.content
    for name, value in made.headers.items():
        response[name] = value
    return response


def _finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Any other public answer: it says for how long it may be kept, and is compressed."""
    give_freshness(request, response)
    if (
        request.method not in SAFE
        or response.status_code not in (200, 304, 404)
        or response.cookies
        or AS_IT_IS in response["Cache-Control"]
    ):
        return response
    patch_vary_headers(response, ["Accept-Encoding"])
    encoding = _encoding(request)
    if encoding == "identity":
        return response
    if isinstance(response, HttpResponse):
        # What a 304 is about was compressed as well.
        is_compressed = response.status_code == 304 or is_worth_it(
            len(response.content), response["Content-Type"]
        )
        if is_compressed and response.content:
            _as(response, _packed(response, encoding))
    else:
        is_compressed = _compress_on_its_way(response, encoding)
    tag = response.get("ETag", "")
    if is_compressed and tag.startswith('"'):
        # Not the same bytes, so not the same strong tag (RFC 9110 §8.8.3.3).
        response["ETag"] = f"W/{tag}"
    return response


def _compress_on_its_way(response: HttpResponseBase, encoding: str) -> bool:
    """Have pieces compressed as they come, where that is worth it; whether it is."""
    if not isinstance(response, StreamingHttpResponse):
        return False
    if not is_worth_it(SHORTEST, response["Content-Type"]):
        return False
    pieces = cast("Iterator[bytes]", response.streaming_content)
    response.streaming_content = compressed_pieces(pieces, encoding)
    response["Content-Encoding"] = encoding
    del response["Content-Length"]
    return True
