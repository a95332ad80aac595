"""Validation: one thing broken on purpose at a time, in objects of every type."""

import copy
import lzma
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.schemas import standard
from importer.validate import (
    Checked,
    Finding,
    Validator,
    ValidatorError,
    check_batch,
    check_object,
)

ROOT = Path(__file__).resolve().parents[2]
UUID = "3f2b8c1e-5a70-4d0e-9c57-0f3a1b7d2e64"
DROP = object()
CREATED, MODIFIED = "2024-03-01T09:30:00.000Z", "2025-04-02T10:45:00.125Z"


def ref(stix_type: str) -> str:
    return f"{stix_type}--{UUID}"


COMMON: dict[str, Any] = {
    "spec_version": "2.1",
    "created": CREATED,
    "modified": MODIFIED,
    "created_by_ref": ref("identity"),
    "object_marking_refs": [ref("marking-definition")],
    "x_mitre_attack_spec_version": "3.3.0",
}
DESCRIBED: dict[str, Any] = {
    **COMMON,
    "name": "Sample",
    "description": "A sentence of our own.",
    "external_references": [
        {"source_name": "mitre-attack", "external_id": "X0001", "url": "https://example.org/X0001"},
        {"source_name": "A report", "description": "Nobody. (2024). A report."},
    ],
    "revoked": False,
    "x_mitre_contributors": ["Somebody"],
    "x_mitre_deprecated": False,
    "x_mitre_domains": ["ics-attack"],
    "x_mitre_modified_by_ref": ref("identity"),
    "x_mitre_platforms": ["Linux"],
    "x_mitre_version": "1.2",
}
OWN: dict[str, dict[str, Any]] = {
    "attack-pattern": {
        **DESCRIBED,
        "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": "impact"}],
        "x_mitre_is_subtechnique": False,
        "x_mitre_detection": "",
    },
    "campaign": {
        **DESCRIBED,
        "aliases": ["Sample"],
        "first_seen": "2023-01-01T00:00:00.000Z",
        "last_seen": "2023-02-01T00:00:00.000Z",
    },
    "course-of-action": {**DESCRIBED, "labels": ["A standard"]},
    "identity": {**COMMON, "name": "Sample", "identity_class": "organization"},
    "intrusion-set": {**DESCRIBED, "aliases": ["Sample", "Other"]},
    "malware": {**DESCRIBED, "is_family": True, "x_mitre_aliases": ["Sample"]},
    "marking-definition": {
        "spec_version": "2.1",
        "created": CREATED,
        "created_by_ref": ref("identity"),
        "definition_type": "statement",
        "definition": {"statement": "Ours."},
    },
    "relationship": {
        **COMMON,
        "relationship_type": "uses",
        "source_ref": ref("malware"),
        "target_ref": ref("attack-pattern"),
        "description": "Uses it.",
    },
    "tool": DESCRIBED,
    "x-mitre-analytic": {
        **DESCRIBED,
        "x_mitre_log_source_references": [
            {
                "x_mitre_data_component_ref": ref("x-mitre-data-component"),
                "name": "auditd",
                "channel": "execve",
            }
        ],
        "x_mitre_mutable_elements": [{"field": "Window", "description": "How long."}],
    },
    "x-mitre-asset": {
        **DESCRIBED,
        "x_mitre_sectors": ["General"],
        "x_mitre_related_assets": [{"name": "Other", "related_asset_sectors": []}],
    },
    "x-mitre-collection": {
        **COMMON,
        "name": "Sample",
        "x_mitre_version": "18.1",
        "x_mitre_contents": [{"object_ref": ref("malware"), "object_modified": MODIFIED}],
    },
    "x-mitre-data-component": {
        **DESCRIBED,
        "x_mitre_data_source_ref": ref("x-mitre-data-source"),
        "x_mitre_log_sources": [{"name": "auditd", "channel": "execve"}],
    },
    "x-mitre-data-source": {**DESCRIBED, "x_mitre_collection_layers": ["Host"]},
    "x-mitre-detection-strategy": {**DESCRIBED, "x_mitre_analytic_refs": [ref("x-mitre-analytic")]},
    "x-mitre-matrix": {**DESCRIBED, "tactic_refs": [ref("x-mitre-tactic")]},
    "x-mitre-tactic": {**DESCRIBED, "x_mitre_shortname": "impact-ics"},
    "x-nobody-knows": {**DESCRIBED, "anything": {"at": ["all"]}},
}
TYPES = sorted(OWN)
VERSIONED = [name for name in TYPES if name != "marking-definition"]
ATTACK = [name for name in TYPES if name.startswith("x-mitre-")]
NAMED = {"attack-pattern", "campaign", "course-of-action", "identity", "intrusion-set", "malware"}

