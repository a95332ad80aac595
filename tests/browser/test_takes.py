"""A Take from its author to its readers, through a new release, and on paper."""

from collections.abc import Callable, Iterator

import orjson
import pytest
from playwright.sync_api import Page, expect

from importer.editions import undo
from tests.browser.authors import aside, signed_in
from tests.browser.conftest import BUNDLES, Readers
from tests.browser.paper import letters_of, sheets_of
from tests.factories import import_objects, mitigation, relationship, tactic, technique
from tests.takes import publish, whole_text

pytestmark = pytest.mark.browser

MEASURE = "M1032"
PAGE = f"/learn/attack/mitigations/{MEASURE}"
SAID = "A second factor is worth most where a password opens the mail."


def next_release() -> None:
    """Bring in a release of enterprise in which the measure addresses one technique more."""
    known = orjson.loads((BUNDLES / "enterprise-sample-2.json").read_bytes())["objects"]
    kept = [found for found in known if found["type"] != "x-mitre-collection"]
    measure = next(
        found
        for found in kept
        if found["type"] == "course-of-action" and found["name"] == "Multi-factor Authentication"
    )
    fresh = technique("T9777", "A new way in")
    import_objects(*kept, fresh, relationship("mitigates", measure, fresh), release="sample-4")


@pytest.fixture
def new_release() -> Iterator[Callable[[], None]]:
    """Brings in a release when called; at the end readers see what they saw before."""
    done: list[bool] = []

    def bring_in() -> None:
        aside(next_release)
        done.append(True)

    yield bring_in
    if done:
        aside(lambda: undo("the tests"))


def press(page: Page, queue: str, button: str) -> None:
    """Press a button of the Take in a queue."""
    page.goto(f"/admin/analysis/take/queue/{queue}/")
    section = page.locator(".take-current").filter(has_text=MEASURE)
    section.get_by_role("button", name=button).click()
    expect(page.locator(".messagelist .success")).to_contain_text(MEASURE)


def test_a_take_goes_from_its_author_to_its_readers_and_through_a_new_release(
    readers: Readers, new_release: Callable[[], None]
) -> None:
    author, reviewer, publisher = (
        signed_in(readers, role).page for role in ("author", "reviewer", "publisher")
    )
    author.goto("/admin/analysis/take/add/")
    author.get_by_label("ATT&CK ID or STIX id").fill(MEASURE)
    author.get_by_role("button", name="Go on").click()
    author.get_by_label("Summary", exact=True).fill(f"{SAID} See M1037.")
    expect(author.locator("#take-preview a")).to_have_text("M1037")
    author.get_by_role("button", name="Save as a draft").click()
    author.get_by_role("button", name="Submit for review").click()
    expect(author.locator(".messagelist .success")).to_be_visible()
    press(reviewer, "review", "Approve")
    press(publisher, "review", "Publish")

    take = readers().go(PAGE).locator("#take")
    expect(take).to_contain_text(SAID)
    expect(take).to_contain_text("Confidence: moderate")
    expect(take).not_to_contain_text("has since changed")

    new_release()
    take.page.reload()
    expect(take).to_contain_text("MITRE has since changed this object: 1 technique added")
    press(reviewer, "stale", "Still right")
    take.page.reload()
    expect(take).to_contain_text(SAID)
    expect(take).to_contain_text("confirmed against sample-4")
    expect(take).not_to_contain_text("has since changed")


def test_the_executive_view_is_remembered_in_the_browser(readers: Readers) -> None:
    reader = readers()
    page = reader.go(PAGE)
    page.get_by_role("link", name="Executive view").click()
    expect(page.locator("#definition")).to_be_hidden()
    page.goto("/learn/attack/mitigations/M1037")
    expect(page.get_by_role("link", name="Executive view")).to_have_attribute(
        "aria-current", "true"
    )
    assert reader.address == "/learn/attack/mitigations/M1037?view=executive"
    page.locator(".rest > summary").click()
    expect(page.locator("#definition")).to_be_visible()
    page.get_by_role("link", name="Analyst view").click()
    page.goto(PAGE)
    expect(page.locator("#definition")).to_be_visible()
    assert reader.address == PAGE
    assert page.context.cookies() == []


