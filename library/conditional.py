"""Answers that cost one query when nothing has changed: ETag and 304 for pages.

What a page shows follows from its address, the edition, the snapshots held (change history lists
them all) and this build of the product. So the tag is known before anything is rendered, and
switching the edition changes every page at once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache, wraps
from typing import Any, Concatenate

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from library.addresses import Addresses
from library.identifiers import RELEASE_FORM, Domain
from library.models import Edition, Snapshot
from library.reading import reading
from library.sharing import without_short_address

# What htmx 4 sends when only a part of the page is to be swapped, and at no other time.
PARTIAL_HEADER = "HX-Request-Type"
SOURCES = ("library", "analysis", "templates", "static", "glexia")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What readers see at the moment of a request: the edition, and which snapshots there are.

    With a `release`, the snapshots of that release in place of the edition's.
    """

    edition: Edition | None
    newest_snapshot: int
    snapshot_count: int
    epoch: int = 0
    release: str = ""
    pinned: tuple[Snapshot, ...] = ()

    @property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots that are read, in the order of the domains."""
        if self.release:
            return list(self.pinned)
        return self.edition.snapshots if self.edition else []

    @property
    def snapshot_ids(self) -> tuple[int, ...]:
        """The keys of the same, by which what never changes may be kept."""
        return tuple(snapshot.pk for snapshot in self.snapshots)

    @property
    def current(self) -> "Shelf":
        """What readers see without a pinned release."""
        return replace(self, release="", pinned=())

    @property
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
    def sample(self) -> bool:
        """Whether readers see the project's sample in place of ATT&CK."""
        return any(snapshot.provenance == "sample" for snapshot in self.snapshots)


NOW = """
    SELECT (SELECT max(id) FROM library_edition),
        (SELECT coalesce(max(id), 0) FROM library_snapshot),
        (SELECT count(*) FROM library_snapshot),
        (SELECT coalesce(max(number), 0) FROM library_epoch)
"""


def current_shelf() -> Shelf:
    """What readers see now, in one query; in two where the process has not met the edition."""
    with reading().cursor() as cursor:
        cursor.execute(NOW)
        edition, newest_snapshot, snapshot_count, epoch = cursor.fetchone()
    if edition is None:
        return Shelf(None, 0, 0)
    return Shelf(_edition(edition), newest_snapshot, snapshot_count, epoch)


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
        shelf = current_shelf()
        if is_partial(request):
            # What it does to the browser's history depends on the page that asks for it.
            return _uncacheable(view(request, _shelf_for(shelf, kwargs), *args, **kwargs))
        etag = _etag(request, shelf)
        # "*" asks whether there is a page at all, which only the view knows.
        if request.headers.get("If-None-Match", "").strip() != "*":
            unchanged = get_conditional_response(request, etag=etag)
            if unchanged is not None and unchanged.status_code == 304:
                return _cacheable(unchanged, shelf, etag)
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
    return request.headers.get(PARTIAL_HEADER) == "partial"


def _cacheable(response: HttpResponseBase, shelf: Shelf, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Cache-Control"] = "public, no-cache"
    edition = shelf.edition.pk if shelf.edition else 0
    response["Surrogate-Key"] = f"edition-{edition} epoch-{shelf.epoch}"
    patch_vary_headers(response, [PARTIAL_HEADER])
    return response


def _uncacheable(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, [PARTIAL_HEADER])
    return response


def _etag(request: HttpRequest, shelf: Shelf) -> str:
    parts = (
        build_id(),
        str(shelf.edition.pk if shelf.edition else 0),
        f"{shelf.newest_snapshot}/{shelf.snapshot_count}/{shelf.epoch}",
        request.build_absolute_uri(),
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
