"""Authors at work on a Take: its form, its lists, its preview, and leaving it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.authors import DESK, PHONE, TAKES, signed_in, write_on
from tests.browser.conftest import Readers
from tests.browser.test_accessible import STICKING_OUT, violations

pytestmark = pytest.mark.browser


def test_entries_of_a_list_are_added_moved_and_removed_by_keyboard(readers: Readers) -> None:
    page = signed_in(readers, "author").page
    page.goto("/admin/analysis/take/add/")
    write_on(page, "M1031")
    page.get_by_label("Likely telemetry, entry 1").fill("First")
    telemetry = page.locator("[data-list=likely_telemetry]")
    telemetry.get_by_role("button", name="Add an entry").press("Enter")
    expect(page.get_by_label("Likely telemetry, entry 2")).to_be_focused()
    page.keyboard.type("Second")
    telemetry.get_by_role("button", name="Up entry 2").press("Enter")
    preview = page.locator("#take-preview > div > ul li")
    expect(preview).to_have_text(["Second", "First"])
    telemetry.get_by_role("button", name="Remove entry 1").press("Enter")
    expect(preview).to_have_text(["First"])


def test_words_written_before_the_page_was_ready_are_previewed(readers: Readers) -> None:
    page = signed_in(readers, "author").page
    page.add_init_script(
        "new MutationObserver(() => {"
        "  const summary = document.querySelector('textarea[name=summary]');"
        "  if (summary && !summary.value) summary.value = 'See M1037.';"
        "}).observe(document, {childList: true, subtree: true})"
    )
    page.goto("/admin/analysis/take/add/")
    write_on(page, "M1031")
    expect(page.locator("#take-preview a")).to_have_text("M1037")


# What is pressed and has less than the 24 px of WCAG 2.2, whatever room there is beside it.
SMALL = """() => [...document.querySelectorAll("#content :is(button, summary, a.button)")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 24)
    .map(one => one.outerHTML.slice(0, 160))"""
OF_AUTHORS = {
    "the list": f"{TAKES}/",
    "stale": f"{TAKES}/queue/stale/",
    "to review": f"{TAKES}/queue/review/",
    "to retire": f"{TAKES}/queue/retire/",
    "unwritten": f"{TAKES}/queue/missing/",
}


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("role", ["author", "reviewer", "publisher"])
def test_the_pages_of_authors_are_for_everyone(
    readers: Readers, role: str, size: tuple[int, int]
) -> None:
    page = signed_in(readers, role).page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(OF_AUTHORS["stale"])
    take = page.locator(".take-current h2 a").first
    addresses = {**OF_AUTHORS, "a Take": take.get_attribute("href")}
    page.goto(addresses["a Take"] or "")
    if role == "author":
        form = page.get_by_role("link", name="Write the next revision")
        addresses |= {"choosing": f"{TAKES}/add/", "writing": form.get_attribute("href")}
    found = {}
    for name, address in addresses.items():
        page.goto(address or "")
        found[name] = violations(page)
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        found[name] += [*violations(page), *page.evaluate(STICKING_OUT), *page.evaluate(SMALL)]
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_leaving_is_asked_about_while_words_are_unsaved(readers: Readers) -> None:
    page = signed_in(readers, "author").page
    page.goto("/admin/analysis/take/add/")
    write_on(page, "M1031")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("Summary", exact=True).press_sequentially("Words.")
    page.get_by_role("link", name="Home", exact=True).click(no_wait_after=True)
    expect(page.get_by_label("Summary", exact=True)).to_have_value("Words.")
    assert asked == ["beforeunload"]


def test_leaving_is_asked_about_when_a_save_was_refused(readers: Readers) -> None:
    reader = signed_in(readers, "author")
    page = reader.page
    page.goto("/admin/analysis/take/add/")
    write_on(page, "M1031")
    page.get_by_label("Summary", exact=True).fill("See T9999.")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.locator("form .errornote")).to_contain_text("T9999")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("Summary", exact=True).click()
    page.get_by_role("link", name="Home", exact=True).click(no_wait_after=True)
    expect(page.get_by_label("Summary", exact=True)).to_have_value("See T9999.")
    assert asked == ["beforeunload"]
    # The refusal is an answer of its own, which the console tells of.
    reader.faults[:] = [fault for fault in reader.faults if "400" not in fault]
