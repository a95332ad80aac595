"""The list of Takes: what it shows, in which order, and at what cost."""

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from analysis.models import ActKind
from analysis.workflow import act
from tests.analysis.takes_pages import (
    BRIEF,
    CREW,
    FIRST,
    MEASURE,
    ONE,
    OTHER,
    TAKES,
    entry,
    library,
    listing,
)
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
)
from tests.library.pages import LIBRARY, PARTIAL, Listing, Site
from tests.takes import draft, member, publish

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert(1)</script> "quoted" <b>bold</b> [x](javascript:alert(2)) & ampersand'


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
