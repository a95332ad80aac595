"""Redis away, or mute: pages are made as if none were kept, and nobody waits for it."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.faults.processes import Product
from tests.glexia.web import Web, eventually, free_port

pytestmark = pytest.mark.redis
HOME = "/learn/attack"
PAGES = (HOME, f"{HOME}/mitigations/M1000", f"{HOME}/search?q=measure", "/robots.txt")
# Less than any client of Redis waits by itself.
MOST_SECONDS = 5.0


@pytest.fixture
def redis() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Redis server, and its address."""
    port, program = free_port(), shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield server, f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait(60)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_pages_are_served_soon_when_redis_is_away(
    product: Product, redis: tuple[subprocess.Popen[bytes], str], fault: signal.Signals
) -> None:
    server, address = redis
    web = product.web(CACHE_URL=address, SEARCHES_A_MINUTE="1000")
    every_page_is_served(web)
    server.send_signal(fault)
    for _ in range(3):
        every_page_is_served(web)
    eventually(lambda: web.get("/readyz")[0] == 200, "it is not ready without a cache")
    assert "the cache of pages failed" in web.said()
    if fault == signal.SIGSTOP:
        server.send_signal(signal.SIGCONT)
        # Once it is asked again, it answers.
        eventually(lambda: is_found_again(web, address), "the cache is not used again")


def every_page_is_served(web: Web) -> None:
    """None fails or takes as long as a server that does not answer would be waited for."""
    for path in PAGES:
        begun = time.monotonic()
        status, headers, _ = web.get(path)
        assert status == 200, path
        assert time.monotonic() - begun < MOST_SECONDS, path
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def is_found_again(web: Web, address: str) -> bool:
    """Whether pages that are asked for are kept there, where none is."""
    with Redis.from_url(address) as server:
        server.flushall()
        every_page_is_served(web)
        return bool(server.keys("page:*"))
