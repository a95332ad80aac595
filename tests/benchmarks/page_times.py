"""Server time and queries of pages, in a process that has stored no page."""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django
import orjson
from django.http import HttpRequest, HttpResponse
from django.test import Client

ROUNDS = 20
SEARCH_ROUNDS = 3
PAGES_AT_RANDOM = 200
ADDRESSES = (
    "/learn/attack/mitigations/M1037",
    "/learn/attack/mitigations/M1018",
    "/learn/attack/mitigations",
    "/learn/attack/mitigations?q=network",
    "/learn/attack/techniques?q=powershell",
    "/learn/attack/software?q=network",
    "/learn/attack/analytics?q=process",
    "/learn/attack/techniques/T1105",
    "/learn/attack/techniques/T1059",
    "/learn/attack/groups/G0007",
    "/learn/attack/software/S0154",
    "/learn/attack/matrices/enterprise-attack",
    "/learn/attack/v/17.1/techniques/T1059",
    "/learn/attack/search?q=dump+lsass+memory",
    "/learn/attack",
    "/learn/attack/takes",
    "/learn/attack/takes/brief",
)


def hello(_request: HttpRequest) -> HttpResponse:
    """The bare view that pages are compared with."""
    return HttpResponse("hello")


def main() -> None:
    """Write what was measured to the file that the command line names.

    Of the pages that stand behind it alone; of ADDRESSES, and all else, where none does.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
    os.environ["DEBUG"] = "1"
    # What a page costs that nobody asked for before; `serving` measures those that are kept.
    os.environ["PAGE_CACHE_ENTRIES"] = "0"
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.urls import path

    from glexia import urls
    from glexia.warming import warm

    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["testserver"]
    urls.urlpatterns.insert(0, path("hello", hello))
    # As every web process does before its first request.
    warm()
    client = Client()

    def measured(address: str) -> dict[str, float]:
        # As many queries as a page takes that this process has not shown yet.
        with CaptureQueriesContext(connection) as queries:
            begun = time.perf_counter()
            if client.get(address).status_code != 200:
                return {}
            times = [(time.perf_counter() - begun) * 1000]
        # The next request lets go of what was captured.
        asked = len(queries)
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            client.get(address)
            times.append((time.perf_counter() - begun) * 1000)
        return {
            "first": times[0],
            "median": statistics.median(times[1:]),
            "queries": asked,
        }

    # Some stand in a release that a library may not hold.
    target, *asked = sys.argv[1:]
    pages: dict[str, object] = {a: found for a in asked or ADDRESSES if (found := measured(a))}
    pages["hello"] = measured("/hello")
    if not asked:
        pages["searches"] = _searches(client)
        pages["derived"] = _derived()
        pages["typical"] = _typical(client)
    Path(target).write_bytes(orjson.dumps(pages))


def _searches(client: Client) -> dict[str, dict[str, float]]:
    """How long the same 200 searches take: alone, as a page, and as a reader types."""
    from library.conditional import current_shelf
    from library.search import search
    from tests.benchmarks.searches import texts

    shelf = current_shelf()
    page = "/learn/attack/search"
    ways: dict[str, Callable[[str], object]] = {
        "alone": lambda text: search(shelf, text),
        "as pages": lambda text: client.get(page, {"q": text}),
        "while typing": lambda text: client.get(page, {"q": text, "live": "1"}),
    }
    asked = texts(shelf)
    return {way: _spread([_timed(ask, text) for text in asked]) for way, ask in ways.items()}


def _typical(client: Client) -> dict[str, float]:
    """How long pages of objects at random take, each asked for once."""
    from analysis.landscape import landscape_of
    from library.conditional import current_shelf

    shelf = current_shelf()
    nodes = sorted(landscape_of(shelf.snapshot_ids).nodes.values(), key=lambda node: node.stix_id)
    times = []
    for node in random.Random(18).sample(nodes, PAGES_AT_RANDOM):
        address = shelf.addresses.page(node.kind, node.attack_id, node.stix_id)
        begun = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
    return _spread(times) | {"count": len(times)}


def _derived() -> dict[str, float]:
    """How long the derived Takes of all live objects take, one after the other."""
    from analysis.derivation import derive
    from analysis.landscape import landscape_of
    from library.conditional import current_shelf

    shelf = current_shelf()
    landscape = landscape_of(shelf.snapshot_ids)
    times = []
    for object_id in landscape.nodes:
        begun = time.perf_counter()
        derive(landscape, object_id, shelf.addresses)
        times.append((time.perf_counter() - begun) * 1000)
    return _spread(times) | {"count": len(times), "seconds": sum(times) / 1000}


def _timed(ask: Callable[[str], object], text: str) -> float:
    """The milliseconds that a search takes: of a few, the median, for the machine does more."""
    times = []
    for _ in range(SEARCH_ROUNDS):
        begun = time.perf_counter()
        ask(text)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def _spread(times: list[float]) -> dict[str, float]:
    times.sort()
    at = int(0.95 * len(times))
    return {"median": statistics.median(times), "p95": times[at], "worst": times[-1]}


if __name__ == "__main__":
    main()
