"""Processes that use the embedded PostgreSQL, as tests start and watch them."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from glexia import embedded
from glexia.embedded.place import Place
from glexia.embedded.postmaster import Postmaster

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 150.0

USER = """
import sys
from glexia import embedded
server = embedded.start(sys.argv[1])
print(server.pid, flush=True)
"""
WAITS = USER + "sys.stdin.read()\n"
WAITS_WITH_FORKED_CHILD = (
    USER
    + """
import os
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print(child, flush=True)
os.waitpid(child, 0)
"""
)
FORKS_CHILD_THAT_EXITS = (
    USER
    + """
import os
child = os.fork()
if child == 0:
    sys.exit(0)
os.waitpid(child, 0)
print("child ended", flush=True)
sys.stdin.read()
"""
)
FORKS_CHILD_THAT_USES_SERVER = (
    USER
    + """
import os
child = os.fork()
if child == 0:
    server.stop()  # the parent's use: nothing happens
    print("child uses", embedded.shared(sys.argv[1]).pid, flush=True)
    sys.exit(0)
os.waitpid(child, 0)
sys.exit(not server.is_running())
"""
)
WAITS_FOR_INTERRUPT = """
import sys
import psycopg
from glexia import embedded
server = embedded.start(sys.argv[1])
try:
    print(server.pid, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    with psycopg.connect(server.dsn) as connection:
        print(connection.execute("select 'alive'").fetchone()[0], flush=True)
    sys.stdin.read()
"""
DJANGO = """
import sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(
    DATA_DIR=Path(sys.argv[1]),
    DATABASES={"default": {
        "ENGINE": "glexia.embedded", "NAME": "glexia", "USER": "glexia",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 2}},
    }},
)
django.setup()
from django.db import connection

def where():
    with connection.cursor() as cursor:
        cursor.execute("select current_user || ' in ' || current_database()")
        print(cursor.fetchone()[0], flush=True)

name = connection.creation.create_test_db(verbosity=0, serialize=False)
where()
connection.creation.destroy_test_db("glexia", verbosity=0)
where()
with connection._nodb_cursor() as cursor:
    cursor.execute("select count(*) from pg_database where datname = %s", [name])
    print("left:", *cursor.fetchone(), flush=True)
"""


class User:
    """Another process that uses the server."""

    def __init__(self, data: Path, script: str = WAITS) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def server(self) -> int:
        return int(self.line())

    def end(self) -> int:
        self.process.communicate("")
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def eventually(true: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.005)


def postmaster(data: Path) -> Postmaster:
    return Postmaster(Place.at(data))


def runs(data: Path) -> bool:
    return postmaster(data).find() is not None


def ask(server: embedded.Server, query: str) -> tuple[object, ...]:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def sentence(data: Path) -> str:
    """What the user is told, which is always one sentence."""
    with pytest.raises(embedded.EmbeddedError) as caught:
        embedded.start(data)
    told = str(caught.value)
    assert told.endswith(".")
    assert "\n" not in told
    assert not runs(data)
    return told


def may_unshare() -> bool:
    probe = "import os; os.unshare(os.CLONE_NEWNS)"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True).returncode == 0


def open_folder() -> Path:
    """A folder that everybody may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="glexia-"))
    folder.chmod(0o755)
    return folder


def clear_away(folder: Path, data: Path) -> None:
    postmaster(data).shut_down()
    shutil.rmtree(folder)
