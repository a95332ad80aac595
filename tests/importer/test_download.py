"""Downloading: only the very bundle, from where it was asked for, in bounded size and time.

The server is on the loopback interface, in a thread; what is slow waits until the test is over.
"""

import gzip
import hashlib
import importlib
import socket
import threading
import zlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import requests

from importer import download as module
from importer import published
from importer.acquire import Acquired
from importer.download import download, fetch
from importer.errors import BundleError

BODY = b'{"type": "bundle"}' * 1000
OK = b"HTTP/1.1 200 OK\r\n"
GZIP = b"Content-Encoding: gzip\r\n"
# It comes without types.
brotli = importlib.import_module("brotli")
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def answer(body: bytes, *headers: bytes) -> bytes:
    """A whole answer with its length."""
    length = b"Content-Length: %d\r\n" % len(body)
    return OK + length + b"".join(headers) + b"\r\n" + body


class Server:
    """Answers every request with the same bytes; then ends, or waits for the end of the test."""

    def __init__(self) -> None:
        self.says = b""
        self.waits = False
        self.over = threading.Event()
        self.requests: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bundle.json"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            self.requests.append(connection.recv(65536).decode().partition("\r\n")[0])
            # The other end may have gone away: that is what some tests are about.
            try:
                connection.sendall(self.says)
                if self.waits:
                    self.over.wait()
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                return

    def close(self) -> None:
        self.over.set()
        self._listening.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that MITRE's address leads to, for any domain and release."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    monkeypatch.setattr(
        published, "ADDRESS", f"http://127.0.0.1:{made.port}/{{domain}}-{{release}}"
    )
    monkeypatch.setattr(published, "ALLOWED", (f"http://127.0.0.1:{made.port}/",))
    monkeypatch.setattr(module, "published_sha256", lambda *_: hashlib.sha256(BODY).hexdigest())
    yield made
    made.close()


