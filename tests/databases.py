"""Databases of their own, for tests that need an empty one, an old one or a second one."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
APART = 1_000_000
READ = """
import json, sys
import django
django.setup()
from django.test import Client
found = {}
for page in sys.argv[1:]:
    answer = Client().get(page)
    found[page] = answer.status_code, b"".join(answer).decode()
print(json.dumps(found))
"""


def address(name: str = "") -> str:
    """The address of a database beside the test database; of that itself without a name."""
    given = connection.get_connection_params()
    return (
        f"postgresql://{given['user']}:{quote(given.get('password', ''), safe='')}"
        f"@:{given['port']}/{name or given['dbname']}"
        f"?host={quote(given['host'], safe='')}"
    )


@contextmanager
def database(template: str = "template0") -> Iterator[str]:
    """The name of a new database, as empty as its template; dropped at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address("postgres"), autocommit=True) as other:
        other.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield name
        finally:
            other.execute(f"DROP DATABASE {name}".encode())


@contextmanager
def copied() -> Iterator[str]:
    """The name of a copy of the database in use, whose rows have keys that no other's have.

    What a process keeps in memory by the keys of rows would else be taken for the other's.
    """
    own = connection.settings_dict["NAME"]
    _turn_to(own)
    with database(own) as name:
        with in_use(name):
            set_apart(APART)
        yield name


def set_apart(first: int) -> None:
    """Give new rows keys that no other database in use has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, %s)"
            " FROM pg_sequences WHERE schemaname = 'public'",
            [first],
        )


@contextmanager
def in_use(name: str) -> Iterator[None]:
    """Have this process's connection lead to another database meanwhile."""
    before = connection.settings_dict["NAME"]
    _turn_to(name)
    try:
        yield
    finally:
        _turn_to(before)


def _turn_to(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = name


def manage(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `manage.py` does with a database, as a process of its own."""
    return manage_at(address(name), *arguments)


def manage_at(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same with the database of an address, as the role that it names."""
    return _run(url, "manage.py", *arguments)


def read_pages(name: str, *pages: str) -> dict[str, tuple[int, str]]:
    """The status and the text of pages that a process of its own makes from a database.

    This process keeps what it reads by the keys of its own database's rows.
    """
    read = _run(address(name), "-c", READ, *pages)
    assert read.returncode == 0, read.stderr
    found: dict[str, tuple[int, str]] = json.loads(read.stdout)
    return found


def _run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "glexia.settings",
        "DATABASE_URL": url,
        "SECRET_KEY": "of a test",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
