"""Public pages read from a copy of the database, and all of a page from the same one."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished
from django.db import InternalError, close_old_connections, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from analysis.models import ActKind
from analysis.workflow import act
from glexia.databases import COPY_SECONDS, READ_ONLY, one_for_each, replica
from glexia.replicas import read_as_readers_do
from glexia.standby import base
from library.conditional import current_shelf
from library.models import Edition, Snapshot
from library.reading import reading
from tests.databases import ROOT, address
from tests.factories import attack_object, import_objects, mitigation, relationship, technique
from tests.glexia.web import eventually
from tests.takes import member, publish

HOME = "/learn/attack"
PAGES = [
    HOME,
    f"{HOME}/mitigations",
    f"{HOME}/mitigations?q=filter",
    f"{HOME}/mitigations/M1037",
    f"{HOME}/mitigations/M1037?filter=T1&sort=-name",
    f"{HOME}/mitigations/M1037/matrix",
    f"{HOME}/mitigations/M1037/history",
    f"{HOME}/mitigations/M1037/raw",
    f"{HOME}/mitigations/M1037/json",
    f"{HOME}/mitigations/M1037/stix",
    f"{HOME}/mitigations/M1037/atom",
    f"{HOME}/mitigations/csv",
    f"{HOME}/mitigations/M9999",
    f"{HOME}/techniques/T1001",
    f"{HOME}/search?q=filter+network",
    f"{HOME}/releases",
    f"{HOME}/releases/1.0...2.0",
    f"{HOME}/releases/1.0...2.0/brief",
    f"{HOME}/releases/1.0...2.0/json",
    f"{HOME}/releases/atom",
    f"{HOME}/v/1.0/mitigations/M1037",
    f"{HOME}/workbooks/enterprise",
    f"{HOME}/takes",
    f"{HOME}/takes/brief",
    f"{HOME}/no/such/page",
    "/sitemap.xml",
]


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture
def copy(
    db: None, committed_db: None, plain_static: None, settings: Settings
) -> Iterator[CaptureQueriesContext]:
    """A library of two releases, and the queries that its copy is asked."""
    of_first = connection.settings_dict
    place = {name: str(of_first[name]) for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    connections.settings["replica"] = connections.configure_settings(
        {"default": of_first, "replica": replica(place, of_first)}
    )["replica"]
    settings.DATABASE_ROUTERS = ["glexia.replicas.Router"]
    import_release("1.0", "Filter Network Traffic")
    import_release("2.0", "Filter Network Traffic")
    with CaptureQueriesContext(connections["replica"]) as queries:
        yield queries
    connections["replica"].close()
    connections["replica"].close_pool()  # type: ignore[attr-defined]
    del connections["replica"], connections.settings["replica"]


def import_release(release: str, name: str) -> None:
    filtering, abused = mitigation("M1037", name), technique("T1001", "Data Obfuscation")
    import_objects(filtering, abused, relationship("mitigates", filtering, abused), release=release)


def read(client: Client, page: str) -> bytes:
    """What a page says, to the end of a file."""
    answer = client.get(page)
    assert answer.status_code in (200, 302, 404)
    content = b"".join(answer) if answer.streaming else answer.content
    # As Django's own client does it: the connections stay open for the next page.
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)
    return content


@pytest.mark.parametrize("page", PAGES)
def test_public_page_asks_nothing_of_the_first_database(
    page: str, copy: CaptureQueriesContext
) -> None:
    with CaptureQueriesContext(connection) as of_first:
        read(Client(), page)
    assert [query["sql"] for query in of_first] == []
    assert len(copy) > 0


def test_check_of_ids_asks_nothing_of_the_first_database(copy: CaptureQueriesContext) -> None:
    with CaptureQueriesContext(connection) as of_first:
        answer = Client().post(f"{HOME}/id-check", {"text": "M1037 T1001"})
    assert answer.status_code == 200
    assert (len(of_first), len(copy) > 0) == (0, True)


def test_staff_read_from_the_first_database(copy: CaptureQueriesContext) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    asked = len(copy)
    for page in ("/admin/", "/admin/auth/user/", "/admin/library/snapshot/"):
        assert client.get(page).status_code in (200, 404)
    assert len(copy) == asked


def test_commands_read_from_the_first_database_even_after_a_page(
    copy: CaptureQueriesContext,
) -> None:
    read(Client(), HOME)
    asked = len(copy)
    assert reading().alias == "default"
    assert Snapshot.objects.count() == 2
    assert len(copy) == asked


def test_copy_that_lags_shows_one_whole_edition_and_then_the_other(
    copy: CaptureQueriesContext,
) -> None:
    lagging = connections["replica"]
    # A transaction that goes on seeing what there was when it began, as a copy does that lags.
    with lagging.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM library_edition")
    import_release("3.0", "Filter All Traffic")
    for page in PAGES:
        said = read(Client(), page)
        assert b"Filter All Traffic" not in said
        assert b"2.0...3.0" not in said
    assert b"Filter Network Traffic" in read(Client(), f"{HOME}/mitigations")
    with lagging.cursor() as cursor:
        cursor.execute("COMMIT")
    assert b"Filter All Traffic" in read(Client(), f"{HOME}/mitigations")


def test_first_database_stands_in_while_the_copy_is_away(
    copy: CaptureQueriesContext,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(base, "AGAIN_SECONDS", 0.05)
    caplog.set_level("WARNING", "glexia.standby")
    place = connections["replica"].settings_dict
    port = place["PORT"]
    connections["replica"].close()
    connections["replica"].close_pool()  # type: ignore[attr-defined]
    place["PORT"] = "1"
    assert b"Filter Network Traffic" in read(Client(), f"{HOME}/mitigations")
    connections["replica"].close()
    with monkeypatch.context() as found_away:
        # Only whoever finds that it is away waits for it.
        found_away.setattr(base, "_note_away", lambda alias, _: pytest.fail(f"{alias} was tried"))
        assert b"Filter Network Traffic" in read(Client(), f"{HOME}/mitigations/M1037")
    assert caplog.text.count("the first one stands in for it") == 1
    assert connections["replica"].connection.info.port != 1
    connections["replica"].close()
    place["PORT"] = port
    eventually(lambda: "the copy of the database is back" in caplog.text, "it is not looked for")
    with CaptureQueriesContext(connection) as of_first:
        read(Client(), f"{HOME}/mitigations")
    assert len(of_first) == 0


def test_web_process_has_a_connection_for_each_thread(copy: CaptureQueriesContext) -> None:
    before = {alias: connections.settings[alias]["OPTIONS"]["pool"] for alias in connections}
    try:
        one_for_each(3)
        most = {alias: connections.settings[alias]["OPTIONS"]["pool"] for alias in connections}
        # Those of the first database have to do for the copy's as well while that is away.
        assert {alias: pool["max_size"] for alias, pool in most.items()} == {
            "default": 6,
            "replica": 3,
        }
        assert most["default"] == before["default"] | {"max_size": 6}
    finally:
        for alias, pool in before.items():
            connections.settings[alias]["OPTIONS"]["pool"] = pool


def test_web_process_has_as_many_connections_as_the_setting_says_threads(
    copy: CaptureQueriesContext,
) -> None:
    code = (
        "import glexia.wsgi\n"
        "from django.db import connections\n"
        "print(connections['default'].pool.max_size)\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": address(),
        "SECRET_KEY": "of a test",
        "DEBUG": "1",
        "WEB_THREADS": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("3\n", 0), done.stderr


def test_copy_is_reached_as_its_own_address_says() -> None:
    first = {"OPTIONS": {"pool": {"timeout": 5}, "options": "-c a=b", "sslmode": "disable"}}
    made = replica({"NAME": "n", "OPTIONS": {"sslmode": "verify-full"}}, first)
    assert made["OPTIONS"] == {
        "sslmode": "verify-full",
        "pool": {"timeout": COPY_SECONDS},
        "options": f"-c a=b {READ_ONLY}",
    }


def test_copy_is_never_written_to(copy: CaptureQueriesContext) -> None:
    with pytest.raises(InternalError, match="read-only transaction"):
        Edition.objects.using("replica").create(made_by="nobody")
    assert Edition.objects.db_manager("replica").count() == 2


def test_process_reads_pages_from_the_copy_that_its_setting_names(
    copy: CaptureQueriesContext,
) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.db import connections\n"
        "from django.test import Client\n"
        "from django.test.utils import CaptureQueriesContext as Asked\n"
        "with Asked(connections['default']) as first, Asked(connections['replica']) as copy:\n"
        f"    assert Client().get('{HOME}/mitigations').status_code == 200\n"
        "print(len(first), len(copy) > 0)\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "glexia.settings",
        "DATABASE_URL": address(),
        "DATABASE_REPLICA_URL": address(),
        "SECRET_KEY": "of a test",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("0 True\n", 0), done.stderr


def test_what_changed_of_detection_is_read_from_the_copy(copy: CaptureQueriesContext) -> None:
    way = technique("T1001", "Data Obfuscation")
    sensor = attack_object("x-mitre-data-component", "DC0001", "Process Start")
    import_objects(way, sensor, relationship("detects", sensor, way), release="3.0")
    with CaptureQueriesContext(connection) as of_first:
        said = read(Client(), f"{HOME}/techniques/T1001")
    assert b"1 data component added" in said
    assert [query["sql"] for query in of_first] == []


def test_a_withdrawn_take_is_not_kept_when_the_copy_comes_back_behind_the_first(
    copy: CaptureQueriesContext,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.EPOCH_SECONDS = 1
    monkeypatch.setattr(base, "AGAIN_SECONDS", 0.02)
    caplog.set_level("WARNING", "glexia.standby")
    made = publish(mitigation("M1037", "Filter Network Traffic"), summary="Words withdrawn.")
    with connections["replica"].cursor() as lagging:
        # What the copy holds from here on, until it has caught up.
        lagging.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        lagging.execute("SELECT count(*) FROM library_edition")
    act(made, ActKind.WITHDRAWN, member("publisher"), "Wrong.")
    place = connections["replica"].settings_dict
    port = place["PORT"]

    def look_while_it_is_away() -> None:
        read_as_readers_do()
        connections["replica"].close_pool()  # type: ignore[attr-defined]
        place["PORT"] = "1"
        current_shelf()
        place["PORT"] = port
        connections["replica"].close()

    looking = threading.Thread(target=look_while_it_is_away)
    looking.start()
    looking.join()
    eventually(lambda: "the copy of the database is back" in caplog.text, "it is not looked for")
    read(Client(), f"{HOME}/mitigations/M1037")
    with connections["replica"].cursor() as lagging:
        lagging.execute("COMMIT")
    settings.EPOCH_SECONDS = 0
    assert b"Words withdrawn." not in read(Client(), f"{HOME}/mitigations/M1037")