class Progress:
    """What a download tells of its progress."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, parts: int) -> None:
        self.told.append((done, parts))


def refused(server: Server, limit: int = 1 << 20) -> str:
    """Why an answer is refused, without the address at the beginning."""
    with pytest.raises(BundleError) as refusal:
        fetch(server.url, Progress(), limit)
    text = str(refusal.value)
    assert text.startswith(f"{server.url}: ")
    return text.removeprefix(f"{server.url}: ")


def test_the_bundle_arrives_when_it_has_the_published_hash(server: Server) -> None:
    server.says = answer(BODY)
    progress = Progress()
    url = f"http://127.0.0.1:{server.port}/ics-18.1"
    assert download("ics", "18.1", progress) == Acquired(url, BODY, "identity", BODY)
    assert server.requests == ["GET /ics-18.1 HTTP/1.1"]
    assert progress.told[-1] == (len(BODY), len(BODY))
    assert progress.told == sorted(progress.told)


def test_progress_is_of_what_travels_when_the_answer_is_compressed(server: Server) -> None:
    packed = gzip.compress(BODY)
    server.says = answer(packed, GZIP)
    progress = Progress()
    assert download("ics", "18.1", progress).raw == BODY
    assert progress.told[-1] == (len(packed), len(packed))


def test_progress_knows_no_end_when_the_answer_states_none(server: Server) -> None:
    server.says = OK + CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"
    progress = Progress()
    assert fetch(server.url, progress) == b"hello"
    assert progress.told[-1][1] == 0


def test_the_bundle_is_refused_when_it_has_another_hash(server: Server) -> None:
    server.says = answer(BODY + b" ")
    with pytest.raises(BundleError) as refusal:
        download("ics", "18.1", Progress())
    assert str(refusal.value) == (
        f"http://127.0.0.1:{server.port}/ics-18.1: does not have the hash that MITRE published."
    )


def test_nothing_is_asked_for_when_mitre_published_no_such_release(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "published_sha256", published.published_sha256)
    for domain, release in (("ics", "7.0"), ("pre", "5.0"), ("../etc", "18.1")):
        with pytest.raises(BundleError) as refusal:
            download(domain, release, Progress())
        assert str(refusal.value) == (
            f"{domain} {release}: mitreattack-python lists no such bundle, so what came could not"
            " be checked."
        )
    assert server.requests == []


def redirect(status: int, to: str) -> bytes:
    """An answer that sends elsewhere."""
    head = b"HTTP/1.1 %d Elsewhere\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
    return head % (status, to.encode())


REDIRECTS = pytest.mark.parametrize("status", [301, 302, 303, 307, 308])


@REDIRECTS
def test_a_redirect_is_refused_and_not_followed(server: Server, status: int) -> None:
    with_bundle = Server()
    with_bundle.says = answer(BODY)
    server.says = redirect(status, with_bundle.url)
    assert refused(server) == f"answered {status} in place of the file."
    assert (len(server.requests), with_bundle.requests) == (1, [])
    with_bundle.close()


@REDIRECTS
def test_a_redirect_is_not_followed_when_it_leads_to_an_allowed_place(
    server: Server, status: int
) -> None:
    elsewhere = f"http://127.0.0.1:{server.port}/elsewhere"
    assert published.is_allowed(elsewhere)
    server.says = redirect(status, elsewhere)
    assert refused(server) == f"answered {status} in place of the file."
    assert server.requests == ["GET /bundle.json HTTP/1.1"]


def test_nothing_is_asked_for_when_the_place_is_not_allowed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "ALLOWED", (published.REPOSITORY,))
    assert refused(server) == "not a place that this library downloads from."
    assert server.requests == []


@pytest.mark.parametrize("status", [201, 204, 206, 304, 404, 429, 500])
def test_an_answer_is_refused_when_it_is_not_a_plain_200(server: Server, status: int) -> None:
    server.says = answer(BODY).replace(b"200 OK", b"%d Whatever" % status)
    assert refused(server) == f"answered {status} in place of the file."


@pytest.mark.parametrize(
    "says",
    [
        answer(BODY),
        OK + b"\r\n" + BODY,
        OK + CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        # Ten bytes, says the server, and they unpack to more.
        answer(gzip.compress(bytes(1 << 24)), GZIP),
        answer(zlib.compress(bytes(1 << 24)), b"Content-Encoding: deflate\r\n"),
        answer(brotli.compress(bytes(1 << 24)), b"Content-Encoding: br\r\n"),
    ],
)
def test_an_answer_is_refused_when_it_is_too_large(server: Server, says: bytes) -> None:
    server.says = says
    assert refused(server, 10_000) == "larger than the limit of 10,000 bytes."


def test_the_rest_is_not_awaited_when_the_limit_is_passed(server: Server) -> None:
    server.says, server.waits = OK + b"\r\n" + BODY, True
    assert refused(server, 10_000) == "larger than the limit of 10,000 bytes."


@pytest.mark.parametrize(
    "says",
    [
        OK + b"Content-Length: 100\r\n\r\nhello",
        OK + CHUNKED + b"5\r\nhello\r\n",
        OK + CHUNKED + b"5\r\nhel",
        OK + CHUNKED + b"zz\r\nhello\r\n",
        answer(b"hello", GZIP),
    ],
)
def test_an_answer_is_refused_when_it_breaks_off_or_is_garbled(server: Server, says: bytes) -> None:
    server.says = says
    assert refused(server).startswith("the answer broke off (")


def test_only_what_is_stated_is_read_when_more_follows(server: Server) -> None:
    server.says = OK + b"Content-Length: 5\r\n\r\nhello and more"
    assert fetch(server.url, Progress()) == b"hello"


@pytest.mark.parametrize("length", ["²".encode("latin-1"), b"-5", b"x", b"9" * 5000, b""])
def test_the_length_is_unknown_when_it_is_stated_badly(server: Server, length: bytes) -> None:
    server.says = OK + b"Content-Length: %b\r\n\r\nhello" % length
    progress = Progress()
    assert fetch(server.url, progress) == b"hello"
    assert progress.told == [(5, 0)]


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 x\r\n\r\n",
        OK + b"x: " + b"x" * 100_000 + b"\r\n\r\n",
        OK + b"x: y\r\n" * 1000 + b"\r\n",
        OK + b"Content-Length: 1, 2\r\n\r\nhello",
    ],
)
def test_an_answer_is_refused_when_it_is_not_http(server: Server, says: bytes) -> None:
    server.says = says
    assert refused(server).startswith("cannot be reached (")


def test_a_download_is_refused_when_nobody_listens(server: Server) -> None:
    server.close()
    assert refused(server) == "cannot be reached (ConnectionError)."


def test_a_download_is_refused_when_the_name_leads_nowhere(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refused(server) == "cannot be reached (ConnectionError)."


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\nx: y\r\n"])
def test_a_download_is_refused_when_no_answer_begins(
    server: Server, monkeypatch: pytest.MonkeyPatch, says: bytes
) -> None:
    server.says, server.waits = says, True
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    assert refused(server) == "no answer within 0 seconds."


def test_a_download_is_refused_when_finding_the_address_takes_too_long(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: object, **_kwargs: object) -> None:
        server.over.wait()
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    assert refused(server) == "no answer within 0 seconds."


def test_a_download_is_refused_when_the_answer_stops(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says, server.waits = OK + b"Content-Length: 100\r\n\r\nhello", True
    monkeypatch.setattr(module, "READ_SECONDS", 0.01)
    assert refused(server) == "the answer broke off (ReadTimeoutError)."


def test_a_download_is_refused_when_it_trickles_past_the_time_for_the_whole(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five of a hundred bytes have come, more will: the clock must be looked at now.
    server.says, server.waits = OK + b"Content-Length: 100\r\n\r\nhello", True
    moments = iter([0.0, module.WHOLE_SECONDS + 1])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    assert refused(server) == "took more than 300 seconds."


def test_a_download_has_the_time_that_it_is_given(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says, server.waits = OK + b"Content-Length: 100\r\n\r\nhello", True
    moments = iter([0.0, 2.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with pytest.raises(BundleError) as refusal:
        fetch(server.url, Progress(), seconds=1.5)
    assert str(refusal.value) == f"{server.url}: took more than 1.5 seconds."


def test_an_answer_is_closed_when_it_comes_too_late(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, may_answer = threading.Event(), threading.Event()

    class Late(requests.Response):
        def close(self) -> None:
            closed.set()

    def get(*_: object, **__: object) -> requests.Response:
        may_answer.wait()
        return Late()

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    assert refused(server).startswith("no answer within")
    assert not closed.is_set()
    may_answer.set()
    assert closed.wait(10)
