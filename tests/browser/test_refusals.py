"""A part of a page that is refused: the page stays as it was, and says so."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Readers

pytestmark = pytest.mark.browser

LIST = "/learn/attack/mitigations"
REFUSAL = "<!doctype html><html><body><main><h1>Too many requests</h1></main></body></html>"


@pytest.mark.parametrize("status", [429, 503])
def test_page_stays_as_it_was_when_a_part_of_it_is_refused(readers: Readers, status: int) -> None:
    reader = readers()
    page = reader.go(LIST)
    asked = re.compile("[?&]q=")

    def refuse(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body=REFUSAL)

    rows = page.locator("#results").inner_text()
    page.route(asked, refuse)
    page.get_by_label("Text").fill("measure")
    expect(page.locator("#trouble")).to_be_visible()
    assert page.locator("#results").inner_text() == rows
    # Told anew, not still there from before.
    page.locator("#trouble").evaluate("trouble => { trouble.hidden = true; }")
    page.get_by_label("Search the library").fill("ngrok")
    expect(page.locator("#trouble")).to_be_visible()
    expect(page.locator("h1")).not_to_have_text("Too many requests")
    page.unroute(asked)
    page.get_by_label("Text").fill("measure 07")
    expect(page.locator("#trouble")).to_be_hidden()
    # Browsers report every refusal to the console, where nobody reads.
    reader.faults[:] = [fault for fault in reader.faults if str(status) not in fault]
