"""The world that hostile input meets, and bounds that a test can reach."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from axes.models import AccessAttempt
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from importer import known_releases
from tests.factories import bundle, clear_library, mitigation
from tests.hostile.corpus.oversized import MOST_BYTES
from tests.hostile.world import BUNDLE_NAME, World, fill

QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def product(
    plain_static: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product, with folders of the test's own, quick passwords, smaller bounds, no network."""
    monkeypatch.setattr(known_releases, "fetch_releases", lambda: {"ics": ["99.0"]})
    settings.PASSWORD_HASHERS = QUICK
    settings.IMPORT_MAX_BYTES = MOST_BYTES
    settings.IMPORT_SPOOL, settings.IMPORT_DIR = tmp_path / "spool", tmp_path / "bundles"
    settings.IMPORT_SPOOL.mkdir()
    settings.IMPORT_DIR.mkdir()

    content = bundle(mitigation("M1000", "Measure"), release="9.0")
    (settings.IMPORT_DIR / BUNDLE_NAME).write_bytes(orjson.dumps(content))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world, in a transaction that is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(PASSWORD_HASHERS=QUICK):
            made = fill()
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def committed_world(committed_db: None) -> Iterator[World]:
    """The world, committed, for what works by connections of its own."""
    made = fill()
    yield made
    # Tables of groups hold the roles, and are not emptied.
    made.group.delete()
    AccessAttempt.objects.all().delete()
    clear_library()
