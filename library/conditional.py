"""Answers that cost next to nothing when nothing has changed: ETag and 304 for pages.

What a page shows follows from its address, the edition, the snapshots held (change history lists
them all), the epoch and this build of the product. So the tag is known before anything is rendered,
and switching the edition changes every page at once. No tag comes back once it was left: a page
that was made from what came a moment after its tag was read is found by nobody thereafter.
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache, wraps
from http import HTTPStatus
from typing import Any, Concatenate

from django.conf import settings
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from library.addresses import Addresses
from library.identifiers import RELEASE_FORM, Domain, release_order
from library.models import Edition, Snapshot
from library.reading import read_from, reading
from library.sharing import without_short_address

# What htmx 4 sends when only a part of the page is to be swapped, and at no other time.
PARTIAL_HEADER = "HX-Request-Type"
# Where WSGI has it: to make all of `request.headers` takes longer than to find a finished page.
PARTIAL_VARIABLE = "HTTP_HX_REQUEST_TYPE"
# What purges all pages of the library from a shared cache.
EVERY_PAGE = "attack"
BEHIND_SECONDS = 1
# How many times EPOCH_SECONDS a reader goes by what was read while another reads it anew.
MOST_BEHIND = 10
REVALIDATION_SECONDS = 60
SAFE = ("GET", "HEAD")
# What caches keep unasked (RFC 9110 §15.1), of that which the library answers beside pages.
LASTING = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.NOT_FOUND)
SOURCES = ("library", "analysis", "templates", "static", "glexia")


@dataclass(frozen=True)
class Shelf:
    """What readers see at the moment of a request: the edition, and which snapshots there are.

    With a `release`, the snapshots of that release in place of the edition's.
    """

    edition: Edition | None
    newest_snapshot: int
    snapshot_count: int
    epoch: int = 0
    known: tuple[tuple[str, str], ...] = ()
    """The newest release that MITRE is known to have published, by domain."""

    mark: str = ""
    """All that pages follow from and that their addresses do not say, in one text."""

    release: str = ""
    pinned: tuple[Snapshot, ...] = ()

    @cached_property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots that are read, in the order of the domains."""
        if self.release:
            return list(self.pinned)
        return self.edition.snapshots if self.edition else []

    @cached_property
    def snapshot_ids(self) -> tuple[int, ...]:
        """The keys of the same, by which what never changes may be kept."""
        return tuple(snapshot.pk for snapshot in self.snapshots)

    @property
    def current(self) -> "Shelf":
        """What readers see without a pinned release."""
        return replace(self, release="", pinned=())

    @cached_property
    def addresses(self) -> Addresses:
        """The addresses of the pages that show what is read here."""
        return Addresses(self.release, without_short_address(self.snapshot_ids))

    @property
    def missing(self) -> list[str]:
        """The labels of the domains that the edition has and the pinned release does not."""
        held = {snapshot.domain for snapshot in self.snapshots}
        edition = self.edition.snapshots if self.edition else []
        return [Domain(s.domain).label for s in edition if s.domain not in held]

    @property
    def newer(self) -> list[tuple[str, str]]:
        """What MITRE has published since the edition: each domain's label and release.

        In the order of the domains; only of those that the edition has, and the same on pages of
        a pinned release.
        """
        known = dict(self.known)
        held = self.edition.snapshots if self.edition else []
        return [
            (Domain(s.domain).label, known[s.domain])
            for s in held
            if s.domain in known
            and release_order(known[s.domain]) > release_order(s.attack_version)
        ]

    @property
    def absence(self) -> str:
        """A sentence on those domains, for what is not found and may stand there; else nothing."""
        if not self.missing:
            return ""
        return f"Release {self.release} of {' and '.join(self.missing)} has not been imported."

    @property
    def sample(self) -> bool:
        """Whether readers see the project's sample in place of ATT&CK."""
        return any(snapshot.provenance == "sample" for snapshot in self.snapshots)


