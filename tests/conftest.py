"""What all tests share: the site, the real bundles, a committed database, no silent skips in CI."""

import os
import random
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from django import conf
from django.db import connection, transaction
from django.test import Client
from hypothesis import settings
from pytest_django import DjangoDbBlocker, Settings

from glexia.caches import NOWHERE
from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from tests.databases import copied, in_use
from tests.factories import clear_library
from tests.library.pages import Site

# No test asserts how long something takes.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")
NEEDED_IN_CI = {"real_data", "browser", "redis", "clock"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is tried of a sample is tried of all with `--whole`."""
    parser.addoption("--whole", action="store_true", help="search for all there is, not a sample")


def pytest_configure() -> None:
    """Choose what the tests of pages at random read, for all processes of this run.

    And keep nothing: what a test reads is what is there at that moment. Tests of what is kept, and
    servers that tests start, keep as the product does.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell starts what runs in the background; what tests start would ignore it as well.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    conf.settings.EPOCH_SECONDS = 0.0
    conf.settings.CACHES["pages"] = {"BACKEND": NOWHERE}
    os.environ.setdefault("CRAWL_SEED", str(random.SystemRandom().randrange(10**6)))


def pytest_report_header() -> str:
    """The seed, to read the same pages again."""
    return f"CRAWL_SEED={os.environ['CRAWL_SEED']}"


@pytest.fixture(scope="session")
def attack_bundles() -> Path:
    """The directory of real bundles; the test is skipped where ATTACK_BUNDLES names none."""
    if conf.settings.ATTACK_BUNDLES is None:
        pytest.skip("ATTACK_BUNDLES names no directory of real bundles")
    return conf.settings.ATTACK_BUNDLES


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database, without what an earlier run that was killed may have left in it.

    pytest-django makes none where no test selected is marked with `django_db` or asks for `db`.
    """
    with django_db_blocker.unblock():
        if connection.settings_dict["NAME"].startswith("test_"):
            clear_library()


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose transactions really commit, for tests of several processes; emptied after.

    pytest-django's own transactional tests empty tables in a way that the library's immutable
    tables refuse. A module that uses this has a fixture named `db` (see `django_db_setup`).
    """
    with django_db_blocker.unblock():
        clear_library()
        yield
        clear_library()
        connection.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that needs what CI has, and is skipped, is a failure."""
    report = yield
    marks = NEEDED_IN_CI & {mark.name for mark in item.iter_markers()}
    if report.skipped and marks and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where {', '.join(sorted(marks))} tests must run"
    return report


@pytest.fixture
def plain_static(settings: Settings) -> None:
    """Static files by their own names: those of production need `collectstatic` first."""
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {"staticfiles": {"BACKEND": plain}}


@pytest.fixture
def site(plain_static: None, client: Client) -> Site:
    """The site, read through Django's test client."""
    return Site(client)


@pytest.fixture(scope="session")
def filled(
    attack_bundles: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The name of a database that holds all the real bundles, imported once in each process."""
    with django_db_blocker.unblock(), copied() as name:
        with in_use(name):
            import_bundles(file_sources([attack_bundles]), Options(validate=False))
        yield name


@pytest.fixture(scope="module")
def every_release(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """All the real bundles there are; what the module's tests add to them is undone at its end."""
    with django_db_blocker.unblock(), in_use(filled), transaction.atomic():
        yield
        transaction.set_rollback(True)
