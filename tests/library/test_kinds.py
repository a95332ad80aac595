"""Every kind of object has its list and its page, with what is declared for it."""

import pytest

from library.identifiers import OBJECT_TYPES
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
from tests.library.pages import LIBRARY, Element, Site

pytestmark = pytest.mark.django_db

CITED = [{"source_name": "Paper", "description": "A. Paper.", "url": "https://example.org/p"}]
SHELL = technique("T1059", "Shell", ("execution",), description="Runs.(Citation: Paper)")
POWER = technique(
    *("T1059.001", "Power", ("execution",)),
    x_mitre_platforms=["Windows"],
    x_mitre_detection="Look.",
    x_mitre_remote_support=False,
)
UNIX = technique("T1059.004", "Unix", ("execution",))
GROUP = attack_object(
    *("intrusion-set", "G0007", "APT28"),
    aliases=["APT28", "Sofacy"],
    external_references=[
        {"source_name": "mitre-attack", "external_id": "G0007"},
        {"source_name": "Sofacy", "description": "(Citation: Paper)"},
        *CITED,
    ],
)
TOOL = attack_object("tool", "S0001", "Tool", x_mitre_platforms=["Linux", "Windows"])
CAMPAIGN = attack_object(
    *("campaign", "C0001", "Raid"),
    first_seen="2019-09-01T04:00:00Z",
    last_seen="2020-08-01T04:00:00Z",
    x_mitre_first_seen_citation="(Citation: Paper)",
    x_mitre_last_seen_citation="(Citation: Paper)",
    references=CITED,
)
COMPONENT = attack_object(
    *("x-mitre-data-component", "DC0001", "Process"),
    x_mitre_log_sources=[{"name": "sysmon", "channel": "1"}],
)
ANALYTIC = attack_object(
    *("x-mitre-analytic", "AN0001", "Analytic 0001"),
    description="Watch <code>x</code>.",
    x_mitre_platforms=["Windows"],
    x_mitre_log_source_references=[
        {"x_mitre_data_component_ref": COMPONENT["id"], "name": "sysmon", "channel": "EventID 1"}
    ],
    x_mitre_mutable_elements=[{"field": "Window", "description": "Minutes."}],
)
STRATEGY = attack_object(
    "x-mitre-detection-strategy", "DET0001", "Notice", x_mitre_analytic_refs=[ANALYTIC["id"]]
)
SOURCE = attack_object("x-mitre-data-source", "DS0001", "Host", x_mitre_platforms=["Linux"])
OLD_COMPONENT = attack_object(
    "x-mitre-data-component", "", "Nameless", x_mitre_data_source_ref=SOURCE["id"]
)
ASSET = attack_object(
    *("x-mitre-asset", "A0001", "Server", "ics"),
    x_mitre_sectors=["General"],
    x_mitre_related_assets=[{"name": "Box", "related_asset_sectors": ["Water"]}],
)
STAGE = tactic("TA0002", "Execution", "execution")
MATRIX = attack_object(
    "x-mitre-matrix", "enterprise-attack", "Enterprise", tactic_refs=[STAGE["id"]]
)
MEASURE = mitigation("M1000", "Measure")


def links() -> list[Properties]:
    return [
        relationship("subtechnique-of", POWER, SHELL),
        relationship("subtechnique-of", UNIX, SHELL),
        relationship("uses", GROUP, POWER, "They ran it."),
        relationship("uses", TOOL, POWER, "It runs it."),
        relationship("uses", GROUP, TOOL, "They had it."),
        relationship("uses", CAMPAIGN, POWER, "It was run."),
        relationship("uses", CAMPAIGN, TOOL),
        relationship("attributed-to", CAMPAIGN, GROUP, "Said so.(Citation: Paper)"),
        relationship("mitigates", MEASURE, POWER, "Do it."),
        relationship("detects", STRATEGY, POWER),
        relationship("targets", POWER, ASSET),
    ]


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(
        *(MATRIX, STAGE, SHELL, POWER, UNIX, GROUP, TOOL, CAMPAIGN, COMPONENT, ANALYTIC),
        *(STRATEGY, SOURCE, OLD_COMPONENT, ASSET, MEASURE, *links()),
    )
    return site


def rows(page: Element, section: str) -> list[str]:
    """The IDs, or first cells, of a section's rows."""
    return [row.all("th")[0].words for row in page.one(id=section).all("tr", css="row")]


