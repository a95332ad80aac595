"""A Take is bounded as a whole: the greatest hostile one is written and read like any other."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from django.urls import reverse

from analysis.models import ActKind, Revision
from analysis.take import SECTIONS
from analysis.workflow import act
from analysis.writing import (
    LONGEST_ENTRY,
    LONGEST_TAKE,
    LONGEST_TEXT,
    MOST_ENTRIES,
    Sections,
    length_of,
)
from tests.analysis.authoring.console import MEASURE, address, signed_in, text
from tests.library.pages import MITIGATIONS, Site
from tests.takes import member, publish

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
READING = (
    *(PAGE, f"{PAGE}?view=executive", f"{PAGE}/take"),
    *("/learn/attack/takes", "/learn/attack/takes?q=nothing+of+the+kind"),
)
PREVIEW = reverse("admin:take-preview", args=[MEASURE["id"]])
HOSTILE = ("![", "[", "[](", "*a ", "***a_", "![a](", "> ", "- ", "`", "&", "<script>", "T1000 ")
# Python's functions called for each character: what is rendered of it several times, and not more.
STEPS_A_CHARACTER = 30
LISTS = [name for name, _, is_list in SECTIONS if is_list]


def greatest(unit: str) -> Sections:
    """A Take of one text again and again, with as many characters as it may have."""
    entry = (unit * LONGEST_ENTRY)[:LONGEST_ENTRY].strip()
    made: dict[str, str | list[str]] = {name: [entry] * 5 for name in LISTS[:2]}
    left = min(LONGEST_TEXT, LONGEST_TAKE - length_of(made))
    return {"summary": (unit * left)[:left].strip(), **made}


def beyond(unit: str) -> Sections:
    """A Take as it could be before there was a bound on the whole."""
    text = (unit * LONGEST_TEXT)[:LONGEST_TEXT]
    return {"summary": text, **{name: [text] * MOST_ENTRIES for name in LISTS}}


def publish_next() -> None:
    """Publish the draft that is there."""
    newest = Revision.objects.order_by("-number")[0]
    act(newest, ActKind.SUBMITTED, member("author"))
    act(newest, ActKind.APPROVED, member("reviewer"))
    act(newest, ActKind.PUBLISHED, member("publisher"))


def publish_as_stored(sections: Sections) -> None:
    """Publish a text that nobody could save any more."""
    made = publish(MEASURE)
    baseline = ("domain", "attack_version", "content_sha256", "snapshot")
    Revision.objects.create(
        take=made.take,
        number=made.number + 1,
        author_name="Somebody",
        written_at=made.written_at,
        name=made.name,
        confidence="low",
        sections=sections,
        **{name: getattr(made, name) for name in baseline},
    )
    publish_next()


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many functions are called meanwhile."""
    calls = [0]

    def count(frame: FrameType, event: str, arg: object) -> None:
        calls[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def steps(site: Site) -> int:
    """How many steps it takes to read the Take in every way."""
    with counted() as calls:
        for path in READING:
            assert site.get(path).status_code == 200
    return calls[0]


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_greatest_hostile_take_is_written_and_read_in_steps_like_its_length(
    site: Site, unit: str
) -> None:
    sections = greatest(unit)
    assert LONGEST_TAKE - 100 < length_of(sections) <= LONGEST_TAKE
    client = signed_in("author")
    for path in READING:
        site.get(path)
    with counted() as calls:
        preview = client.post(PREVIEW, text() | dict(sections))
        saved = client.post(address(MEASURE), text() | dict(sections))
    assert "errorlist" not in preview.content.decode()
    assert saved.status_code == 302
    assert calls[0] < STEPS_A_CHARACTER * LONGEST_TAKE
    publish_next()
    assert steps(site) < STEPS_A_CHARACTER * LONGEST_TAKE


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_take_from_before_the_bound_is_read_as_it_stands(site: Site, unit: str) -> None:
    site.get(PAGE)
    publish_as_stored(beyond(unit))
    assert steps(site) < STEPS_A_CHARACTER * LONGEST_TAKE
    shown = site.page(PAGE).one("section", id="take").words
    assert " ".join((unit * 100)[:100].split()) in " ".join(shown.split())


def test_a_take_that_is_too_long_in_all_is_told_where_it_goes_beyond() -> None:
    client = signed_in("author")
    entries = ["x" * LONGEST_ENTRY] * 10
    sent = text(technical_view="x" * LONGEST_TEXT, likely_telemetry=entries, summary="Short.")
    said = "the Take goes beyond 30,000 characters here: it has 30,006 in all"
    response = client.post(address(MEASURE), sent)
    assert response.status_code == 400
    assert f"Entry 10: {said}" in response.content.decode()
    page = client.post(PREVIEW, sent).content.decode()
    assert f"Likely telemetry, entry 10: {said}" in page
    assert "Nothing is written yet" not in page
    assert "xxx" not in page
    assert not Revision.objects.exists()


def test_an_entry_of_a_list_is_shorter_than_a_text() -> None:
    sent = text(likely_telemetry=["Short.", "x" * (LONGEST_ENTRY + 1)])
    response = signed_in("author").post(address(MEASURE), sent)
    assert response.status_code == 400
    assert "Entry 2: 2,001 characters: at most 2,000" in response.content.decode()