# What an object of a type cannot lack.
REQUIRED: dict[str, set[str]] = {name: {"id", "type"} for name in TYPES}
for _name in set(VERSIONED) - {"x-nobody-knows"}:
    REQUIRED[_name] |= {"created", "modified"}
for _name in {*NAMED, "tool", *ATTACK}:
    REQUIRED[_name] |= {"name"}
for _name in set(ATTACK) - {"x-mitre-collection", "x-mitre-data-component"}:
    REQUIRED[_name] |= {"external_references"}
for _name, _fields in {
    "malware": {"is_family"},
    "marking-definition": {"created", "definition", "definition_type"},
    "relationship": {"relationship_type", "source_ref", "target_ref"},
    "x-mitre-analytic": {"description", "x_mitre_domains", "x_mitre_version"},
    "x-mitre-asset": {"x_mitre_domains", "x_mitre_version"},
    "x-mitre-collection": {"x_mitre_contents", "x_mitre_version"},
    "x-mitre-data-component": {"description"},
    "x-mitre-data-source": {"description"},
    "x-mitre-detection-strategy": {"x_mitre_analytic_refs", "x_mitre_domains", "x_mitre_version"},
    "x-mitre-matrix": {"description", "tactic_refs"},
    "x-mitre-tactic": {"description", "x_mitre_shortname"},
}.items():
    REQUIRED[_name] |= _fields


def sample(stix_type: str) -> dict[str, Any]:
    return {"type": stix_type, "id": ref(stix_type), **copy.deepcopy(OWN[stix_type])}


def broken(obj: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    """A copy of the object with one field, given by its path, dropped or replaced."""
    result = copy.deepcopy(obj)
    *steps, last = where.replace("[", ".[").split(".")
    inner: Any = result
    for step in steps:
        inner = inner[int(step[1:-1])] if step.startswith("[") else inner[step]
    key: Any = int(last[1:-1]) if last.startswith("[") else last
    if value is DROP:
        del inner[key]
    else:
        inner[key] = value
    return result


def fields(obj: dict[str, Any]) -> list[str]:
    return [found.field for found in check_object(obj)]


def wrong_types(value: Any) -> Iterator[Any]:
    """Values of other JSON types, among them those that stix2 would turn into the right one."""
    yield None
    match value:
        case bool():
            yield from ("true", 1)
        case str():
            yield from (7, [value])
        case list():
            yield from ("text", {"0": "text"})
        case dict():
            yield from (7, orjson.dumps(value).decode())


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


def texts(objects: list[dict[str, Any]]) -> list[bytes]:
    return [orjson.dumps(obj, option=orjson.OPT_SORT_KEYS) for obj in objects]


@pytest.fixture(scope="module")
def many() -> list[bytes]:
    """Some four megabytes of objects, every third of them broken in its own way."""
    result = []
    for number in range(900):
        for stix_type in ("relationship", "x-mitre-tactic", "x-nobody-knows"):
            obj = sample(stix_type) | {"description": "word " * 300}
            if number % 3 == 0:
                obj["created"] = f"day {number}"
            result.append(obj)
    return texts(result)


def test_a_batch_counts_what_was_checked_how_when_types_are_mixed() -> None:
    checked, found = check_batch(texts([sample(name) for name in TYPES]))
    assert found == []
    assert checked == Checked(stix2=9, schema=8, envelope=1)
    assert checked + checked == Checked(stix2=18, schema=16, envelope=2)


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_results_are_the_same_in_order_when_processes_differ(
    processes: int, many: list[bytes]
) -> None:
    with Validator(processes) as validator:
        for start in range(0, len(many), 1000):
            validator.submit(many[start : start + 1000])
        validator.submit([])
        results = validator.results()
        assert validator.results() == (Checked(), [])
    assert results == check_batch(many)
    assert len(results[1]) == 900


def test_results_are_of_what_came_since_when_some_were_taken() -> None:
    with Validator(1) as validator:
        validator.submit(texts([sample("tool")]))
        assert validator.results()[0] == Checked(stix2=1)
        validator.submit(texts([sample("x-mitre-tactic")]))
        assert validator.results()[0] == Checked(schema=1)


@pytest.mark.parametrize("processes", [1, 2])
def test_the_user_is_told_when_a_process_is_killed(processes: int, many: list[bytes]) -> None:
    with Validator(processes) as validator:
        for worker in validator._workers:
            os.kill(worker._process.pid, signal.SIGKILL)
        # More than may wait.
        with pytest.raises(ValidatorError, match="SIGKILL"):
            validator.submit(many * 20)
        with pytest.raises(ValidatorError, match="SIGKILL"):
            validator.results()


def test_no_process_is_left_when_the_user_fails(many: list[bytes]) -> None:
    validator = Validator(2)

    def fail() -> None:
        with validator:
            validator.submit(many)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    # A return code means it has ended and been waited for.
    assert [w._process.returncode for w in validator._workers] == [-signal.SIGKILL] * 2


def program(text: str) -> subprocess.Popen[bytes]:
    """A program of its own session, in which Validator is known, that has said "ready"."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"import sys\nfrom importer.validate import Validator\n{text}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


WAITING = """
try:
    with Validator(2) as validator:
        validator.submit([b'{"type":"x-new"}'])
        validator.results()
        print("ready", flush=True)
        sys.stdin.read()
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_processes_end_without_a_word_when_the_importer_is_killed() -> None:
    process = program(WAITING)
    process.kill()
    # The processes hold its standard error: this ends when the last of them has.
    assert process.communicate(timeout=60)[1] == b""


def test_processes_end_without_a_word_when_the_importer_is_interrupted() -> None:
    process = program(WAITING)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 130


def test_only_what_is_needed_is_loaded_when_a_process_starts() -> None:
    loaded = (
        "import sys, importer.validate\n"
        "light = {'stix2', 'pydantic'} & set(sys.modules)\n"
        "import importer.schemas.rules, importer.schemas.standard\n"
        "heavy = {'django', 'mitreattack', 'psycopg'} & set(sys.modules)\n"
        "print(sorted(light | heavy))"
    )
    output = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True)
    assert output.stdout.strip() == b"[]"


