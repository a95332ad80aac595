"""Derived Takes: what they say of small libraries, each figure with what it counts."""

import pytest

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
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
FIRST, SECOND = tactic("TA0001", "First", "first"), tactic("TA0002", "Second", "second")
HEAD = technique("T1000", "Head", ("first",), x_mitre_platforms=["Linux", "Windows"])
SUB = technique("T1000.001", "Sub", ("first",), x_mitre_platforms=["Linux"])
OTHER = technique("T1001", "Other", ("first", "second"))
OWN, BESIDE = mitigation("M1000", "Measure"), mitigation("M1001", "Beside")
CREW = attack_object("intrusion-set", "G0001", "Crew")
KIT = attack_object("tool", "S0001", "Kit")
PLACES = [FIRST, SECOND, HEAD, SUB, OTHER, relationship("subtechnique-of", SUB, HEAD)]


def take(page: Element) -> str:
    """The words of the Take on a page."""
    return page.one("section", id="take").words


def library(*more: Properties) -> None:
    import_objects(*PLACES, OWN, BESIDE, CREW, KIT, *more)


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


def test_mitigation_says_what_it_addresses_and_where(site: Site) -> None:
    addressed = [relationship("mitigates", OWN, found) for found in (HEAD, SUB)]
    library(*addressed, relationship("mitigates", BESIDE, HEAD), relationship("uses", CREW, HEAD))
    said = take(site.page(PAGE))
    assert (
        "Measure addresses 2 techniques (1 technique and 1 sub-technique) in 1 of 2 tactics."
        in (said)
    )
    assert "Its weight is in First, where it addresses 2 of 3." in said
    assert "ATT&CK records 1 group using at least one of these techniques." in said
    assert "For 1 of 2 techniques it is the only mitigation ATT&CK lists: Sub." in said
    assert "names no other that prevents it" in said
    assert "Linux (2), Windows (1)" in said.replace(" and ", ", ")
    assert "It has nothing in Second." in said
    assert "T1000 Head (1 group); 1 other mitigation" in said


def test_mitigation_says_so_when_it_addresses_nothing(site: Site) -> None:
    library()
    said = take(site.page(PAGE))
    assert "ATT&CK lists no technique for Measure in this release" in said
    assert not site.page(PAGE).one(id="take").has("h3")


def test_what_is_revoked_is_not_counted(site: Site) -> None:
    gone = technique("T1002", "Gone", ("first",), revoked=True)
    library(
        gone,
        relationship("mitigates", OWN, HEAD),
        relationship("mitigates", OWN, gone),
        relationship("mitigates", OWN, OTHER, revoked=True),
    )
    assert "Measure addresses 1 technique in" in take(site.page(PAGE))


def test_technique_says_who_uses_it_and_how_it_stands_among_its_peers(site: Site) -> None:
    second = attack_object("intrusion-set", "G0002", "Band")
    library(
        second,
        *(relationship("uses", user, HEAD) for user in (CREW, second, KIT)),
        relationship("uses", CREW, OTHER),
        relationship("mitigates", OWN, HEAD),
    )
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "Head serves First on Linux and Windows." in said
    assert "ATT&CK records 2 groups and 1 piece of software using it." in said
    assert "None of the 2 other techniques under First is used by more groups or software." in said
    assert "ATT&CK lists one mitigation for it: Measure." in said
    other = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert "Of the 2 other techniques under First, 1 is used by more groups." in other
    assert "under Second" not in other  # Where it has no peers.
    assert "No mitigation is listed in this release." in other
    assert "Sub, a sub-technique of Head, serves First" in take(
        site.page(f"{LIBRARY}/techniques/T1000.001")
    )


def test_group_says_what_would_meet_it_and_when_evidence_is_thin(site: Site) -> None:
    library(
        relationship("uses", CREW, HEAD),
        relationship("uses", CREW, KIT),
        relationship("mitigates", OWN, HEAD),
    )
    said = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "Crew is recorded using 1 technique in 1 of 2 tactics." in said
    assert "It is recorded using 1 piece of software." in said
    assert "For the only technique it uses, ATT&CK lists Measure." in said
    assert "The evidence is thin" in said
    assert "ATT&CK records no technique used by Kit" in take(site.page(f"{LIBRARY}/software/S0001"))


