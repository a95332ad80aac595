"""What a release brings that none has had until now, on the pages of kinds that are known."""

from itertools import product
from pathlib import Path

import jsonschema
import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from importer.acquire import read_bundle
from library.contexts.undeclared import SHOWN_OTHERWISE, link_shapes, undeclared_steps
from library.identifiers import TYPE_OF
from library.kinds import page_kind
from library.models import Snapshot
from library.substance import NOISE
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Site
from tests.library.taken import content, loaded, schema_of, sheets, strict

pytestmark = pytest.mark.django_db
PLAYBOOK = stix_object("x-mitre-playbook", "Isolation")
OLD = mitigation("M1000", "Old way", x_mitre_maturity_rating="level <2>", x_mitre_costs=[1, 2])
NEW = mitigation("M1001", "New way")
METHOD = technique("T1000", "Method")
PAGE = f"{MITIGATIONS}/M1000"


def links() -> list[Properties]:
    return [
        relationship("mitigates", OLD, METHOD, description="Do it."),
        relationship("carried-out-by", OLD, PLAYBOOK, description="Step by **step**."),
        relationship("superseded-by", OLD, NEW),
    ]


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(OLD, NEW, METHOD, PLAYBOOK, *links())
    return site


def titles(site: Site, path: str) -> list[str]:
    """The sections of a page with tables."""
    tables = site.page(path).all("table", css="techniques")
    return [table.one("caption").words.removesuffix(", with notes") for table in tables]


def test_relationship_of_an_unknown_type_has_a_section_behind_those_declared(
    library: Site,
) -> None:
    known = "Techniques addressed"
    assert titles(library, PAGE) == [known, "Linked to: carried-out-by", "Linked to: superseded-by"]
    section = library.page(PAGE).one("section", id="carried-out-by-to")
    assert section.one("a", href=f"{LIBRARY}/objects/{PLAYBOOK['id']}").words == "Isolation"
    assert "Step by step." in section.words
    assert titles(library, f"{MITIGATIONS}/M1001") == ["Linked from: superseded-by"]
    assert titles(library, f"{LIBRARY}/objects/{PLAYBOOK['id']}") == ["Linked from: carried-out-by"]


def test_known_relationship_with_an_end_of_another_kind_has_a_section_for_it(site: Site) -> None:
    malware = stix_object(
        "malware",
        "Worm",
        is_family=True,
        external_references=[{"source_name": "mitre-attack", "external_id": "S0001"}],
    )
    asset = attack_object("x-mitre-asset", "A0001", "Historian")
    uses = [relationship("uses", malware, end) for end in (asset, METHOD)]
    import_objects(malware, asset, METHOD, *uses)
    page = site.page(f"{LIBRARY}/software/S0001")
    section = page.one("section", id="uses-to")
    assert [e.words for e in section.all("a", css="attack-id")] == ["A0001"]
    own = page.one("section", id="techniques")
    assert [e.words for e in own.all("a", css="attack-id")] == ["T1000"]
    assert titles(site, f"{LIBRARY}/assets/A0001") == ["Linked from: uses"]


def test_relationship_of_an_object_with_itself_is_a_row_both_ways(site: Site) -> None:
    one = mitigation("M1000", "One")
    import_objects(one, relationship("related-to", one, one))
    page = site.page(PAGE)
    for way in ("related-to-to", "related-to-from"):
        assert "M1000" in page.one("section", id=way).words


def test_what_replaced_what_and_the_tactics_of_a_matrix_are_told_once(site: Site) -> None:
    tactic = attack_object("x-mitre-tactic", "TA0001", "First", x_mitre_shortname="first")
    refs: Properties = {"tactic_refs": [tactic["id"]]}
    matrix = attack_object("x-mitre-matrix", "enterprise-attack", "Enterprise", **refs)
    import_objects(matrix, tactic, OLD, NEW, relationship("revoked-by", OLD, NEW))
    for path in ("matrices/enterprise-attack", "tactics/TA0001", "mitigations/M1001"):
        assert "Linked" not in site.page(f"{LIBRARY}/{path}").words


