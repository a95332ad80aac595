"""A library of the first release, as that version wrote it, becomes one of today.

`first_release.sql.xz` is what `pg_dump --inserts` says of a database into which the first version
that shipped (library's migrations 0001 and 0002) imported the samples that came with it.
"""

import hashlib
import lzma
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from importer.database import is_up_to_date
from importer.verification import problems
from library import documents
from library.models import SearchDocument, Snapshot
from tests.databases import address, database, in_use, manage, read_pages

DUMP = Path(__file__).with_name("first_release.sql.xz")
HOME = "/learn/attack"
# Of what that version held, as its own tables counted it.
HELD = {
    "library_snapshot": 6,
    "library_snapshotbundle": 6,
    "library_edition": 1,
}
KEPT = (
    *("library_stixobject", "library_objectversion", "library_objectcontent"),
    *("library_snapshot", "library_snapshotobject", "library_snapshotedge"),
    *("library_snapshotbundle", "library_finding", "library_edition"),
)


def rows(name: str) -> dict[str, int]:
    """How many rows each table of the first release has."""
    with psycopg.connect(address(name)) as asked:
        found = {}
        for table in KEPT:
            row = asked.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert row is not None
            found[table] = row[0]
    return found


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture(scope="module")
def upgraded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[str, dict[str, int]]]:
    """The name of a database of the first release that has been migrated, and its rows before."""
    with django_db_blocker.unblock(), database() as name:
        with psycopg.connect(address(name), autocommit=True) as old:
            old.execute(lzma.decompress(DUMP.read_bytes()))
        before = rows(name)
        done = manage(name, "migrate", "--verbosity", "0")
        assert done.returncode == 0, done.stderr
        yield name, before


@pytest.fixture
def today(
    db: None, upgraded: tuple[str, dict[str, int]], django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Has this process read the upgraded database."""
    with django_db_blocker.unblock(), in_use(upgraded[0]):
        yield


def test_upgrade_loses_no_row(upgraded: tuple[str, dict[str, int]], db: None) -> None:
    name, before = upgraded
    assert before | HELD == before
    assert rows(name) == before


def test_upgraded_database_needs_no_more_migrations(today: None) -> None:
    assert is_up_to_date()


def test_upgraded_snapshots_are_sound(today: None) -> None:
    assert [list(problems(snapshot)) for snapshot in Snapshot.objects.all()] == [[]] * 6


def test_upgraded_library_is_searched_by_every_version_it_holds(today: None) -> None:
    assert SearchDocument.objects.count() > 100
    assert documents.complete() == 0


PAGES = {
    "": "sample-2",
    "/mitigations": "M1037",
    "/mitigations/M1037": "Filter Network Traffic",
    "/mitigations/M1037/history": "sample-1",
    "/v/sample-1/mitigations/M1037": "Filter Network Traffic",
    "/releases": "sample-1",
    "/releases/sample-1...sample-2": "sample-2",
    "/search?q=filter+traffic": "M1037",
    "/takes": "Takes",
    "/mitigations/M1037/json": "M1037",
    "/mitigations/M1037/raw": "course-of-action",
}


def test_pages_of_an_upgraded_library_are_there(
    upgraded: tuple[str, dict[str, int]], today: None
) -> None:
    found = read_pages(upgraded[0], *(f"{HOME}{page}" for page in PAGES))
    for page, says in PAGES.items():
        status, said = found[f"{HOME}{page}"]
        assert status == 200, page
        assert says in said, page


def test_bundles_of_an_upgraded_library_download_byte_for_byte(
    upgraded: tuple[str, dict[str, int]], today: None
) -> None:
    hashes = [snapshot.sha256 for snapshot in Snapshot.objects.all()]
    found = read_pages(upgraded[0], *(f"{HOME}/bundles/{sha256}" for sha256 in hashes))
    came = [hashlib.sha256(said.encode()).hexdigest() for _, said in found.values()]
    assert came == hashes
