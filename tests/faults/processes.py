"""The product in processes of its own, over a PostgreSQL of its own that tests may kill.

The test itself looks at the same database by Django, and breaks nothing by it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from django.db import OperationalError, connection, connections

from glexia import embedded
from glexia.env import BASE_DIR
from importer.models import WORKED_ON, ImportRun, RunState
from importer.runs.control import connect
from importer.runs.recovery import DIED, notice_dead
from tests.glexia.servers import eventually
from tests.glexia.web import Web
from tests.importer.test_commands import PATIENCE
from tests.importer.test_faults import everything_is_sound
from tests.importer.test_store import library_state

# Who else is in the middle of a transaction here.
BUSY = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""

# What a worker says of it that has a connection left to say it by.
FAILURES = ("The database failed: ", "The stored data is damaged (")

type Process = subprocess.Popen[Any]


@dataclass
class Product:
    """A library in a database of its own, and the processes that a test has started on it."""

    server: embedded.Server
    database: str
    folder: Path
    static: Path
    started: list[Process] = field(default_factory=list)
    webs: list[Web] = field(default_factory=list)
    log_mark: int = 0

    def __post_init__(self) -> None:
        self.log_mark = len(self.said_by_database())

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the product is given."""
        return {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.server.dsn.replace("/glexia?", f"/{self.database}?"),
            # Whom the test signs in is signed in there.
            "SECRET_KEY": settings.SECRET_KEY,
            "GLEXIA_DATA_DIR": str(self.folder),
            "IMPORT_DIR": str(self.folder / "bundles"),
            "STATIC_ROOT": str(self.static),
            "WEB_WORKERS": "2",
        }

    def manage(self, *arguments: str, **more: str) -> Process:
        """`manage.py` with these arguments."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def worker(self, **more: str) -> Process:
        """A worker, which ends by itself when there is nothing more to do."""
        return self.manage("db_worker", "--batch", "--verbosity", "0", **more)

    def web(self, **more: str) -> Web:
        """A web server whose two processes are ready."""
        web = Web(self.environment, self.folder / "web.log")
        self.webs.append(web)
        return web.start(**more)

    def said_by_database(self) -> str:
        """What PostgreSQL has logged since this library was made."""
        return Path(self.server.host).with_name("postgres.log").read_text()[self.log_mark :]

    def kill_database(self) -> None:
        """End PostgreSQL as a power cut does; it stays away until `recover`."""
        kill(self.server)

    def recover(self) -> None:
        """Have PostgreSQL run again, as whoever watches over it does."""
        self.server.ensure()
        eventually(answers, "the database does not come back")

    def end(self) -> None:
        """End every process that a test has left."""
        for web in self.webs:
            web.stop()
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def answers() -> bool:
    """Whether the database of this process can be connected to."""
    connection.close()
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


def kill(server: embedded.Server) -> None:
    """SIGKILL to the PostgreSQL of a data directory, which ends all of it."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    eventually(lambda: not server.is_running(), "the server outlives SIGKILL")


@contextmanager
def turned_to(server: embedded.Server, database: str) -> Iterator[None]:
    """Have Django in this process use a database of another server, without a pool."""
    place = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": server.user,
        "HOST": server.host,
        "PORT": str(server.port),
    }
    before, known = connections["default"], connections.settings["default"]
    connections.settings["default"] = connections.configure_settings({"default": place})["default"]
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connection.close()
        connections["default"], connections.settings["default"] = before, known


@contextmanager
def held(statement: LiteralString) -> Iterator[psycopg.Connection[Any]]:
    """What the statement locks is locked by somebody else, whom a dying database may take along."""
    other = connect()
    try:
        other.execute("BEGIN")
        other.execute(statement)
        yield other
    finally:
        other.close()


@dataclass(frozen=True)
class Kept:
    """All that the library and the Takes hold: rows of each table and a digest of them."""

    library: dict[str, tuple[int, str]]
    takes: dict[str, tuple[int, str]]

    @classmethod
    def now(cls) -> "Kept":
        """What the database holds at the moment."""
        return cls(library_state(), library_state("analysis"))


def nothing_is_left_undone() -> None:
    """Every snapshot has all its hashes, and no run or transaction hangs."""
    with connection.cursor() as cursor:
        eventually(lambda: _busy(cursor) == 0, "a transaction hangs")
    notice_dead()
    assert not ImportRun.objects.filter(state__in=WORKED_ON).exists()
    everything_is_sound()


def nothing_has_changed_since(before: Kept) -> None:
    """As `nothing_is_left_undone`, and library and Takes are as they were."""
    nothing_is_left_undone()
    assert Kept.now() == before


def failed_with_the_database(run: ImportRun) -> None:
    """The run is failed; by its worker, or where that could not say so, by who looked at it."""
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.problem == DIED or run.problem.startswith(FAILURES), run.problem


def _busy(cursor: Any) -> int:
    cursor.execute(BUSY)
    (count,) = cursor.fetchone()
    return int(count)


def ended(process: Process) -> tuple[int, str]:
    """The exit status of a process, and what it complained of."""
    _, error = process.communicate(timeout=PATIENCE)
    return process.returncode, str(error)
