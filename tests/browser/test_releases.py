"""Two releases compared, as a reader opens what lies behind the numbers."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Readers

pytestmark = pytest.mark.browser
LIBRARY = "/learn/attack"
PAIR = f"{LIBRARY}/releases/sample-1...sample-2"


def test_list_of_a_type_loads_when_it_is_opened(readers: Readers) -> None:
    reader = readers()
    page = reader.go(PAIR)
    section = page.locator("details.release-list").first
    section.locator("summary").press("Enter")
    expect(section.locator("table.changes tbody tr").first).to_be_visible()
    assert reader.address == PAIR
    assert len(reader.documents) == 1


def test_list_of_a_type_is_a_link_away_without_javascript(readers: Readers) -> None:
    reader = readers(javascript=False)
    page = reader.go(PAIR)
    section = page.locator("details.release-list").first
    section.locator("summary").click()
    section.get_by_role("link").click()
    expect(page.locator("table.changes tbody tr").first).to_be_visible()
    assert reader.address.startswith(f"{PAIR}/changes?type=")


def test_two_releases_are_chosen_and_compared(readers: Readers) -> None:
    reader = readers()
    page = reader.go(f"{LIBRARY}/releases")
    page.get_by_label("What changed from").select_option("sample-1")
    page.get_by_label("to", exact=True).select_option("sample-2")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ATT&CK sample-1 to sample-2")
    assert reader.address == PAIR