NONE_HELPS = mitigation("M1055", "Do Not Mitigate")
BEFORE = mitigation("M1056", "Pre-compromise")


def test_what_says_that_nothing_helps_is_no_mitigation(site: Site) -> None:
    library(
        NONE_HELPS,
        *meets(NONE_HELPS, HEAD),
        *meets(OWN, SUB),
        *uses(CREW, HEAD, SUB),
        *uses(KIT, HEAD),
    )
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "In place of a mitigation ATT&CK lists Do Not Mitigate: prevention may do more" in head
    assert "in place on every system" not in head
    assert "Mitigation priorities" not in head
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "MITRE says of 1 of 2 techniques that prevention does little, or harm: Head." in crew
    assert "no mitigation is listed" not in crew
    assert "Do Not Mitigate" not in crew
    kit = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "MITRE says of the only technique that prevention does little, or harm: Head." in kit
    own = take(site.page(f"{MITIGATIONS}/M1055"))
    assert "is no measure: MITRE lists it for 1 technique to say that prevention may do" in own
    assert "There is nothing to put in place. Ask how it would be noticed, and how soon." in own
    assert "Where this control is weak" not in own
    assert "Do Not Mitigate" not in take(site.page(f"{LIBRARY}/tactics/TA0001"))


def test_what_is_done_before_an_intrusion_is_not_asked_of_every_system(site: Site) -> None:
    library(BEFORE, *meets(BEFORE, HEAD, SUB), *meets(OWN, SUB), *uses(CREW, HEAD, SUB))
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "no mitigation for it but Pre-compromise, since it happens before an intrusion" in head
    assert "on every system" not in head
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "For 1 of 2 techniques, which happens before an intrusion and outside a" in crew
    assert "M1056" not in crew
    own = take(site.page(f"{MITIGATIONS}/M1056"))
    assert "For 1 of 2 techniques it is the only mitigation ATT&CK lists. What it is" in own
    assert "Where this control is weak" not in own


@pytest.mark.parametrize(
    ("before", "own", "beside", "said"),
    [
        (4, 1, 1, "No mitigation that can be put in place meets more than one of its techniques."),
        (4, 2, 1, "Measure meets 2 of 7 techniques, more than any other."),
        (5, 2, 2, "those that meet most are Measure (2 of 7) and Beside (2 of 7)."),
        (5, 2, 0, "Measure is the only mitigation that can be put in place for any of it: for 2 "),
        (3, 4, 1, "Of the mitigations that can be put in place, Measure meets most of what it use"),
    ],
)
def test_no_mitigation_is_said_to_meet_more_than_pre_compromise_does(
    site: Site, before: int, own: int, beside: int, said: str
) -> None:
    ways = many(7)
    met = meets(OWN, *ways[:own]) + meets(BESIDE, *ways[:beside])
    library(BEFORE, *ways, *uses(CREW, *ways), *met, *meets(BEFORE, *ways[-before:]))
    shown = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert said in shown
    assert "that can be put in place" in shown
    assert "ATT&CK lists meets" not in shown
    assert f"For {before} of 7 techniques, which happen before an intrusion" in shown


def test_what_is_listed_beside_a_mitigation_is_told_when_it_is_pre_compromise(site: Site) -> None:
    library(BEFORE, *meets(BEFORE, HEAD, SUB), *meets(OWN, HEAD), *uses(CREW, HEAD))
    one_of_several = "For that technique ATT&CK lists Pre-compromise as well"
    assert one_of_several in take(site.page(PAGE))
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "For the only technique it uses, ATT&CK lists Measure and Pre-compromise." in crew


def detection() -> list[Properties]:
    """A strategy with an analytic that reads two logs of one component."""
    component = attack_object("x-mitre-data-component", "DC0001", "Process Start")
    logs = [
        {"x_mitre_data_component_ref": component["id"], "name": name, "channel": "c"}
        for name in ("Sysmon", "auditd")
    ]
    analytic = attack_object(
        "x-mitre-analytic",
        "AN0001",
        "Analytic 0001",
        x_mitre_log_source_references=logs,
        x_mitre_platforms=["Linux"],
    )
    strategy = attack_object(
        "x-mitre-detection-strategy",
        "DET0001",
        "Notice it",
        x_mitre_analytic_refs=[analytic["id"]],
    )
    return [component, analytic, strategy, relationship("detects", strategy, HEAD)]


