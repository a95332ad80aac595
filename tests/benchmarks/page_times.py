"""Server time and queries of pages, in a process that has stored no page."""

import os
import random
import statistics
import sys
import time
from pathlib import Path

import django
import orjson
from django.http import HttpRequest, HttpResponse

ROUNDS = 21
SEARCHES, SEED = 200, 1
ADDRESSES = (
    "/learn/attack/mitigations/M1037",
    "/learn/attack/mitigations/M1018",
    "/learn/attack/mitigations",
    "/learn/attack/mitigations?q=network",
    "/learn/attack/techniques/T1105",
    "/learn/attack/techniques/T1059",
    "/learn/attack/groups/G0007",
    "/learn/attack/software/S0154",
    "/learn/attack/matrices/enterprise-attack",
    "/learn/attack/v/17.1/techniques/T1059",
    "/learn/attack/search?q=dump+lsass+memory",
    "/learn/attack",
)


def hello(_request: HttpRequest) -> HttpResponse:
    """The bare view that pages are compared with."""
    return HttpResponse("hello")


def main() -> None:
    """Write what was measured to the file that the command line names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
    os.environ["DEBUG"] = "1"
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
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
        times = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            response = client.get(address)
            times.append((time.perf_counter() - begun) * 1000)
            if response.status_code != 200:
                return {}
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return {
            "first": times[0],
            "median": statistics.median(times[1:]),
            "queries": len(queries),
        }

    # Some stand in a release that a library may not hold.
    pages = {address: found for address in ADDRESSES if (found := measured(address))}
    pages["hello"] = measured("/hello")
    pages["searches"] = _searches()
    Path(sys.argv[1]).write_bytes(orjson.dumps(pages))


def _searches() -> dict[str, float]:
    """How long searches take: for names of the library, half of them with a slip."""
    from library.conditional import current_shelf
    from library.models import SnapshotObject
    from library.search import search

    shelf = current_shelf()
    seed = random.Random(SEED)
    rows = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).live()
    found = rows.exclude(version__document=None).values_list("version__name", flat=True)
    times = []
    for name in seed.sample(sorted({name for name in found if len(name) > 4}), SEARCHES):
        at = seed.randrange(len(name) - 1)
        asked = name if seed.random() < 0.5 else name[:at] + name[at + 1 :]
        begun = time.perf_counter()
        search(shelf, asked)
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return {"median": statistics.median(times), "p95": times[int(0.95 * len(times))]}


if __name__ == "__main__":
    main()
