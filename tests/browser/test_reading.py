"""A reader's way through the library, with a mouse and with a keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Readers
from tests.browser.content import FOLDED, REPLACEMENT, REVOKED
from tests.browser.keyboard import FOCUS, is_marked, mark, tab_to

pytestmark = pytest.mark.browser

LIST = "/learn/attack/mitigations"
DETAIL = f"{LIST}/M1037"
MOST_STOPS = 80


def count(page: Page) -> Locator:
    return page.locator("#results-count strong")


def entries(page: Page) -> Locator:
    return page.locator("article.entry h2 a")


def settle(page: Page) -> None:
    """Wait until htmx is there: it reloads on Back, and then must be there to notice the next."""
    page.wait_for_load_state()


def test_list_filters_as_the_reader_types(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    mark(page)
    page.get_by_label("Text").press_sequentially("ask for a second factor", delay=5)
    expect(count(page)).to_have_text("2 records")
    assert reader.address == f"{LIST}?q=ask+for+a+second+factor"
    expect(entries(page)).to_have_text([re.compile("M1032"), re.compile("M0932")])
    expect(page.get_by_label("Text")).to_be_focused()
    page.get_by_label("Domain", exact=True).select_option("ICS")
    expect(count(page)).to_have_text("1 record")
    assert reader.address == f"{LIST}?domain=ics&q=ask+for+a+second+factor"
    assert is_marked(page)
    assert len(reader.documents) == 1


def test_no_trouble_is_told_when_a_newer_request_replaces_one(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    held: list[Route] = []
    measure = re.compile("[?&]q=measure")

    def hold(route: Route) -> None:
        held.append(route)

    page.route(measure, hold)
    with page.expect_request(measure):
        page.get_by_label("Text").fill("measure")
    with page.expect_event("requestfailed"):
        page.get_by_label("Text").fill("measure 07")
    expect(page.locator("#trouble")).to_be_hidden()
    held[1].continue_()
    expect(count(page)).to_have_text("1 record")
    # The library that sends them reports what was replaced to the console, where nobody reads.
    reader.faults[:] = [fault for fault in reader.faults if "AbortError" not in fault]
    assert len(held) == 2


def test_list_shows_revoked_entries_when_the_box_is_ticked(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    mark(page)
    page.get_by_label("Text").fill(REVOKED)
    expect(count(page)).to_have_text("0 records")
    page.get_by_label("Include revoked and deprecated").check()
    expect(count(page)).to_have_text("1 record")
    expect(page.locator("article.entry .status")).to_have_text("Revoked")
    assert reader.address == f"{LIST}?q={REVOKED}&includeRevoked=true"
    assert is_marked(page)


def test_pages_turn_in_place_and_back_undoes_each_step(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    first = entries(page).first.inner_text()
    mark(page)
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#results-count")).to_contain_text("showing 26 to")
    assert reader.address == f"{LIST}?offset=25"
    assert is_marked(page)
    expect(page.locator("#results")).to_be_in_viewport()
    second = entries(page).first.inner_text()
    assert first != second
    page.get_by_label("Text").fill("measure")
    expect(count(page)).to_have_text("30 records")
    assert reader.address == f"{LIST}?q=measure"
    page.go_back()
    expect(entries(page).first).to_have_text(re.compile(second.split()[0]))
    assert reader.address == f"{LIST}?offset=25"
    expect(page.get_by_label("Text")).to_have_value("")
    settle(page)
    page.go_back()
    expect(entries(page).first).to_have_text(re.compile(first.split()[0]))
    assert reader.address == LIST
    expect(page.locator("header.masthead")).to_have_count(1)
    settle(page)
    page.go_forward()
    expect(entries(page).first).to_have_text(re.compile(second.split()[0]))


def test_back_from_an_entry_returns_to_the_filtered_list(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    page.get_by_label("Text").fill("M1037")
    expect(count(page)).to_have_text("1 record")
    entries(page).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("M1037: Filter Network Traffic")
    assert reader.address == DETAIL
    page.go_back()
    expect(count(page)).to_have_text("1 record")
    expect(page.get_by_label("Text")).to_have_value("M1037")
    assert reader.address == f"{LIST}?q=M1037"


def test_list_address_opens_to_what_it_says(readers: Readers) -> None:
    page = readers().go(f"{LIST}?q=measure&domain=ics&includeRevoked=true&offset=25")
    expect(count(page)).to_have_text("30 records")
    expect(page.get_by_label("Text")).to_have_value("measure")
    expect(page.get_by_label("Domain", exact=True)).to_have_value("ics")
    expect(page.get_by_label("Include revoked and deprecated")).to_be_checked()
    expect(entries(page)).to_have_count(5)


def test_table_filters_and_sorts_in_place(readers: Readers) -> None:
    reader = readers()
    page = reader.go(DETAIL)
    rows = page.locator("#techniques-table tr.row")
    total = rows.count()
    assert total > 1
    names = [cell.split("\n")[-1] for cell in rows.locator("th").all_inner_texts()]
    mark(page)
    page.locator("#techniques-table thead").get_by_role("link", name="ID").click()
    expect(rows.first.locator(".attack-id")).to_have_text(names[-1])
    assert reader.address == f"{DETAIL}?sort=-id"
    page.locator("#techniques-filter").press_sequentially(names[0], delay=5)
    expect(page.locator("#techniques-count strong")).to_contain_text(f"of {total} rows")
    assert f"filter={names[0]}" in reader.address
    assert is_marked(page)
    assert len(reader.documents) == 1


def test_order_is_kept_when_the_table_is_filtered_after_sorting(readers: Readers) -> None:
    reader = readers()
    page = reader.go(DETAIL)
    page.locator("#techniques-table thead").get_by_role("link", name="Name").click()
    expect(page).to_have_url(re.compile("sort=name"))
    page.locator("#techniques-filter").fill("enterprise")
    expect(page).to_have_url(re.compile("filter=enterprise"))
    assert reader.address == f"{DETAIL}?filter=enterprise&sort=name"


def test_citation_leads_to_its_reference_and_back(readers: Readers) -> None:
    reader = readers()
    page = reader.go(DETAIL)
    page.locator("sup.cite a").first.click()
    assert page.url.endswith("#ref-1")
    expect(page.locator("#ref-1")).to_be_in_viewport()
    page.locator("#ref-1 .backlinks a").first.click()
    expect(page.locator("sup.cite").first).to_be_in_viewport()


def test_revoked_entry_leads_to_what_replaced_it(readers: Readers) -> None:
    reader = readers()
    page = reader.go(f"{LIST}/{REVOKED}")
    assert reader.address == f"{LIST}/{REPLACEMENT}?replaces={REVOKED}"
    page.locator(".notice").get_by_role("link", name=REVOKED).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(REVOKED)


def test_everything_works_without_javascript(readers: Readers) -> None:
    reader = readers(javascript=False)
    page = reader.go(LIST)
    page.get_by_role("link", name="Next").click()
    assert reader.address == f"{LIST}?offset=25"
    page.get_by_label("Text").fill("ask for a second factor")
    page.get_by_label("Domain", exact=True).select_option("ICS")
    page.get_by_label("Include revoked and deprecated").check()
    page.get_by_role("search").get_by_role("button", name="Filter").click()
    expect(count(page)).to_have_text("1 record")
    expect(page.get_by_label("Text")).to_have_value("ask for a second factor")
    page.get_by_role("link", name="Clear all filters").click()
    assert reader.address == LIST
    page.go_back()
    expect(count(page)).to_have_text("1 record")
    page.goto(DETAIL)
    page.locator("#techniques-table thead").get_by_role("link", name="Name").click()
    assert reader.address == f"{DETAIL}?sort=name"
    page.locator("#techniques-filter").fill("zzz")
    page.locator("#techniques").get_by_role("button", name="Filter").click()
    assert reader.address == f"{DETAIL}?filter=zzz&sort=name"
    expect(page.locator("#techniques-table .nothing")).to_be_visible()


def is_whole(entry: Locator) -> bool:
    """Whether nothing of an entry's text is cut off."""
    folding = entry.locator(".folding")
    return bool(folding.evaluate("text => text.scrollHeight <= text.clientHeight"))