def test_likely_telemetry_is_that_of_the_analytics(site: Site) -> None:
    library(*detection(), *(relationship("mitigates", OWN, each) for each in (HEAD, SUB)))
    said = take(site.page(PAGE))
    assert "Process Start: read by the only analytic" in said
    assert "Logs, by the analytics that read them: Sysmon (1) and auditd (1)" in said
    assert "1 detection strategy with 1 analytic is listed for the techniques it addresses." in said
    assert "For 1 of 2 techniques no detection strategy is listed: Sub." in said


def test_what_detects_says_what_it_needs_and_what_it_is_for(site: Site) -> None:
    library(*detection())
    strategy = take(site.page(f"{LIBRARY}/detection-strategies/DET0001"))
    assert "Notice it is ATT&CK’s detection strategy for Head: 1 analytic, for Linux." in strategy
    assert "Check first that data on Process Start are collected" in strategy
    component = take(site.page(f"{LIBRARY}/data-components/DC0001"))
    assert "Process Start helps to notice 1 technique in 1 of 2 tactics" in component
    assert "every analytic ATT&CK lists reads it: Head." in component
    assert "Analytic 0001 looks for Head on Linux." in take(
        site.page(f"{LIBRARY}/analytics/AN0001")
    )


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
    library(*ways, *stages, *meets(OWN, *ways, HEAD), *meets(BESIDE, HEAD), *uses(CREW, HEAD))
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


def test_take_says_what_the_release_changed_since_the_one_before(site: Site) -> None:
    stage = tactic("TA0002", "Execution", "execution")
    shell = technique("T1059", "Shell", ("execution",))
    measure = mitigation("M1000", "Measure")
    import_objects(stage, shell, release="1.0")
    import_objects(stage, shell, measure, relationship("mitigates", measure, shell), release="2.0")
    take = site.page(f"{LIBRARY}/techniques/T1059").one(id="take")
    assert "Changed from 1.0 to 2.0: 1 mitigation added." in take.words
    assert "New since 1.0, which did not have it." in (
        site.page(f"{LIBRARY}/mitigations/M1000").one(id="take").words
    )
    old = site.page(f"{LIBRARY}/v/1.0/techniques/T1059").one(id="take").words
    assert "Changed" not in old
    assert "Changed" not in site.page(f"{LIBRARY}/tactics/TA0002").one(id="take").words


def noticed(*techniques: Properties, by: Properties) -> list[Properties]:
    """A strategy for techniques whose only analytic reads a component, as since 18.0."""
    reads = analytic(1, by)
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice it", x_mitre_analytic_refs=[reads["id"]]
    )
    return [reads, strategy, *(relationship("detects", strategy, each) for each in techniques)]


def test_what_a_component_notices_is_compared_whatever_links_lead_there(site: Site) -> None:
    direct = [relationship("detects", API, found) for found in (HEAD, SUB)]
    import_objects(*PLACES, API, *direct, release="1.0")
    import_objects(*PLACES, API, *noticed(HEAD, OTHER, by=API), release="2.0")
    component = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "API Calls helps to notice 2 techniques" in component
    assert "1.0 to 2.0: 1 technique added, 1 technique removed, 1 analytic added" in component
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "Changed from 1.0 to 2.0: 1 detection strategy added." in head
    sub = take(site.page(f"{LIBRARY}/techniques/T1000.001"))
    assert "Changed from 1.0 to 2.0: 1 data component removed." in sub
    other = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert "Changed from 1.0 to 2.0: 1 detection strategy added." in other


def test_a_component_that_notices_the_same_by_other_links_lost_no_technique(site: Site) -> None:
    import_objects(*PLACES, API, relationship("detects", API, HEAD), release="1.0")
    import_objects(*PLACES, API, *noticed(HEAD, by=API), release="2.0")
    component = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "Changed from 1.0 to 2.0: 1 analytic added" in component
    assert "removed" not in component


