"""What derived Takes say of detection: strategies, analytics, components and logs."""

from typing import Any

import pytest

from tests.analysis.small_library import (
    API,
    CREW,
    FILES,
    HEAD,
    OTHER,
    OWN,
    PAGE,
    SUB,
    analytic,
    detection,
    library,
    meets,
    take,
    uses,
)
from tests.factories import Properties, attack_object, relationship
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


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
    assert (
        "Notice it is ATT&CK’s detection strategy for Head: 1 analytic, for use on Linux."
        in strategy
    )
    assert "Check first that data on Process Start are collected" in strategy
    component = take(site.page(f"{LIBRARY}/data-components/DC0001"))
    assert "Process Start helps to notice 1 technique in 1 of 2 tactics" in component
    assert "every analytic ATT&CK lists reads it: Head." in component
    assert "Analytic 0001 looks for Head on Linux." in take(
        site.page(f"{LIBRARY}/analytics/AN0001")
    )


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
    # Only where there is but one of each does all depend on it.
    assert ("nothing to read" in shown) is said.endswith("without them the analytic")
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


def test_two_components_feed_the_only_analytic_without_between_them(site: Site) -> None:
    only = analytic(1, API, FILES)
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice it", x_mitre_analytic_refs=[only["id"]]
    )
    library(API, FILES, only, strategy, relationship("detects", strategy, HEAD))
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "API Calls and Files feed the only analytic: check first that data on both" in said


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


def data_source(*components: str, **rest: Any) -> list[Properties]:
    """A data source, and after it its components by name."""
    source = attack_object("x-mitre-data-source", "DS0001", "Source", **rest)
    of = {"x_mitre_data_source_ref": source["id"]}
    made = [
        attack_object("x-mitre-data-component", f"DC{number:04}", name, **of)
        for number, name in enumerate(components, 1)
    ]
    return [source, *made]


def test_a_data_source_says_what_its_components_help_to_notice(site: Site) -> None:
    where = {"x_mitre_collection_layers": ["Host", "Network"], "x_mitre_platforms": ["Linux"]}
    source, start, write, idle = data_source("Start", "Write", "Idle", **where)
    seen = [relationship("detects", start, found) for found in (HEAD, SUB)]
    seen += [relationship("detects", write, HEAD), relationship("detects", FILES, HEAD)]
    library(source, start, write, idle, FILES, *seen, *uses(CREW, HEAD), *meets(OWN, HEAD))
    page = site.page(f"{LIBRARY}/data-sources/DS0001")
    said = take(page)
    assert (
        "Source has 3 data components, which help to notice 2 techniques (1 technique and 1"
        " sub-technique) in 1 of 2 tactics."
    ) in said
    assert "ATT&CK records 1 group using at least one of them." in said
    assert "For 1 of 2 techniques ATT&CK lists no other source’s data: Sub." in said
    assert "No mitigation is listed in this release for 1 of 2 techniques: Sub. There" in said
    assert "Most used: T1000 Head (1 group)." in said
    assert "MITRE has it collected at the layers Host and Network on Linux." in said
    assert said.index("Start: helps to notice both") < said.index("Write: helps to notice 1 of 2")
    assert "Start and Write between them detect both techniques" in said
    assert "Nothing that ATT&CK lists is noticed by Idle." in said
    assert "Nothing here asserts active exploitation" in said
    evidence = site.page(f"{LIBRARY}/data-sources/DS0001/evidence").words
    assert "Noticed by no other source 1 T1000.001 Sub" in evidence


def test_a_data_source_whose_components_detect_nothing_says_so(site: Site) -> None:
    library(*data_source("Start", x_mitre_collection_layers=["Host", 1]))
    said = take(site.page(f"{LIBRARY}/data-sources/DS0001"))
    assert "Source has 1 data component, and nothing that ATT&CK lists in this release is" in said
    assert "MITRE has it collected at the layer Host." in said


def test_a_data_source_counts_what_analytics_read_from_its_components(site: Site) -> None:
    source, start = data_source("Start")
    made = analytic(1, start)
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice it", x_mitre_analytic_refs=[made["id"]]
    )
    library(source, start, made, strategy, relationship("detects", strategy, HEAD))
    said = take(site.page(f"{LIBRARY}/data-sources/DS0001"))
    assert "Source has 1 data component, which helps to notice 1 technique in 1 of 2" in said
    assert "For the only technique ATT&CK lists no other source’s data: Head." in said
