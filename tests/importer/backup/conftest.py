"""What tests of backups share: a library with everything in it, and empty databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from pytest_django import DjangoDbBlocker

from importer.backup.saving import save
from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from library.conditional import current_shelf
from library.contexts.held import find_objects
from library.identifiers import MITIGATION
from tests import takes
from tests.databases import APART, ROOT, address, database, in_use, manage

type Empty = Callable[[], None]


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a database that has been migrated and nothing else."""
    with django_db_blocker.unblock(), database() as name:
        done = manage(name, "migrate", "--verbosity", "0")
        assert done.returncode == 0, done.stderr
        # Other keys than any database gives that a test of another module reads in this process,
        # which keeps what it reads by them.
        with psycopg.connect(address(name)) as other:
            other.execute(
                "SELECT setval(format('%%I', sequencename)::regclass, %s)"
                " FROM pg_sequences WHERE schemaname = current_schema()",
                [3 * APART],
            )
        yield name


@pytest.fixture(scope="module")
def filled(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a database with both samples, a published Take and the people who wrote it."""
    with django_db_blocker.unblock(), database(migrated) as name:
        with in_use(name):
            import_bundles(file_sources([ROOT / "fixtures" / "bundles"]), Options(validate=False))
            held = find_objects(current_shelf(), MITIGATION, "M1037")[0]
            takes.publish({"id": held.stix_id}, summary="Cut it off.\tTabs, \\ and\nlines: é ☃.")
            User.objects.create_superuser("root", password="a password of a test")
            User.objects.get(username="root").groups.add(Group.objects.get(name="author"))
            SessionStore().save()
        yield name


@pytest.fixture(scope="module")
def backup(
    filled: str, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "glexia.backup"
    with django_db_blocker.unblock(), in_use(filled):
        save(path)
    return path


@pytest.fixture
def empty(db: None, migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A migrated database with nothing in it, which this process uses; its name."""
    with django_db_blocker.unblock(), database(migrated) as name, in_use(name):
        yield name