def test_what_changed_is_told_of_every_domain_that_holds_an_object(site: Site) -> None:
    domains = ["enterprise-attack", "mobile-attack"]
    crew = attack_object("intrusion-set", "G0001", "Crew", x_mitre_domains=domains)
    away = technique("T1600", "Away", (), "mobile")
    import_objects(*PLACES, crew, *uses(crew, HEAD), release="1.0")
    import_objects(away, crew, domain="mobile", release="1.0")
    import_objects(away, crew, *uses(crew, away), domain="mobile", release="2.0")
    page = f"{LIBRARY}/groups/G0001"
    assert "Changed in Mobile from 1.0 to 2.0: 1 technique added." in take(site.page(page))
    import_objects(*PLACES, crew, *uses(crew, SUB), release="2.0")
    assert (
        "Changed in Enterprise from 1.0 to 2.0: 1 technique added, 1 technique removed. Changed in"
        " Mobile from 1.0 to 2.0: 1 technique added." in take(site.page(page))
    )
    measure = mitigation("M1000", "Measure", x_mitre_domains=domains)
    import_objects(*PLACES, measure, release="3.0")
    import_objects(away, domain="mobile", release="3.0")
    import_objects(away, measure, domain="mobile", release="4.0")
    import_objects(*PLACES, measure, release="4.0")
    own = take(site.page(f"{MITIGATIONS}/M1000"))
    assert "New in Mobile since 3.0, which did not have it." in own
    assert "Enterprise since" not in own


def test_what_is_new_is_not_laid_to_a_release_that_may_not_have_brought_it(site: Site) -> None:
    import_objects(*PLACES, release="17.1")
    import_objects(*PLACES, OWN, release="18.1")  # 18.0, which lies between, is not held.
    said = take(site.page(f"{MITIGATIONS}/M1000"))
    assert "New since 17.1, which did not have it." in said
    assert "18.1" not in said.partition("New since")[2]


def many(count: int, first: int = 2000, stage: str = "first") -> list[Properties]:
    """Techniques of one tactic."""
    return [technique(f"T{first + n}", f"Way {first + n}", (stage,)) for n in range(count)]


def meets(measure: Properties, *techniques: Properties) -> list[Properties]:
    return [relationship("mitigates", measure, found) for found in techniques]


def uses(user: Properties, *techniques: Properties) -> list[Properties]:
    return [relationship("uses", user, found) for found in techniques]


@pytest.mark.parametrize(
    ("own", "beside", "said"),
    [
        (3, 1, "Of the mitigations ATT&CK lists, Measure meets most of what it uses: 3 of 5 tech"),
        (
            2,
            1,
            "No mitigation ATT&CK lists meets most of what it uses; Measure meets 2 of 5 technique",
        ),
        (2, 2, "uses; those that meet most are Measure (2 of 5) and Beside (2 of 5)."),
        (3, 3, "Each of these mitigations meets most of what it uses: Measure (3 of 5) and Besi"),
        (1, 1, "No mitigation ATT&CK lists meets more than one of its techniques."),
        (2, 0, "Measure is the only mitigation ATT&CK lists for any of it: for 2 of 5 techniques."),
    ],
)
def test_group_names_the_widest_mitigations_and_most_only_above_half(
    site: Site, own: int, beside: int, said: str
) -> None:
    ways = many(5)
    met = meets(OWN, *ways[:own]) + meets(BESIDE, *ways[:beside])
    library(*ways, *uses(CREW, *ways), *met)
    shown = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert said in shown
    assert ("meets most of what" in shown.replace("lists meets most", "")) is (own == 3)


def test_weight_is_where_most_techniques_are_and_not_where_the_share_is_largest(
    site: Site,
) -> None:
    large, small = many(40), many(2, 3000, "second")
    library(*large, *small, *uses(KIT, *large[:2], small[0]))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "Its weight is in First, where it uses 2 of 43, then in Second (1 of 3)." in said


@pytest.mark.parametrize("each", [1, 2])
def test_there_is_no_weight_where_all_tactics_have_equally_many(site: Site, each: int) -> None:
    large, small = many(5), many(2, 3000, "second")
    library(*large, *small, *uses(KIT, *large[:each], *small[:each]))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "weight" not in said
    assert f"It uses {each} of 3 in Second and {each} of 8 in First." in said


def test_tactics_of_one_name_have_their_domain_beside_them(site: Site) -> None:
    domains = ["enterprise-attack", "mobile-attack"]
    both = mitigation("M1000", "Measure", x_mitre_domains=domains)
    far = tactic("TA0027", "First", "first", "mobile")
    away = technique("T1600", "Away", ("first",), "mobile")
    import_objects(*PLACES, both, *meets(both, HEAD, SUB))
    import_objects(far, away, both, *meets(both, away), domain="mobile")
    said = take(site.page(PAGE))
    assert "in Enterprise First, where it addresses 2 of 3, then in Mobile First (" in said
    assert "It has nothing in Second." in said


