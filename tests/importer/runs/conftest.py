"""Runs on a database that really commits: a run's control is a connection of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from pytest_django import Settings

from importer.acts import Asked, start
from importer.models import ImportRun, SourceKind
from tests import factories
from tests.factories import Properties

type Put = Callable[..., str]


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path) -> None:
    """A spool and an import directory of the test's own."""
    (tmp_path / "bundles").mkdir()
    settings.IMPORT_SPOOL = tmp_path / "spool"
    settings.IMPORT_DIR = tmp_path / "bundles"


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Puts a bundle of objects into the import directory; its name."""

    def put(*objects: Properties, name: str = "bundle.json", **more: Any) -> str:
        content = orjson.dumps(factories.bundle(*objects, **more))
        (tmp_path / "bundles" / name).write_bytes(content)
        return name

    return put


def asked(name: str, by: str = "ann", **more: str) -> ImportRun:
    """A run that waits for its dry run, of a file in the import directory."""
    return start(by, Asked(SourceKind.DIRECTORY, name, **more))


def now(run: ImportRun) -> ImportRun:
    """The run as the database has it."""
    return ImportRun.objects.get(pk=run.pk)