def test_the_executive_view_is_there_without_javascript(readers: Readers) -> None:
    page = readers(javascript=False).go(PAGE)
    page.get_by_role("link", name="Executive view").click()
    expect(page.locator("#take")).to_be_visible()
    expect(page.locator("#definition")).to_be_hidden()


PAPERS = ["A4", "Letter"]


@pytest.mark.parametrize("paper", PAPERS)
def test_the_executive_view_prints_on_one_sheet(readers: Readers, paper: str) -> None:
    page = readers().go("/learn/attack/mitigations/M1037?view=executive")
    pdf = page.pdf(format=paper)
    assert sheets_of(pdf) == 1
    printed = letters_of(pdf)
    for said in ("M1037", "FilterNetworkTraffic", "moderate", "MITRE", "Limits", "Glexia"):
        assert said in printed
    assert "Executiveview" not in printed
    # What stands in the box of the search; its label is there for no eyes.
    assert "Search(/)" not in printed


# The starter Takes that take most room on paper.
LONGEST = {
    "mitigations/M1018": mitigation("M1018", "User Account Management"),
    "mitigations/M1026": mitigation("M1026", "Privileged Account Management"),
    "mitigations/M1028": mitigation("M1028", "Operating System Configuration"),
    "mitigations/M1056": mitigation("M1056", "Pre-compromise"),
    "techniques/T1036.005": technique("T1036.005", "Match Legitimate Resource Name or Location"),
}
NOTICE = """() => document.querySelector("#take .take-stale").insertAdjacentHTML("beforebegin",
    '<p class="notice take-starter"><strong>Starter content</strong> shipped with the library,'
    + ' not reviewed by your organisation.</p>')"""


def written_after_they_changed() -> None:
    """Bring in two releases between which all of them changed, and Takes written on the later."""
    stage = tactic("TA9001", "A stage with a name", "stage")
    ways = [technique(f"T98{n:02}", f"Way {n}", ("stage",)) for n in range(3)]
    measures = [found for path, found in LONGEST.items() if path.startswith("mitigations")]
    links = [relationship("mitigates", measure, way) for measure in measures for way in ways]
    news = {
        "description": "Said in other words.",
        "x_mitre_platforms": ["Linux"],
        "x_mitre_contributors": ["Somebody"],
    }
    later = [found | news for found in LONGEST.values()]
    # The newer first, so that one step back leads to what readers saw before.
    import_objects(stage, *ways, *later, *links, release="sample-7")
    import_objects(stage, *ways, *LONGEST.values(), release="sample-6")
    for path, found in LONGEST.items():
        publish(found, **whole_text(path))


@pytest.fixture(scope="module")
def pinned_and_stale(served: str) -> Iterator[str]:
    """The address of a release before what the longest Takes were written against."""
    aside(written_after_they_changed)
    yield "/learn/attack/v/sample-6"
    aside(lambda: undo("the tests"))


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("take", LONGEST)
def test_the_executive_view_of_a_pinned_and_stale_take_prints_on_one_sheet(
    readers: Readers, pinned_and_stale: str, take: str, paper: str
) -> None:
    page = readers().go(f"{pinned_and_stale}/{take}?view=executive")
    expect(page.locator(".pinned-banner")).to_contain_text("You are reading release sample-6")
    expect(page.locator("#take .take-stale")).to_contain_text("before MITRE changed this object")
    page.evaluate(NOTICE)
    pdf = page.pdf(format=paper)
    assert sheets_of(pdf) == 1
    printed = letters_of(pdf)
    for said in ("Youarereadingreleasesample-6", "Startercontent", "Limits", "termsofuse"):
        assert said in printed
    # Words that lead somewhere on the screen alone.
    assert "Thecurrententry" not in printed
    assert "Whatchanged" not in printed
