"""Normalising: what the library looks objects up by, and the links their properties carry."""

import copy
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.acquire import unpack
from importer.normalise import (
    Edge,
    NormalisedObject,
    TacticsByPhase,
    normalise,
    tactics_by_phase,
)
from library.identifiers import timestamp
from tests import factories
from tests.factories import Properties, stix_object
from tests.importer import golden
from tests.importer.hostile import (
    ANALYTIC,
    DATA_COMPONENT,
    FIELDS,
    JSON_VALUES,
    MITIGATES,
    MITIGATION,
    ODD_VALUES,
    OFTEN,
    STRATEGY,
    TACTIC,
    TECHNIQUE,
    VALID,
)

TACTICS = tactics_by_phase(VALID["objects"])
UNKNOWN_ID = "x-mitre-unknown--3f2b8c1e-5a70-4d0e-9c57-0f3a1b7d2e64"
each_odd_value = pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))


def of(properties: Properties, tactics: TacticsByPhase = TACTICS) -> NormalisedObject:
    return normalise(properties, tactics)


def edges_of(objects: list[Properties]) -> set[tuple[str, str, str]]:
    """Every link that a bundle's JSON states, read from it in the plainest way."""
    tactics = [found for found in objects if found["type"] == "x-mitre-tactic"]
    dead = [found for found in tactics if found.get("revoked") or found.get("x_mitre_deprecated")]
    named = {found["x_mitre_shortname"]: found["id"] for found in dead}
    named |= {found["x_mitre_shortname"]: found["id"] for found in tactics if found not in dead}
    return {edge for found in objects for edge in edges_of_one(found, named)}


def edges_of_one(found: Properties, tactics: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    here = found["id"]
    if found["type"] == "relationship":
        yield found["relationship_type"], found["source_ref"], found["target_ref"]
    for phase in found.get("kill_chain_phases", []):
        # Phases that no tactic of the bundle has lead nowhere.
        if phase["phase_name"] in tactics:
            yield "kill_chain_phases", here, tactics[phase["phase_name"]]
    for field in ("tactic_refs", "x_mitre_analytic_refs"):
        for ref in found.get(field, []):
            yield field, here, ref
    for source in found.get("x_mitre_log_source_references", []):
        yield "x_mitre_log_source_references", here, source["x_mitre_data_component_ref"]
    if found.get("x_mitre_data_source_ref"):
        yield "x_mitre_data_source_ref", here, found["x_mitre_data_source_ref"]


def readable(found: NormalisedObject) -> dict[str, Any]:
    """As the golden file shows it."""
    shown = dataclasses.asdict(found)
    shown["modified"] = found.modified and found.modified.isoformat()
    shown["edges"] = [f"{edge.kind}: {edge.source} → {edge.target}" for edge in found.edges]
    return shown


@golden.each_sample
def test_normalise_agrees_with_the_golden_file_when_given_a_sample(name: str) -> None:
    objects = golden.bundle_of(name).objects
    tactics = tactics_by_phase(objects)
    shown = [readable(normalise(found, tactics)) for found in golden.chosen(objects)]
    golden.check(name, "normalise", {found.pop("stix_id"): found for found in shown})


def assert_agrees_with_the_json(objects: list[Properties]) -> None:
    """Every column and every edge against a plain reading of the same JSON."""
    tactics = tactics_by_phase(objects)
    found = [normalise(each, tactics) for each in objects]
    edges = [edge for each in found for edge in each.edges]
    assert {(edge.kind, edge.source, edge.target) for edge in edges} == edges_of(objects)
    for each, properties in zip(found, objects, strict=True):
        assert (each.stix_id, each.stix_type) == (properties["id"], properties["type"])
        assert each.name == properties.get("name", "")
        assert each.revoked == properties.get("revoked", False)
        assert each.deprecated == properties.get("x_mitre_deprecated", False)
        assert each.live == (not each.revoked and not each.deprecated)
        assert each.x_mitre_version == properties.get("x_mitre_version", "")
        assert len(set(each.edges)) == len(each.edges)
        references = properties.get("external_references", [])
        sources = [ref for ref in references if ref["source_name"].startswith("mitre-")]
        assert each.attack_id == (sources[0]["external_id"] if sources else "")
        if "modified" in properties:
            stated = datetime.strptime(properties["modified"], "%Y-%m-%dT%H:%M:%S.%f%z")
            assert each.modified == stated
        else:
            assert each.modified is None


@golden.each_sample
def test_columns_and_edges_agree_with_the_json_when_given_a_sample(name: str) -> None:
    assert_agrees_with_the_json(json.loads(golden.raw_of(name))["objects"])


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["ics-attack-17.1", "ics-attack-18.1", "mobile-attack-17.1", "mobile-attack-18.1"]
)
def test_columns_and_edges_agree_with_the_json_when_given_a_real_bundle(
    attack_bundles: Path, name: str
) -> None:
    raw = unpack(name, (attack_bundles / f"{name}.json.xz").read_bytes()).raw
    assert_agrees_with_the_json(json.loads(raw)["objects"])