def objects_of(path: Path) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
    return objects


@pytest.fixture(scope="module")
def newest_bundles() -> list[Path]:
    """The newest of each domain among the real bundles."""
    if not os.environ.get("ATTACK_BUNDLES"):
        pytest.skip("ATTACK_BUNDLES names no folder of real bundles")
    found = sorted(Path(os.environ["ATTACK_BUNDLES"]).glob("*.json.xz"))
    return list({path.name.split("-")[0]: path for path in found}.values())


@pytest.fixture(scope="module")
def real(newest_bundles: list[Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """A sound real object for each type and property that one has."""
    result: dict[tuple[str, str], dict[str, Any]] = {}
    for path in newest_bundles:
        for obj in objects_of(path):
            lacking = {(obj["type"], name) for name in obj} - result.keys()
            if lacking and not check_object(obj):
                result |= dict.fromkeys(lacking, obj)
    return result


@pytest.mark.real_data
def test_every_property_of_real_objects_is_found_when_its_json_type_is_wrong(
    real: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert {stix_type for stix_type, _ in real} == set(TYPES) - {"x-nobody-knows"}
    for (stix_type, name), obj in real.items():
        for value in wrong_types(obj[name]):
            assert fields(obj | {name: value}) == [name], (stix_type, name, value)


@pytest.mark.real_data
def test_every_required_property_of_real_objects_is_found_when_dropped(
    real: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (stix_type, name), obj in real.items():
        if name in REQUIRED[stix_type]:
            assert fields(broken(obj, name, DROP)) == [name], (stix_type, name)


@pytest.mark.real_data
def test_every_reference_of_real_objects_is_found_when_malformed(
    real: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (stix_type, name), obj in real.items():
        if name.endswith("_ref"):
            assert fields(broken(obj, name, obj[name][:-1])) == [name], stix_type
        if name.endswith("_refs"):
            cut = [item[:-1] for item in obj[name]]
            assert fields(obj | {name: cut}) == [f"{name}[{n}]" for n in range(len(cut))], stix_type


@pytest.mark.real_data
def test_only_true_breaches_are_found_when_real_bundles_are_checked(
    newest_bundles: list[Path],
) -> None:
    """An empty string where an id belongs, a strategy without analytics, and time going back."""
    for path in newest_bundles:
        objects = objects_of(path)
        with Validator() as validator:
            validator.submit(texts(objects))
            checked, found = validator.results()
        own = sum(obj["type"].startswith("x-mitre-") for obj in objects)
        assert checked == Checked(stix2=len(objects) - own, schema=own)
        assert sorted((f.stix_id, f.field) for f in found) == sorted(
            [(o["id"], f) for o in objects if o.get(f := "x_mitre_data_source_ref") == ""]
            + [
                (o["id"], f)
                for o in objects
                if o["type"] == "x-mitre-detection-strategy"
                and not o.get(f := "x_mitre_analytic_refs")
            ]
            + [
                (o["id"], "modified")
                for o in objects
                if o.get("modified", o["created"]) < o["created"]
            ]
        )