def fact(page: Element, label: str) -> str:
    facts = {
        e.one("dt").words: e.one("dd").words for e in page.all("dl", css="facts")[0].all("div")
    }
    return facts[label]


@pytest.mark.parametrize(
    ("path", "sections"),
    [
        ("tactics/TA0002", {"techniques": ["T1059", "T1059.001", "T1059.004"]}),
        ("techniques/T1059", {"sub-techniques": ["T1059.001", "T1059.004"]}),
        (
            "techniques/T1059.001",
            {
                "procedures": ["G0007", "C0001", "S0001"],
                "mitigations": ["M1000"],
                "detections": ["DET0001"],
                "assets": ["A0001"],
                "siblings": ["T1059.004"],
            },
        ),
        ("mitigations/M1000", {"techniques": ["T1059.001"]}),
        (
            "groups/G0007",
            {
                "aliases": ["Sofacy"],
                "campaigns": ["C0001"],
                "techniques": ["T1059.001"],
                "software": ["S0001"],
            },
        ),
        (
            "software/S0001",
            {"techniques": ["T1059.001"], "groups": ["G0007"], "campaigns": ["C0001"]},
        ),
        (
            "campaigns/C0001",
            {"groups": ["G0007"], "techniques": ["T1059.001"], "software": ["S0001"]},
        ),
        (
            "detection-strategies/DET0001",
            {"techniques": ["T1059.001"], "analytics": ["AN0001"]},
        ),
        (
            "analytics/AN0001",
            {
                "log-sources": ["DC0001 Process"],
                "mutable-elements": ["Window"],
                "strategies": ["T1059.001"],
            },
        ),
        (
            "data-components/DC0001",
            {"log-sources": ["sysmon"], "strategies": ["DET0001"]},
        ),
        ("data-sources/DS0001", {"data-components": ["no ID"]}),
        ("assets/A0001", {"related-assets": ["Box"], "techniques": ["T1059.001"]}),
    ],
)
def test_a_page_has_the_sections_of_its_kind(
    library: Site, path: str, sections: dict[str, list[str]]
) -> None:
    page = library.page(f"{LIBRARY}/{path}")
    assert {name: rows(page, name) for name in sections} == sections
    contents = {a["href"] for a in page.one("nav", css="contents").all("a")}
    assert {f"#{name}" for name in sections} <= contents


@pytest.mark.parametrize("kind", OBJECT_TYPES, ids=lambda kind: kind.path)
def test_every_kind_has_a_list_that_leads_to_its_pages(library: Site, kind: object) -> None:
    path = f"{LIBRARY}/{kind.path}"  # type: ignore[attr-defined]
    entries = library.page(path).one(id="results").all("article", css="entry")
    assert entries
    for entry in entries:
        assert library.page(entry.one("h2").one("a")["href"]).one("h1")


def test_facts_are_those_of_the_kind(library: Site) -> None:
    technique_page = library.page(f"{LIBRARY}/techniques/T1059.001")
    assert fact(technique_page, "Type") == "Sub-technique"
    assert fact(technique_page, "Tactics") == "Execution"
    assert fact(technique_page, "Sub-technique of") == "Shell"
    assert fact(technique_page, "Supports remote") == "No"
    assert technique_page.one(id="detection").words.endswith("Look.")
    assert fact(library.page(f"{LIBRARY}/software/S0001"), "Type") == "Tool"
    assert fact(library.page(f"{LIBRARY}/software/S0001"), "Platforms") == "Linux, Windows"
    assert fact(library.page(f"{LIBRARY}/campaigns/C0001"), "First seen") == "September 2019[1]"
    assert fact(library.page(f"{LIBRARY}/analytics/AN0001"), "Detection strategy") == "Notice"


def test_references_count_the_citations_of_aliases_and_relationships(library: Site) -> None:
    page = library.page(f"{LIBRARY}/groups/G0007")
    (entry,) = page.one(id="references").all("li")
    assert entry.one(css="reference-text").words == "A. Paper."
    # Of the alias, and of the campaign: its attribution, when it was first and last seen.
    assert len(entry.one(css="backlinks").all("a")) == 4


def test_software_lists_the_techniques_it_uses_beside_each_group(library: Site) -> None:
    row = library.page(f"{LIBRARY}/groups/G0007").one(id="software").one("tr", css="row")
    assert [li.words for li in row.one("details", css="beside").all("li")] == ["T1059.001 Power"]