def test_unknown_relationships_cost_a_page_no_query_more(site: Site) -> None:
    counts = []
    for release, held in (("1.0", links()[:1]), ("2.0", links())):
        import_objects(OLD, NEW, METHOD, PLAYBOOK, *held, release=release)
        # What is kept of a release is read once in a process, before its first request.
        site.page(PAGE)
        with CaptureQueriesContext(connection) as queries:
            site.page(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_files_have_unknown_relationships_as_well(library: Site) -> None:
    found = loaded(library, f"{PAGE}/json")
    jsonschema.validate(found, strict(schema_of(library, found)))
    assert [table["slug"] for table in found["tables"]] == [
        *("techniques", "carried-out-by-to", "superseded-by-to"),
    ]
    rows = content(library, f"{PAGE}/csv?table=superseded-by-to").decode("utf-8-sig").splitlines()
    assert [row.split(",")[1] for row in rows] == ["ID", "M1001"]
    assert "Linked to superseded-by" in sheets(library, f"{PAGE}/xlsx")
    held = loaded(library, f"{PAGE}/stix")["objects"]
    assert {NEW["id"], PLAYBOOK["id"]} <= {each["id"] for each in held}
    kinds = {each.get("relationship_type") for each in held}
    assert {"mitigates", "carried-out-by", "superseded-by"} <= kinds


def test_unknown_property_of_a_known_kind_is_shown_as_mitre_wrote_it(library: Site) -> None:
    written = library.page(PAGE).one("section", id="written")
    assert [dt.words for dt in written.all("dt")] == ["x_mitre_costs", "x_mitre_maturity_rating"]
    assert [dd.words for dd in written.all("dd")] == ["[1,2]", "level <2>"]
    found = loaded(library, f"{PAGE}/json")
    expected = {"x_mitre_costs": "[1,2]", "x_mitre_maturity_rating": "level <2>"}
    assert found["written"] == expected
    facts = content(library, f"{PAGE}/csv?table=facts").decode("utf-8-sig")
    assert "x_mitre_maturity_rating,level <2>," in facts
    assert not library.page(f"{MITIGATIONS}/M1001").has(id="written")


def test_property_of_early_releases_that_no_fact_states_is_shown_as_mitre_wrote_it(
    site: Site,
) -> None:
    import_objects(technique("T1", "Way", x_mitre_network_requirements=True))
    written = site.page("/learn/attack/techniques/T1").one("section", id="written")
    assert written.one("dt").words == "x_mitre_network_requirements"
    assert written.one("dd").words == "true"


def test_citation_in_an_unknown_property_is_numbered(site: Site) -> None:
    source = {"source_name": "Report", "description": "A report.", "url": "https://example.org/r"}
    held = mitigation("M1002", "Cited", x_mitre_advice="Wait.(Citation: Report)")
    held["external_references"].append(source)
    import_objects(held)
    page = site.page(f"{MITIGATIONS}/M1002")
    assert page.one("section", id="written").one("dd").words == "Wait.[1]"
    assert "A report." in page.one(id="ref-1").words
    assert "Citation:" not in page.words


def test_types_that_differ_in_their_hyphens_alone_have_a_section_each(site: Site) -> None:
    pair = [relationship(kind, OLD, NEW) for kind in ("seen--beside", "seen-beside")]
    import_objects(OLD, NEW, *pair)
    page = site.page(PAGE)
    headed = {"seen-beside-to": "seen--beside", "seen-beside-to-2": "seen-beside"}
    for slug, kind in headed.items():
        assert page.one("section", id=slug).one("h2").words == f"Linked to: {kind}"


def test_known_relationship_from_another_kind_is_not_under_the_heading_of_those_known(
    site: Site,
) -> None:
    links = [relationship("mitigates", end, METHOD) for end in (OLD, PLAYBOOK)]
    import_objects(OLD, PLAYBOOK, METHOD, *links)
    page = site.page(f"{LIBRARY}/techniques/T1000")
    assert [e.words for e in page.one(id="mitigations").all("a", css="attack-id")] == ["M1000"]
    assert "Isolation" in page.one("section", id="mitigates-from").words


def test_what_a_relationship_states_for_the_first_time_stands_in_its_row(site: Site) -> None:
    source = {"source_name": "Report", "description": "A report.", "url": "https://example.org/r"}
    rated: Properties = {
        "x_mitre_confidence": "high <1>",
        "x_mitre_basis": "Tried.(Citation: Report)",
        "external_references": [source],
    }
    import_objects(
        OLD, NEW, METHOD, relationship("mitigates", OLD, METHOD, description="Do it.", **rated)
    )
    page = site.page(PAGE)
    facts = page.one("section", id="techniques").all("span", css="row-fact")
    assert [fact.words for fact in facts] == [
        "x_mitre_basis: Tried.[1]",
        "x_mitre_confidence: high <1>",
    ]
    assert "A report." in page.one(id="ref-1").words
    assert site.page(f"{PAGE}?filter=high").has(css="row-fact")
    found = loaded(site, f"{PAGE}/json")
    jsonschema.validate(found, strict(schema_of(site, found)))
    (row,) = found["tables"][0]["rows"]
    assert [(f["label"], f["value"], f["references"]) for f in row["facts"]] == [
        ("x_mitre_basis", "Tried.", [1]),
        ("x_mitre_confidence", "high <1>", []),
    ]
    lines = content(site, f"{PAGE}/csv?table=techniques").decode("utf-8-sig").splitlines()
    assert lines[0] == "Domain,ID,Name,x_mitre_basis,x_mitre_confidence,Use,Sources"
    assert lines[1].startswith("Enterprise,T1000,Method,Tried.[1],high <1>,Do it.,")


def test_what_an_entry_of_a_list_states_for_the_first_time_has_a_column(site: Site) -> None:
    entries = [{"field": "Hours", "x_unit": "h"}, {"field": "Names", "x_most": {"of": 2}}, "Free"]
    analytic = attack_object(
        "x-mitre-analytic", "AN0001", "Analytic", x_mitre_mutable_elements=entries
    )
    import_objects(analytic)
    table = site.page(f"{LIBRARY}/analytics/AN0001").one("section", id="mutable-elements")
    assert [th.words for th in table.all("th", scope="col")] == [
        *("Field", "Description", "x_most", "x_unit")
    ]
    rows = table.all("tr", css="row")
    no = "not stated"
    cells = [[c.words for c in (row.one("th"), *row.all("td"))] for row in rows]
    assert cells == [
        ["Hours", no, no, "h"],
        ["Names", no, '{"of":2}', no],
        ["Free", no, no, no],
    ]


@pytest.mark.real_data
def test_no_release_until_now_has_a_link_that_no_page_declares(every_release: None) -> None:
    for snapshot, (stix_type, kind) in product(Snapshot.objects.all(), TYPE_OF.items()):
        shapes = link_shapes((snapshot.pk,))
        assert len(shapes) > 10
        left = list(undeclared_steps(page_kind(kind), stix_type, shapes))
        assert left == [], (snapshot, stix_type)


@pytest.mark.real_data
def test_no_release_until_now_has_a_property_that_no_page_declares(attack_bundles: Path) -> None:
    for path in sorted(attack_bundles.glob("*.json.xz")):
        for found in orjson.loads(read_bundle(path).raw)["objects"]:
            if found["type"] in TYPE_OF:
                known = SHOWN_OTHERWISE | NOISE.keys() | page_kind(TYPE_OF[found["type"]]).stated
                assert set(found) <= known, (path.name, found["id"])