NOW = """
    SELECT (SELECT max(id) FROM library_edition),
        (SELECT coalesce(max(id), 0) FROM library_snapshot),
        (SELECT count(*) FROM library_snapshot),
        (SELECT coalesce(max(number), 0) FROM library_epoch),
        (SELECT array_agg(ARRAY[domain, attack_version]) FROM library_knownrelease)
"""


class _Kept:
    """The shelf that this process last read from each database, and when.

    One thread at a time reads anew. A copy of the database has its own, for it may lag behind.
    """

    at: dict[str, tuple[float, Shelf]] = {}
    reading = threading.Lock()


def current_shelf() -> Shelf:
    """What readers see, as of a moment at most EPOCH_SECONDS ago; one query where that is over.

    So a process learns of what another has published within that time, and asks no more often.
    While the database is away, what was read last holds, so that finished pages are still served;
    raises DatabaseError where nothing was.
    """
    database = read_from()
    read_at, shelf = _Kept.at.get(database, (-math.inf, None))
    age = time.monotonic() - read_at
    if shelf is not None and age < settings.EPOCH_SECONDS:
        return shelf
    # Nobody waits for a database that is slow to answer another, unless that lasts.
    patient = shelf is None or age > MOST_BEHIND * settings.EPOCH_SECONDS
    if not _Kept.reading.acquire(blocking=patient) and shelf is not None:
        return shelf
    try:
        with suppress(OperationalError) if shelf is not None else nullcontext():
            shelf = _read_shelf()
        # Before another may read: whoever read first must not be kept last.
        _Kept.at[database] = (time.monotonic(), shelf)
    finally:
        _Kept.reading.release()
    return shelf


def forget_shelf(**_kwargs: object) -> None:
    """Have the next reader of this process see what has just been published in it."""
    _Kept.at = {database: (-math.inf, shelf) for database, (_, shelf) in list(_Kept.at.items())}


def shelf_of(request: HttpRequest) -> Shelf:
    """What readers see, the same for all that answers one request."""
    shelf: Shelf | None = getattr(request, "shelf", None)
    if shelf is None:
        shelf = current_shelf()
        request.shelf = shelf  # type: ignore[attr-defined]
    return shelf


def _read_shelf() -> Shelf:
    """What readers see now, in one query; in two where the process has not met the edition."""
    with reading().cursor() as cursor:
        cursor.execute(NOW)
        edition, newest_snapshot, snapshot_count, number, known = cursor.fetchone()
    mark = f"{edition}/{newest_snapshot}/{snapshot_count}/{number}"
    if edition is None:
        return Shelf(None, newest_snapshot, snapshot_count, number, mark=mark)
    releases = tuple((domain, release) for domain, release in known or ())
    shown = _edition(edition)
    # A library that was emptied and filled anew counts editions and snapshots as it did before.
    mark = "/".join((mark, *(snapshot.sha256 for snapshot in shown.snapshots)))
    return Shelf(shown, newest_snapshot, snapshot_count, number, releases, mark)


@lru_cache(maxsize=8)
def _edition(key: int) -> Edition:
    """An edition with its snapshots; kept, as neither ever changes."""
    return Edition.objects.select_related(*Domain.values).get(pk=key)


def pinned_shelf(shelf: Shelf, release: str) -> Shelf | None:
    """The same with a release pinned, in one query; None where no domain has that release."""
    if not RELEASE_FORM.fullmatch(release):
        return None
    pinned = Snapshot.objects.standing_for(release)
    return replace(shelf, release=release, pinned=tuple(pinned)) if pinned else None


type Page[**P] = Callable[Concatenate[HttpRequest, Shelf, P], HttpResponseBase]


def conditional_page[**P](view: Page[P]) -> Callable[..., HttpResponseBase]:
    """A view of a public page that is given the shelf and answers 304 where nothing changed."""

    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        shelf = shelf_of(request)
        if is_partial(request):
            # What it does to the browser's history depends on the page that asks for it.
            return _uncacheable(view(request, _shelf_for(shelf, kwargs), *args, **kwargs))
        etag = page_tag(request, shelf)
        if unchanged := unmodified(request, shelf, etag):
            return unchanged
        response = view(request, _shelf_for(shelf, kwargs), *args, **kwargs)
        return _cacheable(response, shelf, etag) if response.status_code == 200 else response

    return require_safe(respond)


