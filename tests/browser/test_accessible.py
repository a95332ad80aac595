"""Every kind of page for everyone: WCAG 2.2 AA by axe, narrow screens, light and dark, paper."""

import json
import unicodedata
from collections.abc import Mapping
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from library.identifiers import OBJECT_TYPES
from tests.browser.conftest import Reader, Readers
from tests.browser.content import (
    DEPRECATED,
    FOLDED,
    REPLACEMENT,
    REVOKED,
    STRAIN,
    UNKNOWN,
    WIDE,
    WIDE_GROUP,
)
from tests.browser.paper import landscape_sheets_of, letters_of, sheets_of

pytestmark = pytest.mark.browser

LIBRARY = "/learn/attack"
LIST = f"{LIBRARY}/mitigations"
TWO_RELEASES = f"{LIBRARY}/releases/sample-1...sample-2"
PAGES = {
    "home": LIBRARY,
    "list": f"{LIST}?includeRevoked=true",
    "list of nothing": f"{LIST}?q=zzzz",
    "detail": f"{LIST}/M1037",
    "filtered detail": f"{LIST}/M1037?filter=zzzz",
    "strained detail": f"{LIST}/{STRAIN}",
    "deprecated detail": f"{LIST}/{DEPRECATED}",
    **{f"list of {kind.path}": f"{LIBRARY}/{kind.path}" for kind in OBJECT_TYPES},
    "list of a tactic on a platform": f"{LIBRARY}/techniques?tactic=TA0001&platform=Windows",
    "tactic": f"{LIBRARY}/tactics/TA0108",
    "technique": f"{LIBRARY}/techniques/T0886",
    "group": f"{LIBRARY}/groups/G0034",
    "software": f"{LIBRARY}/software/S0605",
    "campaign": f"{LIBRARY}/campaigns/C0028",
    "detection strategy": f"{LIBRARY}/detection-strategies/DET0794",
    "analytic": f"{LIBRARY}/analytics/AN1926",
    "data component": f"{LIBRARY}/data-components/DC0085",
    "data source": f"{LIBRARY}/data-sources/DS0029",
    "asset": f"{LIBRARY}/assets/A0003",
    "sub-technique": f"{LIBRARY}/techniques/T1059.001",
    "replaced": f"{LIST}/{REPLACEMENT}?replaces={REVOKED}",
    "revoked detail": f"{LIST}/{REVOKED}?redirect=no",
    "object of an unknown type": f"{LIBRARY}/objects/{UNKNOWN['id']}",
    "pinned home": f"{LIBRARY}/v/sample-1",
    "pinned list": f"{LIBRARY}/v/sample-1/groups",
    "pinned detail": f"{LIBRARY}/v/sample-1/techniques/T1059",
    "pinned matrix": f"{LIBRARY}/v/sample-1/matrices/enterprise-attack",
    "matrix": f"{LIBRARY}/matrices/ics-attack",
    "wide matrix": f"{LIBRARY}/matrices/mobile-attack",
    "wide changed matrix": f"{LIBRARY}/releases/sample-2.5...sample-3/matrix?domain=mobile",
    "wide matrix of a group": f"{LIBRARY}/groups/{WIDE_GROUP}/matrix",
    "matrix of a group": f"{LIBRARY}/groups/G0034/matrix?find=a&subs=open",
    "filtered matrix": f"{LIBRARY}/matrices/enterprise-attack?find=a&platform=Windows&subs=open",
    "search": f"{LIBRARY}/search?q=control",
    "search for nothing": f"{LIBRARY}/search?q=zzzz",
    "search yet to be made": f"{LIBRARY}/search",
    "takes": f"{LIBRARY}/takes",
    "filtered takes": f"{LIBRARY}/takes?type=mitigations&q=means",
    "takes that nothing fits": f"{LIBRARY}/takes?q=zzzz",
    "release brief": f"{LIBRARY}/takes/brief",
    "releases": f"{LIBRARY}/releases",
    "two releases": f"{TWO_RELEASES}",
    "changes": f"{TWO_RELEASES}/changes?type=",
    "changes of links": f"{TWO_RELEASES}/changes?links=Procedure+examples",
    "changed matrix": f"{TWO_RELEASES}/matrix",
    "brief of two releases": f"{TWO_RELEASES}/brief",
    "releases not held": f"{LIBRARY}/releases/0.1...0.2",
    "id check": f"{LIBRARY}/id-check",
    "history": f"{LIST}/M0930/history",
    "strained history": f"{LIST}/{STRAIN}/history",
    "history of what has a sequel": f"{LIST}/{REVOKED}/history",
    "two releases side by side": f"{LIST}/M0930/history?from=sample-2&to=sample-3",
    "releases that cannot be compared": f"{LIST}/M0930/history?from=sample-1&to=sample-1",
    "unknown ID": f"{LIST}/M1038",
    "unknown address": f"{LIBRARY}/nothing",
    "unknown release": f"{LIBRARY}/v/0.1",
}
MISSING = {"unknown ID", "unknown address", "unknown release", "releases not held"}
REFUSED = {"releases that cannot be compared"}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
# Of these alone does it matter whether a page is light or dark.
COLOURS = RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
PHONE, SMALL_PHONE, DESK = (390, 844), (320, 640), (1280, 900)
NOTICE = (
    "The MITRE Corporation. This work is reproduced and distributed with the permission of"
    " The MITRE Corporation."
)


