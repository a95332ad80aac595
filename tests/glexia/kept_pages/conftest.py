"""Pages that are kept, in each of the places there are, and the templates rendered meanwhile."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test.signals import template_rendered
from pytest_django import Settings

from glexia import cached
from glexia import caches as kept_in
from library.conditional import forget_shelf
from tests.factories import import_objects, mitigation
from tests.glexia.test_run import eventually, free_port
from tests.library.pages import MITIGATIONS

PAGE = f"{MITIGATIONS}/M1000"
# No slow moment of a machine is a server that does not answer: see `tests/faults` for those.
PATIENT = "socket_timeout=60&socket_connect_timeout=60"


@pytest.fixture(scope="package")
def redis_server() -> Iterator[str]:
    """The address of a Redis server, which keeps nothing on disk."""
    port, program = free_port(), shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    eventually(lambda: answers(port))
    yield f"redis://127.0.0.1:{port}/0?{PATIENT}"
    server.terminate()
    server.wait(60)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["", "database", pytest.param("redis", marks=pytest.mark.redis)])
def keeping(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Pages are kept, and the edition is looked at but once, in each of the places there are."""
    monkeypatch.setattr(cached, "resting", {})
    where = request.param
    address = request.getfixturevalue("redis_server") if where == "redis" else where
    settings.CACHES = kept_in.caches(address, pages=1000, megabytes=64)
    settings.EPOCH_SECONDS = 3600.0
    forget_shelf()
    yield
    caches["pages"].clear()
    forget_shelf()


@pytest.fixture(autouse=True)
def library(db: None) -> None:
    import_objects(mitigation("M1000", "Alpha", description="Words. " * 200))


@pytest.fixture
def rendered() -> Iterator[list[Any]]:
    """The templates that are rendered meanwhile."""
    seen: list[Any] = []

    def note(**kwargs: Any) -> None:
        seen.append(kwargs["template"])

    template_rendered.connect(note)
    yield seen
    template_rendered.disconnect(note)
