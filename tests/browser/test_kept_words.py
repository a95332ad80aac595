"""Words of a Take that are kept in a tab, while others are written beside them."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.authors import write_on
from tests.browser.conftest import PASSWORD, Readers

pytestmark = pytest.mark.browser

ADD = "/admin/analysis/take/add/"


@pytest.fixture
def page(readers: Readers) -> Page:
    """A form in which words are offered that were written before the page was left."""
    page = readers().go(f"/admin/login/?next={ADD}")
    page.get_by_label("Username").fill("author")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    write_on(page, "M1031")
    page.on("dialog", lambda dialog: dialog.accept())
    summary(page).fill("Written first.")
    reopen(page)
    expect(offer(page)).to_be_visible()
    return page


def summary(page: Page) -> Locator:
    return page.get_by_label("Summary", exact=True)


def offer(page: Page) -> Locator:
    return page.get_by_text("Words that were written here")


def reopen(page: Page) -> None:
    """Leave the form and open it anew: what a reload would put back stays away."""
    address = page.url
    page.goto("/admin/")
    page.goto(address)
    expect(summary(page)).to_have_value("")


def put_back(page: Page) -> None:
    page.get_by_role("button", name="Put them into the form").click()


def discard(page: Page) -> None:
    page.get_by_role("button", name="Discard them").click()


def test_words_that_are_offered_stay_while_others_are_written(page: Page) -> None:
    summary(page).fill("Written second.")
    reopen(page)
    put_back(page)
    expect(summary(page)).to_have_value("Written second.")
    expect(offer(page)).to_be_visible()
    discard(page)
    expect(offer(page)).to_be_hidden()
    reopen(page)
    put_back(page)
    expect(summary(page)).to_have_value("Written second.")
    expect(offer(page)).to_be_hidden()


def test_words_that_others_take_the_place_of_are_offered_in_their_stead(page: Page) -> None:
    summary(page).fill("Written second.")
    put_back(page)
    expect(summary(page)).to_have_value("Written first.")
    put_back(page)
    expect(summary(page)).to_have_value("Written second.")
    discard(page)
    expect(offer(page)).to_be_hidden()
    expect(summary(page)).to_have_value("Written second.")


def test_words_that_are_discarded_leave_those_that_were_kept_before(page: Page) -> None:
    summary(page).fill("Written second.")
    reopen(page)
    discard(page)
    put_back(page)
    expect(summary(page)).to_have_value("Written first.")
    expect(offer(page)).to_be_hidden()


def test_words_that_are_offered_stay_when_a_save_is_refused(page: Page, readers: Readers) -> None:
    summary(page).fill("See T9999.")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.locator("form .errornote")).to_contain_text("T9999")
    expect(summary(page)).to_have_value("See T9999.")
    put_back(page)
    expect(summary(page)).to_have_value("Written first.")
    # The refusal is an answer of its own, which the console tells of.
    for _, reader in readers.made:
        reader.faults[:] = [fault for fault in reader.faults if "400" not in fault]
