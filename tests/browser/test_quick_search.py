"""The search box of every page: results as the reader types, walked with the keyboard."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Readers
from tests.browser.keyboard import FOCUS, is_marked, mark

pytestmark = pytest.mark.browser

HOME = "/learn/attack"
LIST = f"{HOME}/mitigations"
WORDS = "remote services"
FOUND = ["T0886", "T1021"]


def box(page: Page) -> Locator:
    return page.get_by_label("Search the library")


def results(page: Page) -> Locator:
    return page.locator("#quick-results a")


def look_for(page: Page, words: str) -> None:
    """Type words and wait for what they find: the whole of them, not their beginning."""
    box(page).press_sequentially(words, delay=5)
    expect(page.locator("#quick-results")).to_have_attribute("data-for", words)
    expect(page.locator("#quick-status")).not_to_be_empty()
    expect(results(page).first).to_be_visible()


def test_results_show_below_the_box_as_the_reader_types(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    mark(page)
    look_for(page, "ngrok")
    expect(results(page).first).to_contain_text("S0508 ngrok")
    box(page).fill("T1059.001")
    expect(results(page).first).to_contain_text("PowerShell")
    box(page).fill("qwxkqj")
    expect(page.locator("#quick-results")).to_contain_text("Nothing fits.")
    box(page).fill("")
    expect(page.locator("#quick-results")).to_be_empty()
    expect(box(page)).to_be_focused()
    assert reader.address == LIST
    assert is_marked(page)
    assert len(reader.documents) == 1


def test_number_of_results_is_announced(readers: Readers) -> None:
    page = readers().go(LIST)
    look_for(page, "ngrok")
    # The region stood there before its words did: else some screen readers stay silent.
    expect(page.locator("#quick-status[role=status]")).to_have_text("3 results")
    page.keyboard.press("Escape")
    expect(page.locator("#quick-status")).to_be_empty()


def test_arrows_walk_through_the_results_and_back_to_the_box(readers: Readers) -> None:
    page = readers().go(LIST)
    look_for(page, WORDS)
    page.keyboard.press("ArrowDown")
    expect(results(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(results(page).nth(1)).to_be_focused()
    focus = page.evaluate(FOCUS)
    assert focus["outline"] >= 2
    assert focus["inSight"]
    page.keyboard.press("ArrowUp")
    expect(results(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value(WORDS)
    assert page.evaluate("scrollY") == 0


def test_last_result_keeps_the_focus_when_the_arrow_goes_on(readers: Readers) -> None:
    page = readers().go(LIST)
    look_for(page, "ngrok")
    for _ in range(results(page).count() + 2):
        page.keyboard.press("ArrowDown")
    expect(results(page).last).to_be_focused()


def test_enter_opens_the_result_that_has_the_focus(readers: Readers) -> None:
    page = readers().go(LIST)
    look_for(page, "ngrok")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("S0508: ngrok")


def test_late_results_leave_the_reader_alone_who_walks_through_those_of_before(
    readers: Readers,
) -> None:
    page = readers().go(LIST)
    look_for(page, "ngrok")
    page.keyboard.press("ArrowDown")
    box(page).evaluate(
        "box => new Promise((answered) => {"
        "  box.addEventListener('htmx:finally:request', () => answered());"
        "  box.value = 'remote';"
        "  box.dispatchEvent(new Event('input'));"
        "})"
    )
    expect(results(page).first).to_contain_text("S0508 ngrok")
    expect(results(page).first).to_be_focused()


def test_enter_in_the_box_leads_to_all_results(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    look_for(page, WORDS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    assert reader.address == f"{HOME}/search?q=remote+services"
    expect(page.locator("article.entry").first).to_be_visible()


@pytest.mark.parametrize("steps", [0, 2], ids=["in the box", "on a result"])
def test_escape_closes_the_results_and_returns_to_the_box(readers: Readers, steps: int) -> None:
    page = readers().go(LIST)
    look_for(page, WORDS)
    for _ in range(steps):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#quick-results")).to_be_empty()
    expect(box(page)).to_be_focused()


def test_slash_goes_to_the_box_from_anywhere(readers: Readers) -> None:
    page = readers().go(LIST)
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("")
    page.locator("article.entry h2 a").first.focus()
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()


def test_slash_is_a_letter_when_the_reader_is_typing(readers: Readers) -> None:
    page = readers().go(LIST)
    page.get_by_label("Text").focus()
    page.keyboard.type("a/b")
    expect(page.get_by_label("Text")).to_be_focused()
    expect(page.get_by_label("Text")).to_have_value("a/b")
    box(page).focus()
    page.keyboard.type("c/d")
    expect(box(page)).to_have_value("c/d")
    page.get_by_label("Domain", exact=True).focus()
    page.keyboard.press("/")
    expect(page.get_by_label("Domain", exact=True)).to_be_focused()


def test_slash_with_another_key_is_the_browser_s(readers: Readers) -> None:
    page = readers().go(LIST)
    page.locator("article.entry h2 a").first.focus()
    page.keyboard.press("Control+/")
    expect(page.locator("article.entry h2 a").first).to_be_focused()


def test_box_searches_the_pinned_release_when_a_page_of_it_is_open(readers: Readers) -> None:
    page = readers().go(f"{HOME}/v/sample-1/mitigations")
    look_for(page, WORDS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Remote Services")
    assert "/v/sample-1/techniques/" in page.url


def test_box_leads_to_the_results_without_javascript(readers: Readers) -> None:
    reader = readers(javascript=False)
    page = reader.go(LIST)
    box(page).fill(WORDS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    assert reader.address == f"{HOME}/search?q=remote+services"
    found = page.locator("article.entry h2 .attack-id").all_inner_texts()
    assert set(FOUND) <= set(found)
    page.locator("article.entry h2 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Remote Services")
