"""Rows that several domains state, the sources of what rows say, and what rows are called."""

import pytest

from tests.factories import Properties, attack_object, import_objects, relationship, technique
from tests.library.pages import LIBRARY, Element, Site
from tests.library.taken import loaded, rows

pytestmark = pytest.mark.django_db
GROUP = f"{LIBRARY}/groups/G0001"


def source(name: str) -> Properties:
    return {"source_name": name, "description": f"By {name}.", "url": f"https://example.org/{name}"}


@pytest.fixture
def library(site: Site) -> Site:
    """A group and its software in two domains, each with techniques of its own; a campaign."""
    group = attack_object("intrusion-set", "G0001", "Some Group")
    tool = attack_object("tool", "S0001", "Some Tool")
    campaign = attack_object(
        "campaign",
        "C0001",
        "Some Campaign",
        first_seen="2016-12-01T00:00:00Z",
        last_seen="2022-10-01T00:00:00Z",
        x_mitre_first_seen_citation="(Citation: Early)",
        x_mitre_last_seen_citation="(Citation: Late)(Citation: Nowhere)",
        references=[source("Early"), source("Late")],
    )
    one, two = technique("T1001", "One"), technique("T0802", "Two", domain="ics")
    both = [group, tool, campaign, relationship("uses", group, tool)]
    both.append(relationship("attributed-to", campaign, group))
    import_objects(*both, one, relationship("uses", tool, one))
    import_objects(*both, two, relationship("uses", tool, two), domain="ics")
    return site


def beside(page: Element) -> list[str]:
    listed = page.one(id="software-table").one("details", css="beside")
    return [found.words for found in listed.all(css="attack-id")]


def test_a_row_lists_what_any_of_its_domains_has_beside_it(library: Site) -> None:
    page = library.page(GROUP)
    assert beside(page) == ["T0802", "T1001"]
    summary = page.one(id="software-table").one("details", css="beside").one("summary")
    assert summary.words == "Techniques 2 of Some Tool"
    (_, row) = rows(library, f"{GROUP}/csv?table=software")
    assert row[-2] == "T0802 Two; T1001 One"
    (table,) = [t for t in loaded(library, f"{GROUP}/json")["tables"] if t["slug"] == "software"]
    listed = [found["attack_id"] for found in table["rows"][0]["beside"]]
    assert listed == ["T0802", "T1001"]


def test_a_layer_of_what_stands_beside_rows_has_that_of_its_domain(site: Site) -> None:
    component = attack_object("x-mitre-data-component", "DC0001", "Logs")
    refs = [{"x_mitre_data_component_ref": component["id"], "name": "log", "channel": "1"}]
    analytic = attack_object(
        "x-mitre-analytic", "AN0001", "Analytic", x_mitre_log_source_references=refs
    )
    strategy = attack_object(
        "x-mitre-detection-strategy",
        "DET0001",
        "Strategy",
        x_mitre_analytic_refs=[analytic["id"]],
    )
    for domain, found in (
        ("enterprise", technique("T1001", "One")),
        ("ics", technique("T0802", "Two", domain="ics")),
    ):
        held = (component, analytic, strategy, found)
        import_objects(*held, relationship("detects", strategy, found), domain=domain)
    path = f"{LIBRARY}/data-components/DC0001/navigator"
    for domain, attack_id in (("enterprise", "T1001"), ("ics", "T0802")):
        layer = loaded(site, f"{path}?domain={domain}")
        assert [found["techniqueID"] for found in layer["techniques"]] == [attack_id]


def test_a_campaign_s_dates_are_cited_from_its_own_sources_on_other_pages(library: Site) -> None:
    page = library.page(GROUP)
    texts = {e.one(css="reference-text").words: e for e in page.one(id="references").all("li")}
    assert {"By Early.", "By Late.", "Nowhere"} <= set(texts)
    assert not texts["By Early."].has(css="absent")
    assert texts["Nowhere"].has(css="absent")
    assert "1 citation names no source" in page.one(css="quality").words


def test_files_have_the_citations_of_dates_as_the_page_does(library: Site) -> None:
    (_, row) = rows(library, f"{GROUP}/csv?table=campaigns")
    assert row[3:5] == ["2016-12[1]", "2022-10[2][3]"]
    assert row[-1].splitlines() == [
        "[1] By Early. https://example.org/Early",
        "[2] By Late. https://example.org/Late",
        "[3] Nowhere",
    ]
    facts = rows(library, f"{LIBRARY}/campaigns/C0001/csv?table=facts")
    assert facts[0] == ["Fact", "Value", "Sources"]
    assert ["First seen", "2016-12[1]", "[1] By Early. https://example.org/Early"] in facts


@pytest.mark.parametrize(
    ("words", "count"), [("october", 1), ("last seen", 1), ("2022", 1), ("may", 0)]
)
def test_a_table_is_filtered_by_all_that_its_rows_show(
    library: Site, words: str, count: int
) -> None:
    page = library.page(f"{GROUP}?table=campaigns&filter={words}")
    assert len(page.one(id="campaigns-table").all("tr", css="row")) == count


def test_what_stands_at_every_table_says_of_which(library: Site) -> None:
    page = library.page(GROUP)
    labels = [found.words for form in page.all("form", css="table-tools") for found in form.all()]
    assert {"Rows of Campaigns that hold", "Filter Campaigns", "Filter Software"} <= set(labels)
    folds = [fold.one("summary").words for fold in page.all("details", css="fold")]
    assert len(set(folds)) == len(folds) > 1
    captions = {table.one("caption").words for table in page.all("table", css="techniques")}
    assert captions == {"Campaigns", "Software"}


def test_a_deprecated_data_source_is_named_as_such(site: Site) -> None:
    gone = attack_object("x-mitre-data-source", "DS0001", "Network", x_mitre_deprecated=True)
    component = attack_object(
        "x-mitre-data-component", "DC0001", "Traffic", x_mitre_data_source_ref=gone["id"]
    )
    import_objects(gone, component)
    page = site.page(f"{LIBRARY}/data-components/DC0001")
    stated = page.all("dl", css="facts")[0].all("div")
    facts = {found.one("dt").words: found.one("dd").words for found in stated}
    assert facts["Data source"] == "Network (deprecated)"
    heads, row = rows(site, f"{LIBRARY}/data-components/csv")
    assert dict(zip(heads, row, strict=True))["Data source"] == "Network (deprecated)"
