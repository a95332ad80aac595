"""Derived Takes: what they say of themselves, and what their figures lead to."""

import pytest

from tests.analysis.small_library import (
    BESIDE,
    CREW,
    FIRST,
    HEAD,
    OWN,
    PAGE,
    PLACES,
    SUB,
    detection,
    library,
    meets,
    take,
    uses,
)
from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db


def test_take_says_that_it_is_derived_and_not_rated(site: Site) -> None:
    library(relationship("mitigates", OWN, HEAD))
    said = take(site.page(PAGE))
    assert "Derived from ATT&CK relationships; not written or reviewed by an analyst." in said
    assert "Confidence: not rated." in said


def test_take_says_so_when_its_figures_are_those_of_the_sample(site: Site) -> None:
    import_objects(*PLACES, OWN, release="sample-1")
    said = take(site.page(PAGE))
    assert "its figures are not ATT&CK’s" in said
    assert "Derived from ATT&CK relationships" not in said


def test_every_figure_leads_to_the_objects_it_counts(site: Site) -> None:
    library(
        *detection(),
        *(relationship("mitigates", OWN, each) for each in (HEAD, SUB)),
        relationship("uses", CREW, HEAD),
    )
    evidence = site.page(f"{PAGE}/evidence")
    figures = [
        link
        for link in site.page(PAGE).one(id="take").all("a")
        if link["href"].startswith(f"{PAGE}/evidence#")
    ]
    assert len(figures) > 5
    for link in figures:
        section = evidence.one("section", id=link["href"].partition("#")[2])
        count = len(section.all("li"))
        words = {"the": 1, "both": 2}
        first = next(word for word in link.words.split() if word.isdigit() or word in words)
        assert count == (words[first] if first in words else int(first)), link.words
        assert section.one(css="figure").words == str(count)


def test_what_is_not_named_is_linked_and_counted(site: Site) -> None:
    ways = [
        technique(f"T{2000 + n}", f"Way {n}", (f"s{n}",), x_mitre_platforms=[f"P{n}"])
        for n in range(7)
    ]
    stages = [tactic(f"TA10{n:02}", f"Stage {n}", f"s{n}") for n in range(14)]
    third = technique("T1002", "Third", ("first",))
    library(
        third, *ways, *stages, *meets(OWN, *ways, HEAD), *meets(BESIDE, HEAD), *uses(CREW, HEAD)
    )
    page = site.page(PAGE)
    said = take(page)
    assert "lists: Way 0, Way 1, Way 2, Way 3 and 3 more." in said
    assert "What it addresses is spread evenly over 8 tactics." in said
    assert "It has nothing in 8 of 16 tactics." in said
    assert "P6 (1) and Windows (1)." in said
    evidence = site.page(f"{PAGE}/evidence")
    counted = {"3 more": 3, "8 tactics": 8, "8 of 16 tactics": 8, "1 group": 1}
    counted["1 other mitigation"] = 1
    for words, count in counted.items():
        link = next(a for a in page.one(id="take").all("a") if a.words == words)
        target = evidence.one("section", id=link["href"].partition("#")[2])
        assert len(target.all("li")) == count, words
    head = site.page(f"{LIBRARY}/techniques/T1000")
    (others,) = [a for a in head.one(id="take").all("a") if a.words == "2 other techniques"]
    assert others["href"].startswith(f"{LIBRARY}/techniques/T1000/evidence#")


def test_evidence_is_that_of_a_pinned_release(site: Site) -> None:
    library(relationship("mitigates", OWN, HEAD))
    import_objects(*PLACES, OWN, release="2.0")
    pinned = f"{LIBRARY}/v/1.0/mitigations/M1000"
    assert "Measure addresses 1 technique" in take(site.page(pinned))
    assert "no technique for Measure" in take(site.page(PAGE))
    page = site.page(f"{pinned}/evidence")
    links = [a["href"] for a in page.one("main").all("a") if "/techniques/" in a["href"]]
    assert links
    assert all(link.startswith(f"{LIBRARY}/v/1.0/") for link in links)


def test_no_take_is_derived_for_what_is_revoked_or_of_unknown_kind(site: Site) -> None:
    gone = mitigation("M1900", "Gone", x_mitre_deprecated=True)
    novelty = stix_object("x-new-kind", "Thing")
    library(gone, novelty)
    for path in (f"{MITIGATIONS}/M1900", f"{LIBRARY}/objects/{novelty['id']}"):
        assert "There is no Take on" in take(site.page(path))
        assert "The Take states no figure." in site.page(f"{path}/evidence").one("main").words
    site.page(f"{MITIGATIONS}/M9999/evidence", 404)
    site.page(f"{LIBRARY}/objects/x--y/evidence", 404)


def test_hostile_names_stay_text_in_a_take(site: Site) -> None:
    bad = '<script>alert("1")</script> & {{ 7*7 }}'
    own = mitigation("M1000", bad)
    head = technique("T1000", bad, ("first",), x_mitre_platforms=[bad])
    import_objects(FIRST, own, head, relationship("mitigates", own, head))
    page = site.page(PAGE)
    assert f"{bad} addresses 1 technique" in take(page)
    assert not page.one(id="take").has("script")
    assert bad in site.page(f"{PAGE}/evidence").one("main").words


def test_what_is_withdrawn_says_why_it_has_no_take_and_what_replaced_it(site: Site) -> None:
    old = mitigation("M1900", "Old", x_mitre_deprecated=True)
    former = attack_object("intrusion-set", "G0900", "Former", revoked=True)
    lost = attack_object("intrusion-set", "G0901", "Lost", revoked=True)
    library(old, former, lost, relationship("revoked-by", former, CREW))
    assert (
        "There is no Take on M1900, since MITRE has deprecated it; no object is recorded as"
        " replacing it." in take(site.page(f"{MITIGATIONS}/M1900"))
    )
    page = site.page(f"{LIBRARY}/groups/G0900?redirect=no")
    assert "on G0900, since MITRE has revoked it in favour of G0001 Crew." in take(page)
    (link,) = (a for a in page.one(id="take").all("a") if a.words == "G0001 Crew")
    assert link["href"] == f"{LIBRARY}/groups/G0001"
    alone = take(site.page(f"{LIBRARY}/groups/G0901?redirect=no"))
    assert "since MITRE has revoked it; no object is recorded as replacing it." in alone