def test_a_page_leads_to_what_stands_before_and_after_it(library: Site) -> None:
    page = library.page(f"{LIBRARY}/techniques/T1059")
    beside = {a["rel"]: a["href"].rpartition("/")[2] for a in page.one(css="neighbours").all("a")}
    assert beside == {"prev": "T1059.001", "next": "T1059.004"}
    crumbs = library.page(f"{LIBRARY}/techniques/T1059.001").one("nav", css="breadcrumb")
    assert "T1059" in [a.words for a in crumbs.all("a")]


def test_one_table_is_filtered_at_a_time(library: Site) -> None:
    path = f"{LIBRARY}/techniques/T1059.001"
    page = library.page(f"{path}?table=mitigations&filter=zzz")
    assert rows(page, "mitigations") == []
    assert len(rows(page, "procedures")) == 3
    assert rows(library.page(f"{path}?filter=apt28"), "procedures") == ["G0007"]


def test_a_pinned_page_shows_its_release_alone(library: Site) -> None:
    import_objects(SHELL | {"name": "Renamed"}, release="2.0")
    old = library.page(f"{LIBRARY}/v/1.0/techniques/T1059")
    assert old.one("h1").words == "T1059: Shell"
    assert library.page(f"{LIBRARY}/techniques/T1059").one("h1").words == "T1059: Renamed"
    inner = [a["href"] for a in old.one("article").all("a") if a["href"].startswith(LIBRARY)]
    # A hash names its content, a schema its shape, a history all releases, whatever is read.
    lasting = ("?sha256=", "/schemas/", "/history")
    inner = [href for href in inner if not any(part in href for part in lasting)]
    assert [href for href in inner if not href.startswith(f"{LIBRARY}/v/1.0/")] == []


def test_a_pinned_page_says_how_the_object_stands_now(library: Site) -> None:
    import_objects(SHELL, POWER | {"name": "Renamed"}, UNIX | {"revoked": True}, release="2.0")
    said = {
        "T1059": "same in the current edition, to the byte; what is related to it may differ.",
        "T1059.001": "entry differs from this one",
        "T1059.004": "revoked in the current edition, and live here",
    }
    for attack_id, sentence in said.items():
        page = library.page(f"{LIBRARY}/v/1.0/techniques/{attack_id}")
        banner = page.one("aside", css="pinned-banner")
        assert "release 1.0" in banner.words
        assert sentence in banner.words
        assert attack_id in banner.one("a")["href"]
        assert page.one("meta", name="robots")["content"] == "noindex"
    gone = library.page(f"{LIBRARY}/v/1.0/groups/G0007").one("aside", css="pinned-banner")
    assert "does not hold this object" in gone.words
    assert gone.one("a")["href"] == LIBRARY
    assert not library.page(f"{LIBRARY}/techniques/T1059").has("aside", css="pinned-banner")


def test_a_pinned_release_names_the_domains_that_lack_it(library: Site) -> None:
    import_objects(mitigation("M2000", "I", "ics"), domain="ics", release="8.0")
    banner = library.page(f"{LIBRARY}/v/1.0").one("aside", css="pinned-banner")
    assert "of which no snapshot of ICS is held" in banner.words


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?tactic=TA0002", ["T1059.001", "T1059", "T1059.004"]),
        ("?tactic=ta0002", ["T1059.001", "T1059", "T1059.004"]),
        ("?platform=windows", ["T1059.001"]),
        ("?platform=Windows", ["T1059.001"]),
        ("?tactic=TA0002&platform=Windows&q=power", ["T1059.001"]),
    ],
)
def test_techniques_are_narrowed_by_tactic_and_platform(
    library: Site, query: str, expected: list[str]
) -> None:
    page = library.page(f"{LIBRARY}/techniques{query}")
    entries = page.one(id="results").all("article", css="entry")
    assert [e.one("h2").one(css="attack-id").words for e in entries] == expected


@pytest.mark.parametrize(
    "query",
    [
        "tactic=TA9999",
        "platform=Plan+9",
        "platform=%00%27",
        "tactic=&platform=",
    ],
)
def test_a_filter_that_a_list_does_not_offer_is_as_if_not_given(library: Site, query: str) -> None:
    path = f"{LIBRARY}/techniques"
    page, whole = library.page(f"{path}?{query}"), library.page(path)
    assert page.one(id="results-count").words.startswith(whole.one(id="results-count").words)
    assert library.part(f"{path}?{query}")[1] == path
    files = [library.get(f"{path}/csv{asked}").getvalue() for asked in (f"?{query}", "")]
    assert files[0] == files[1]


