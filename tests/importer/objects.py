"""Sound objects of every type, and ways to break them."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from importer.validate import (
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


def texts(objects: list[dict[str, Any]]) -> list[bytes]:
    return [orjson.dumps(obj, option=orjson.OPT_SORT_KEYS) for obj in objects]