def analytic(number: int, *components: Properties) -> Properties:
    logs = [
        {"x_mitre_data_component_ref": found["id"], "name": "Log", "channel": "c"}
        for found in components
    ]
    return attack_object(
        "x-mitre-analytic",
        f"AN{number:04}",
        f"Analytic {number:04}",
        x_mitre_log_source_references=logs,
    )


API = attack_object("x-mitre-data-component", "DC0021", "API Calls")
FILES = attack_object("x-mitre-data-component", "DC0022", "Files")


@pytest.mark.parametrize(
    ("analytics", "said"),
    [
        ([(API,), (FILES,)], "No data component feeds every analytic: check for each platform"),
        ([(API,), (API, FILES)], "data on API Calls are collected where it matters: every analyt"),
        ([(API, FILES)], "data on API Calls and Files are collected where it matters: the analyti"),
        ([(API,)], "data on API Calls are collected where it matters: without them the analytic"),
    ],
)
def test_strategy_says_which_components_its_analytics_need(
    site: Site, analytics: list[tuple[Properties, ...]], said: str
) -> None:
    made = [analytic(number, *read) for number, read in enumerate(analytics, 1)]
    strategy = attack_object(
        "x-mitre-detection-strategy",
        "DET0001",
        "Notice it",
        x_mitre_analytic_refs=[found["id"] for found in made],
    )
    detects = relationship("detects", strategy, HEAD)
    library(API, FILES, *made, strategy, detects, *uses(CREW, HEAD))
    shown = take(site.page(f"{LIBRARY}/detection-strategies/DET0001"))
    assert said in shown
    assert "nothing here fires" not in shown
    assert "ATT&CK records 1 group using that technique." in shown
    one = take(site.page(f"{LIBRARY}/analytics/AN0001"))
    assert "ATT&CK records 1 group using that technique." in one


def test_detection_of_releases_before_strategies_is_that_of_their_components(site: Site) -> None:
    seen = [relationship("detects", API, found) for found in (HEAD, SUB)]
    library(API, FILES, *seen, relationship("detects", FILES, HEAD), *meets(OWN, HEAD, SUB, OTHER))
    said = take(site.page(PAGE))
    assert said.index("API Calls: detects 2 of 3") < said.index("Files: detects 1 of 3 techniques")
    assert "2 data components are listed as detecting the techniques it addresses." in said
    assert "For 1 of 3 techniques no data component is listed: Other." in said
    assert "API Calls and Files between them detect 2 of 3 techniques: check first" in said
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "2 data components are listed as detecting it." in head
    other = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert "ATT&CK lists no data component for it." in other
    assert "on each technique’s page" in other
    assert "no detection strategy" not in said + head + other
    component = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "For 1 of 2 techniques it is the only data component ATT&CK lists: Sub." in component


def test_two_are_both_and_one_sub_technique_is_not_none_of_which(site: Site) -> None:
    library(API, FILES, *detection(), *meets(OWN, HEAD, SUB), *meets(BESIDE, HEAD, SUB))
    assert "most often Beside (both)" in take(site.page(PAGE))
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "It has 1 sub-technique, which nobody is recorded using." in head


def test_two_components_feed_the_only_analytic_without_between_them(site: Site) -> None:
    only = analytic(1, API, FILES)
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice it", x_mitre_analytic_refs=[only["id"]]
    )
    library(API, FILES, only, strategy, relationship("detects", strategy, HEAD))
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "API Calls and Files feed the only analytic: check first that data on both" in said


def test_what_is_shared_is_told_in_figures_and_nothing_of_who_is_there(site: Site) -> None:
    ways = many(4)
    band, away = (attack_object("intrusion-set", f"G{n}", f"Band {n}") for n in (1000, 1001))
    import_objects(technique("T1600", "Far", (), "mobile"), away, domain="mobile")
    library(*ways, band, *uses(CREW, *ways), *uses(band, ways[0]), *uses(KIT, ways[0], ways[1]))
    said = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert (
        "What it uses that others use most: T2000 Way 2000 (the only other group and the only piece"
        " of software) and T2001 Way 2001 (the only piece of software)." in said
    )
    alone = "using 2 of 4 techniques (Way 2002 and Way 2003)."
    assert f"No other group, software or campaign is recorded {alone}" in said
    assert "who is there" not in said


