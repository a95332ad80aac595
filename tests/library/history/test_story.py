"""The page of a history: what changed from release to release, newest first."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_id,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

MEASURE = mitigation("M1000", "Alpha")
THING, OTHER = technique("T1000", "Thing"), technique("T1001", "Other thing")
BAND = attack_object("intrusion-set", "G1000", "Band")
HISTORY = f"{MITIGATIONS}/M1000/history"
MOST_QUERIES = 8


def passages(page: Element, domain: str = "enterprise") -> list[Element]:
    """What is told of a domain, release by release."""
    (section,) = page.all("section", **{"aria-labelledby": f"chapter-{domain}"})
    return [part for part in section.one("ol").content if isinstance(part, Element)]


def heads(page: Element, domain: str = "enterprise") -> list[str]:
    """The releases of each passage."""
    return [
        (passage.all("h3") or passage.all(css="passage-releases"))[0].words.rstrip(":")
        for passage in passages(page, domain)
    ]


def test_changes_are_told_newest_first_each_with_a_link_to_the_comparison(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(MEASURE | {"name": "Beta"}, release="2.0")
    import_objects(MEASURE | {"name": "Beta", "description": "Other."}, release="3.0")
    page = site.page(HISTORY)
    assert heads(page) == ["2.0 to 3.0", "1.0 to 2.0", "1.0"]
    newest, older, first = passages(page)
    assert newest.one("strong").words == "Description edited"
    assert older.one("strong").words == "Renamed from “Alpha”"
    assert first.words.startswith("1.0: The earliest release held of Enterprise has it")
    assert newest.one("p", css="actions").one("a")["href"] == (
        f"{HISTORY}?from=2.0&to=3.0&domain=enterprise"
    )


def test_links_are_told_with_the_names_of_what_came_and_went(site: Site) -> None:
    does = relationship("mitigates", MEASURE, THING, "Do.")
    also = relationship("mitigates", MEASURE, OTHER, "Do.")
    import_objects(MEASURE, THING, OTHER, does, release="1.0")
    import_objects(MEASURE, THING, OTHER, does, also, release="2.0")
    edited = does | {"description": "Do it well."}
    import_objects(MEASURE, THING, OTHER, edited, release="3.0")
    newest, older, _ = passages(site.page(HISTORY))
    assert [entry.words for entry in newest.all("li")] == [
        "1 technique removed: T1001 Other thing",
        "Note on 1 technique edited: T1000 Thing",
    ]
    removed, kept = newest.all("a", href=f"{LIBRARY}/v/2.0/techniques/T1001"), newest.all("a")
    assert len(removed) == 1
    assert f"{LIBRARY}/techniques/T1000" in [link["href"] for link in kept]
    assert older.one("li").words == "1 technique added: T1001 Other thing"


def test_links_that_properties_carry_are_told_too(site: Site) -> None:
    analytic = attack_object("x-mitre-analytic", "AN1000", "Analytic 1000")
    strategy = attack_object("x-mitre-detection-strategy", "DET1000", "Strategy")
    import_objects(strategy, analytic, release="1.0")
    import_objects(strategy | {"x_mitre_analytic_refs": [analytic["id"]]}, analytic, release="2.0")
    page = site.page(f"{LIBRARY}/detection-strategies/DET1000/history")
    assert passages(page)[0].one("li").words == "1 analytic added: AN1000 Analytic 1000"


def test_a_renamed_tactic_is_told_as_renamed(site: Site) -> None:
    old = tactic("TA1000", "Impact", "impact")
    import_objects(technique("T1000", "Thing", ("impact",)), old, release="1.0")
    new = old | {"name": "Harm", "x_mitre_shortname": "harm"}
    import_objects(technique("T1000", "Thing", ("harm",)), new, release="2.0")
    newest, _ = passages(site.page(f"{LIBRARY}/techniques/T1000/history"))
    assert newest.one("li").words == "Tactic “Impact” renamed “Harm”"


def test_releases_in_which_nothing_changed_are_folded(site: Site) -> None:
    for number in ("1.0", "2.0", "3.0"):
        import_objects(MEASURE, release=number)
    import_objects(MEASURE | {"name": "Beta"}, release="4.0")
    page = site.page(HISTORY)
    assert heads(page) == ["3.0 to 4.0", "1.0 to 3.0", "1.0"]
    folded = passages(page)[1].one("details")
    assert folded.one("summary").words == "1.0 to 3.0: nothing changed, in 2 releases"
    assert len(folded.all("a")) == 2


def test_a_change_without_substance_is_labelled_and_counted(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    noise = {"modified": "2030-01-01T00:00:00.000Z", "revoked": False, "x_mitre_version": "9.9"}
    import_objects(MEASURE | noise, release="2.0")
    newest, _ = passages(site.page(HISTORY))
    assert newest.words == ("1.0 to 2.0: no change in substance: 3 fields differ in form alone")


def test_a_relationship_that_differs_in_form_is_counted_as_such(site: Site) -> None:
    does = relationship("mitigates", MEASURE, THING, "Do.")
    import_objects(MEASURE, THING, does, release="1.0")
    import_objects(MEASURE, THING, does | {"x_mitre_version": "2.0"}, release="2.0")
    newest, _ = passages(site.page(HISTORY))
    assert newest.words.endswith("1 relationship differs in form alone")


def test_absence_and_return_are_said(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    for number in ("2.0", "3.0"):
        import_objects(mitigation("M1001", "Beside"), release=number)
    import_objects(MEASURE, release="4.0")
    told = [passage.words for passage in passages(site.page(HISTORY))]
    assert told[0] == "3.0 to 4.0: held again"
    assert told[1] == "2.0 to 3.0: not held"
    assert told[2] == "1.0 to 2.0: no longer held"


def test_each_domain_has_its_own_part(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(MEASURE | {"name": "Beta"}, release="2.0")
    import_objects(MEASURE, domain="mobile", release="1.0")
    import_objects(MEASURE, domain="mobile", release="3.0")
    page = site.page(HISTORY)
    assert heads(page) == ["1.0 to 2.0", "1.0"]
    assert heads(page, "mobile") == ["1.0 to 3.0", "1.0"]


def test_what_has_replaced_the_object_says_so_when_it_is_deprecated_itself(site: Site) -> None:
    old, end = mitigation("M1001", "Old"), MEASURE | {"x_mitre_deprecated": True}
    import_objects(old, MEASURE, release="1.0")
    dead = old | {"revoked": True}
    import_objects(dead, end, relationship("revoked-by", dead, end), release="2.0")
    page = site.page(f"{MITIGATIONS}/M1001/history")
    notice = page.one(css="replaced-by").words
    assert notice == "Revoked by M1000 Alpha (deprecated itself), says 2.0 of Enterprise."
    feed = site.client.get(f"{MITIGATIONS}/M1001/atom").content.decode()
    assert "now revoked, in favour of M1000 Alpha (deprecated)" in feed


def test_what_has_replaced_the_object_is_named(site: Site) -> None:
    old = mitigation("M1001", "Old")
    import_objects(old, MEASURE, release="1.0")
    dead = old | {"revoked": True}
    import_objects(dead, MEASURE, relationship("revoked-by", dead, MEASURE), release="2.0")
    page = site.page(f"{MITIGATIONS}/M1001/history")
    notice = page.one(css="replaced-by")
    assert notice.words == "Revoked by M1000 Alpha, says 2.0 of Enterprise."
    assert notice.one("a")["href"] == f"{MITIGATIONS}/M1000"
    assert passages(page)[0].one("strong").words == "Now revoked"


@pytest.mark.parametrize("state", [{"revoked": True}, {"x_mitre_deprecated": True}])
def test_it_never_leads_on_to_another_object(site: Site, state: Properties) -> None:
    old = mitigation("M1001", "Old", **state)
    import_objects(old, MEASURE, relationship("revoked-by", old, MEASURE), release="1.0")
    for path in (f"{MITIGATIONS}/M1001/history", f"{LIBRARY}/objects/{old['id']}/history"):
        assert site.page(path).one("h1").words.startswith("M1001: Old")


def test_an_id_in_lower_case_leads_to_the_upper_one_with_its_query(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    lower = f"{MITIGATIONS}/m1000/history?before=1.0"
    assert site.moves(lower, status=301) == f"{HISTORY}?before=1.0"
    assert site.get(f"{MITIGATIONS}/m9999/history").status_code == 404


def test_what_only_an_older_release_holds_has_a_history_by_both_ids(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(mitigation("M1001", "Beside"), release="2.0")
    for path in (HISTORY, f"{LIBRARY}/objects/{MEASURE['id']}/history"):
        page = site.page(path)
        assert "it was last held in 1.0" in page.one("header", css="page-head").words
        own = page.one("header", css="page-head").one("p", css="actions").one("a")["href"]
        assert own == f"{LIBRARY}/v/1.0/mitigations/M1000"
        assert site.page(own).one("h1").words == "M1000: Alpha"


def test_an_id_that_an_object_had_before_tells_which_it_has_now(site: Site) -> None:
    numbered = mitigation("M1009", "Alpha", id=MEASURE["id"])
    import_objects(MEASURE, release="1.0")
    import_objects(numbered, release="2.0")
    page = site.page(HISTORY)
    head = page.one("header", css="page-head")
    assert "M1000 is what MITRE called this mitigation before; its ID is now M1009." in head.words
    assert "does not hold" not in head.words
    assert head.one("p", css="notice").one("a")["href"] == f"{MITIGATIONS}/M1009"
    assert "ATT&CK ID changed from M1000 to M1009" in passages(page)[0].words
    compared = site.page(f"{HISTORY}?from=1.0&to=2.0").one("header", css="page-head").words
    assert "its ID is now M1009" in compared
    now = site.page(f"{MITIGATIONS}/M1009/history").one("header", css="page-head").words
    assert "before" not in now
    assert site.moves(f"{MITIGATIONS}/M1000/atom", status=302) == f"{MITIGATIONS}/M1009/atom"
    assert site.get(f"{MITIGATIONS}/M9999/atom").status_code == 404


def test_an_id_means_what_has_it_now(site: Site) -> None:
    twin = mitigation("M1000", "Twin", id=stix_id("course-of-action", "twin"))
    import_objects(twin, release="1.0")
    import_objects(MEASURE, twin | {"x_mitre_deprecated": True}, release="2.0")
    page = site.page(HISTORY)
    assert page.one("h1").words.startswith("M1000: Alpha")
    other = f"{LIBRARY}/objects/{twin['id']}/history"
    assert other in [link["href"] for link in page.one("header", css="page-head").all("a")]
    assert site.page(other).one("h1").words.startswith("M1000: Twin")


def test_a_history_stands_below_no_release(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    assert site.moves(f"{LIBRARY}/v/1.0/mitigations/M1000/history", status=301) == HISTORY
    assert "/v/1.0" not in site.page(HISTORY).one(id="citation").words


def test_earlier_releases_are_on_pages_of_their_own(site: Site) -> None:
    for number in range(1, 31):
        import_objects(MEASURE | {"name": f"Name {number}"}, release=f"{number}.0")
    told, path = [], HISTORY
    for _ in range(5):
        page = site.page(path)
        told += heads(page)
        onward = page.all("a", rel="next")
        if not onward:
            break
        path = onward[0]["href"]
    assert told == [*(f"{n - 1}.0 to {n}.0" for n in range(30, 1, -1)), "1.0"]


def test_it_costs_the_same_however_many_releases_and_links(
    site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number in range(1, 17):
        others = [technique(f"T1{n:03}", f"N {number}") for n in range(number)]
        links = [relationship("mitigates", MEASURE, found, f"In {number}.") for found in others]
        given = MEASURE | {"name": f"Name {number}"}
        import_objects(given, *others, *links, release=f"{number}.0")
        if number in {2, 3, 16}:
            site.get(HISTORY)
            with CaptureQueriesContext(connection) as queries:
                site.page(HISTORY)
            counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= MOST_QUERIES
    with django_assert_max_num_queries(MOST_QUERIES + 2):
        site.page(f"{HISTORY}?from=1.0&to=16.0")


def test_a_release_that_edits_everything_leaves_the_rest_to_the_next_page(site: Site) -> None:
    others = [technique(f"T1{n:03}", f"N {n}") for n in range(90)]
    for number in (1, 2, 3):
        links = [relationship("mitigates", MEASURE, found, f"In {number}.") for found in others]
        import_objects(MEASURE, *others, *links, release=f"{number}.0")
    page = site.page(HISTORY)
    assert heads(page) == ["2.0 to 3.0"]
    assert heads(site.page(page.one("a", rel="next")["href"])) == ["1.0 to 2.0", "1.0"]


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    import_objects(MEASURE, release="1.0")
    first = site.get(HISTORY)
    again = {"If-None-Match": first["ETag"]}
    assert site.get(HISTORY, **again).status_code == 304
    import_objects(MEASURE, release="2.0", make_current=False)
    assert site.get(HISTORY, **again).status_code == 200
