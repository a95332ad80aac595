"""What machines ask of the product: whether it lives, whether it can serve, what it counts.

Answered before hosts and sessions are looked at: a probe asks by the address of a container.
"""

import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST

from glexia.metrics import exposition

# How long a database may take to be called reachable.
READY_SECONDS = 1.0
# Threads of its own: a database that is away must hold up none that answers readers.
_askers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="readyz")


def probes(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers to `/healthz`, `/readyz` and `/metrics`; everything else is handed on.

    On the port METRICS_PORT there is nothing else.
    """
    views = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}

    def respond(request: HttpRequest) -> HttpResponseBase:
        view = views.get(request.path)
        if view is None:
            return _text("Not here.", 404) if is_internal(request) else answer(request)
        if request.method not in {"GET", "HEAD"}:
            return _text("Only GET and HEAD.", 405)
        # An address that is switched off is like any that does not exist.
        return view(request) or answer(request)

    return respond


def healthz(_request: HttpRequest) -> HttpResponse:
    """That this process answers, and no more."""
    return _text("ok")


def readyz(_request: HttpRequest) -> HttpResponse:
    """Whether pages can be served; 503 with a line for each reason why not, within a second."""
    reasons = _reasons()
    return _text("\n".join(reasons), 503) if reasons else _text("ready")


def metrics(request: HttpRequest) -> HttpResponse | None:
    """What `glexia.metrics` counts: by the internal port, or for who knows the token."""
    if not is_internal(request):
        if not settings.METRICS_TOKEN:
            return None
        given = request.headers.get("Authorization", "")
        wanted = f"Bearer {settings.METRICS_TOKEN}"
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            refusal = _text("The token is missing or wrong.", 401)
            refusal["WWW-Authenticate"] = "Bearer"
            return refusal
    response = HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def is_internal(request: HttpRequest) -> bool:
    """Whether a request came by METRICS_PORT, where there is nothing but what is counted."""
    # Gunicorn's word for the port it was asked at; no header has a say in it.
    port: int = settings.METRICS_PORT
    return bool(port) and request.META.get("SERVER_PORT") == str(port)


def _reasons() -> list[str]:
    try:
        applied, current = _askers.submit(_ask).result(READY_SECONDS)
    except (TimeoutError, psycopg.Error, OSError):
        return [f"The database did not answer within {READY_SECONDS:.0f} second."]
    missing = len(_known_migrations() - applied)
    if missing:
        return [f"Migrations are missing from the database: {missing}."]
    return [] if current else ["No snapshot is current: nothing has been imported yet."]


def _ask() -> tuple[frozenset[str], bool]:
    """The migrations applied, and whether readers see a snapshot; by a connection of its own."""
    default = connections["default"]
    parameters = default.get_connection_params() | {"connect_timeout": 2, "autocommit": True}
    milliseconds = int(READY_SECONDS * 1000)
    with psycopg.connect(**parameters) as connection:
        connection.execute(f"SET statement_timeout = {milliseconds}".encode())
        try:
            rows = connection.execute(b"SELECT app || '.' || name FROM django_migrations")
            applied = frozenset(str(row[0]) for row in rows)
            current = connection.execute(
                b"SELECT coalesce(enterprise_id, mobile_id, ics_id) FROM library_edition"
                b" ORDER BY id DESC LIMIT 1"
            ).fetchone()
        except psycopg.errors.UndefinedTable:
            return frozenset(), False
    return applied, bool(current and current[0])


@cache
def _known_migrations() -> frozenset[str]:
    """The migrations that this version of the product has; read once, from its files."""
    graph = MigrationLoader(None).graph
    return frozenset(f"{app}.{name}" for app, name in graph.nodes)


def _text(line: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(f"{line}\n", status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
