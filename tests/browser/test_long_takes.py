"""A Take of any length that is accepted is printed on one sheet, which names what it leaves out."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from analysis.take import SECTIONS
from importer.editions import undo
from tests.browser.authors import TAKES, aside, signed_in
from tests.browser.conftest import Readers
from tests.browser.paper import letters_of, sheets_of
from tests.factories import import_objects, mitigation, relationship
from tests.takes import publish, whole_text

pytestmark = pytest.mark.browser

PAPERS = ["A4", "Letter"]
SENTENCE = "Every section of this text goes on for as long as its author had something to say. "
LISTS = {name for name, _, is_list in SECTIONS if is_list}
TITLES = {name: title for name, title, _ in SECTIONS}
ADDRESS = "/learn/attack/mitigations/"


def ending(name: str) -> str:
    return f"End of {name.replace('_', ' ')}."


def prose(words: int) -> str:
    """A text of about so many words, in paragraphs of 90 or so."""
    paragraph = (SENTENCE * 6).strip()
    return "\n\n".join([paragraph] * max(1, round(words / len(paragraph.split()))))


def even(words: int) -> dict[str, Any]:
    """All sections, equally long, each with an end of its own."""
    each = words // len(SECTIONS)
    return {
        name: [*[SENTENCE.strip()] * (each // 16), ending(name)]
        if name in LISTS
        else f"{prose(each)}\n\n{ending(name)}"
        for name, _, _ in SECTIONS
    }


def listed(entry: str, *counts: int) -> dict[str, Any]:
    """A short summary and limits, and between them lists of one entry, so many times in each."""
    return {
        "summary": "Short.",
        **{
            name: [*[entry] * (count - 1), ending(name)]
            for name, count in zip(sorted(LISTS), counts, strict=True)
        },
        "limits": ending("limits"),
    }


KEY = r"`HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\RunServicesOnce`"
BOLD = f"**{SENTENCE.strip()[:81]} and more.**"
NESTED = "1. one\n2. two\n3. three\n\n- x\n- y"
LONG = (SENTENCE * 200)[:9_900]
TEXTS: dict[str, dict[str, Any]] = {
    "M9810": even(600),
    "M9811": even(1_200),
    "M9812": even(2_500),
    # As long as is accepted: one section beyond a sheet, and many entries.
    "M9813": {"summary": LONG, "technical_view": LONG, "limits": LONG},
    "M9814": even(300) | {"technical_view": LONG, "likely_telemetry": [SENTENCE * 5] * 38},
    "M9815": even(200) | {"detection_direction": ["Short."] * 40, "likely_telemetry": ["a"] * 40},
    "M9816": {"summary": "\n\n".join("a" * 3_000), "limits": "Short."},
    "M9817": {"summary": f"```\n{'line\n' * 1_500}```", "limits": "W" * 9_000},
    "M9818": {"summary": f"{'> ' * 11}{LONG[:5_000]}", "limits": "Short."},
    # Lists at the edge of what a sheet has room for, of what takes more of it than its letters say.
    "M9830": listed(f"{KEY}: new values.", 19, 18, 18),
    "M9831": listed(f"{KEY}: new values.", 13, 13, 13),
    "M9832": listed(BOLD, 19, 18, 18),
    "M9833": listed(BOLD, 14, 14, 14),
    "M9834": listed(NESTED, 7, 6, 6),
    "M9835": listed(NESTED, 5, 5, 5),
    "M9836": listed("Short.", 32, 32, 32),
    "M9837": listed(f"Look at {KEY} and {KEY}.", 7, 7, 7),
    "M9838": listed("Run this:\n\n```\nreg query HKLM\n```", 7, 7, 7),
}
OBJECTS = {name: mitigation(name, f"Long-winded measure {name}") for name in TEXTS}
WHOLE = {"M9810", "M9835", "M9838"}
CUT = {"M9813", "M9816", "M9817", "M9818"}
OLD, NEW = mitigation("M9820", "Before"), mitigation("M9821", "After")


def written() -> None:
    """Publish them all, and one on what another replaces afterwards."""
    import_objects(OLD, NEW, *OBJECTS.values(), release="sample-6")
    publish(OLD, **even(2_500))
    for name, found in OBJECTS.items():
        publish(found, **TEXTS[name], confidence_why="It rests on few reports, all of one year.")
    gone = OLD | {"revoked": True}
    replaced = relationship("revoked-by", OLD, NEW)
    import_objects(gone, NEW, replaced, *OBJECTS.values(), release="sample-7")


@pytest.fixture(scope="module")
def long_takes(served: str) -> Iterator[None]:
    aside(written)
    yield
    # Two releases came in.
    for _ in range(2):
        aside(lambda: undo("the tests"))


def squeezed(text: str) -> str:
    return "".join(text.split())


def left_out(page: Page) -> set[str]:
    """The sections that the page says its sheet leaves out, by name."""
    told = squeezed(page.locator(".take-beyond").text_content() or "")
    return {name for name, title in TITLES.items() if name != "summary" and squeezed(title) in told}


@pytest.mark.usefixtures("long_takes")
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", TEXTS)
def test_a_take_of_any_length_prints_on_one_sheet(readers: Readers, name: str, paper: str) -> None:
    page = readers().go(f"{ADDRESS}{name}?view=executive")
    pdf = page.pdf(format=paper)
    assert sheets_of(pdf) == 1
    printed = letters_of(pdf)
    for said in (f"{name}:", "moderate", "termsofuse", squeezed("all of one year.")):
        assert said in printed
    told = page.locator(".take-beyond")
    expect(told).to_have_count(0 if name in WHOLE else 1)
    out = set()
    if name not in WHOLE:
        out = left_out(page)
        said = squeezed(told.text_content() or "")
        assert said in printed
        assert said.endswith(f"{ADDRESS}{name}")
        printed = printed.replace(said, "")
        assert ("iscutshort" in said) == (name in CUT)
        assert out or name in CUT
    for section, text in TEXTS[name].items():
        if section != "summary":
            assert (squeezed(TITLES[section]) in printed) == (section not in out), section
        if ending(section) in str(text):
            assert (squeezed(ending(section)) in printed) == (section not in out), section


@pytest.mark.usefixtures("long_takes")
def test_the_screen_shows_all_of_a_take_that_paper_has_no_room_for(readers: Readers) -> None:
    page = readers().go(f"{ADDRESS}M9812?view=executive")
    for name in TITLES:
        expect(page.locator("#take").get_by_text(ending(name))).to_be_visible()
    expect(page.locator(".take-beyond")).to_be_hidden()
    # The analyst's view is printed whole, on as many sheets as it takes.
    page.goto(f"{ADDRESS}M9812?view=analyst")
    printed = letters_of(page.pdf(format="A4"))
    assert [name for name in TITLES if squeezed(ending(name)) not in printed] == []
    assert "Notonthissheet" not in printed


@pytest.mark.usefixtures("long_takes")
@pytest.mark.parametrize("paper", PAPERS)
def test_a_long_take_on_what_an_object_replaced_makes_no_second_sheet(
    readers: Readers, paper: str
) -> None:
    page = readers().go(f"{ADDRESS}M9821?view=executive")
    expect(page.locator(".take-inherited")).to_contain_text("Written about M9820")
    pdf = page.pdf(format=paper)
    assert sheets_of(pdf) == 1
    assert "Notonthissheet" in letters_of(pdf)


@pytest.mark.usefixtures("long_takes")
def test_the_page_of_writing_says_what_paper_has_no_room_for(readers: Readers) -> None:
    page = signed_in(readers, "author").page
    page.goto(f"{TAKES}/write/{OBJECTS['M9812']['id']}/")
    told = page.locator("#take-preview .help")
    expect(told).to_contain_text("has no room for all of them and leaves out: Likely telemetry")
    for name, text in whole_text().items():
        if name in LISTS:
            page.locator(f'[name="{name}"]').evaluate_all("all => all.forEach(o => o.value = '')")
        elif name in TITLES:
            page.locator(f'[name="{name}"]').fill(text)
    expect(told).to_contain_text("A printed sheet holds all of them.")


@pytest.mark.parametrize("paper", PAPERS)
def test_the_sheet_of_a_matrix_has_its_id(readers: Readers, paper: str) -> None:
    page = readers().go("/learn/attack/matrices/enterprise-attack?view=executive")
    pdf = page.pdf(format=paper)
    assert sheets_of(pdf) == 1
    assert "enterprise-attack:" in letters_of(pdf)
