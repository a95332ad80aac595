"""The matrix with a keyboard, in place, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Readers
from tests.browser.content import WIDE, WIDE_GROUP
from tests.browser.keyboard import FOCUS, is_marked, mark, tab_to

pytestmark = pytest.mark.browser

MATRIX = "/learn/attack/matrices/enterprise-attack"
OWN = "/learn/attack/groups/G0034/matrix"
FIRST, BELOW, BESIDE, SUB = "T1190", "T1078", "T1059", "T1059.001"


def entry(page: Page, attack_id: str) -> Locator:
    """The first cell of a technique."""
    exact = re.compile(rf"^{re.escape(attack_id)}$")
    named = page.locator(".attack-id", has_text=exact)
    return page.locator("a.matrix-entry", has=named).first


def step(page: Page, key: str, attack_id: str) -> None:
    """Press a key; then a cell of this technique has the focus."""
    page.keyboard.press(key)
    expect(page.locator("a.matrix-entry:focus .attack-id")).to_have_text(attack_id)


def unfold(page: Page, attack_id: str) -> None:
    entry(page, attack_id).locator("xpath=..").locator("summary").click()


def test_arrows_go_from_cell_to_cell(readers: Readers) -> None:
    page = readers().go(MATRIX)
    entry(page, FIRST).focus()
    step(page, "ArrowDown", BELOW)
    step(page, "ArrowUp", FIRST)
    step(page, "ArrowRight", BESIDE)
    step(page, "ArrowLeft", FIRST)


def test_arrow_to_a_shorter_column_goes_to_its_last_technique(readers: Readers) -> None:
    page = readers().go(MATRIX)
    entry(page, FIRST).focus()
    step(page, "ArrowDown", BELOW)
    step(page, "ArrowRight", BESIDE)


def test_arrows_pass_over_a_tactic_without_techniques(readers: Readers) -> None:
    page = readers().go(f"{MATRIX}?platform=SaaS")
    entry(page, BELOW).focus()
    for key, column in (("ArrowRight", 2), ("ArrowLeft", 0)):
        step(page, key, BELOW)
        assert page.evaluate("document.activeElement.closest('td').cellIndex") == column


def test_focus_stays_when_there_is_no_cell_that_way(readers: Readers) -> None:
    page = readers().go(MATRIX)
    entry(page, FIRST).focus()
    step(page, "ArrowLeft", FIRST)
    step(page, "ArrowDown", BELOW)
    step(page, "ArrowDown", BELOW)


def test_arrows_enter_sub_techniques_only_when_they_are_unfolded(readers: Readers) -> None:
    page = readers().go(MATRIX)
    entry(page, BESIDE).focus()
    step(page, "ArrowDown", BESIDE)
    page.keyboard.press("Tab")
    expect(page.locator("summary:focus")).to_contain_text(re.compile("^1 sub-technique of"))
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    step(page, "ArrowDown", SUB)
    step(page, "ArrowLeft", FIRST)
    step(page, "ArrowRight", BESIDE)
    unfold(page, BESIDE)
    entry(page, BESIDE).focus()
    step(page, "ArrowDown", BESIDE)


def test_arrows_go_from_a_fold_into_what_it_unfolds(readers: Readers) -> None:
    page = readers().go(MATRIX)
    entry(page, BESIDE).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    step(page, "ArrowDown", SUB)
    step(page, "ArrowUp", BESIDE)
    page.keyboard.press("Tab")
    step(page, "ArrowLeft", FIRST)


def test_arrows_go_from_the_head_of_a_tactic_down_and_to_the_next(readers: Readers) -> None:
    page = readers().go(MATRIX)
    heads = page.locator(".matrix th a")
    heads.first.focus()
    for key in ("ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
        expect(heads.first).to_be_focused()
    step(page, "ArrowDown", FIRST)
    page.keyboard.press("ArrowUp")
    expect(heads.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(heads.nth(1)).to_be_focused()
    step(page, "ArrowDown", BESIDE)


def test_tab_goes_through_every_cell_and_enter_opens_one(readers: Readers) -> None:
    reader = readers()
    page = reader.go(MATRIX)
    # The Take above it has a link for each of its figures.
    tab_to(page, entry(page, FIRST), most=150)
    page.keyboard.press("Tab")
    expect(entry(page, BESIDE)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(entry(page, FIRST)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(FIRST)
    assert reader.address == f"/learn/attack/techniques/{FIRST}"


def test_arrows_with_another_key_are_the_browser_s(readers: Readers) -> None:
    page = readers().go(MATRIX)
    entry(page, FIRST).focus()
    for key in ("Control+ArrowDown", "Alt+ArrowDown", "Meta+ArrowRight"):
        step(page, key, FIRST)


@pytest.mark.parametrize("width", [1280, 390])
def test_focus_is_in_sight_wherever_the_arrows_lead(readers: Readers, width: int) -> None:
    page = readers(width=width).go(f"{MATRIX}?subs=open")
    page.emulate_media(reduced_motion="reduce")
    entry(page, FIRST).focus()
    walked = []
    for key in ["ArrowRight"] * 7 + ["ArrowDown"] * 2 + ["ArrowLeft"] * 3 + ["ArrowUp"]:
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        assert focus["outline"] >= 2, focus["place"]
        assert focus["inSight"], focus["place"]
        walked.append(page.locator(".matrix a:focus").inner_text().split()[0])
    assert walked[:7] == [BESIDE, BELOW, BELOW, "T1647", "T1021", "T1071", "T1048"]
    assert walked[7:] == ["T1048.003", "T1048.003", "T1071", "T1021", "T1647", "Defense"]


# Whether a point of each edge of the focused cell is the cell's own, and not of a head above it.
UNCOVERED = """() => {
    const element = document.activeElement, box = element.getBoundingClientRect();
    return [box.top + 3, box.bottom - 3].every(y =>
        element.contains(document.elementFromPoint(box.left + box.width / 2, y)));
}"""


@pytest.mark.parametrize(
    "path", ["/learn/attack/matrices/mobile-attack", f"/learn/attack/groups/{WIDE_GROUP}/matrix"]
)
@pytest.mark.parametrize("size", [(1280, 800), (390, 500)], ids=lambda size: f"{size[0]} px")
def test_focus_is_never_behind_the_heads(
    readers: Readers, path: str, size: tuple[int, int]
) -> None:
    page = readers(width=size[0], height=size[1]).go(path)
    page.emulate_media(reduced_motion="reduce")
    page.locator(".matrix td a.matrix-entry").first.focus()
    longest = WIDE.index(max(WIDE))
    down = max(WIDE) - 1
    for key in ["ArrowRight"] * longest + ["ArrowDown"] * down + ["ArrowUp"] * down:
        page.keyboard.press(key)
        assert page.evaluate(UNCOVERED), page.locator(".matrix a:focus").inner_text()


def test_focus_is_told_from_a_highlight(readers: Readers) -> None:
    page = readers().go(f"{MATRIX}?find=t")
    outline = "style => [style.outlineWidth, style.outlineOffset].join()"
    seen = f"element => ({outline})(getComputedStyle(element))"
    highlighted = entry(page, BELOW).evaluate(seen)
    entry(page, FIRST).focus()
    page.keyboard.press("ArrowDown")
    expect(entry(page, FIRST)).not_to_be_focused()
    assert page.locator("a.matrix-found:focus").evaluate(seen) != highlighted


def test_highlight_and_platform_change_the_matrix_in_place(readers: Readers) -> None:
    reader = readers()
    page = reader.go(MATRIX)
    mark(page)
    page.get_by_label("Highlight").press_sequentially("powershell", delay=5)
    expect(page.locator("a.matrix-found .attack-id")).to_have_text([SUB])
    expect(entry(page, SUB)).to_be_visible()
    expect(page.locator("#matrix-grids [role=status]")).to_contain_text("1 hold “powershell”")
    assert reader.address == f"{MATRIX}?find=powershell"
    expect(page.get_by_label("Highlight")).to_be_focused()
    page.get_by_label("Platform").select_option("SaaS")
    expect(page.locator("#matrix-grids [role=status]")).to_contain_text("on SaaS")
    expect(entry(page, FIRST)).to_have_count(0)
    assert reader.address == f"{MATRIX}?platform=SaaS&find=powershell"
    entry(page, BELOW).focus()
    step(page, "ArrowRight", BELOW)
    expect(page.locator("#trouble")).to_be_hidden()
    assert is_marked(page)
    assert len(reader.documents) == 1


def test_sub_techniques_unfold_all_at_once_when_the_box_is_ticked(readers: Readers) -> None:
    reader = readers()
    page = reader.go(MATRIX)
    expect(entry(page, SUB)).not_to_be_visible()
    page.get_by_label("Show sub-techniques").check()
    expect(entry(page, SUB)).to_be_visible()
    expect(page.locator(".matrix details:not([open])")).to_have_count(0)
    assert reader.address == f"{MATRIX}?subs=open"
    page.get_by_label("Show sub-techniques").uncheck()
    expect(entry(page, SUB)).not_to_be_visible()
    assert reader.address == MATRIX


def test_back_undoes_a_filter_of_the_matrix(readers: Readers) -> None:
    reader = readers()
    page = reader.go(MATRIX)
    page.get_by_label("Platform").select_option("SaaS")
    expect(entry(page, FIRST)).to_have_count(0)
    page.go_back()
    expect(entry(page, FIRST)).to_be_visible()
    expect(page.get_by_label("Platform")).to_have_value("")
    assert reader.address == MATRIX


def test_matrix_of_an_object_is_walked_and_filtered_like_any(readers: Readers) -> None:
    reader = readers()
    page = reader.go(OWN)
    mark(page)
    cells = page.locator("a.matrix-entry")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("a.matrix-entry:focus")).to_have_count(1)
    expect(cells.first).not_to_be_focused()
    page.get_by_label("Highlight").fill("T0886")
    expect(page.locator("a.matrix-found")).to_have_count(2)
    assert reader.address == f"{OWN}?find=T0886"
    assert is_marked(page)


def test_matrix_is_filtered_and_unfolded_without_javascript(readers: Readers) -> None:
    reader = readers(javascript=False)
    page = reader.go(MATRIX)
    unfold(page, BESIDE)
    expect(entry(page, SUB)).to_be_visible()
    page.get_by_label("Highlight").fill("smb")
    page.get_by_label("Platform").select_option("Windows")
    page.get_by_label("Show sub-techniques").check()
    page.get_by_role("button", name="Show", exact=True).click()
    assert reader.address == f"{MATRIX}?find=smb&platform=Windows&subs=open"
    expect(page.locator("a.matrix-found .attack-id")).to_have_text(["T1021.002"])
    expect(page.get_by_label("Highlight")).to_have_value("smb")
    expect(page.get_by_label("Platform")).to_have_value("Windows")
    expect(page.get_by_label("Show sub-techniques")).to_be_checked()
    expect(entry(page, SUB)).to_be_visible()
    entry(page, SUB).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(SUB)


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_matrix_that_comes_late_leads_no_one_past_what_they_asked_for(
    readers: Readers, goes_on: bool
) -> None:
    page = readers().page
    page.emulate_media(reduced_motion="reduce")
    held: list[Route] = []
    page.route("**/matrix?embedded=1", lambda route: held.append(route))
    page.goto(f"/learn/attack/groups/{WIDE_GROUP}")
    page.locator("#own-matrix").scroll_into_view_if_needed()
    while not held:
        page.wait_for_timeout(50)
    page.locator(".contents a", has_text="Change history").click()
    if not goes_on:
        page.keyboard.press("Home")
        page.wait_for_timeout(500)
    held[0].continue_()
    expect(page.locator("#own-matrix table.matrix")).to_have_count(1)
    page.wait_for_timeout(500)
    top = page.locator("#history").evaluate("element => element.getBoundingClientRect().top")
    assert (0 <= top < 100) == goes_on
    assert (page.evaluate("scrollY") > 0) == goes_on
