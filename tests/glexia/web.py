"""Gunicorn as it serves the public, in processes of its own, and clients that lose nothing."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from glexia.env import BASE_DIR

DEADLINE = 120.0
GUNICORN = Path(sys.executable).with_name("gunicorn")
PAGE = "/learn/attack/mitigations"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def eventually(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@dataclass
class Web:
    """A web server with two workers over a library that is filled."""

    settings: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> "Web":
        """Return once both workers answer."""
        self.settings = self.settings | {"PORT": str(self.port)} | settings
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(GUNICORN)],
                cwd=BASE_DIR,
                env=self.settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(lambda: self.is_healthy() and len(self.booted()) == 2, "it does not start")
        return self

    @property
    def master(self) -> int:
        """The process that the workers belong to."""
        assert self.process
        return self.process.pid

    def workers(self, master: int | None = None) -> list[int]:
        """The processes that answer, by their numbers."""
        children = psutil.Process(master or self.master).children()
        return sorted(child.pid for child in children if child.name() != "sh")

    def booted(self) -> list[int]:
        """Those workers that have said so: they handle signals, so a stop finds them ready."""
        return [pid for pid in self.workers() if _catches_term(pid)]

    def is_healthy(self) -> bool:
        """Whether anybody answers."""
        assert self.process
        assert self.process.poll() is None, self.said()
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def get(
        self,
        path: str,
        method: str = "GET",
        body: str | None = None,
        *,
        port: int = 0,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of an answer, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def send(self, number: signal.Signals, to: int = 0) -> None:
        """Send a signal to the parent of the workers."""
        os.kill(to or self.master, number)

    def wait(self) -> int:
        """The exit status, once it has ended."""
        assert self.process
        return self.process.wait(DEADLINE)

    def said(self) -> str:
        """All that it has logged."""
        return self.log.read_text()

    def stop(self) -> None:
        """End it, however it is."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.wait()


def _catches_term(pid: int) -> bool:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return False


@dataclass
class Half:
    """A request that has been sent in part."""

    port: int

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")

    def finish(self) -> bytes:
        """Send the rest; the first line of the answer."""
        self.socket.sendall(b"\r\n")
        with self.socket.makefile("rb") as answer:
            line = answer.readline()
        self.socket.close()
        return line


class Crowd:
    """Clients that ask for one page after another, and note what became of each request."""

    def __init__(self, port: int, clients: int = 6) -> None:
        self.port = port
        self.answered = 0
        self.refused = 0
        self.lost: list[str] = []
        self._lock = threading.Lock()
        self._end = threading.Event()
        # Half of them keep their connection for as long as the server does.
        self._threads = [
            threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(clients)
        ]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        self.go_on(len(self._threads))
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(DEADLINE)

    def go_on(self, more: int) -> None:
        """Return once so many more requests have been answered."""
        wanted = self.answered + more
        eventually(lambda: self.answered >= wanted, "nobody is answered")

    def _ask(self, keeping: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._end.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    with self._lock:
                        self.refused += 1
                    connection = None
                    self._end.wait(0.02)
                    continue
            connection = self._one(connection, keeping)
        if connection is not None:
            connection.close()

    def _one(
        self, connection: http.client.HTTPConnection, keeping: bool
    ) -> http.client.HTTPConnection | None:
        try:
            connection.request("GET", PAGE)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            with self._lock:
                self.lost.append(repr(error))
            connection.close()
            return None
        with self._lock:
            if answer.status == 200 and body.endswith(b"</html>\n"):
                self.answered += 1
            else:
                self.lost.append(f"{answer.status}: {body[:200]!r}")
        if keeping and not answer.will_close:
            return connection
        connection.close()
        return None
