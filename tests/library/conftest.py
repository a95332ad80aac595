"""What the tests of pages share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from library.identifiers import Domain
from tests.library.pages import Site


@pytest.fixture
def site(plain_static: None, client: Client) -> Site:
    """The site, read through Django's test client."""
    return Site(client)


@pytest.fixture(scope="module")
def newest_release(
    attack_bundles: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The three domains of release 18.1, in a transaction that is rolled back at the end."""
    with django_db_blocker.unblock():
        yield from _imported([attack_bundles / f"{name}-attack-18.1.json.xz" for name in Domain])


@pytest.fixture(scope="module")
def every_release(
    attack_bundles: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """All the real bundles there are, in a transaction that is rolled back at the end."""
    with django_db_blocker.unblock():
        yield from _imported([attack_bundles])


def _imported(paths: list[Path]) -> Iterator[None]:
    with transaction.atomic():
        assert connection.settings_dict["NAME"].startswith("test_")
        import_bundles(file_sources(paths), Options(validate=False))
        yield
        transaction.set_rollback(True)