@pytest.mark.parametrize("source_name", ["mitre-attack", "mitre-mobile-attack"])
def test_the_attack_id_is_that_of_the_attack_source_when_others_come_first(
    source_name: str,
) -> None:
    references = [
        {"source_name": "NVD", "external_id": "CVE-2024-1"},
        {"source_name": "mitre-attack-book", "external_id": "978-0"},
        {"source_name": source_name, "external_id": "T1001"},
        {"source_name": "mitre-attack", "external_id": "T9999"},
    ]
    assert of(TECHNIQUE | {"external_references": references}).attack_id == "T1001"


@pytest.mark.parametrize(
    ("external_id", "expected"),
    [
        ("M1037", "M1037"),
        ("x" * 64, "x" * 64),
        ("x" * 65, ""),
        ("M1037\n", ""),
        ("M\x00", "M\ufffd"),
        ("", ""),
        (7, ""),
        (None, ""),
        (["M1037"], ""),
    ],
)
def test_the_attack_id_is_empty_when_it_is_unusable(external_id: Any, expected: str) -> None:
    reference = {"source_name": "mitre-attack", "external_id": external_id}
    assert of(MITIGATION | {"external_references": [reference]}).attack_id == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-05-06T07:08:09.123Z", datetime(2024, 5, 6, 7, 8, 9, 123_000, UTC)),
        ("2022-05-06T17:47:24.396289Z", datetime(2022, 5, 6, 17, 47, 24, 396_289, UTC)),
        ("2024-05-06T07:08:09+02:00", datetime(2024, 5, 6, 5, 8, 9, 0, UTC)),
        ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9, 0, UTC)),
        ("2024-05-06", datetime(2024, 5, 6, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("2024-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("\ud800", None),
        ("", None),
        (1_700_000_000, None),
        (None, None),
        ([], None),
    ],
)
def test_a_timestamp_is_a_moment_in_utc_or_nothing(value: Any, expected: datetime | None) -> None:
    assert timestamp(value) == expected
    assert expected is None or timestamp(value).tzinfo is UTC  # type: ignore[union-attr]


@given(value=st.text() | st.datetimes().map(datetime.isoformat) | JSON_VALUES)
@OFTEN
def test_a_timestamp_raises_nothing_when_given_anything(value: Any) -> None:
    found = timestamp(value)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("value", ["true", "True", 1, "1", [True], {"revoked": True}, None, False])
def test_an_object_is_live_unless_it_says_exactly_true(value: Any) -> None:
    assert of(MITIGATION | {"revoked": value, "x_mitre_deprecated": value}).live
    assert of(MITIGATION | {"revoked": True, "x_mitre_deprecated": value}).revoked
    assert of(MITIGATION | {"revoked": value, "x_mitre_deprecated": True}).deprecated


@each_odd_value
def test_columns_are_empty_when_fields_are_not_what_they_should_be(value: Any) -> None:
    fields = ("name", "x_mitre_version", "modified", "revoked", "x_mitre_deprecated")
    found = of(MITIGATION | dict.fromkeys(fields, value))
    assert found.name == (value.replace("\x00", "\ufffd") if isinstance(value, str) else "")
    assert found.x_mitre_version == found.name
    assert found.revoked is found.deprecated is (value is True)
    assert found.modified is None


@each_odd_value
@pytest.mark.parametrize("field", [field for field in FIELDS if field not in {"id", "type"}])
def test_normalise_raises_nothing_when_a_field_holds_any_json_type(field: str, value: Any) -> None:
    for properties in VALID["objects"]:
        hostile = copy.deepcopy(properties) | {field: value}
        found = of(hostile, tactics_by_phase([hostile, *VALID["objects"]]))
        assert "\x00" not in found.name + found.attack_id + found.x_mitre_version
        assert len(found.attack_id) <= 64


@given(value=JSON_VALUES, field=st.sampled_from(FIELDS), data=st.data())
@OFTEN
def test_normalise_raises_nothing_when_a_field_holds_any_json(
    value: Any, field: str, data: st.DataObject
) -> None:
    hostile = data.draw(st.sampled_from(VALID["objects"])) | {field: value}
    if field not in {"id", "type"}:
        of(hostile, tactics_by_phase([hostile]))


@pytest.mark.parametrize("source_name", [[], {}, [[]], {"mitre-attack": 1}, ["mitre-attack"]])
def test_normalise_raises_nothing_when_a_source_name_is_a_list_or_object(source_name: Any) -> None:
    references = [{"source_name": source_name, "external_id": "T1"}]
    assert of(TECHNIQUE | {"external_references": references}).attack_id == ""


def test_edges_are_those_of_every_kind_of_link() -> None:
    source = stix_object("x-mitre-data-source", "Wire")
    component = DATA_COMPONENT | {"x_mitre_data_source_ref": source["id"]}
    expected = {
        ("mitigates", MITIGATION["id"], TECHNIQUE["id"]): MITIGATES,
        ("kill_chain_phases", TECHNIQUE["id"], TACTIC["id"]): TECHNIQUE,
        ("x_mitre_analytic_refs", STRATEGY["id"], ANALYTIC["id"]): STRATEGY,
        ("x_mitre_log_source_references", ANALYTIC["id"], DATA_COMPONENT["id"]): ANALYTIC,
        ("x_mitre_data_source_ref", component["id"], source["id"]): component,
    }
    for edge, properties in expected.items():
        assert of(properties).edges == (Edge(*edge),)
    matrix = factories.matrix("enterprise", [TACTIC])
    assert of(matrix).edges == (Edge("tactic_refs", matrix["id"], TACTIC["id"]),)


def test_an_edge_stands_once_when_it_is_stated_twice() -> None:
    twice = ANALYTIC["x_mitre_log_source_references"] * 2
    assert len(of(ANALYTIC | {"x_mitre_log_source_references": twice}).edges) == 1


@pytest.mark.parametrize("field", ["source_ref", "target_ref"])
@pytest.mark.parametrize("value", [None, "", "T1001", TECHNIQUE["id"].upper(), 7, [TACTIC["id"]]])
def test_a_relationship_has_no_edge_when_an_end_is_no_id(field: str, value: Any) -> None:
    assert of(MITIGATES | {field: value}).edges == ()
    assert of({key: MITIGATES[key] for key in MITIGATES if key != field}).edges == ()


@pytest.mark.parametrize("kind", [None, "", "x" * 65, "a b", "tactic_refs", "é", "a\x00", 7, ["x"]])
def test_a_relationship_has_no_edge_when_its_type_is_unusable(kind: Any) -> None:
    assert of(MITIGATES | {"relationship_type": kind}).edges == ()


def test_a_relationship_has_its_edge_when_nobody_knows_its_type_or_ends() -> None:
    unheard = MITIGATES | {"relationship_type": "x-new-kind", "target_ref": UNKNOWN_ID}
    assert of(unheard).edges == (Edge("x-new-kind", MITIGATION["id"], UNKNOWN_ID),)


def test_a_relationship_carries_no_links_in_properties() -> None:
    phases = TECHNIQUE["kill_chain_phases"]
    assert len(of(MITIGATES | {"kill_chain_phases": phases}).edges) == 1


@pytest.mark.parametrize("chain", ["mitre-pre-attack", "lockheed-martin", "", "MITRE-ATTACK"])
def test_a_phase_has_no_edge_when_its_kill_chain_is_not_attacks(chain: str) -> None:
    phases = [{"kill_chain_name": chain, "phase_name": "entry"}]
    assert of(TECHNIQUE | {"kill_chain_phases": phases}).edges == ()


@pytest.mark.parametrize("dead", [{"revoked": True}, {"x_mitre_deprecated": True}])
@pytest.mark.parametrize("dead_first", [True, False])
def test_a_phase_leads_to_the_live_tactic_when_names_repeat(
    dead: Properties, dead_first: bool
) -> None:
    old = factories.tactic("TA0009", "Old entry", "entry") | dead
    objects = [old, TACTIC] if dead_first else [TACTIC, old]
    assert set(tactics_by_phase(objects).values()) == {TACTIC["id"]}
    assert set(tactics_by_phase([old]).values()) == {old["id"]}