def opened(reader: Reader, name: str) -> Page:
    """One kind of page, open."""
    response = reader.page.goto(PAGES[name])
    assert response is not None
    status = 404 if name in MISSING else 400 if name in REFUSED else 200
    assert response.status == status
    # A browser reports a missing document as an error, which here is what was asked for.
    reader.faults[:] = [
        fault for fault in reader.faults if status == 200 or str(status) not in fault
    ]
    return reader.page


def show(page: Page, size: tuple[int, int], scheme: str) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")


def violations(page: Page, rules: Mapping[str, object] = RULES) -> list[str]:
    """What axe finds, a line each."""
    found = Axe().run(page, options=rules).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {json.dumps(node['any'])[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(readers: Readers, name: str) -> None:
    page = opened(readers(), name)
    for size, scheme, rules in [
        (DESK, "light", RULES),
        (DESK, "dark", COLOURS),
        (PHONE, "light", RULES),
    ]:
        show(page, size, scheme)
        assert violations(page, rules) == [], f"{scheme} at {size[0]} px"


def test_axe_finds_nothing_when_the_folds_of_a_group_s_page_are_open(readers: Readers) -> None:
    page = readers().go(f"{LIBRARY}/groups/G9900")
    show(page, PHONE, "light")
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    links = page.locator(".beside li a")
    assert links.count() > 1
    # Names of one line leave least room.
    links.evaluate_all("all => all.forEach(one => one.textContent = 'T9900 Head')")
    assert violations(page) == []


# Elements that stick out of the page, were there any; 320 px is what zooming to 400 % leaves.
STICKING_OUT = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const clips = element => getComputedStyle(element).overflowX !== "visible";
    const isClipped = element => element !== document.body
        && (clips(element.parentElement) || isClipped(element.parentElement));
    return [...document.querySelectorAll("body *")]
        .filter(element => element.getBoundingClientRect().right > width + 1)
        .filter(element => !isClipped(element))
        .slice(0, 5)
        .map(element => element.outerHTML.slice(0, 160));
}"""


@pytest.mark.parametrize("name", PAGES)
def test_nothing_scrolls_sideways(readers: Readers, name: str) -> None:
    page = opened(readers(), name)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    for size in (DESK, PHONE, SMALL_PHONE):
        show(page, size, "light")
        assert page.evaluate(STICKING_OUT) == [], f"at {size[0]} px"


def test_colours_follow_the_reader_s_scheme(readers: Readers) -> None:
    page = readers().go(LIBRARY)
    ground = "getComputedStyle(document.body).backgroundColor"
    show(page, DESK, "light")
    light = page.evaluate(ground)
    show(page, DESK, "dark")
    assert page.evaluate(ground) != light


def test_nothing_moves_when_the_reader_asks_for_less(readers: Readers) -> None:
    page = readers().go(LIST)
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = """() => [...document.querySelectorAll("*")].filter(element => {
        const style = getComputedStyle(element);
        return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0.01;
    }).length"""
    assert page.evaluate(moving) == 0


def dense(text: str) -> str:
    """A text without what printing sets anew: white space, hyphens and ligatures."""
    plain = unicodedata.normalize("NFKC", "".join(text.split()))
    return plain.replace("-", "").replace("\u2010", "")


# A key that broke would be as high as two lines.
LINES_OF_A_KEY = 1.9
# Two sheets that are wide, in pixels: A4 and Letter without the margins; and what is no overlap.
SHEETS = (1003, 1069)
CLOSE, APART = 0.5, 3
# New, back, moved, changed and gone.
KEYS = 5
# Left, top, right and bottom.
EDGES = """all => all.map(one => {
    const box = one.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
})"""


# The last text of a cell that is its name: after the ID, before what is only said.
NAMES = """all => all.map(one =>
    [...one.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)
        .map(node => node.textContent).join(""))"""


def test_printed_detail_holds_the_text_and_the_licence(readers: Readers) -> None:
    page = readers().go(PAGES["detail"])
    name = page.get_by_role("heading", level=1).inner_text()
    printed = dense(letters_of(page.pdf(format="A4")))
    assert dense(name) in printed
    assert dense(NOTICE) in printed
    assert dense("https://attack.mitre.org/mitigations/M1037") in printed
    for hidden in ("Dealing with an incident", "Skip to the content"):
        assert dense(hidden) not in printed
    # The head of the section; the contents, which name it as well, have no head of their own.
    assert printed.count(dense("Change history")) == 1


def test_printed_list_holds_what_is_folded_on_the_screen(readers: Readers) -> None:
    page = readers().go(f"{LIST}?q=M9700")
    printed = dense(letters_of(page.pdf(format="A4")))
    assert dense(FOLDED) in printed
    assert dense("Read the rest") not in printed
    assert dense(NOTICE) in printed


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["wide matrix", "wide changed matrix", "wide matrix of a group"])
def test_printed_matrix_stands_on_one_landscape_sheet(
    readers: Readers, name: str, paper: str
) -> None:
    page = opened(readers(), name)
    cells = page.locator("td > a.matrix-entry")
    assert cells.count() == sum(WIDE)
    pdf = page.pdf(format=paper, prefer_css_page_size=True)
    assert landscape_sheets_of(pdf) == 1
    printed = dense(letters_of(pdf))
    for cell in ("th a", "td:not(.matrix-empty) > a"):
        for text in page.locator(f".matrix tr {cell}").evaluate_all(NAMES):
            assert dense(text) in printed


@pytest.mark.parametrize("name", ["wide matrix", "wide matrix of a group"])
def test_printed_matrix_names_the_sub_techniques_that_are_marked(
    readers: Readers, name: str
) -> None:
    page = opened(readers(), name)
    marked = page.locator(".matrix li .matrix-marked").evaluate_all(NAMES)
    assert bool(marked) == (name != "wide matrix")
    page.emulate_media(media="print")
    shown = page.locator(".matrix li .matrix-entry").evaluate_all(
        "all => all.filter(one => one.checkVisibility()).length"
    )
    assert shown == len(marked)
    printed = dense(letters_of(page.pdf(prefer_css_page_size=True)))
    assert all(dense(text) in printed for text in marked)


def test_printed_matrix_shows_every_sub_technique_that_is_asked_for_where_they_fit(
    readers: Readers,
) -> None:
    page = readers().go(f"{LIBRARY}/matrices/enterprise-attack?subs=open")
    subs = page.locator(".matrix li .matrix-entry").evaluate_all(NAMES)
    assert subs
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert landscape_sheets_of(pdf) == 1
    printed = dense(letters_of(pdf))
    assert all(dense(text) in printed for text in subs)
    assert dense("Printed without") not in printed


def test_printed_matrix_says_what_the_sheet_has_no_room_for(readers: Readers) -> None:
    page = readers().go(f"{PAGES['wide matrix']}?subs=open")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert landscape_sheets_of(pdf) == 1
    assert dense("Printed without the sub-techniques") in dense(letters_of(pdf))
    expect(page.get_by_text("Printed without")).to_be_hidden()


def test_printed_matrix_heads_a_tactic_that_goes_on_in_a_further_column(readers: Readers) -> None:
    page = opened(readers(), "wide matrix of a group")
    heads = page.locator(".matrix-goes-on").evaluate_all(NAMES)
    assert heads
    assert not page.locator(".matrix-goes-on").first.is_visible()
    printed = dense(letters_of(page.pdf(format="A4", prefer_css_page_size=True)))
    assert all(dense(text) in printed for text in heads)


def test_printed_matrix_shows_all_that_is_highlighted_and_frames_none_of_it(
    readers: Readers,
) -> None:
    page = readers().go(f"{PAGES['wide matrix']}?find=sub+remote")
    found = page.locator(".matrix li .matrix-found")
    page.emulate_media(media="print")
    assert found.count()
    for seen in found.evaluate_all(
        "all => all.map(one => [one.checkVisibility(), getComputedStyle(one).outlineStyle])"
    ):
        assert seen == [True, "none"]
    assert landscape_sheets_of(page.pdf(format="A4", prefer_css_page_size=True)) == 1


def test_printed_legend_of_two_releases_breaks_between_keys_alone(readers: Readers) -> None:
    page = opened(readers(), "changed matrix")
    page.emulate_media(media="print")
    # Whatever the width, some key would stand where a line ends.
    for width in range(320, 720, 20):
        page.set_viewport_size({"width": width, "height": 800})
        heights = page.locator(".matrix-legend dt:visible").evaluate_all(
            """all => all.map(one => {
                const line = parseFloat(getComputedStyle(one).lineHeight);
                return one.getBoundingClientRect().height / line;
            })"""
        )
        assert heights
        assert max(heights) < LINES_OF_A_KEY


@pytest.mark.parametrize("name", ["changed matrix", "wide changed matrix"])
def test_printed_keys_of_two_releases_stand_clear_of_each_other_and_of_the_matrix(
    readers: Readers, name: str
) -> None:
    page = opened(readers(), name)
    page.emulate_media(media="print")
    for width in (*range(320, 1000, 20), *SHEETS):
        page.set_viewport_size({"width": width, "height": 800})
        pairs = page.locator(".matrix-legend dt:visible").evaluate_all(EDGES)
        keys = page.locator(".matrix-legend dt:visible .matrix-key").evaluate_all(EDGES)
        title = page.locator(".matrix-section .count").first.evaluate_all(EDGES)
        assert len(pairs) == len(keys) == KEYS
        # The frame of a key is within its line, and the next one stands off its count.
        for pair, key in zip(pairs, keys, strict=True):
            assert key[1] >= pair[1] - CLOSE, width
            assert key[3] <= pair[3] + CLOSE, width
            assert key[3] <= title[0][1] + CLOSE, width
        for (_, top, right, _), (left, beside, *_) in pairwise(pairs):
            assert beside > top or left - right >= APART, width


def test_printed_matrix_reaches_beyond_no_edge_when_the_reader_turns_the_sheet(
    readers: Readers,
) -> None:
    """Where the dialogue has the paper wide in itself, it is as wide as a wide screen."""
    page = opened(readers(), "wide changed matrix")
    page.emulate_media(media="print")
    for width in (*SHEETS, *range(1000, 2000, 200)):
        page.set_viewport_size({"width": width, "height": 800})
        edges = page.locator(".matrix-scroll, .matrix :is(th, td):visible").evaluate_all(EDGES)
        assert min(left for left, *_ in edges) >= 0, width
        assert max(right for _, _, right, _ in edges) <= width, width


def test_printed_brief_stands_on_two_sheets_at_most(readers: Readers) -> None:
    page = opened(readers(), "release brief")
    changed = page.locator("#material tbody tr")
    assert changed.count() == page.locator("#retired tbody tr").count() == 1
    pdf = page.pdf(format="A4")
    assert sheets_of(pdf) <= 2
    printed = dense(letters_of(pdf))
    assert dense("description edited") in printed
    assert dense(REPLACEMENT) in printed
    assert dense(NOTICE) in printed


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_printed_brief_of_two_releases_stands_on_one_sheet(readers: Readers, paper: str) -> None:
    page = opened(readers(), "brief of two releases")
    pdf = page.pdf(format=paper, prefer_css_page_size=True)
    assert sheets_of(pdf) == 1
    printed = dense(letters_of(pdf))
    assert dense("What to ask the SOC") in printed
    assert dense(NOTICE) in printed


def test_print_is_black_on_white_when_the_screen_is_dark(readers: Readers) -> None:
    page = readers().go(PAGES["detail"])
    page.emulate_media(color_scheme="dark", media="print")
    colours = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