def test_what_others_use_most_is_counted_without_the_object_itself(site: Site) -> None:
    ways = many(4)
    tools = [attack_object("tool", f"S{1000 + n}", f"Tool {n}") for n in range(3)]
    raid = attack_object("campaign", "C0001", "Raid")
    links = [*uses(KIT, *ways), *uses(tools[0], ways[0], ways[1]), *uses(tools[1], ways[0])]
    library(*ways, *tools, raid, *links, *uses(CREW, ways[1]), *uses(raid, ways[2]))
    page = site.page(f"{LIBRARY}/software/S0001")
    assert (
        "What it uses that others use most: T2001 Way 2001 (the only group and 1 of 3 other pieces"
        " of software), T2000 Way 2000 (2 of 3 other pieces of software) and T2002 Way 2002 (the"
        " only campaign)." in take(page)
    )
    (two,) = (a for a in page.all("a") if a.words == "2 of 3 other pieces of software")
    counted = site.page(f"{LIBRARY}/software/S0001/evidence").one(
        "section", id=two["href"].partition("#")[2]
    )
    assert [one.words for one in counted.all("li")] == ["S1000 Tool 0", "S1001 Tool 1"]


def test_ties_are_broken_by_other_evidence_and_not_by_id(site: Site) -> None:
    ways = many(8)
    raid = attack_object("campaign", "C0001", "Raid")
    library(*ways, raid, *meets(OWN, *ways), *uses(KIT, *ways[4:]), *uses(raid, ways[7]))
    said = take(site.page(PAGE))
    listed = said.partition("Mitigation priorities ")[2]
    # Four are used by the software, one of them by the campaign too; the first by nobody.
    assert listed.startswith("T2007 Way 2007 (1 piece of software); no other mitigation")
    assert "T2000" not in said
    assert "nothing else that it addresses is used by more software." in said


def test_what_ranks_equal_is_not_put_in_order(site: Site) -> None:
    ways = many(3)
    measures = [mitigation(f"M{1100 + n}", f"Measure {n}") for n in range(6)]
    met = [link for measure in measures for link in meets(measure, *ways)]
    library(*ways, *measures, *met, *uses(CREW, *ways))
    page = site.page(f"{LIBRARY}/groups/G0001")
    said = take(page)
    assert "6 mitigations meet equally much, so that none of them comes first." in said
    assert "M1100" not in said


def test_mitigation_says_what_in_its_reach_it_leaves_out(site: Site) -> None:
    ways = many(4)
    library(*ways, *meets(OWN, HEAD, *ways[:2]), *uses(CREW, ways[2], SUB), *uses(KIT, ways[2]))
    said = take(site.page(PAGE))
    assert (
        "Of the techniques that it addresses whole or in part, 1 sub-technique is not listed for"
        " it: T1000.001 Sub." in said
    )
    assert (
        "In First it is not listed for 4 of 7 techniques; most used of them: T2002 Way 2002"
        " (1 group) and T1000.001 Sub (1 group)." in said
    )


def test_names_that_recur_have_their_ids_before_them(site: Site) -> None:
    twin = technique("T1002", "Head", ("second",))
    library(twin, *meets(OWN, HEAD, OTHER, twin))
    assert "ATT&CK lists: T1000 Head, Other and T1002 Head." in take(site.page(PAGE))


def test_names_that_another_domain_or_kind_has_too_have_their_ids_before_them(site: Site) -> None:
    far = technique("T0900", "HEAD", ("far",), "ics")
    code = attack_object("tool", "S0900", "Other")
    import_objects(far, mitigation("M0900", "Measure", "ics"), domain="ics")
    library(code, *uses(CREW, HEAD, SUB, OTHER), *meets(OWN, HEAD, SUB))
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "recorded using all 3 techniques (T1000 Head, Sub and T1001 Other)." in crew
    assert "M1000 Measure is the only mitigation ATT&CK lists for any of it" in crew
    sub = take(site.page(f"{LIBRARY}/techniques/T1000.001"))
    assert "Sub, a sub-technique of T1000 Head, serves First" in sub
    assert "ATT&CK lists one mitigation for it: M1000 Measure." in sub


