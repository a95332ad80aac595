"""`make check` asks for known vulnerabilities: found, none, no network, no answer."""

import importlib.util
import json
import subprocess
from types import ModuleType
from typing import Any

import pytest

from glexia.env import BASE_DIR


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", BASE_DIR / "scripts" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answers(monkeypatch: pytest.MonkeyPatch, out: str = "", error: str = "") -> list[list[str]]:
    """What pip-audit says, in place of it; returns the commands it is given."""
    asked = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, out, error)

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def packages(*vulnerabilities: dict[str, object]) -> str:
    found = {"name": "django", "version": "6.1.3", "vulns": list(vulnerabilities)}
    return json.dumps({"dependencies": [found, {"name": "nh3", "version": "0.3.8", "vulns": []}]})


def test_it_fails_with_what_is_known(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known: dict[str, object] = {"id": "PYSEC-2026-1", "fix_versions": ["6.1.4", "6.2"]}
    answers(monkeypatch, packages(known, {"id": "GHSA-1", "fix_versions": []}))
    assert audit.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "Known vulnerabilities in requirements.lock:",
        "  django 6.1.3: PYSEC-2026-1, mended in 6.1.4, 6.2",
        "  django 6.1.3: GHSA-1, mended in no version yet",
    ]


def test_it_passes_where_nothing_is_known(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (asked,) = [answers(monkeypatch, packages())]
    assert audit.main() == 0
    assert "No vulnerability is known in the 2 packages" in capsys.readouterr().out
    assert str(BASE_DIR / "requirements.lock") in asked[0]
    assert "--require-hashes" in asked[0]


def test_it_says_so_and_passes_where_there_is_no_network(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = "Traceback (most recent call last):\nrequests.exceptions.ConnectionError: no route"
    answers(monkeypatch, error=trace)
    assert audit.main() == 0
    assert "cannot be reached" in capsys.readouterr().out


def test_it_fails_where_the_lock_file_could_not_be_read(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, error="ERROR:pip_audit._cli:requirement foo is not hashed")
    assert audit.main() == 1
    assert "could not be checked: ERROR" in capsys.readouterr().out
