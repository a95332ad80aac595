"""What tests of the keyboard share: where the focus is, and whether the page is still the same."""

from playwright.sync_api import Locator, Page

# What has the focus: nothing on the page, or how thick its outline is and whether it is in sight.
FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    return {
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        inSight: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
            && box.right > 0 && box.left < innerWidth,
        place: element.outerHTML.slice(0, 120),
    };
}"""


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is out of the keyboard's reach")


def mark(page: Page) -> None:
    """Leave something in the page that a full load would sweep away."""
    page.evaluate("window.stillHere = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.stillHere === true"))
