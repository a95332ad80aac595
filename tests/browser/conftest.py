"""A real server with the sample and more, and Chromium in front of it.

The server answers in this process, over the test database, with the static files and the content
security policy of production. What it shows is committed, and cleared when the last browser test
has run; playwright is stopped before that, since Django refuses the database while its loop runs.
"""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection, connections
from django.test import override_settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    sync_playwright,
)
from pytest_django import DjangoDbBlocker

from importer.acquire import unpack
from importer.pipeline import Options, import_bundles
from importer.sources import Source
from tests.browser.content import (
    LONG_LINE,
    LONG_WORD,
    REWRITTEN,
    WRITTEN,
    more_of_ics,
    wide_matrix,
    wide_matrix_before,
    written_on,
)
from tests.factories import clear_library, import_objects
from tests.takes import ROLES, member, publish, whole_text

BUNDLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"
PRODUCTION = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
]
PATIENCE_MS = 10_000
PASSWORD = "long enough to be kept"


class _Handler(WSGIRequestHandler):
    """Answers without a line in the log for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _seed() -> None:
    """Bring in the project's sample, then a third release of it that fills several pages."""
    sources = [
        Source(path.name, partial(unpack, path.name, path.read_bytes()))
        for path in sorted(BUNDLES.glob("*.json"))
    ]
    import_bundles(sources, Options(validate=False))
    for role in ROLES:
        user = member(role)
        user.set_password(PASSWORD)
        user.save()
    sample = orjson.loads((BUNDLES / "ics-sample-2.json").read_bytes())["objects"]
    publish(next(found for found in sample if found.get("name") == REWRITTEN))
    ics = more_of_ics(sample)
    import_objects(*ics, domain="ics", release="sample-3")
    import_objects(*wide_matrix_before(), domain="mobile", release="sample-2.5")
    import_objects(*wide_matrix(), domain="mobile", release="sample-3")
    for found in written_on(ics):
        publish(found, summary=f"What {LONG_WORD} means, and {LONG_LINE}.")
    enterprise = orjson.loads((BUNDLES / "enterprise-sample-2.json").read_bytes())["objects"]
    publish(next(found for found in enterprise if found.get("name") == WRITTEN), **whole_text())


@pytest.fixture
def db() -> None:
    """Stands for pytest-django's: its name has the test database made, and that is all it does.

    Without a test that names it, pytest-django makes none, and `connection` is the real one.
    """


@pytest.fixture(scope="package")
def served(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of a server that shows the sample."""
    static = tmp_path_factory.mktemp("static")
    production = override_settings(STATIC_ROOT=static, STORAGES=PRODUCTION, DEBUG=False)
    with django_db_blocker.unblock(), production:
        assert connection.settings_dict["NAME"].startswith("test_")
        clear_library()
        _seed()
        call_command("collectstatic", interactive=False, verbosity=0)
        server = ThreadedWSGIServer(("127.0.0.1", 0), _Handler)
        server.set_app(WSGIHandler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()
        clear_library()
        connections.close_all()


@pytest.fixture(scope="package")
def chromium(served: str) -> Iterator[Browser]:
    """The browser; the test is skipped where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Reader:
    """Someone at the browser, and whatever went wrong while they read."""

    page: Page
    faults: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(path)
        return self.page

    @property
    def address(self) -> str:
        """The path and query in the address bar."""
        parts = urlsplit(self.page.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


@dataclass
class Readers:
    """Makes readers, each with a browser profile of their own."""

    browser: Browser
    served: str
    made: list[tuple[BrowserContext, Reader]] = field(default_factory=list)

    def __call__(self, *, javascript: bool = True, width: int = 1280, height: int = 900) -> Reader:
        """A reader at a screen of this size."""
        context = self.browser.new_context(
            base_url=self.served,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        reader = Reader(page)

        def keep_to_the_site(route: Route) -> None:
            if route.request.url.startswith(self.served):
                route.continue_()
            else:
                reader.faults.append(f"asked for {route.request.url}")
                route.abort()

        def note(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                reader.faults.append(f"{message.type}: {message.text}")

        page.route("**/*", keep_to_the_site)
        page.on("console", note)
        page.on("pageerror", lambda error: reader.faults.append(f"uncaught: {error}"))
        page.on(
            "request",
            lambda request: (
                reader.documents.append(request.url) if request.is_navigation_request() else None
            ),
        )
        self.made.append((context, reader))
        return reader


@pytest.fixture
def readers(db: None, chromium: Browser, served: str) -> Iterator[Readers]:
    """Makes readers; at the end none may have seen an error in the console or left the site."""
    made = Readers(chromium, served)
    yield made
    for context, _ in made.made:
        context.close()
    assert [fault for _, reader in made.made for fault in reader.faults] == []