def test_component_of_one_technique_is_not_spoken_of_as_of_many(site: Site) -> None:
    without = attack_object("x-mitre-analytic", "AN0002", "Analytic 0002")
    one = analytic(1, API)
    strategy = attack_object(
        "x-mitre-detection-strategy",
        "DET0001",
        "Notice it",
        x_mitre_analytic_refs=[one["id"], without["id"]],
    )
    library(API, one, without, strategy, relationship("detects", strategy, HEAD))
    said = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "That technique has an analytic that does without it." in said
    assert "none of them" not in said


def test_analytics_that_name_no_log_source_are_told_of(site: Site) -> None:
    silent = attack_object("x-mitre-analytic", "AN0003", "Analytic 0003")
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0003", "Silent", x_mitre_analytic_refs=[silent["id"]]
    )
    link = relationship("detects", strategy, SUB)
    library(*detection(), silent, strategy, link, *meets(OWN, HEAD, SUB))
    sub = take(site.page(f"{LIBRARY}/techniques/T1000.001"))
    assert "No analytic listed names a log source: what would have to be collected" in sub
    said = take(site.page(PAGE))
    assert "For 1 of 2 techniques no analytic listed names a log source: Sub. What would" in said
    assert "names a log source" not in take(site.page(f"{LIBRARY}/techniques/T1000"))


def test_technique_names_every_mitigation_with_what_it_covers_the_widest_first(
    site: Site,
) -> None:
    ways = many(6)
    measures = [mitigation(f"M{1100 + n}", f"Measure {n}") for n in range(6)]
    covered = [
        link for n, measure in enumerate(measures) for link in meets(measure, HEAD, *ways[: 5 - n])
    ]
    library(*ways, *measures, *covered, *meets(measures[0], SUB))
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    listed = said.partition("Mitigation priorities ")[2]
    places = [listed.index(f"M{1100 + n} Measure {n}") for n in range(6)]
    assert places == sorted(places)
    assert (
        "M1100 Measure 0: addresses 7 techniques in all, among them the only sub-technique of Head"
        in listed
    )
    assert "M1101 Measure 1: addresses 5 techniques in all, but no sub-technique of Head" in (
        listed
    )
    assert "M1105 Measure 5: addresses nothing else" in listed
    way = take(site.page(f"{LIBRARY}/techniques/T2000"))
    assert (
        "M1100 Measure 0: addresses 7 techniques in all, among them 6 of 8 other techniques under"
        in (way)
    )


def test_technique_is_ranked_by_every_kind_of_user_in_every_tactic(site: Site) -> None:
    ways = many(2)
    late = many(2, 3000, "second")
    raid = attack_object("campaign", "C0001", "Raid")
    bands = [attack_object("intrusion-set", f"G{n}", f"Band {n}") for n in (1000, 1001)]
    library(
        *ways,
        *late,
        raid,
        *bands,
        *(link for user in (CREW, KIT, raid) for link in uses(user, OTHER)),
        *(link for band in bands for link in uses(band, ways[0], ways[1])),
    )
    said = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert (
        "Of the 4 other techniques under First, 2 are used by more groups, none by more software"
        " and none by more campaigns. None of the 2 other techniques under Second is used by more"
        " groups, software or campaigns."
    ) in said


def test_one_technique_is_not_spoken_of_as_many(site: Site) -> None:
    library(*detection(), *meets(OWN, HEAD), *meets(BESIDE, HEAD), *uses(CREW, HEAD))
    said = take(site.page(PAGE))
    assert "It addresses 1 of 3 in First. ATT&CK records 1 group using this technique." in said
    assert "For that technique ATT&CK lists Beside as well: this is one layer of several" in said
    assert "1 detection strategy with 1 analytic is listed for the technique it addresses." in said
    group = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "It stands on Linux and Windows." in group
    assert "for the technique it uses." in group
    component = take(site.page(f"{LIBRARY}/data-components/DC0001"))
    assert "For the only technique every analytic ATT&CK lists reads it: Head." in component


def test_only_technique_without_mitigation_is_not_these_techniques(site: Site) -> None:
    library(*uses(KIT, HEAD))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert (
        "For the only technique no mitigation is listed in this release: Head. Ask how it" in said
    )
