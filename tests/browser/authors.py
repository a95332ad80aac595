"""Members of the staff in a browser, and what the database does meanwhile."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Reader, Readers

TAKES = "/admin/analysis/take"
DESK, PHONE = (1280, 900), (390, 844)


def aside(work: Callable[[], Any]) -> None:
    """Do something with the database, which refuses to work in the thread of the browser."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert failed == []


def signed_in(readers: Readers, role: str) -> Reader:
    """A member of the staff in this role, at the Takes."""
    reader = readers()
    page = reader.go("/admin/login/?next=/admin/analysis/take/")
    page.get_by_label("Username").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="No Take yet")).to_be_visible()
    return reader


def write_on(page: Page, attack_id: str) -> None:
    """Go from the form that asks what a Take is on to the form of the Take, its scripts loaded."""
    page.get_by_label("ATT&CK ID or STIX id").fill(attack_id)
    with page.expect_navigation():
        page.keyboard.press("Enter")
