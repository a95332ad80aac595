"""The release brief: which Takes a release touched, and how."""

from unittest.mock import MagicMock

import pytest

from analysis.models import Revision
from analysis.reading.release_brief import BriefEntry
from analysis.standing import Freshness, Standing
from library.epoch import advance_epoch
from tests.analysis.takes_pages import (
    BRIEF,
    CREW,
    LIBRARY_OBJECTS,
    LINKS,
    LONG_AGO,
    MEASURE,
    ONE,
    OTHER,
    TWO,
    brief_part,
    entry,
    library,
    rows,
    without,
)
from tests.factories import attack_object, import_objects, relationship, technique
from tests.library.pages import LIBRARY, Site
from tests.takes import draft, publish

pytestmark = pytest.mark.django_db


def next_release() -> None:
    """Of five objects with Takes one changed, one was revoked, one was used by more."""
    library(technique("T1002", "Three", ("first",)))
    for made in (MEASURE, ONE, TWO, CREW, OTHER):
        publish(made)
    measure = MEASURE | {"description": "Quite another thing is meant by it now."}
    crew = CREW | {"revoked": True}
    heirs = attack_object("intrusion-set", "G0002", "Heirs")
    import_objects(
        *without(MEASURE, CREW),
        LINKS[0],
        measure,
        crew,
        heirs,
        relationship("revoked-by", crew, heirs),
        relationship("uses", heirs, ONE, "Used it."),
        release="2.0",
    )


def test_brief_puts_what_changed_in_substance_first(site: Site) -> None:
    next_release()
    page = site.page(BRIEF)
    assert page.one("dl", css="facts").one("dd").words == "ATT&CK 2.0, after 1.0"
    sections = [s["id"] for s in page.one("main").all("section") if "id" in s.attributes]
    assert sections[:4] == ["material", "retired", "around", "untouched"]
    (row,) = rows(page.one(id="material"))
    assert row[0].startswith("M1000 Measure")
    assert row[1:] == ["description edited", "1.0", "Moderate"]


def test_brief_names_what_replaced_a_revoked_object(site: Site) -> None:
    next_release()
    part = brief_part(site, "retired")
    (row,) = rows(part)
    assert row[0].startswith("G0001 Crew")
    assert row[1] == "G0002 Heirs"
    assert [a["href"] for a in part.all("a")] == [
        f"{LIBRARY}/groups/G0001?redirect=no&view=executive",
        f"{LIBRARY}/groups/G0002?view=executive",
    ]


def test_brief_tells_changes_around_and_counts_the_rest(site: Site) -> None:
    next_release()
    page = site.page(BRIEF)
    around = rows(page.one(id="around"))
    untouched = page.one(id="untouched")
    assert [row[0].split()[0] for row in around] == ["T1000", "T1001"]
    assert "procedure example" in around[0][1]
    assert untouched.one("h2").words == "Untouched 1"
    assert "One Take is on an object of which nothing has changed" in untouched.words
    assert (
        "published: 1 on an object that was changed in substance, 1 on an object that was revoked,"
        in (page.words)
    )
    assert ", 0 " not in page.words


def test_brief_links_lead_to_executive_views_that_exist(site: Site) -> None:
    next_release()
    links = [
        a["href"]
        for part in ("material", "retired", "around")
        for a in brief_part(site, part).all("a")
    ]
    assert len(links) == 5
    for href in links:
        assert "view=executive" in href
        assert site.page(href).one("article", css="object-executive")


def test_brief_has_a_sentence_for_each_case_of_none(site: Site) -> None:
    library()
    publish(MEASURE)
    words = site.page(BRIEF).words
    assert "No Take is on an object that changed in substance." in words
    assert "No Take is on an object that was revoked." in words
    assert "No Take has changes around it alone." in words
    assert "1 Take is published" in words


def test_brief_says_when_only_one_release_is_held(site: Site) -> None:
    library()
    publish(MEASURE)
    page = site.page(BRIEF)
    assert page.one("dl", css="facts").one("dd").words == "ATT&CK 1.0, the only release held"
    assert "Only one release is held here" in page.words
    import_objects(*LIBRARY_OBJECTS, release="2.0")
    assert "Only one release" not in site.page(BRIEF).words


def test_brief_says_what_cannot_be_compared(site: Site) -> None:
    library()
    revision = draft(MEASURE)
    lost = Revision.objects.create(
        take=revision.take,
        number=2,
        state="published",
        author_name="Glexia",
        written_at=LONG_AGO,
        name="Measure",
        confidence="low",
        sections={"summary": "Of another library."},
        domain="enterprise",
        attack_version="0.5",
        content_sha256=b"1" * 32,
    )
    advance_epoch()
    assert lost.number == 2
    part = brief_part(site, "incomparable")
    assert part.one("li").words == "M1000 Measure"
    assert entry(site).one(css="status").words == "Cannot be compared"


def test_brief_says_when_nothing_is_published(site: Site) -> None:
    library()
    page = site.page(BRIEF)
    assert (
        "No Take has been published, so there is nothing that a release could touch." in page.words
    )
    assert not page.all("table")


def test_brief_tells_few_of_the_changes_around_and_how_many_more() -> None:
    phrases = tuple(f"{number} examples added" for number in range(6))
    around = Standing(Freshness.AROUND, "1.0", "2.0", around=phrases)
    material = Standing(Freshness.MUST_REVIEW, "1.0", "2.0", material=phrases, around=phrases)
    told = [BriefEntry(MagicMock(), standing).changes for standing in (around, material)]
    assert told == [
        "0 examples added, 1 examples added and 4 other changes",
        "0 examples added, 1 examples added, 2 examples added, 3 examples added"
        " and 2 other changes",
    ]


def test_brief_tells_what_the_release_changed_where_the_take_was_written_since(site: Site) -> None:
    library()
    edited = MEASURE | {"description": "Quite another thing is meant by it now."}
    kept = [edited if found is MEASURE else found for found in LIBRARY_OBJECTS]
    import_objects(*kept, release="2.0")
    publish(edited)
    publish(OTHER)
    page = site.page(BRIEF)
    (row,) = rows(page.one(id="considered"))
    assert row[0].startswith("M1000 Measure")
    assert row[1:] == ["description edited", "1.0", "Moderate"]
    assert (
        "1 written or confirmed since the release changed its object and 1 untouched" in page.words
    )


def test_brief_tells_what_changed_in_each_domain_of_an_object(site: Site) -> None:
    library()
    domains = ["enterprise-attack", "mobile-attack"]
    both = MEASURE | {"x_mitre_domains": domains}
    kept = [both if found is MEASURE else found for found in LIBRARY_OBJECTS]
    import_objects(*kept, release="2.0")
    away = technique("T1600", "Away", (), "mobile")
    import_objects(away, both, domain="mobile", release="1.5")
    import_objects(
        away, both, relationship("mitigates", both, away), domain="mobile", release="2.0"
    )
    publish(both)
    (row,) = rows(site.page(BRIEF).one(id="considered"))
    told = "Enterprise: domain Mobile added; Mobile: 1 technique added"
    assert row[1:] == [told, "1.0, 1.5", "Moderate"]
