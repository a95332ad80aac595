"""Validation: one thing broken on purpose at a time, in objects of every type."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.schemas import standard
from importer.validate import (
    Finding,
    check_object,
)
from tests.importer.objects import (
    DESCRIBED,
    DROP,
    OWN,
    REQUIRED,
    TYPES,
    UUID,
    VERSIONED,
    broken,
    fields,
    ref,
    sample,
    wrong_types,
)


@pytest.mark.parametrize("stix_type", TYPES)
def test_nothing_is_found_when_the_object_is_sound(stix_type: str) -> None:
    assert check_object(sample(stix_type)) == []


@pytest.mark.parametrize("stix_type", TYPES)
def test_every_property_is_found_when_its_json_type_is_wrong(stix_type: str) -> None:
    obj = sample(stix_type)
    for name in obj.keys() - {"anything"}:
        for value in wrong_types(obj[name]):
            assert fields(broken(obj, name, value)) == [name], (name, value)


@pytest.mark.parametrize("stix_type", TYPES)
def test_exactly_the_required_properties_are_found_when_dropped(stix_type: str) -> None:
    obj = sample(stix_type)
    dropped = {name: fields(broken(obj, name, DROP)) for name in obj}
    # Without it an object is of STIX 2.0 (2.1 §3.2), whose malware and tools have labels.
    dropped.pop("spec_version")
    assert {name for name, found in dropped.items() if found} == REQUIRED[stix_type]
    assert all(found in ([], [name]) for name, found in dropped.items())


@pytest.mark.parametrize("stix_type", VERSIONED)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", f"malware-analysis--{UUID}"),
        ("id", "no identifier"),
        ("spec_version", "2.2"),
        ("created", "2024-02-30T00:00:00.000Z"),
        ("created", "2024-03-01T09:30:00.000+01:00"),
        ("modified", "2024-3-1T9:30:00Z"),
        ("modified", "2024-02-29T23:59:59.999Z"),
        ("modified", "2024-03-01T09:29:59Z"),
        ("created_by_ref", ref("malware")),
        ("created_by_ref", "identity--3f2b8c1e5a704d0e9c570f3a1b7d2e64"),
        ("object_marking_refs[0]", "marking-definition--1"),
        ("x_mitre_attack_spec_version", "3.3"),
        ("x_made_up_ref", "not an identifier"),
        ("x_made_up", None),
        ("x-made-up", "a hyphen in its name"),
    ],
)
def test_the_field_is_found_when_the_envelope_is_broken(
    stix_type: str, field: str, value: object
) -> None:
    assert fields(broken(sample(stix_type), field, value)) == [field]


@pytest.mark.parametrize(
    "stix_type", [name for name in TYPES if "x_mitre_contributors" in OWN[name]]
)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("external_references[0].source_name", DROP),
        ("external_references[1].description", 7),
        ("external_references[1]", {"source_name": "Leads nowhere"}),
        ("external_references[0]", "text"),
        ("x_mitre_contributors[0]", 7),
        ("x_mitre_domains", []),
        ("x_mitre_domains[0]", "office-attack"),
        ("x_mitre_modified_by_ref", ref("tool")),
        ("x_mitre_version", "1"),
        ("x_mitre_version", "1.2.3"),
    ],
)
def test_the_field_is_found_when_a_property_of_attack_is_broken(
    stix_type: str, field: str, value: object
) -> None:
    assert fields(broken(sample(stix_type), field, value)) == [field]


@pytest.mark.parametrize(
    ("stix_type", "field", "value"),
    [
        ("attack-pattern", "kill_chain_phases[0].phase_name", DROP),
        ("attack-pattern", "kill_chain_phases[0].kill_chain_name", 7),
        ("campaign", "first_seen", "2023-1-1T0:0:0Z"),
        ("campaign", "last_seen", "2022-02-01T00:00:00.000Z"),
        ("campaign", "aliases[0]", True),
        ("identity", "identity_class", 7),
        ("malware", "is_family", "true"),
        ("malware", "labels", "trojan"),
        ("marking-definition", "definition_type", "wish"),
        ("marking-definition", "definition.statement", DROP),
        ("marking-definition", "definition.statement", 7),
        ("relationship", "source_ref", ref("relationship")),
        ("relationship", "target_ref", "malware--1"),
        ("relationship", "confidence", 101),
        ("x-mitre-analytic", "x_mitre_log_source_references", []),
        (
            "x-mitre-analytic",
            "x_mitre_log_source_references[0].x_mitre_data_component_ref",
            ref("x-mitre-data-source"),
        ),
        ("x-mitre-analytic", "x_mitre_log_source_references[0].name", DROP),
        ("x-mitre-analytic", "x_mitre_mutable_elements[0].field", 7),
        ("x-mitre-asset", "x_mitre_sectors[0]", 7),
        ("x-mitre-asset", "x_mitre_related_assets[0].name", DROP),
        ("x-mitre-collection", "x_mitre_version", "eighteen"),
        ("x-mitre-collection", "x_mitre_contents", []),
        ("x-mitre-collection", "x_mitre_contents[0].object_ref", "malware"),
        ("x-mitre-collection", "x_mitre_contents[0].object_modified", "today"),
        ("x-mitre-data-component", "x_mitre_data_source_ref", ""),
        ("x-mitre-data-component", "x_mitre_log_sources[0].channel", 7),
        ("x-mitre-data-source", "x_mitre_collection_layers[0]", 7),
        ("x-mitre-detection-strategy", "x_mitre_analytic_refs", []),
        ("x-mitre-detection-strategy", "x_mitre_analytic_refs[0]", ref("x-mitre-tactic")),
        ("x-mitre-matrix", "tactic_refs", []),
        ("x-mitre-matrix", "tactic_refs[0]", ref("x-mitre-matrix")),
        ("x-mitre-tactic", "x_mitre_shortname", "Impact ICS"),
        ("x-mitre-tactic", "name", ""),
        ("x-nobody-knows", "revoked", "no"),
    ],
)
def test_the_field_is_found_when_what_is_particular_to_a_type_is_broken(
    stix_type: str, field: str, value: object
) -> None:
    assert fields(broken(sample(stix_type), field, value)) == [field]


def test_all_fields_are_found_when_several_are_broken() -> None:
    obj = sample("relationship") | {
        "source_ref": "x",
        "confidence": "7",
        "start_time": "never",
        "lang": 7,
    }
    del obj["target_ref"]
    assert sorted(fields(obj)) == ["confidence", "lang", "source_ref", "start_time", "target_ref"]


def test_findings_are_bounded_when_an_object_has_very_many() -> None:
    obj = sample("x-mitre-collection") | {"x_mitre_contents": [{}] * 400}
    found = check_object(obj)
    assert len(found) == 101
    assert found[-1].field == "*"
    assert "700" in found[-1].reason


def test_a_finding_names_object_type_and_reason_when_something_is_broken() -> None:
    obj = sample("malware") | {"x_mitre_version": "1\x00"}
    reason = r"Must be a version such as 1.2, not “1\u0000”."
    assert check_object(obj) == [Finding(ref("malware"), "malware", "x_mitre_version", reason)]


@pytest.mark.parametrize("stix_type", ["malware", "tool"])
def test_the_rules_of_stix_2_0_hold_when_there_is_no_spec_version(stix_type: str) -> None:
    obj = sample(stix_type) | {"labels": [stix_type]}
    del obj["spec_version"]
    obj.pop("is_family", None)
    assert fields(obj) == []
    assert fields(broken(obj, "labels", DROP)) == ["labels"]


@pytest.mark.parametrize("stix_type", ["x-mitre-tactic", "x-mitre-matrix"])
def test_nothing_is_found_when_the_object_is_of_an_early_release(stix_type: str) -> None:
    obj = {n: v for n, v in sample(stix_type).items() if not n.startswith("x_mitre_")}
    del obj["spec_version"]
    if stix_type == "x-mitre-tactic":
        obj["x_mitre_shortname"] = "impact"
    assert fields(obj) == []


@pytest.mark.parametrize("field", ["external_references", "x_mitre_contributors", "aliases"])
def test_nothing_is_found_when_an_optional_list_is_empty(field: str) -> None:
    assert fields(sample("attack-pattern") | {field: []}) == []


def test_nothing_is_found_when_a_beta_release_names_itself() -> None:
    assert fields(sample("x-mitre-collection") | {"x_mitre_version": "11.0-beta"}) == []


def test_nothing_is_found_when_a_marking_selects_a_custom_property() -> None:
    marking = {"selectors": ["x_mitre_version"], "marking_ref": ref("marking-definition")}
    obj = sample("tool") | {"granular_markings": [marking]}
    assert fields(obj) == []
    assert fields(broken(obj, "x_mitre_version", DROP)) == ["granular_markings"]


def test_custom_names_are_only_names_when_they_are_arguments_of_stix2() -> None:
    extra = {"allow_custom": 1, "custom_properties": {"name": 7}, "interoperability": 1, "self": 1}
    assert fields(sample("tool") | extra) == []


def test_relationships_are_judged_alike_when_stix2_builds_them_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What spares the building of sound relationships must not change what is found."""
    obj = sample("relationship") | {"external_references": DESCRIBED["external_references"]}
    without_version = broken(obj, "spec_version", DROP)
    values: list[Any] = [DROP, None, True, 7, "", "text", [], ["text"], {}, ref("relationship")]
    values += [ref("file"), ref("sighting"), "malware--3f2b8c1e-5a70-1d0e-9c57-0f3a1b7d2e64"]
    names = [*obj, "revoked", "labels", "confidence", "lang", "start_time", "stop_time"]
    cases = [
        broken(one, name, value)
        for one in (obj, without_version)
        for name in names
        for value in values
        if name in one or value is not DROP
    ]
    asked = [check_object(case) for case in cases]
    monkeypatch.setattr(standard, "_accepted", lambda *_: False)
    assert [check_object(case) for case in cases] == asked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
PROPERTIES = sorted({name for own in OWN.values() for name in own} | {"id", "extensions", "hashes"})
KINDS = [*TYPES, "indicator", "file", "observed-data", "windows-registry-key", "bundle"]


@given(
    st.dictionaries(st.sampled_from(PROPERTIES) | st.text(max_size=9), JSON, max_size=8),
    st.sampled_from(KINDS) | JSON,
    st.sampled_from(TYPES),
)
def test_nothing_is_raised_when_an_object_holds_anything(
    odd: dict[str, Any], stix_type: Any, like: str
) -> None:
    for obj in (odd, odd | {"type": stix_type}, sample(like) | odd, sample(like) | {"type": like}):
        assert all(isinstance(found, Finding) and found.reason for found in check_object(obj))


def test_nothing_is_raised_when_an_object_is_nested_deeply() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    for name in ("extensions", "x_made_up", "definition", "name"):
        check_object(sample("marking-definition") | {name: deep})
        check_object(sample("tool") | {name: deep})