def _shelf_for(shelf: Shelf, kwargs: dict[str, Any]) -> Shelf:
    """The shelf that an address asks for; Http404 where its release is not held."""
    release = kwargs.pop("release", "")
    pinned = pinned_shelf(shelf, release) if release else shelf
    if pinned is None:
        raise Http404(f"no snapshot of release {release}")
    return pinned


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page and nothing else."""
    return request.META.get(PARTIAL_VARIABLE) == "partial"


def unmodified(request: HttpRequest, shelf: Shelf, etag: str) -> HttpResponseBase | None:
    """The 304 for a client that has the page as it is; None for one that has not."""
    # "*" asks whether there is a page at all, which only the view knows.
    if request.META.get("HTTP_IF_NONE_MATCH", "*").strip() == "*":
        return None
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is None or unchanged.status_code != 304:
        return None
    return _cacheable(unchanged, shelf, etag)


def _cacheable(response: HttpResponseBase, shelf: Shelf, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Cache-Control"] = freshness(settings.SHARED_CACHE_SECONDS)
    response["Surrogate-Key"] = surrogate_key(shelf)
    patch_vary_headers(response, [PARTIAL_HEADER, "Accept-Encoding"])
    return response


def give_freshness(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say of a public answer, where nothing does, for how long it may be kept, and till what purge.

    Redirects and what is not there are as lasting as pages are; whatever else no view has said
    anything of, nobody keeps.
    """
    if "Cache-Control" not in response:
        if not (request.method in SAFE and response.status_code in LASTING) or is_partial(request):
            response["Cache-Control"] = "no-store"
            return
        response["Cache-Control"] = freshness(settings.SHARED_CACHE_SECONDS)
        patch_vary_headers(response, [PARTIAL_HEADER])
    if "Surrogate-Key" not in response and response["Cache-Control"].startswith("public"):
        response["Surrogate-Key"] = EVERY_PAGE


def freshness(shared_seconds: int) -> str:
    """How long a page may be kept unasked: by browsers not at all, by shared caches so long.

    Past that a cache may answer with it once more, while it asks whether it is still right: for as
    long as the processes of this site, too, may be behind each other, or, where a shared cache
    holds pages until it is purged, for as long as it takes to ask (RFC 5861 §3).
    """
    if not shared_seconds:
        return f"public, max-age=0, stale-while-revalidate={BEHIND_SECONDS}"
    return (
        f"public, max-age=0, s-maxage={shared_seconds},"
        f" stale-while-revalidate={REVALIDATION_SECONDS}"
    )


def surrogate_key(shelf: Shelf) -> str:
    """What a shared cache knows a page by: all of the library, its edition, epoch and releases."""
    edition = shelf.edition.pk if shelf.edition else 0
    releases = [f"{held.domain}-{held.attack_version}" for held in shelf.snapshots]
    return " ".join((EVERY_PAGE, f"edition-{edition}", f"epoch-{shelf.epoch}", *releases))


def _uncacheable(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, [PARTIAL_HEADER])
    return response


def page_tag(request: HttpRequest, shelf: Shelf) -> str:
    """The ETag of the page at the address of a request, known before anything is rendered."""
    parts = (
        build_id(),
        shelf.mark,
        f"{request.scheme}://{request.get_host()}{request.path}?{request.META['QUERY_STRING']}",
    )
    return f'W/"{hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]}"'


@cache
def build_id() -> str:
    """A digest of the code, templates and settings that pages are made of; once a process."""
    shown = f"{settings.INCIDENT_URL}\n{settings.TAKE_REPORT_URL}"
    seen = hashlib.sha256(shown.encode())
    # Which libraries render, and how they are set up.
    seen.update((settings.BASE_DIR / "requirements.lock").read_bytes())
    for folder in SOURCES:
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                seen.update(path.read_bytes())
    return seen.hexdigest()
