"""Readers of mixed pages while the newest release is imported: how long they wait, and what fails.

The readers, the web server's two processes, the import and PostgreSQL share this machine.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from glexia.env import BASE_DIR
from tests.benchmarks.lab import Lab
from tests.faults.readers import Readers
from tests.glexia.web import Web

CLIENTS = (1, 4, 16)
QUIET_SECONDS = 10.0
HOME = "/learn/attack"
PAGES = (
    HOME,
    f"{HOME}/mitigations",
    f"{HOME}/mitigations/M1037",
    f"{HOME}/mitigations?q=network&from={{n}}",
    f"{HOME}/techniques/T1105",
    f"{HOME}/techniques/T1059?from={{n}}",
    f"{HOME}/groups/G0007",
    f"{HOME}/search?q=credential&from={{n}}",
    f"{HOME}/matrices/enterprise-attack",
    f"{HOME}/releases",
)


@dataclass(frozen=True)
class Library:
    """A library that holds 17.1 of enterprise, which can take in 18.1 again and again."""

    lab: Lab
    url: str

    def take_in(self) -> None:
        """Import 18.1, in a process of its own; readers see it from then on."""
        bundle = self.lab.bundles / "enterprise-attack-18.1.json.xz"
        self.lab.run(self.url, "manage.py", "import_attack", str(bundle))

    def take_out(self) -> None:
        """Go back to 17.1, and delete the other."""
        self.lab.run(self.url, "manage.py", "make_current", "enterprise", "17.1")
        self.lab.run(self.url, "manage.py", "delete_snapshot", "enterprise", "18.1")


def measure(lab: Lab) -> Iterator[str]:
    """Two lines for each number of readers: nothing else going on, and an import beside them."""
    library = Library(lab, lab.fresh_database())
    bundle = str(lab.bundles / "enterprise-attack-17.1.json.xz")
    lab.run(library.url, "manage.py", "import_attack", bundle)
    settings = os.environ | {
        "DATABASE_URL": library.url,
        "GLEXIA_DATA_DIR": str(lab.folder / "load"),
        "WEB_WORKERS": "2",
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, cwd=BASE_DIR, env=settings, check=True)
    web = Web(settings, lab.folder / "load.log").start()
    try:
        for clients in CLIENTS:
            with Readers(web.port, clients, PAGES) as quiet:
                threading.Event().wait(QUIET_SECONDS)
            yield f"{quiet.figures}, alone{_failed(quiet)}"
            with Readers(web.port, clients, PAGES) as beside:
                library.take_in()
                beside.go_on(1)
            yield f"{beside.figures}, beside an import{_failed(beside)}"
            library.take_out()
    finally:
        web.stop()


def _failed(readers: Readers) -> str:
    """How many answers there were of the server's failing, and requests without any; else none."""
    failed = sum(answer.status >= 500 for answer in readers.all) + len(readers.lost)
    return f", {failed or 'none'} failed"
