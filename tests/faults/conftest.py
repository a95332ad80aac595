"""A library with Takes and editors in a PostgreSQL of its own: made once, copied for each test."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import psycopg
import pytest
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from analysis.models import ActKind
from analysis.workflow import act
from glexia import embedded
from importer import acts
from importer.models import ImportRun, SourceKind
from importer.runs.work import work
from tests import factories
from tests.databases import APART, set_apart
from tests.factories import Properties, import_objects, mitigation, relationship, technique
from tests.faults.processes import Product, turned_to
from tests.glexia.servers import clear_away, open_folder
from tests.takes import draft, member, publish

MEASURES = 30
SEEDED = "test_seeded"

type Confirmed = Callable[..., ImportRun]


def objects_of(release: str, more: int = 0) -> list[Properties]:
    """Measures and techniques that all name the release in which they stand."""
    measures = [
        mitigation(f"M{1000 + n}", f"Measure {n}", description=f"Measure {n} as of {release}.")
        for n in range(MEASURES + more)
    ]
    methods = [
        technique(f"T{1000 + n}", f"Method {n}", description=f"Method {n} as of {release}.")
        for n in range(MEASURES)
    ]
    pairs = zip(measures, methods, strict=False)
    return [
        *measures,
        *methods,
        *(relationship("mitigates", a, b, f"Stops it as of {release}.") for a, b in pairs),
    ]


@dataclass(frozen=True)
class Seeded:
    """A server with a database to copy."""

    server: embedded.Server
    static: Path


@pytest.fixture(scope="session")
def seeded(
    django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seeded]:
    """A release, Takes on it in every state, and who writes, reviews and publishes them."""
    folder, static = open_folder(), tmp_path_factory.mktemp("faults") / "static"
    server = embedded.start(folder / "data")
    try:
        run(server, f"CREATE DATABASE {SEEDED}")
        with django_db_blocker.unblock(), turned_to(server, SEEDED):
            call_command("migrate", verbosity=0)
            with override_settings(STATIC_ROOT=static):
                call_command("collectstatic", verbosity=0, interactive=False)
            fill()
        yield Seeded(server, static)
    finally:
        server.stop()
        clear_away(folder, folder / "data")


def fill() -> None:
    """Bring in the release and write the Takes."""
    set_apart(2 * APART)
    objects = objects_of("1.0")
    import_objects(*objects)
    for role in ("author", "reviewer", "publisher"):
        member(role)
    publish(objects[0], summary="What the first measure means.")
    publish(objects[1], summary="What the second measure means.")
    draft(objects[1], summary="What it means now.")
    waiting = draft(objects[2], summary="What the third measure means.")
    act(waiting, ActKind.SUBMITTED, member("author"))
    act(waiting, ActKind.APPROVED, member("reviewer"))


def run(server: embedded.Server, statement: str) -> None:
    """Do something with a server's databases."""
    with psycopg.connect(server.dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def product(
    seeded: Seeded,
    django_db_blocker: DjangoDbBlocker,
    settings: Settings,
    tmp_path: Path,
    numbers: Iterator[int],
) -> Iterator[Product]:
    """The seeded library, to do harm to."""
    (tmp_path / "bundles").mkdir()
    settings.IMPORT_DIR, settings.IMPORT_SPOOL = tmp_path / "bundles", tmp_path / "imports"
    made = Product(seeded.server, f"test_fault_{next(numbers)}", tmp_path, seeded.static)
    # Copied as files: a copy by the log has sequences that a crash would set back.
    run(seeded.server, f"CREATE DATABASE {made.database} TEMPLATE {SEEDED} STRATEGY FILE_COPY")
    try:
        with django_db_blocker.unblock(), turned_to(made.server, made.database):
            yield made
    finally:
        made.end()
        made.server.ensure()
        run(made.server, f"DROP DATABASE {made.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Numbers of databases."""
    return itertools.count(1)


@pytest.fixture
def confirmed(product: Product) -> Confirmed:
    """Makes a run of a further release that waits for its import."""

    def confirmed(*objects: Properties, release: str = "2.0") -> ImportRun:
        asked = asked_for(product, *(objects or objects_of(release)), release=release)
        work(asked.pk)
        acts.confirm("ann", ImportRun.objects.get(pk=asked.pk), make_current=True)
        return ImportRun.objects.get(pk=asked.pk)

    return confirmed


def asked_for(product: Product, *objects: Properties, release: str) -> ImportRun:
    """A run that waits for its dry run."""
    name = f"{release}.json"
    content = orjson.dumps(factories.bundle(*objects, release=release))
    (product.folder / "bundles" / name).write_bytes(content)
    return acts.start("ann", acts.Asked(SourceKind.DIRECTORY, name))
