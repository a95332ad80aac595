"""A shared cache is told when readers should see other pages, and what it says is heeded."""

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from django.db import OperationalError
from pytest_django import Settings

from glexia import purging
from glexia.purging import Watch, purge, watch
from library.conditional import Shelf
from tests.factories import import_objects, mitigation


class Cache(BaseHTTPRequestHandler):
    """A cache that notes what it is asked."""

    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []
    answers: ClassVar[int] = 200

    def do_POST(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        self.send_response(self.answers)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def cache(settings: Settings) -> Iterator[type[Cache]]:
    """A shared cache on this machine, which PURGE_URL names."""
    server = HTTPServer(("127.0.0.1", 0), Cache)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.PURGE_URL = f"http://127.0.0.1:{server.server_port}/purge"
    settings.PURGE_HEADER = "Fastly-Key: sesame"
    Cache.asked.clear()
    Cache.answers = 200
    yield Cache
    server.shutdown()
    thread.join()
    server.server_close()


def purged() -> None:
    asking = purge()
    assert asking is not None
    asking.join()


def test_cache_is_asked_to_let_every_page_go(cache: type[Cache]) -> None:
    purged()
    ((path, headers),) = cache.asked
    assert path == "/purge"
    assert headers["Surrogate-Key"] == "attack"
    assert headers["Fastly-Key"] == "sesame"


@pytest.mark.django_db
def test_cache_is_asked_when_an_edition_has_been_committed(
    cache: type[Cache], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        import_objects(mitigation("M1000", "Alpha"))
        assert cache.asked == []
    for thread in threading.enumerate():
        if thread.name.endswith("(_ask)"):
            thread.join()
    assert len(cache.asked) == 1


@pytest.mark.parametrize("answers", [301, 403, 500])
def test_refusal_is_logged_without_the_secret(
    cache: type[Cache], caplog: pytest.LogCaptureFixture, answers: int
) -> None:
    cache.answers = answers
    with caplog.at_level(logging.ERROR):
        purged()
    assert len(cache.asked) == 1
    assert caplog.messages == [f"The shared cache was not purged: it answered {answers}."]


def test_cache_that_is_not_there_is_logged(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PURGE_URL, settings.PURGE_HEADER = "http://127.0.0.1:9/purge", ""
    with caplog.at_level(logging.ERROR):
        purged()
    assert caplog.messages == ["The shared cache was not purged: ConnectionError."]


def test_nobody_is_asked_when_no_cache_is_named(settings: Settings) -> None:
    settings.PURGE_URL = ""
    assert purge() is None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The answers to purges that were asked for; all were done, unless a test says otherwise."""
    done: list[bool] = []

    def ask(_url: str, _header: str) -> bool:
        done.append(Asking.is_done)
        return Asking.is_done

    monkeypatch.setattr(purging, "_ask", ask)
    monkeypatch.setattr(Asking, "is_done", True)
    return done


class Asking:
    """Whether a shared cache does as asked."""

    is_done: ClassVar[bool] = True


def shows(monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    monkeypatch.setattr(purging, "current_shelf", lambda: Shelf(None, 0, 0, mark=mark))


def test_process_asks_at_once_and_later_when_it_shows_something_else(
    asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, at = Watch(), []
    for second in range(200):
        shows(monkeypatch, "old" if second < 100 else "new")
        before = len(asked)
        watched.look(float(second))
        at += [second] * (len(asked) - before)
    assert at == [0, 2, 30, 100, 102, 130]


def test_process_asks_until_the_cache_has_done_as_asked(
    asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, at = Watch(), []
    shows(monkeypatch, "new")
    monkeypatch.setattr(Asking, "is_done", False)
    for second in range(300):
        monkeypatch.setattr(Asking, "is_done", second > 100)
        before = len(asked)
        watched.look(float(second))
        at += [second] * (len(asked) - before)
    assert at == [0, 2, 30, 90, 150]


def test_process_that_has_read_nothing_asks_nothing(
    asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Shelf:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(purging, "current_shelf", away)
    Watch().look(0.0)
    assert asked == []


def test_nobody_watches_when_no_cache_is_named(settings: Settings) -> None:
    settings.PURGE_URL = ""
    watch()
    assert "purging" not in {thread.name for thread in threading.enumerate()}