def test_folds_open_without_javascript(readers: Readers) -> None:
    page = readers(javascript=False).go(f"{LIST}?q=numbered")
    entry = page.locator("article.entry").first
    expect(entry.locator(".folding")).to_contain_text(FOLDED)
    assert not is_whole(entry)
    entry.locator("summary").click()
    assert is_whole(entry)


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
def test_skip_link_is_first_and_leads_past_the_navigation(
    readers: Readers, javascript: bool
) -> None:
    page = readers(javascript=javascript).go(LIST)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
    page.keyboard.press("Tab")
    assert page.locator("main :focus").count() == 1


@pytest.mark.parametrize("path", ["/learn/attack", f"{LIST}?q=filter", DETAIL])
def test_focus_is_visible_on_everything_that_tab_reaches(readers: Readers, path: str) -> None:
    page = readers().go(path)
    # Else the page is still gliding to what has the focus.
    page.emulate_media(reduced_motion="reduce")
    seen = 0
    while seen < MOST_STOPS:
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            break
        seen += 1
        assert focus["outline"] >= 2, focus["place"]
        assert focus["inSight"], focus["place"]
    assert seen >= 5


def test_list_is_read_with_the_keyboard_alone(readers: Readers) -> None:
    reader = readers()
    page = reader.go(LIST)
    tab_to(page, page.get_by_label("Text"))
    page.keyboard.type("numbered")
    expect(count(page)).to_have_text("30 records")
    tab_to(page, page.get_by_label("Include revoked and deprecated"))
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("includeRevoked=true"))
    tab_to(page, page.locator("article.entry summary").first)
    page.keyboard.press("Enter")
    assert is_whole(page.locator("article.entry").first)
    page.keyboard.press("Space")
    assert not is_whole(page.locator("article.entry").first)
    tab_to(page, page.get_by_role("link", name="Next"), most=90)
    page.keyboard.press("Enter")
    expect(page.locator("#results-count")).to_contain_text("showing 26 to 30")
    tab_to(page, entries(page).first, most=90)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Numbered measure")
    tab_to(page, page.locator("nav.contents").get_by_role("link", name="Raw source"))
    page.keyboard.press("Enter")
    assert page.url.endswith("#raw")
