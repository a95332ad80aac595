"""An author's words: whole where they are code, and not lost with the session they came from."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from importer.editions import undo
from tests.browser.authors import DESK, PHONE, TAKES, aside, signed_in
from tests.browser.conftest import PASSWORD, Reader, Readers
from tests.browser.paper import letters_of
from tests.browser.test_accessible import STICKING_OUT, violations
from tests.factories import import_objects, mitigation
from tests.takes import publish

pytestmark = pytest.mark.browser

CODED = mitigation("M9877", "Coded measure")
LAST_WORD = "theLastWordOfTheLine"
CODE = f"```\n{'a long line of code ' * 40}{LAST_WORD}\n```"


@pytest.fixture(scope="module")
def with_code(served: str) -> Iterator[str]:
    """The address of an object of which the Take has code in a text and in a list."""

    def write() -> None:
        import_objects(CODED, release="sample-8")
        publish(CODED, summary=f"Words.\n\n{CODE}", likely_telemetry=[f"See:\n\n{CODE}"])

    aside(write)
    yield "/learn/attack/mitigations/M9877"
    aside(lambda: undo("the tests"))


def test_code_in_a_take_is_whole_on_a_phone_and_on_paper(readers: Readers, with_code: str) -> None:
    page = readers(width=PHONE[0], height=PHONE[1]).go(with_code)
    assert page.evaluate(STICKING_OUT) == []
    expect(page.locator("#take pre")).to_have_count(2)
    page.goto(f"{with_code}?view=executive")
    assert page.evaluate(STICKING_OUT) == []
    cut = """() => [...document.querySelectorAll("#take pre")]
        .filter(one => one.scrollWidth > one.clientWidth).length"""
    page.emulate_media(media="print")
    assert page.evaluate(cut) == 0
    assert letters_of(page.pdf(format="A4")).count(LAST_WORD) == 2


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_code_in_a_preview_is_whole_for_everyone(
    readers: Readers, with_code: str, size: tuple[int, int]
) -> None:
    page = signed_in(readers, "author").page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{TAKES}/write/{CODED['id']}/")
    expect(page.locator("#take-preview pre")).to_have_count(2)
    assert [*violations(page), *page.evaluate(STICKING_OUT)] == []


WRITE = f"{TAKES}/write/{CODED['id']}/"


def written_until_the_session_ends(reader: Reader) -> Page:
    """The answer to a form that was sent after its author's session had ended."""
    page = reader.page
    page.goto(WRITE)
    page.get_by_label("Summary", exact=True).fill("Precious <words>.")
    page.get_by_label("Likely telemetry, entry 1").fill("First")
    page.get_by_role("button", name="Add an entry").first.click()
    page.get_by_label("Likely telemetry, entry 2").fill("Second")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("alert")).to_contain_text("You are signed out")
    # The refusal is an answer of its own, which the console tells of; so may the preview's be.
    reader.faults[:] = [fault for fault in reader.faults if "401" not in fault]
    return page


def sign_in_again(page: Page, role: str) -> None:
    page.get_by_label("Username").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_words_outlive_the_session_in_which_they_were_written(
    readers: Readers, with_code: str
) -> None:
    page = written_until_the_session_ends(signed_in(readers, "author"))
    expect(page.get_by_label("Summary", exact=True)).to_have_value("Precious <words>.")
    expect(page.get_by_text("This browser keeps it as well")).to_be_visible()
    assert [*violations(page), *page.evaluate(STICKING_OUT)] == []
    page.get_by_role("link", name="sign in again").click()
    sign_in_again(page, "author")
    offer = page.get_by_text("Words that were written here")
    expect(offer).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Put them into the form").click()
    expect(offer).to_be_hidden()
    expect(page.get_by_label("Summary", exact=True)).to_have_value("Precious <words>.")
    expect(page.get_by_label("Likely telemetry, entry 2")).to_have_value("Second")
    expect(page.locator("#take-preview")).to_contain_text("Precious <words>.")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.locator(".messagelist .success")).to_contain_text("Saved as revision")
    page.goto(WRITE)
    expect(page.get_by_label("Summary", exact=True)).to_have_value("Precious <words>.")
    expect(offer).to_be_hidden()


def test_words_that_are_kept_go_when_their_author_discards_them(
    readers: Readers, with_code: str
) -> None:
    page = written_until_the_session_ends(signed_in(readers, "author"))
    page.get_by_role("link", name="sign in again").click()
    sign_in_again(page, "author")
    page.get_by_role("button", name="Discard them").click()
    page.reload()
    expect(page.get_by_label("Summary", exact=True)).to_be_visible()
    expect(page.get_by_text("Words that were written here")).to_be_hidden()


def test_words_that_are_kept_go_when_their_author_signs_out(
    readers: Readers, with_code: str
) -> None:
    page = written_until_the_session_ends(signed_in(readers, "author"))
    page.get_by_role("link", name="sign in again").click()
    sign_in_again(page, "author")
    expect(page.get_by_text("Words that were written here")).to_be_visible()
    page.goto("/admin/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"/admin/login/?next={WRITE}")
    sign_in_again(page, "author")
    expect(page.get_by_label("Summary", exact=True)).to_be_visible()
    expect(page.get_by_text("Words that were written here")).to_be_hidden()


def test_words_that_were_sent_without_javascript_are_shown_when_the_session_has_ended(
    readers: Readers, with_code: str
) -> None:
    reader = readers(javascript=False)
    page = reader.go(f"/admin/login/?next={WRITE}")
    sign_in_again(page, "author")
    page.get_by_label("Summary", exact=True).fill("Precious <words>.")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_label("Summary", exact=True)).to_have_value("Precious <words>.")
    expect(page.get_by_text("This browser keeps it as well")).to_be_hidden()
    reader.faults[:] = [fault for fault in reader.faults if "401" not in fault]
