"""Folding tables, an object's own matrix, and what a reader takes away from a page."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Readers
from tests.browser.paper import landscape_sheets_of, letters_of

pytestmark = pytest.mark.browser

MITIGATION = "/learn/attack/mitigations/M1037"


def test_table_folds_and_unfolds_by_keyboard(readers: Readers) -> None:
    page = readers().go(MITIGATION)
    rows = page.locator("#techniques-table .row")
    expect(rows.first).to_be_visible()
    fold = page.locator("#techniques .fold summary")
    fold.focus()
    page.keyboard.press("Enter")
    expect(rows.first).to_be_hidden()
    expect(fold).to_contain_text("Unfold the table", use_inner_text=True)
    page.keyboard.press("Enter")
    expect(rows.first).to_be_visible()


def test_a_kind_of_row_folds_alone(readers: Readers) -> None:
    page = readers(javascript=False).go("/learn/attack/techniques/T9900")
    rows = page.locator("#procedures-table .row")
    expect(rows).to_have_count(2)
    fold = page.locator("#procedures .kind-fold summary").first
    expect(rows.first).to_be_visible()
    fold.click()
    expect(rows.first).to_be_hidden()
    expect(rows.last).to_be_visible()
    fold.click()
    expect(rows.first).to_be_visible()


def test_own_matrix_comes_when_the_reader_reaches_it(readers: Readers) -> None:
    reader = readers()
    page = reader.go(MITIGATION)
    # Whatever comes by itself is there by then.
    page.wait_for_load_state("networkidle")
    expect(page.locator("#own-matrix table.matrix")).to_have_count(0)
    page.locator("#own-matrix").scroll_into_view_if_needed()
    expect(page.locator("#own-matrix .matrix-marked").first).to_be_visible()
    assert reader.address == MITIGATION


def test_own_matrix_is_a_page_away_without_scripts(readers: Readers) -> None:
    page = readers(javascript=False).go(MITIGATION)
    lead = page.locator("#own-matrix .section-lead")
    expect(lead).to_contain_text("The matrix of Filter Network Traffic, on a page of its own")
    for comes in ("The matrix comes as you reach it", "unfold it to see which"):
        expect(page.get_by_text(comes)).to_be_hidden()
    lead.locator("a").click()
    expect(page.locator("table.matrix .matrix-marked").first).to_be_visible()


@pytest.mark.parametrize("is_reached", [False, True])
def test_own_matrix_on_paper_is_the_address_of_its_page(
    readers: Readers, *, is_reached: bool
) -> None:
    page = readers().go(MITIGATION)
    if is_reached:
        page.locator("#own-matrix").scroll_into_view_if_needed()
        expect(page.locator("#own-matrix table.matrix")).to_have_count(1)
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert landscape_sheets_of(pdf) == 0
    assert f"{MITIGATION}/matrix." in letters_of(pdf)
    page.emulate_media(media="print")
    expect(page.locator("#matrix-grids")).to_be_hidden()


def test_citation_is_copied(readers: Readers) -> None:
    page = readers().go(MITIGATION)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#citation").inner_text()


def test_whole_hash_of_a_release_is_copied(readers: Readers) -> None:
    page = readers().go(MITIGATION)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the whole hash").first
    shown = page.locator("#history a.hash").first
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == shown.get_attribute("title")


def test_no_copy_button_is_shown_without_scripts(readers: Readers) -> None:
    page = readers(javascript=False).go(MITIGATION)
    assert page.locator(".copy").count() > 1
    expect(page.locator(".copy:visible")).to_have_count(0)
    expect(page.locator("#citation")).to_be_visible()


def test_file_is_saved_under_its_name(readers: Readers) -> None:
    page = readers().go(MITIGATION)
    with page.expect_download() as download:
        page.locator("#techniques .count-file").click()
    assert download.value.suggested_filename.startswith("M1037-filter-network-traffic-")
    assert download.value.suggested_filename.endswith(".csv")
