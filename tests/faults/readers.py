"""Readers who ask for one page after another, and what each of them was answered."""

import hashlib
import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.glexia.web import DEADLINE, eventually


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader got for one request, and how long it took."""

    path: str
    status: int
    seconds: float
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def key(self) -> str:
        """What a shared cache knows the page by: edition, epoch and releases."""
        return self.headers.get("Surrogate-Key", "")

    @property
    def release(self) -> str:
        """The release of enterprise that the page says it is of; nothing where it says none."""
        found = re.search(r"\benterprise-(\S+)", self.key)
        return found[1] if found else ""

    @property
    def content(self) -> tuple[str, str]:
        """The tag of the page and a digest of it."""
        return self.headers.get("ETag", ""), hashlib.sha256(self.body).hexdigest()


@dataclass
class Readers:
    """So many readers, each on a connection that stays open, and so with one web process.

    Each goes through the pages in turn, beginning with another one; a page may have a `{n}` in it,
    which is another number each time.
    """

    port: int
    clients: int
    pages: Sequence[str]
    answers: list[list[Answer]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self.answers = [[] for _ in range(self.clients)]
        self._threads = [
            threading.Thread(target=self._read, args=(number,)) for number in range(self.clients)
        ]

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(DEADLINE)

    def every(self, wanted: Callable[[Answer], bool]) -> bool:
        """Whether the last answer of every reader is as wanted."""
        return all(answers and wanted(answers[-1]) for answers in self.answers)

    def go_on(self, more: int) -> None:
        """Return once every reader has had so many more answers."""
        wanted = [len(answers) + more for answers in self.answers]
        eventually(
            lambda: all(len(a) >= n for a, n in zip(self.answers, wanted, strict=True)),
            "a reader is not answered",
        )

    @property
    def all(self) -> list[Answer]:
        """The answers of all readers."""
        return [answer for answers in self.answers for answer in answers]

    @property
    def figures(self) -> str:
        """How many answers there were, and the median and 99th percentile of their times."""
        times = [answer.seconds * 1000 for answer in self.all]
        cuts = statistics.quantiles(times, n=100)
        return (
            f"{self.clients:2} client{'s' if self.clients != 1 else ' '}"
            f" {len(times):6,} answers, median {cuts[49]:6.1f} ms, p99 {cuts[98]:7.1f} ms"
        )

    def _read(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        at = number
        while not self._end.is_set():
            path = self.pages[at % len(self.pages)].format(n=at * self.clients + number)
            begun = time.perf_counter()
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(f"{path}: {error!r}")
                connection.close()
                continue
            seconds = time.perf_counter() - begun
            self.answers[number].append(
                Answer(path, response.status, seconds, response.headers, body)
            )
            at += 1
        connection.close()