def test_a_list_offers_the_filters_that_fit_its_kind(library: Site) -> None:
    page = library.page(f"{LIBRARY}/techniques?platform=Windows")
    tactics = [o.words for o in page.one("select", name="tactic").all("option")]
    assert tactics == ["All tactics", "Execution"]
    chosen = [o.words for o in page.one("select", name="platform").all("option")]
    assert chosen == ["All platforms", "Windows"]
    assert not library.page(f"{LIBRARY}/mitigations?tactic=TA0002").has("select", name="tactic")
    software = library.page(f"{LIBRARY}/software?platform=Linux")
    assert len(software.one(id="results").all("article", css="entry")) == 1


def test_data_sources_are_narrowed_by_platform_though_all_are_deprecated(site: Site) -> None:
    dead = {"x_mitre_deprecated": True}
    other = {
        "id": stix_id("x-mitre-data-source", "other"),
        "name": "Net",
        "x_mitre_platforms": ["PRE"],
    }
    import_objects(SOURCE | dead, SOURCE | dead | other)
    page = site.page(f"{LIBRARY}/data-sources")
    nothing = page.one(id="results").one(css="nothing")
    assert nothing.words.startswith("The release shown has no live data source. Look among")
    page = site.page(nothing.one("a")["href"])
    assert len(page.one(id="results").all("article", css="entry")) == 2
    page = site.page(f"{LIBRARY}/data-sources?includeRevoked=true&platform=pre")
    assert page.one(id="results").one("article", css="entry").one("h2").words.endswith("Net")


def test_a_list_of_a_kind_that_the_release_lacks_says_so(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    nothing = site.page(f"{LIBRARY}/assets?includeRevoked=true").one(id="results")
    assert nothing.words == "The release shown has no asset."


def test_an_entry_is_found_by_its_other_names(site: Site) -> None:
    names: Properties = {"aliases": ["APT28", "Fancy Bear"], "x_mitre_aliases": [None, 7]}
    import_objects(
        attack_object("intrusion-set", "G0007", "APT28", **names),
        attack_object("tool", "S0001", "Kit", x_mitre_aliases=["Kit-2"], aliases="none"),
    )
    for path in ("groups?q=fancy+bear", "groups?q=apt28+FANCY", "software?q=kit-2"):
        page = site.page(f"{LIBRARY}/{path}")
        assert len(page.one(id="results").all("article", css="entry")) == 1, path
    assert not site.page(f"{LIBRARY}/groups?q=cosy+bear").has("article", css="entry")


def test_a_sub_technique_is_called_one(library: Site) -> None:
    page = library.page(f"{LIBRARY}/techniques/T1059.001")
    head = page.one("header", css="page-head")
    assert head.one("p", css="kicker").words == "MITRE ATT&CK® sub-technique"
    entries = library.page(f"{LIBRARY}/techniques").one(id="results").all("article")
    kinds = {e.one(css="attack-id").words: e.one("p", css="kicker").words for e in entries}
    assert kinds["T1059"] == "Technique Enterprise"
    assert kinds["T1059.001"] == "Sub-technique Enterprise"


def test_a_row_without_an_id_links_its_name(library: Site) -> None:
    (row,) = (
        library.page(f"{LIBRARY}/data-sources/DS0001")
        .one(id="data-components")
        .all("tr", css="row")
    )
    assert not row.one("th").has("a")
    link = row.one("td", **{"data-label": "Name"}).one("a")
    assert link.words
    library.page(link["href"])


def test_an_analytic_beside_a_strategy_says_its_platform_and_what_it_looks_for(site: Site) -> None:
    analytic = attack_object(
        "x-mitre-analytic",
        "AN0001",
        "Analytic 0001",
        description="A shell that **no one** started.",
        x_mitre_platforms=["Linux", "macOS"],
    )
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice", x_mitre_analytic_refs=[analytic["id"]]
    )
    import_objects(SHELL, analytic, strategy, relationship("detects", strategy, SHELL))
    page = site.page(f"{LIBRARY}/techniques/T1059")
    entry = page.one("details", css="beside").one("li")
    assert entry.words == "AN0001 Analytic 0001 Linux, macOS: A shell that no one started."


def test_contributors_stand_apart_though_their_names_hold_commas(site: Site) -> None:
    import_objects(SHELL | {"x_mitre_contributors": ["A. One, Firm", "B. Two"]})
    facts = site.page(f"{LIBRARY}/techniques/T1059").all("dl", css="facts")[0].words
    assert "A. One, Firm; B. Two" in facts
