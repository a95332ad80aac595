"""The product calls nobody by itself: what opens connections is named, and serving opens none."""

import ast
import socket
from pathlib import Path

import pytest
from django.test import Client

from tests.accounts.people import sign_in, signed_in, staff
from tests.factories import import_objects, mitigation

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "analysis", "glexia", "importer", "library")
# What opens a connection, or sends a mail, by the modules of Python and of the lock file that can.
CALLING = {
    *("socket", "socketserver", "ssl", "asyncio", "http.client", "urllib.request", "xmlrpc"),
    *("smtplib", "ftplib", "imaplib", "poplib", "requests", "urllib3", "django.core.mail"),
}
# MITRE's published files and index; the caches in front; the operator's provider and mail; and the
# development server, that looks for a free port.
CALLERS = {
    *("importer/download.py", "importer/release_mail.py", "glexia/purging.py", "glexia/run.py"),
    *("accounts/oidc.py", "accounts/notices.py"),
}


def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def can_call(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in CALLING)


def test_nothing_can_call_but_what_is_named() -> None:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert len(files) > 100
    callers = {str(path.relative_to(ROOT)) for path in files if any(map(can_call, imported(path)))}
    assert callers == CALLERS


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whom Python connects to, or asks the address of; PostgreSQL's library connects by itself."""
    made: list[object] = []

    def call(*arguments: object, **_options: object) -> None:
        made.append(arguments[-1])
        raise OSError("no way out")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, call)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, call)
    return made


def test_serving_readers_and_staff_calls_nobody(
    db: None, plain_static: None, calls: list[object]
) -> None:
    import_objects(mitigation("M1000", "Measure"))
    reader, client = Client(), signed_in(staff("importer", "administrator"))
    for path in ("", "/mitigations", "/mitigations/M1000", "/search?q=measure", "/releases"):
        assert reader.get(f"/learn/attack{path}").status_code == 200
    for path in ("", "importer/importrun/overview/", "auth/user/", "accounts/auditentry/"):
        assert client.get(f"/admin/{path}").status_code == 200
    assert sign_in(reader).status_code == 302
    assert calls == []


def test_a_call_is_seen_when_there_is_one(calls: list[object]) -> None:
    with pytest.raises(OSError, match="no way out"):
        socket.create_connection(("192.0.2.1", 80))
    assert calls
