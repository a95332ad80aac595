"""The import console in a browser, with a worker of its own behind it.

Upload, dry run, confirmation, progress, report, rolling back, deleting; cancelling; a bundle that
is none; without permission; without JavaScript.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import psycopg
import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from importer.runs.control import connect
from importer.store import IMPORT_LOCK
from tests.browser.authors import aside
from tests.browser.conftest import BUNDLES, PASSWORD, Reader, Readers
from tests.browser.test_accessible import DESK, PHONE, STICKING_OUT, show, violations
from tests.factories import mitigation
from tests.importer.test_commands import PATIENCE, ROOT, environment
from tests.takes import member

pytestmark = pytest.mark.browser

CONSOLE = "/admin/importer/importrun"
RELEASE = "sample-8"
# A worker has to start, and an import to be done, on a machine that does other things as well.
SLOW_MS = PATIENCE * 1000

SCROLLING_REPORTS = """() => [...document.querySelectorAll(".console-report")]
    .filter(each => each.scrollWidth > each.clientWidth).length"""
TRANSITIONS_END = """() => Promise.all(document.getAnimations()
    .filter(each => each instanceof CSSTransition)
    .map(each => each.finished.catch(() => null))).then(() => null)"""


SCROLLS_IN_ITS_BOX = """() => [...document.querySelectorAll("#changelist, #changelist *")]
    .filter(box => box.scrollWidth > box.clientWidth + 1)
    .filter(box => getComputedStyle(box).overflowX === "auto")
    .map(box => box.outerHTML.slice(0, 160))"""


def make_importer() -> None:
    for name in ("importer", "author"):
        user = member(name)
        user.set_password(PASSWORD)
        user.save()


@pytest.fixture
def worker(served: str, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A worker that shares the server's spool."""
    settings.IMPORT_SPOOL = tmp_path / "spool"
    settings.IMPORT_DIR = tmp_path
    aside(make_importer)
    places = {"IMPORT_SPOOL": str(tmp_path / "spool"), "IMPORT_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "db_worker", "--no-reload", "--verbosity", "0"],
        env=environment() | places,
    )
    yield
    process.terminate()
    process.wait(PATIENCE)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The sample's enterprise bundle as a further release, with a mitigation more and one less."""
    made = orjson.loads((BUNDLES / "enterprise-sample-2.json").read_bytes())
    for found in made["objects"]:
        if found["type"] == "x-mitre-collection":
            found["x_mitre_version"] = RELEASE
        if found.get("name") == "Multi-factor Authentication":
            found["x_mitre_deprecated"] = True
    made["objects"].append(mitigation("M9800", "A new measure", x_mitre_version=3))
    path = tmp_path / "next.json"
    path.write_bytes(orjson.dumps(made))
    return path


@pytest.fixture
def another_import() -> Iterator[psycopg.Connection[object]]:
    """An import that is under way, for all that others can see, until it is told to end."""
    with connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        yield other


def signed_in(readers: Readers, role: str, *, javascript: bool = True) -> Reader:
    """A member of the staff in this role, at the overview."""
    reader = readers(javascript=javascript)
    reader.page.set_default_timeout(SLOW_MS)
    sign_in(reader.go(f"/admin/login/?next={CONSOLE}/overview/"), role)
    return reader


def sign_in(page: Page, role: str) -> None:
    page.get_by_label("Username").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def upload(page: Page, path: Path) -> None:
    page.goto(f"{CONSOLE}/add/")
    page.get_by_label("File").first.set_input_files(path)
    page.get_by_role("button", name="Dry run of the upload").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Import of")


def is_for_everyone(page: Page) -> None:
    """Axe finds nothing, and nothing scrolls sideways, light and dark, on a desk and a phone."""
    for size, scheme in [(DESK, "light"), (DESK, "dark"), (PHONE, "light")]:
        show(page, size, scheme)
        # The admin site’s links change their colours by and by.
        page.evaluate(TRANSITIONS_END)
        found = violations(page)
        assert not found, f"{page.url} {scheme} at {size[0]} px: {found}"
        assert page.evaluate(STICKING_OUT) == [], f"{page.url} at {size[0]} px"
        assert page.evaluate(SCROLLING_REPORTS) == 0, f"{page.url} at {size[0]} px"
    show(page, DESK, "light")


