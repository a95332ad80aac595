"""Server time and queries of pages, in a process that has stored no page."""

import os
import statistics
import sys
import time
from pathlib import Path

import django
import orjson
from django.http import HttpRequest, HttpResponse

ROUNDS = 21
ADDRESSES = (
    "/learn/attack/mitigations/M1037",
    "/learn/attack/mitigations/M1018",
    "/learn/attack/mitigations",
    "/learn/attack/mitigations?q=network",
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
    urls.urlpatterns.append(path("hello", hello))
    # As every web process does before its first request.
    warm()
    client = Client()

    def measured(address: str) -> dict[str, float]:
        times = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            response = client.get(address)
            times.append((time.perf_counter() - begun) * 1000)
            assert response.status_code == 200, address
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return {
            "first": times[0],
            "median": statistics.median(times[1:]),
            "queries": len(queries),
        }

    pages = {address: measured(address) for address in ADDRESSES}
    pages["hello"] = measured("/hello")
    Path(sys.argv[1]).write_bytes(orjson.dumps(pages))


if __name__ == "__main__":
    main()
