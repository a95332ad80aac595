"""Two web processes on one library: what is published by a third is seen through both."""

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from glexia.env import BASE_DIR
from importer.editions import undo
from library.epoch import advance_epoch
from tests.factories import import_objects, mitigation
from tests.glexia.test_run import eventually, free_port
from tests.importer.test_commands import environment
from tests.library.pages import MITIGATIONS

PAGE = f"{MITIGATIONS}/M1000"


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@contextlib.contextmanager
def serving(data: Path) -> Iterator[int]:
    """The port of a gunicorn with one process, which keeps pages as the product does."""
    port = free_port()
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "glexia.wsgi:application", *options],
        cwd=BASE_DIR,
        env=environment() | {"GLEXIA_DATA_DIR": str(data)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait(60)


def seen(port: int) -> tuple[str, str]:
    """The page and its tag, as a process serves it; nothing while it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{PAGE}", timeout=30) as answer:
            return answer.read().decode(), answer.headers["ETag"]
    except OSError:
        return "", ""


def test_what_is_published_is_seen_through_every_process(
    db: None, committed_db: None, tmp_path: Path, settings: Settings
) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("collectstatic", verbosity=0, interactive=False)
    with serving(tmp_path) as one, serving(tmp_path) as other:
        both = (one, other)
        eventually(lambda: all("Alpha" in seen(port)[0] for port in both))
        # From here on, each answers from what it keeps.
        assert len({seen(port)[1] for port in both}) == 2
        import_objects(mitigation("M1000", "Beta"), release="2.0")
        eventually(lambda: all("Beta" in seen(port)[0] for port in both))
        undo("a test")
        eventually(lambda: all("Alpha" in seen(port)[0] for port in both))
        tags = {port: seen(port)[1] for port in both}
        advance_epoch()
        eventually(lambda: all(seen(port)[1] != tags[port] for port in both))
