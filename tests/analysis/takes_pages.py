"""The list of Takes and the release brief as tests read them, and a small library for them."""

from datetime import UTC, datetime
from typing import Any

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, Element, Listing, Site

TAKES = f"{LIBRARY}/takes"
BRIEF = f"{TAKES}/brief"
FIRST, SECOND = tactic("TA0001", "First", "first"), tactic("TA0002", "Second", "second")
ONE, TWO = technique("T1000", "One", ("first",)), technique("T1001", "Two", ("second",))
MEASURE, OTHER = mitigation("M1000", "Measure"), mitigation("M1001", "Other")
CREW = attack_object("intrusion-set", "G0001", "Crew")
LINKS = [
    relationship("mitigates", MEASURE, ONE),
    relationship("mitigates", OTHER, TWO),
    relationship("uses", CREW, TWO),
]
LIBRARY_OBJECTS = [FIRST, SECOND, ONE, TWO, MEASURE, OTHER, CREW, *LINKS]
LONG_AGO = datetime(2020, 2, 1, tzinfo=UTC)


def library(*more: Properties, **options: Any) -> None:
    import_objects(*LIBRARY_OBJECTS, *more, **options)


def listing(site: Site, query: str = "") -> Listing:
    return Listing(site.page(f"{TAKES}{query}"))


def entry(site: Site, query: str = "") -> Element:
    (found,) = listing(site, query).entries
    return found


def without(*left_out: Properties) -> list[Properties]:
    ids = {found["id"] for found in left_out}
    return [
        found
        for found in LIBRARY_OBJECTS
        if not ids & {found["id"], found.get("source_ref"), found.get("target_ref")}
    ]


def brief_part(site: Site, part: str) -> Element:
    return site.page(BRIEF).one("section", id=part)


def rows(part: Element) -> list[list[str]]:
    return [
        [cell.words for cell in row.content if isinstance(cell, Element)]
        for row in part.all("tr", css="row")
    ]
