"""Server time and queries of a comparison's page, files and feeds, in a process that kept none."""

import os
import sys
import time
from pathlib import Path

import django
import orjson
from django.test import Client

COMPARISON = "/learn/attack/releases/17.1...18.1"
ADDRESSES = (
    f"{COMPARISON}?domain=enterprise",
    *(f"{COMPARISON}/{form}" for form in ("json", "csv", "xlsx", "markdown", "navigator")),
    "/learn/attack/releases/atom",
    "/learn/attack/techniques/atom",
    "/learn/attack/techniques/T1105/atom",
)


def main() -> None:
    """Write what was measured to the file that the command line names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
    os.environ["DEBUG"] = "1"
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from glexia.warming import warm
    from library.releases.compared import difference

    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["testserver"]
    # As every web process does before its first request.
    warm()
    client = Client()

    def measured(address: str) -> dict[str, float]:
        difference.cache_clear()
        with CaptureQueriesContext(connection) as queries:
            begun = time.perf_counter()
            response = client.get(address)
            # What is sent as it is made is made here.
            size = len(b"".join(response))
            seconds = time.perf_counter() - begun
        assert response.status_code == 200, address
        return {"seconds": seconds, "queries": len(queries), "bytes": size}

    Path(sys.argv[1]).write_bytes(orjson.dumps({at: measured(at) for at in ADDRESSES}))


if __name__ == "__main__":
    main()
