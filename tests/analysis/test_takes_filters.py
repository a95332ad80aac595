"""The filters of the list of Takes."""

import pytest

from analysis.landscape import landscape_of
from analysis.reading.tactics import serves
from library.conditional import current_shelf
from library.models import StixObject
from tests.analysis.takes_pages import (
    CREW,
    FIRST,
    MEASURE,
    ONE,
    OTHER,
    SECOND,
    TAKES,
    TWO,
    library,
    listing,
    without,
)
from tests.factories import attack_object, import_objects, mitigation, relationship, tactic
from tests.library.pages import Listing, Site
from tests.takes import publish

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?domain=foo", "There is no domain “foo”"),
        ("?type=foo", "There is no type “foo”"),
        ("?confidence=foo", "There is no confidence “foo”"),
        ("?tactic=initial-access", "There is no tactic with the ID “initial-access”"),
    ],
)
def test_a_filter_that_there_is_not_is_left_aside_and_told(
    site: Site, query: str, said: str
) -> None:
    library()
    publish(MEASURE)
    shown = listing(site, query)
    assert shown.ids == ["M1000"]
    assert f"{said}: that filter is left aside." in shown.count
    part, address = site.part(f"{TAKES}{query}")
    assert said in Listing(part).count
    assert address == TAKES
    assert "There is no" not in listing(site, "?domain=enterprise&confidence=moderate").count


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


def test_tactics_of_one_name_come_in_the_order_of_the_domains(site: Site) -> None:
    library()
    # By their IDs they would come the other way round.
    import_objects(tactic("TA0000", "First", "first", "mobile"), domain="mobile")
    import_objects(tactic("TA0009", "First", "first", "ics"), domain="ics")
    offered = site.page(TAKES).one("select", name="tactic").all("option")
    assert [option["value"] for option in offered] == ["", "TA0001", "TA0000", "TA0009", "TA0002"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?domain=enterprise&type=mitigations&confidence=moderate", 1),
        ("?q=words+of+it+measure", 1),
        ("?q=m1000", 1),
        ("?domain=ics", 0),
        ("?type=assets", 0),
        ("?confidence=low", 0),
        ("?q=zzzzqq", 0),
        ("?tactic=TA0001", 0),
    ],
)
def test_a_take_on_an_object_that_is_gone_is_counted_where_it_fits(
    site: Site, query: str, count: int
) -> None:
    library()
    publish(MEASURE, summary="Words of it.")
    import_objects(*without(MEASURE), release="2.0")
    shown = listing(site, query)
    said = "1 more is on an object that the release shown does not hold"
    assert shown.ids == []
    assert (said in shown.count) == bool(count)
    nothing = shown.root.one(id="results").words
    assert "No Take has been published on an object of the release shown." in nothing


def test_what_fits_nothing_offers_all_in_a_whole_sentence(site: Site) -> None:
    library()
    publish(MEASURE)
    words = listing(site, "?q=zzzzqq").root.one(id="results").words
    assert words == "No Take fits these filters. Look without filters."
    words = listing(site, "?q=zzzzqq&domain=ics").root.one(id="results").words
    assert words.endswith("Other filters than the text leave Takes out; look without them.")


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
