"""The list of Takes and the release brief: what they show, in which order, and at what cost."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from analysis.landscape import landscape_of
from analysis.models import ActKind, Revision
from analysis.reading.release_brief import BriefEntry
from analysis.reading.tactics import serves
from analysis.staleness import Freshness, Standing
from analysis.workflow import act
from importer.editions import undo
from library.conditional import current_shelf
from library.epoch import advance_epoch
from library.models import StixObject
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, PARTIAL, Element, Listing, Site
from tests.takes import draft, member, publish, subject

pytestmark = pytest.mark.django_db

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
HOSTILE = '<script>alert(1)</script> "quoted" <b>bold</b> [x](javascript:alert(2)) & ampersand'


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


# The list.


def test_takes_are_listed_newest_first_by_when_they_were_published(site: Site) -> None:
    library()
    for made in (OTHER, CREW, MEASURE):
        publish(made)
    publish(OTHER, summary="Once more.")
    shown = listing(site)
    assert shown.ids == ["M1001", "M1000", "G0001"]
    assert shown.count == "3 Takes"


def test_an_entry_says_what_the_take_is_about_and_how_sure_its_author_is(site: Site) -> None:
    library()
    made = publish(MEASURE, summary="What **it** means.", confidence="high")
    shown = entry(site)
    day = made.written_at
    assert shown.one("h2").words == "M1000: Measure"
    assert shown.one("h2").one("a")["href"] == f"{LIBRARY}/mitigations/M1000?view=executive"
    assert shown.one(css="kicker").words == "Mitigation Enterprise"
    assert shown.one(css="excerpt").words == "What it means."
    assert shown.one(css="entry-facts").words == (
        f"Confidence: high · published {day.day} {day:%B} {day.year} · by author"
        " · written against ATT&CK 1.0"
    )
    assert not shown.all(css="status")


def test_only_whole_sentences_of_a_long_summary_are_shown(site: Site) -> None:
    library()
    sentences = [f"Sentence {word} is about as long as this." for word in "ABCDEFGHIJKLMNO"]
    publish(MEASURE, summary=" ".join(sentences))
    shown = entry(site).one(css="excerpt").words
    count = shown.count("Sentence")
    assert 3 < count < 15
    assert shown == " ".join(sentences[:count])


def test_a_first_sentence_that_never_ends_is_cut_at_a_word(site: Site) -> None:
    library()
    publish(MEASURE, summary="word " * 200)
    shown = entry(site).one(css="excerpt").words
    assert len(shown) <= 320
    assert shown.endswith(" word…")


def test_drafts_and_withdrawn_takes_are_not_listed(site: Site) -> None:
    library()
    draft(MEASURE)
    act(publish(OTHER), ActKind.WITHDRAWN, member("publisher"))
    shown = site.page(TAKES)
    assert Listing(shown).count == "0 Takes"
    assert "No Take has been published." in shown.one(id="results").words


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?domain=enterprise", ["G0001", "M0800", "M1001", "M1000"]),
        ("?domain=ics", ["M0800"]),
        ("?domain=mobile", []),
        ("?type=groups", ["G0001"]),
        ("?type=mitigations", ["M0800", "M1001", "M1000"]),
        ("?confidence=low", ["G0001"]),
        ("?confidence=high", []),
        ("?tactic=TA0001", ["M1000"]),
        ("?tactic=TA0002", ["G0001", "M1001"]),
        ("?tactic=TA0002&type=groups", ["G0001"]),
        ("?q=g0001", ["G0001"]),
        ("?q=OTHER", ["M1001"]),
        ("?q=second+bullet", ["M1000"]),
        ("?q=second+elsewhere", []),
        ("?q=measure+bullet", ["M1000"]),
        ("?domain=ics&confidence=low", []),
    ],
)
def test_filters_leave_what_fits_them(site: Site, query: str, ids: list[str]) -> None:
    shared = mitigation("M0800", "Shared")
    library(shared)
    import_objects(shared, domain="ics")
    publish(MEASURE, likely_telemetry=["A **bullet**.", "The *second* one."])
    publish(OTHER)
    publish(shared)
    publish(CREW, confidence="low")
    shown = listing(site, query)
    assert shown.ids == ids
    assert shown.root.one(id="results-count").one("strong").words == (
        f"{len(ids)} Take{'' if len(ids) == 1 else 's'}"
    )
    if not ids:
        assert "No Take fits these filters." in shown.root.one(id="results").words


@pytest.mark.parametrize(
    "query",
    [
        "?domain=x&type=y&confidence=z&tactic=%00&offset=-1",
        "?offset=999999999999999999999",
        "?type=objects/x-novelty",
    ],
)
def test_what_cannot_be_used_is_as_if_not_given(site: Site, query: str) -> None:
    library()
    publish(MEASURE)
    assert listing(site, query).ids == ["M1000"]


def test_a_tactic_that_the_release_does_not_have_is_served_by_no_take(site: Site) -> None:
    library()
    publish(MEASURE)
    shown = listing(site, "?tactic=TA9999")
    assert shown.ids == []
    options = shown.root.one("select", id="filter-tactic").all("option")
    assert [option["value"] for option in options if "selected" in option.attributes] == ["TA9999"]


def test_the_form_shows_what_was_asked_for(site: Site) -> None:
    library()
    page = site.page(f"{TAKES}?q=a+b&domain=ics&type=groups&confidence=low&tactic=TA0002")
    form = page.one("form", css="filters")
    assert form["action"] == TAKES
    assert form.one("input", name="q")["value"] == "a b"
    chosen = {
        field["name"]: [o["value"] for o in field.all("option") if "selected" in o.attributes]
        for field in form.all("select")
    }
    assert chosen == {
        "domain": ["ics"],
        "type": ["groups"],
        "confidence": ["low"],
        "tactic": ["TA0002"],
    }


def test_tactics_of_one_name_are_told_apart_by_their_domains(site: Site) -> None:
    library()
    import_objects(tactic("TA0101", "First", "first", "ics"), domain="ics")
    offered = site.page(TAKES).one("select", name="tactic").all("option")
    assert [option.words for option in offered] == [
        "All tactics",
        "First (Enterprise)",
        "First (ICS)",
        "Second",
    ]


def many(count: int) -> list[Properties]:
    return [mitigation(f"M{2000 + n}", f"Numbered {n:02}") for n in range(count)]


def test_pages_hold_25_takes_and_lead_to_each_other(site: Site) -> None:
    measures = many(30)
    import_objects(*measures)
    for made in measures:
        publish(made)
    first, second = listing(site), listing(site, "?offset=25")
    assert (len(first.entries), len(second.entries)) == (25, 5)
    assert not set(first.ids) & set(second.ids)
    assert first.count == "30 Takes showing 1 to 25"
    assert second.count == "30 Takes showing 26 to 30"
    assert first.pages["Next"] == f"{TAKES}?offset=25"
    assert second.pages["Previous"] == TAKES
    assert listing(site, "?offset=500").ids == second.ids
    filtered = listing(site, "?q=numbered&domain=enterprise")
    assert filtered.pages["Page 2"] == f"{TAKES}?q=numbered&domain=enterprise&offset=25"


def test_a_partial_request_brings_the_results_and_their_address(site: Site) -> None:
    library()
    publish(MEASURE)
    publish(CREW)
    part, address = site.part(f"{TAKES}?q=&domain=&type=groups&confidence=&tactic=")
    assert Listing(part).ids == ["G0001"]
    assert part.one(id="results-count").one("strong").words == "1 Take"
    assert address == f"{TAKES}?type=groups"


def test_typing_leaves_one_entry_in_the_history(site: Site) -> None:
    library()
    before = {"HX-Current-URL": f"http://testserver{TAKES}?q=me"}
    response = site.get(f"{TAKES}?q=mea", **PARTIAL, **before)
    assert response["HX-Replace-Url"] == f"{TAKES}?q=mea"
    assert "HX-Push-Url" not in response


def test_hostile_words_do_no_harm_wherever_they_stand(site: Site) -> None:
    hostile = mitigation("M3000", HOSTILE)
    import_objects(hostile)
    publish(hostile, summary=HOSTILE, confidence_why=HOSTILE)
    shown = entry(site)
    assert shown.one("h2").words == f"M3000: {HOSTILE}"
    assert "<script>alert(1)</script>" in shown.one(css="excerpt").words
    site.page(BRIEF)
    for asked in ("%3Cscript%3E", "%00", "%22%3E", "(((", "%5B", "%25", "%F0%9F%92%A9", "a" * 999):
        site.page(f"{TAKES}?q={asked}")
    assert listing(site, "?q=%3Cscript%3E").ids == ["M3000"]


def brought_in(of: Properties, written_at: datetime, **columns: Any) -> Revision:
    """A published revision that nobody here wrote or published."""
    based_on = draft(of)
    baseline = ("domain", "attack_version", "content_sha256", "snapshot")
    made = Revision.objects.create(
        take=based_on.take,
        number=2,
        state="published",
        author_name="Glexia",
        written_at=written_at,
        name=based_on.name,
        confidence="low",
        sections={"summary": "Brought in."},
        **{name: getattr(based_on, name) for name in baseline},
        **columns,
    )
    advance_epoch()
    return made


LONG_AGO = datetime(2020, 2, 1, tzinfo=UTC)


def test_starter_content_is_marked_until_somebody_confirms_it(site: Site) -> None:
    library()
    starter = brought_in(MEASURE, LONG_AGO, is_starter=True)
    assert entry(site).one(css="status").words == "Starter content"
    act(starter, ActKind.CONFIRMED, member("reviewer"), against=subject(MEASURE))
    assert not entry(site).all(css="status")


def test_a_take_that_was_published_nowhere_is_dated_by_its_writing(site: Site) -> None:
    library()
    publish(OTHER)
    brought_in(MEASURE, LONG_AGO)
    shown = listing(site)
    assert shown.ids == ["M1001", "M1000"]
    assert "· written 1 February 2020 ·" in shown.entries[1].one(css="entry-facts").words


def test_a_take_says_when_its_object_changed_in_substance(site: Site) -> None:
    library()
    publish(MEASURE)
    publish(OTHER)
    changed = MEASURE | {"description": "Quite another thing is meant by it now."}
    import_objects(changed, *without(changed), *LINKS[:1], release="2.0")
    marks = {
        e.one("h2").words: [m.words for m in e.all(css="status")] for e in listing(site).entries
    }
    assert marks == {"M1001: Other": [], "M1000: Measure": ["Must be reviewed"]}


def test_a_take_for_a_newer_release_than_is_shown_says_so(site: Site) -> None:
    library()
    changed = MEASURE | {"description": "Quite another thing is meant by it now."}
    import_objects(changed, *without(MEASURE), LINKS[0], release="2.0")
    publish(changed)
    undo("the test")
    assert entry(site).one(css="status").words == "For a newer release"
    (row,) = rows(brief_part(site, "material"))
    assert row[1:3] == ["not yet in 1.0, which is shown: description edited", "2.0"]


def test_a_take_on_a_revoked_object_leads_to_that_object(site: Site) -> None:
    library()
    publish(MEASURE)
    revoked = MEASURE | {"revoked": True}
    import_objects(
        *without(MEASURE), revoked, relationship("revoked-by", revoked, OTHER), release="2.0"
    )
    shown = entry(site)
    assert [m.words for m in shown.all(css="status")] == ["Revoked", "Move or retire"]
    href = shown.one("h2").one("a")["href"]
    assert href == f"{LIBRARY}/mitigations/M1000?redirect=no&view=executive"
    assert "What it means." in site.page(href).one("section", id="take").words


def test_takes_on_objects_that_the_release_does_not_hold_are_counted_not_listed(
    site: Site,
) -> None:
    library()
    publish(MEASURE)
    publish(OTHER)
    import_objects(*without(MEASURE), release="2.0")
    shown = listing(site)
    assert shown.ids == ["M1001"]
    assert shown.count == "1 Take 1 more is on an object that the release shown does not hold"
    brief = site.page(BRIEF)
    assert "1 more Take is on an object that the release shown does not hold." in brief.words


def test_an_id_that_two_objects_have_leads_to_each(site: Site) -> None:
    dead = attack_object(
        "malware",
        "S0017",
        "Ekans",
        x_mitre_deprecated=True,
        id="malware--" + "1" * 8 + "-1111-4111-8111-111111111111",
    )
    live = attack_object("malware", "S0017", "Biscuit")
    import_objects(dead, live)
    publish(dead)
    publish(live)
    for shown in listing(site).entries:
        link = shown.one("h2").one("a")
        page, _ = site.follow(link["href"])
        assert page.one("h1").words in link.words


def test_a_take_on_an_object_of_an_unknown_type_is_listed(site: Site) -> None:
    novelty = stix_object("x-mitre-novelty", "A novelty")
    library(novelty)
    publish(novelty)
    shown = entry(site)
    assert shown.one("h2").words == "A novelty"
    site.page(shown.one("h2").one("a")["href"])


def test_the_list_is_empty_in_an_empty_library(site: Site) -> None:
    assert listing(site).count == "0 Takes"
    assert "No Take has been published" in site.page(BRIEF).words


def test_takes_are_in_the_navigation_and_on_the_home_page(site: Site) -> None:
    library()
    home = site.page(LIBRARY)
    assert reverse("analysis:takes") == TAKES
    assert TAKES in [a["href"] for a in home.one("nav", **{"aria-label": "Library"}).all("a")]
    assert TAKES in [a["href"] for a in home.one(css="doors").all("a")]
    assert BRIEF in [a["href"] for a in site.page(TAKES).all("a")]
    current = (
        site.page(TAKES)
        .one("nav", **{"aria-label": "Library"})
        .one("a", **{"aria-current": "true"})
    )
    assert current.words == "Takes"


def test_publishing_changes_the_tag_of_the_list_and_of_the_brief(site: Site) -> None:
    library()
    publish(MEASURE)
    for path in (TAKES, BRIEF):
        tag = site.get(path)["ETag"]
        assert site.get(path, **{"If-None-Match": tag}).status_code == 304
        publish(MEASURE, summary="Again.")
        answer = site.get(path, **{"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer["ETag"] != tag


@pytest.mark.parametrize(
    ("path", "cost"), [(TAKES, 1), (f"{TAKES}?q=means&tactic=TA0001", 1), (BRIEF, 2)]
)
def test_pages_cost_the_same_however_many_takes_there_are(
    site: Site, path: str, cost: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    measures = many(30)
    links = [relationship("mitigates", made, ONE) for made in measures]
    import_objects(*measures, FIRST, ONE, *links)
    for made in measures:
        publish(made)
        if made in (measures[0], measures[-1]):
            site.get(path)
            with django_assert_num_queries(cost):
                site.get(path)


# The release brief.


def brief_part(site: Site, part: str) -> Element:
    return site.page(BRIEF).one("section", id=part)


def rows(part: Element) -> list[list[str]]:
    return [
        [cell.words for cell in row.content if isinstance(cell, Element)]
        for row in part.all("tr", css="row")
    ]


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
    assert "One Take reads as it did" in untouched.words
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


# Tactics.


def test_objects_of_every_kind_serve_the_tactics_of_their_techniques() -> None:
    component = attack_object("x-mitre-data-component", "DC0001", "Component")
    source = attack_object("x-mitre-data-source", "DS0001", "Source")
    old = attack_object(
        "x-mitre-data-component", "DC0002", "Old", x_mitre_data_source_ref=source["id"]
    )
    analytic = attack_object(
        "x-mitre-analytic",
        "AN0001",
        "Analytic",
        x_mitre_log_source_references=[
            {"x_mitre_data_component_ref": component["id"], "name": "n", "channel": "c"}
        ],
    )
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Strategy", x_mitre_analytic_refs=[analytic["id"]]
    )
    kit = attack_object("tool", "S0001", "Kit")
    spree = attack_object("campaign", "C0001", "Spree")
    asset = attack_object("x-mitre-asset", "A0001", "Asset")
    library(
        *(component, source, old, analytic, strategy, kit, spree, asset),
        relationship("detects", strategy, ONE),
        relationship("detects", old, ONE),
        relationship("uses", kit, ONE),
        relationship("uses", spree, ONE),
        relationship("targets", ONE, asset),
    )
    landscape = landscape_of(current_shelf().snapshot_ids)
    served = (FIRST, ONE, MEASURE, strategy, analytic, component, old, source, kit, spree, asset)
    for made in (*served, SECOND, TWO, OTHER, CREW):
        key = StixObject.objects.get(stix_id=made["id"]).pk
        assert serves(landscape, key, "TA0001") == (made in served), made["name"]
        assert serves(landscape, key, "TA0002") == (made not in served), made["name"]


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
    assert "1 that already take the release’s changes into account and 1 untouched" in page.words


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
    told = "Enterprise: domain mobile-attack added; Mobile: 1 technique added"
    assert row[1:] == [told, "1.0, 1.5", "Moderate"]
