"""Hot pages and 304s over HTTP, beside a bare Django view under the same gunicorn."""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from glexia.env import BASE_DIR
from tests.benchmarks.lab import Lab
from tests.benchmarks.load import Load, request_for, tag_of

ROUNDS = 5
CLIENTS = 4
# One worker each, so that the numbers are those of one process.
GUNICORN = ("--workers", "1", "--threads", "4", "--log-level", "error", "--no-control-socket")
PAGES = {
    "the page of a mitigation": "/learn/attack/mitigations/M1037",
    "T1105, the largest page": "/learn/attack/techniques/T1105",
    "a list": "/learn/attack/mitigations",
    "the enterprise matrix": "/learn/attack/matrices/enterprise-attack",
}


def measure(lab: Lab) -> Iterator[str]:
    """A line for each page, with the newest release imported."""
    url = lab.fresh_database()
    names = [f"{domain}-attack-18.1.json.xz" for domain in ("enterprise", "mobile", "ics")]
    lab.run(url, "manage.py", "import_attack", *(str(lab.bundles / name) for name in names))
    lab.run(url, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
    yield from report(url)


def report(url: str) -> Iterator[str]:
    """A line for each page of a library that is filled already."""
    with (
        _served("tests.benchmarks.bare:application", url) as bare,
        _served("glexia.wsgi:application", url) as port,
    ):
        for told, path in PAGES.items():
            tag = tag_of(port, path)
            hot = request_for(path, Accept_Encoding="gzip, deflate, br")
            known = request_for(path, If_None_Match=tag)
            yield _line(f"{told}, hot", bare, Load(port, hot, b"HTTP/1.1 200"), 0.6)
            yield _line(f"{told}, 304", bare, Load(port, known, b"HTTP/1.1 304"), 0.8)


def _line(told: str, bare: int, load: Load, budget: float) -> str:
    pairs = []
    for _ in range(ROUNDS):
        reference = Load(bare, request_for("/hello"), b"HTTP/1.1 200").a_second(CLIENTS)
        pairs.append((Load(load.port, load.request, load.status).a_second(CLIENTS), reference))
    ratio = statistics.median(own / reference for own, reference in pairs)
    own, reference = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    return (
        f"{told:36} {own:6,.0f} a second, a bare view {reference:6,.0f}:"
        f" {ratio:.2f} ×  (budget {budget} ×)"
    )


@contextlib.contextmanager
def _served(application: str, url: str) -> Iterator[int]:
    """The port of a gunicorn that serves an application."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        [*command, *GUNICORN], cwd=BASE_DIR, env=os.environ | {"DATABASE_URL": url}
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")
