"""Probes: that a process lives, that it can serve, and who may read the metrics."""

import threading

import psycopg
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from glexia import probes
from tests.factories import import_objects, mitigation
from tests.library.pages import Site

TOKEN = "a token long enough"


@pytest.fixture
def db() -> None:
    """Stands for pytest-django's: readiness is asked over a connection of its own."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No slow moment of a machine is a database that does not answer."""
    monkeypatch.setattr(probes, "READY_SECONDS", 60.0)


@pytest.fixture
def library(db: None, committed_db: None, patient: None) -> None:
    """A library whose contents are committed."""
    import_objects(mitigation("M1001", "One"))


def told(site: Site, path: str) -> tuple[int, str]:
    response = site.get(path)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.content.decode()


def test_a_process_that_answers_is_healthy_whatever_host_it_is_asked_by(site: Site) -> None:
    assert told(site, "/healthz") == (200, "ok\n")
    assert site.get("/healthz", host="10.0.0.7:8000").status_code == 200


def test_health_needs_no_database(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> tuple[frozenset[str], bool]:
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(probes, "_ask", away)
    assert told(site, "/healthz") == (200, "ok\n")


def test_a_library_with_a_current_snapshot_is_ready(library: None, site: Site) -> None:
    assert told(site, "/readyz") == (200, "ready\n")


def test_an_empty_library_is_not_ready(
    db: None, committed_db: None, patient: None, site: Site
) -> None:
    assert told(site, "/readyz") == (
        503,
        "No snapshot is current: nothing has been imported yet.\n",
    )


def test_a_database_without_a_migration_is_not_ready(library: None, site: Site) -> None:
    row = ("library", "0002_immutable")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", row)
    try:
        assert told(site, "/readyz") == (503, "Migrations are missing from the database: 1.\n")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", row
            )


def test_a_database_that_is_away_is_told_without_its_secrets(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> tuple[frozenset[str], bool]:
        raise psycopg.OperationalError('password authentication failed for user "glexia"')

    monkeypatch.setattr(probes, "_ask", away)
    assert told(site, "/readyz") == (503, "The database did not answer within 1 second.\n")


def test_a_database_that_does_not_answer_holds_up_no_probe(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang() -> tuple[frozenset[str], bool]:
        released.wait(60)
        return frozenset(), True

    monkeypatch.setattr(probes, "_ask", hang)
    monkeypatch.setattr(probes, "READY_SECONDS", 0.05)
    try:
        assert site.get("/readyz").status_code == 503
    finally:
        released.set()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


# --- metrics ---


def test_metrics_are_off_without_a_token_and_a_port(library: None, site: Site) -> None:
    assert site.get("/metrics").status_code == 404


@pytest.mark.parametrize("given", ["", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}"])
def test_metrics_are_not_for_who_does_not_know_the_token(
    settings: Settings, site: Site, given: str
) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = site.get("/metrics", **({"Authorization": given} if given else {}))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert TOKEN not in response.content.decode()


def test_metrics_are_for_who_knows_the_token(library: None, settings: Settings, site: Site) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = site.get("/metrics", Authorization=f"Bearer {TOKEN}")
    assert response.status_code == 200
    assert 'glexia_current_release{domain="enterprise"' in response.content.decode()


def test_the_internal_port_has_probes_and_nothing_else(
    library: None, plain_static: None, settings: Settings, client: Client
) -> None:
    settings.METRICS_PORT = 9100
    assert client.get("/metrics", SERVER_PORT="9100").status_code == 200
    assert client.get("/readyz", SERVER_PORT="9100").status_code == 200
    assert client.get("/learn/attack", SERVER_PORT="9100").content == b"Not here.\n"
    assert client.get("/metrics").status_code == 404
    pretending = {"Host": "testserver:9100", "X-Forwarded-Port": "9100"}
    assert client.get("/metrics", headers=pretending).status_code == 404
