"""Two web processes on one library: what is published by a third is seen through both in time.

And through a shared cache in front of them, which asks for a page again as soon as it was purged.
"""

import contextlib
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from glexia.env import BASE_DIR
from importer.editions import make_current, undo
from library.models import Snapshot
from tests.factories import import_objects, mitigation
from tests.glexia.test_run import eventually, free_port
from tests.importer.test_commands import environment
from tests.library.pages import MITIGATIONS
from tests.takes import publish

PAGE = f"{MITIGATIONS}/M1000"
# Within which every process shows what was published.
PROMISED_SECONDS = 1.0
# The title of the page, and what the Take on it says.
WORDS = re.compile(r"(?<=</span> )(?:Alpha|Beta)(?=</h1>)|Cut it off\.")


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@contextlib.contextmanager
def serving(data: Path, **more: str) -> Iterator[int]:
    """The port of a gunicorn with one process, which keeps pages as the product does."""
    port = free_port()
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "glexia.wsgi:application", *options],
        cwd=BASE_DIR,
        env=environment() | {"GLEXIA_DATA_DIR": str(data)} | more,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait(60)


def seen(port: int) -> tuple[str, str]:
    """The page and its tag, as a process serves it; nothing while it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{PAGE}", timeout=30) as answer:
            return answer.read().decode(), answer.headers["ETag"]
    except OSError:
        return "", ""


@pytest.fixture
def static(tmp_path: Path, settings: Settings) -> Path:
    """A data directory with the static files of production."""
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("collectstatic", verbosity=0, interactive=False)
    return tmp_path


def changed(one: int, other: int, change: Callable[[], object]) -> set[str]:
    """The titles and Takes that the processes show at their very first answers after a second.

    Both have just looked at what there is to show, and both have the page from before.
    """
    before = {seen(port)[1] for port in (one, other)}
    change()
    time.sleep(PROMISED_SECONDS)
    after = [seen(port) for port in (one, other)]
    assert before.isdisjoint(tag for _, tag in after)
    return {shown for page, _ in after for shown in WORDS.findall(page)}


def test_what_is_published_is_seen_through_every_process_within_a_second(
    db: None, committed_db: None, static: Path
) -> None:
    measure = mitigation("M1000", "Alpha")
    import_objects(measure)
    first = Snapshot.objects.get()
    with serving(static) as one, serving(static) as other:
        eventually(lambda: all("Alpha" in seen(port)[0] for port in (one, other)))
        take = {"id": measure["id"]}
        shown = changed(one, other, lambda: publish(take, summary="Cut it off."))
        assert shown == {"Alpha", "Cut it off."}
        newer = measure | {"name": "Beta"}
        shown = changed(one, other, lambda: import_objects(newer, release="2.0"))
        assert shown == {"Beta", "Cut it off."}
        shown = changed(one, other, lambda: make_current(first, "a test"))
        assert shown == {"Alpha", "Cut it off."}
        shown = changed(one, other, lambda: undo("a test"))
        assert shown == {"Beta", "Cut it off."}


class SharedCache(BaseHTTPRequestHandler):
    """A cache that holds what it may, and asks for it again at once when it is purged."""

    origin: ClassVar[int] = 0
    held: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        page = self.held.get(self.path) or self._ask(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self) -> None:
        paths = list(self.held)
        self.held.clear()
        for path in paths:
            self._ask(path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _ask(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.origin}{path}") as answer:
            page: bytes = answer.read()
            if "s-maxage=" in answer.headers["Cache-Control"]:
                self.held[path] = page
            return page

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def shared_cache() -> Iterator[int]:
    """The port of a shared cache."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SharedCache)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    SharedCache.held.clear()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_shared_cache_that_takes_the_old_page_back_is_purged_again(
    db: None, committed_db: None, static: Path, shared_cache: int, settings: Settings
) -> None:
    address = f"http://127.0.0.1:{shared_cache}/purge"
    import_objects(mitigation("M1000", "Alpha"))
    with serving(static, PURGE_URL=address, SHARED_CACHE_SECONDS="86400") as origin:
        SharedCache.origin = origin
        eventually(lambda: "Alpha" in seen(origin)[0])
        eventually(lambda: "Alpha" in seen(shared_cache)[0] and bool(SharedCache.held))
        # As the process that imports does at once, while the other shows what it showed.
        settings.PURGE_URL = address
        import_objects(mitigation("M1000", "Beta"), release="2.0")
        eventually(lambda: "Beta" in seen(shared_cache)[0])
        assert "Beta" in SharedCache.held[PAGE].decode()