def test_a_bundle_comes_in_is_rolled_back_and_deleted(
    readers: Readers, worker: None, bundle: Path
) -> None:
    page = signed_in(readers, "importer").page
    is_for_everyone(page)
    upload(page, bundle)
    run = page.url
    confirm = page.get_by_role("button", name=f"Import enterprise {RELEASE}")
    expect(confirm).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("row", name="Additions 1")).to_be_visible()
    expect(page.get_by_role("row", name="Deprecations 1")).to_be_visible()
    expect(page.get_by_text("M1032 Multi-factor Authentication")).to_be_visible()
    expect(page.get_by_text("Not a file that MITRE published")).to_be_visible()
    page.get_by_role("link", name="Findings: 1").click()
    expect(page.locator("#report")).to_be_visible()
    is_for_everyone(page)
    reader = readers()
    assert "A new measure" not in reader.go("/learn/attack/mitigations?q=M9800").content()

    confirm.click()
    expect(page.locator("#run-state")).to_have_text("Imported.", timeout=SLOW_MS)
    expect(page.get_by_text(f"enterprise {RELEASE}: imported as snapshot")).to_be_visible()
    is_for_everyone(page)
    assert "A new measure" in reader.go("/learn/attack/mitigations?q=M9800").content()

    page.get_by_role("link", name="compared").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(RELEASE)
    page.goto(run)
    page.get_by_role("link", name="Findings: 1").click()
    expect(page.get_by_role("rowheader", name="M9800 A new measure")).to_be_visible()
    is_for_everyone(page)

    page.goto(run)
    page.get_by_role("button", name="Go back to enterprise sample-2").click()
    expect(page.locator(".messagelist .success")).to_contain_text("Readers now see")
    assert "A new measure" not in reader.go("/learn/attack/mitigations?q=M9800").content()
    page.get_by_role("link", name=f"Delete Enterprise {RELEASE}").click()
    is_for_everyone(page)
    page.get_by_label("to say that you mean it").fill(f"enterprise {RELEASE}")
    page.get_by_role("button", name=f"Delete enterprise {RELEASE}").click()
    expect(page.locator(".messagelist .success")).to_contain_text("is deleted")
    page.goto(f"{CONSOLE}/")
    expect(page.get_by_role("link", name=f"enterprise {RELEASE}").first).to_be_visible()


def test_a_run_is_cancelled_while_it_waits_for_another_import(
    readers: Readers, worker: None, bundle: Path, another_import: object
) -> None:
    page = signed_in(readers, "importer").page
    upload(page, bundle)
    expect(page.locator("#run-state")).to_contain_text(
        "waiting for another import to end", timeout=SLOW_MS
    )
    # Another browser sees the same; what it does is seen here without a reload.
    other = signed_in(readers, "importer").page
    other.goto(page.url)
    expect(other.locator("#run-state")).to_contain_text("waiting for another import to end")
    is_for_everyone(other)
    other.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run-state")).to_have_text("Cancelled.", timeout=SLOW_MS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_the_page_of_a_run_leads_to_sign_in_and_back_when_the_session_ends(
    readers: Readers, worker: None, bundle: Path, another_import: object
) -> None:
    page = signed_in(readers, "importer").page
    upload(page, bundle)
    run = page.url
    page.context.clear_cookies()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SLOW_MS)
    assert urlsplit(page.url).path == "/admin/login/"
    expect(page.locator("#run")).to_have_count(0)
    sign_in(page, "importer")
    expect(page).to_have_url(run)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run-state")).to_have_text("Cancelled.", timeout=SLOW_MS)


def test_a_file_that_is_no_bundle_fails_in_one_sentence(
    readers: Readers, worker: None, tmp_path: Path
) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{"type": "bundle", "objects": [')
    page = signed_in(readers, "importer").page
    upload(page, path)
    expect(page.locator("#run-state")).to_have_text("Failed.", timeout=SLOW_MS)
    expect(page.get_by_role("alert")).to_contain_text("broken.json: ")
    is_for_everyone(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("again after")).to_be_visible()
    expect(page.locator("#run-state")).to_have_text("Failed.", timeout=SLOW_MS)


def test_a_dry_run_is_followed_and_discarded_without_javascript(
    readers: Readers, worker: None, bundle: Path
) -> None:
    page = signed_in(readers, "importer", javascript=False).page
    upload(page, bundle)
    again = page.get_by_role("link", name="Look again")
    for _ in range(2000):
        if not again.count():
            break
        again.click()
    expect(page.get_by_role("heading", name="What the import would do")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#run-state")).to_have_text("Cancelled.")


def test_who_may_not_import_sees_no_console(readers: Readers, worker: None) -> None:
    reader = signed_in(readers, "author")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("This is not yours to do")
    reader.go("/admin/")
    expect(reader.page.get_by_role("link", name="Releases and imports")).to_have_count(0)
    reader.faults[:] = [fault for fault in reader.faults if "403" not in fault]


def test_the_start_page_and_the_history_are_for_everyone(
    readers: Readers, worker: None, bundle: Path
) -> None:
    page = signed_in(readers, "importer").page
    page.goto(f"{CONSOLE}/add/")
    expect(page.get_by_role("button", name="Dry run of the file")).to_be_visible()
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    is_for_everyone(page)

    upload(page, bundle)
    expect(page.get_by_role("button", name="Discard")).to_be_visible(timeout=SLOW_MS)
    page.goto(f"{CONSOLE}/")
    expect(page.get_by_role("link", name=f"enterprise {RELEASE}").first).to_be_visible()
    is_for_everyone(page)
    show(page, PHONE, "light")
    assert page.evaluate(SCROLLS_IN_ITS_BOX) == []
    row = page.locator("#result_list tbody tr").first
    box = row.bounding_box()
    assert box is not None
    assert box["width"] > PHONE[0] * 0.8
    labels = row.locator("td").evaluate_all(
        "all => all.map(one => getComputedStyle(one, '::before').content)"
    )
    assert '"Asked for by: "' in labels
