"""Where benchmarks run: fresh databases, child processes watched for time and memory."""

import lzma
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from glexia.env import BASE_DIR

MIB = 1024 * 1024
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """What a child process cost: seconds of wall time, MiB of memory of its whole tree at peak."""

    seconds: float
    peak_mib: float


@dataclass
class Lab:
    """The bundles, a folder to work in, and a database server of its own."""

    bundles: Path
    folder: Path
    dsn: str
    _databases: int = field(default=0, init=False)

    def json_bundle(self, name: str) -> Path:
        """A real bundle as plain JSON, as MITRE publishes it."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            path.write_bytes(lzma.decompress((self.bundles / f"{name}.json.xz").read_bytes()))
        return path

    def fresh_database(self) -> str:
        """The DATABASE_URL of a new database with the product's tables and no row in them."""
        self._databases += 1
        name = f"bench_{self._databases}"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = self.dsn.replace("/glexia?", f"/{name}?")
        self.run(url, "manage.py", "migrate", "--verbosity=0")
        return url

    def run(self, url: str, *arguments: str) -> Cost:
        """What it costs to run Python with these arguments; CalledProcessError where it fails."""
        command = [sys.executable, *arguments]
        begun = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=os.environ | {"DATABASE_URL": url},
            stdout=subprocess.DEVNULL,
        )
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, _tree_memory(child.pid))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.perf_counter() - begun
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command)
        return Cost(seconds, peak)


def best(costs: list[Cost]) -> Cost:
    """The least time and the greatest memory of several runs."""
    return Cost(min(c.seconds for c in costs), max(c.peak_mib for c in costs))


def _tree_memory(pid: int) -> float:
    """Resident memory of a process and its children, summed, in MiB."""
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / MIB
