"""The sample bundles as tests look at them."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

type Object = dict[str, Any]
type Objects = dict[str, Object]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
DOMAINS = ("enterprise", "mobile", "ics")
RELEASES = ("sample-1", "sample-2")
BUNDLES = [(domain, release) for domain in DOMAINS for release in RELEASES]
KILL_CHAINS = {
    "enterprise": "mitre-attack",
    "mobile": "mitre-mobile-attack",
    "ics": "mitre-ics-attack",
}
ATTACK_SOURCES = {"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"}
EVERYWHERE = {
    *("x-mitre-collection", "x-mitre-matrix", "x-mitre-tactic", "attack-pattern"),
    *("course-of-action", "intrusion-set", "campaign", "malware", "x-mitre-data-source"),
    *("x-mitre-data-component", "x-mitre-analytic", "x-mitre-detection-strategy"),
    *("identity", "marking-definition", "relationship"),
}
TYPES = {
    "enterprise": EVERYWHERE | {"tool"},
    "mobile": EVERYWHERE | {"tool"},
    "ics": EVERYWHERE | {"x-mitre-asset"},
}
KINDS = {"uses", "mitigates", "detects", "revoked-by", "attributed-to"}
RELATIONSHIPS = {
    "enterprise": KINDS | {"subtechnique-of"},
    "mobile": KINDS | {"subtechnique-of"},
    "ics": KINDS | {"targets"},
}
# What has an id of this project's own.
OWN = {"x-mitre-collection", "identity", "marking-definition", "relationship"}
# The name ATT&CK gave T1105 before release 7.0, which sample-1 still has.
EARLIER_NAMES = {"T1105": "Remote File Copy"}


def load(domain: str, release: str) -> Objects:
    """The objects of one bundle by STIX id."""
    text = (FIXTURES / "bundles" / f"{domain}-{release}.json").read_text(encoding="utf-8")
    return {each["id"]: each for each in json.loads(text)["objects"]}


def builder() -> ModuleType:
    """The script that builds the sample, as a module of its own."""
    spec = importlib.util.spec_from_file_location("build_sample", FIXTURES / "build_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def attack_id(each: Object) -> str:
    """The object's ATT&CK ID, or nothing."""
    for reference in each.get("external_references", []):
        if reference["source_name"] in ATTACK_SOURCES:
            return str(reference["external_id"])
    return ""


def state(each: Object) -> str:
    """Live, revoked or deprecated."""
    if each.get("revoked"):
        return "revoked"
    return "deprecated" if each.get("x_mitre_deprecated") else "live"


def the(objects: Objects, wanted: str, stix_type: str = "") -> Object:
    """The one object with that ATT&CK ID, of that type where an ID stands twice."""
    found = [
        each
        for each in objects.values()
        if attack_id(each) == wanted and each["type"] in (stix_type or each["type"])
    ]
    assert len(found) == 1, f"{wanted}: {len(found)} objects"
    return found[0]


def label(objects: Objects, each: Object) -> str:
    """What to call an object in an assertion: its ID, or "M1037 mitigates T1105"."""
    if each["type"] != "relationship":
        return attack_id(each) or str(each["type"])
    ends = (label(objects, objects[each[end]]) for end in ("source_ref", "target_ref"))
    return f" {each['relationship_type']} ".join(ends)


def relationships(objects: Objects, kind: str = "") -> list[Object]:
    """The relationships, or those of one kind."""
    found = [each for each in objects.values() if each["type"] == "relationship"]
    return [each for each in found if each["relationship_type"] in (kind or each.values())]


def is_alive(objects: Objects, relationship: Object) -> bool:
    """Whether the relationship and both of its ends are live."""
    ends = (objects[relationship[end]] for end in ("source_ref", "target_ref"))
    return all(state(each) == "live" for each in (relationship, *ends))


def addressed(objects: Objects, mitigation: str) -> set[str]:
    """The techniques a mitigation addresses."""
    source = the(objects, mitigation, "course-of-action")["id"]
    return {
        attack_id(objects[each["target_ref"]])
        for each in relationships(objects, "mitigates")
        if each["source_ref"] == source and is_alive(objects, each)
    }


def values(node: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string below a node, with the name of the property it stands in."""
    if isinstance(node, str):
        yield name, node
    elif isinstance(node, dict):
        for inner, value in node.items():
            yield from values(value, inner)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, name)


def citations(text: str) -> list[str]:
    """The names that a text cites, parentheses in them included."""
    return re.findall(r"\(Citation: ((?:[^()]|\([^()]*\))+)\)", text)
