"""How often one client may ask for what costs much: counted before any of it is made.

A client is an address, or the /64 network that an IPv6 address is of, which one subscriber has. A
sliding window of a minute is estimated from two counters, as most proxies do it: what was asked in
this minute, and of the minute before the part that is not over yet. Nothing is read from the
database and no cookie is set. What a kept page or a shared cache answers never comes here.
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.cache import BaseCache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from glexia.cached import ask
from glexia.clients import client_address
from glexia.refusals import too_many

PERIOD = 60
CACHE = "limits"
SUBSCRIBER_BITS = 64
MISSING = "missing"
# Pages with parameters: what a kept page answers is not among them.
PAGES, VARIANTS = "/learn/", "variants"
STAFF = "/admin/"
# Where each try costs a hash of the password and an entry of the audit log, whatever the name.
SIGN_IN = f"{STAFF}login/"
# Parameters that hold words of the reader's own, by which no cache can know a page beforehand.
OWN_WORDS = ("q", "filter", "find")
# Every view of a file, or of what costs more than a page, and what it counts as in
# settings.RATE_LIMITS.
COSTLY = {
    "library.views.search_results": "searches",
    "library.downloads.list_download": "files",
    "library.downloads.list_download_by_stix_type": "files",
    "library.downloads.object_download": "files",
    "library.downloads.download_by_stix_id": "files",
    # Seconds for a large one, and so are other files in the form of workbooks.
    "library.downloads.release_workbook": "workbooks",
    "library.comparison_files.comparison_file": "files",
    "library.bundles.bundle": "files",
    "library.raw.raw_object": "files",
    "library.raw.raw_by_stix_id": "files",
    "library.feed_views.releases_atom": "files",
    "library.feed_views.list_atom": "files",
    "library.feed_views.list_atom_by_stix_type": "files",
    "library.feed_views.object_atom": "files",
    "library.feed_views.atom_by_stix_id": "files",
    "analysis.views.take": "files",
    "analysis.views.take_by_stix_id": "files",
    "library.release_views.comparison": "comparisons",
    "library.release_views.changes": "comparisons",
    "library.release_views.matrix": "comparisons",
    "library.release_views.brief": "comparisons",
    "library.history_views.object_history": "comparisons",
    "library.history_views.history_by_stix_id": "comparisons",
    "library.id_check.views.id_check": "checks",
}

type View = Callable[..., HttpResponseBase]


class RateLimits:
    """Middleware that answers 429, with the seconds to wait, to who asks for too much."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; and remember who asked for what is not there, which takes a search for it."""
        response = self.answer(request)
        if response.status_code == 404 and not request.path.startswith(STAFF):
            wait = getattr(request, "missed_too_much", 0)
            wait = wait or seconds_to_wait(MISSING, client_of(request))
            return too_many(request, wait) if wait else response
        return response

    def process_view(
        self, request: HttpRequest, view: View, _args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """The refusal; None for who may go on.

        Who asked for too much that is not there gets nothing more that costs much, and no search
        for what they may have meant. Pages that are there, and all of the staff's, stay open: any
        other site can have its visitors ask for what is not here.
        """
        client, kind = client_of(request), kind_of(request, view, kwargs.get("form", ""))
        wait = seconds_to_wait(kind, client) if kind else 0
        if not (wait or request.path.startswith(STAFF)):
            missed = seconds_to_wait(MISSING, client, is_asking=False)
            request.missed_too_much = missed  # type: ignore[attr-defined]
            wait = missed if kind else 0
        return too_many(request, wait) if wait else None


def client_of(request: HttpRequest) -> str:
    """Whose requests are counted together."""
    said = client_address(request)
    try:
        address = ip_address(said)
    except ValueError:
        return said
    if isinstance(address, IPv6Address):
        return str(ip_network(f"{address}/{SUBSCRIBER_BITS}", strict=False))
    return said


def kind_of(request: HttpRequest, view: View, form: str = "") -> str:
    """What a request, for a file of this form if for any, counts as; empty for what does not."""
    if request.method == "POST" and request.path == SIGN_IN:
        return "sign-ins"
    kind = "workbooks" if form == "xlsx" else COSTLY.get(view_name(view), "")
    if kind == "checks" and request.method != "POST":
        return ""
    if not kind and any(request.GET.get(name) for name in OWN_WORDS):
        return "searches"
    if not kind and request.path.startswith(PAGES) and request.META["QUERY_STRING"]:
        return VARIANTS
    return kind


def view_name(view: View) -> str:
    """The dotted name of a view, whatever decorates it."""
    return f"{view.__module__}.{getattr(view, '__qualname__', type(view).__qualname__)}"


def seconds_to_wait(kind: str, client: str, *, is_asking: bool = True) -> int:
    """How long until a client may ask for more of a kind; 0 for now, which then is counted.

    Two reads and a write of a cache. One that fails lets everybody in.
    """
    most: int = settings.RATE_LIMITS.get(kind, 0)
    if not most:
        return 0
    return ask(CACHE, lambda counters: _counted(counters, kind, client, most, is_asking), 0)


def _counted(counters: BaseCache, kind: str, client: str, most: int, is_asking: bool) -> int:
    minute, elapsed = divmod(time.time(), PERIOD)
    keys = [f"{kind}/{client}/{at:.0f}" for at in (minute, minute - 1)]
    asked = counters.get_many(keys)
    now, before = (asked.get(key, 0) for key in keys)
    if now + before * (1 - elapsed / PERIOD) > most - 1:
        return max(1, math.ceil(_until(now, before, most) - elapsed))
    if is_asking:
        counters.add(keys[0], 0, timeout=2 * PERIOD)
        counters.incr(keys[0])
    return 0


def _until(now: int, before: int, most: int) -> float:
    """The second, from this minute's first on, at which one more is not too much."""
    if now < most:
        # As much of the minute before has to pass as there is too much.
        return PERIOD * (before - (most - 1 - now)) / before
    # The next minute has begun, and as much of this one has to pass.
    return PERIOD + PERIOD * (now - (most - 1)) / now
