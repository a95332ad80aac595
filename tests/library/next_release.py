"""A release that is not there yet: 18.1 with what 19.0 did to it, made from the raw bundles.

A tactic keeps its ID under another name, part of its techniques move to a new one, a family of
techniques is revoked in favour of new ones, ICS gets sub-techniques, and there is a type and a
property of which nothing is known.
"""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson

from importer.acquire import unpack
from importer.pipeline import Options, import_bundles
from tests.factories import DOMAIN_NAMES, source, stix_id

type Objects = dict[str, dict[str, Any]]

NEXT: Final = "19.0"
MOMENT: Final = "2026-04-28T14:00:00.188Z"
OLD_TACTIC, OLD_NAME, OLD_SHORT = "TA0005", "Defense Evasion", "defense-evasion"
NEW_NAME, NEW_SHORT = "Stealth", "stealth"
ADDED_TACTIC, ADDED_NAME, ADDED_SHORT = "TA0112", "Defense Impairment", "defense-impairment"
FAMILY: Final = "T1562"
FAMILY_SUCCESSOR: Final = "T1685"
MOVED: Final[tuple[str, ...]] = ("T1014", "T1027")
ICS_PARENT, ICS_SUB = "T0846", "T0846.001"
UNKNOWN_TYPE, UNKNOWN_FIELD = "x-mitre-sensor", "x_mitre_weather"
UNKNOWN_ID: Final = "SE0001"


def import_next_release(bundles: Path) -> None:
    """Import release 19.0 of enterprise and ICS, not validated."""
    made = [
        source(_bundle(_next_enterprise(_objects(bundles, "enterprise")), "enterprise")),
        source(_bundle(_next_ics(_objects(bundles, "ics")), "ics")),
    ]
    import_bundles(made, Options(validate=False))


def next_objects(bundles: Path, domain: str) -> Objects:
    """The objects of release 19.0 of a domain."""
    make = {"enterprise": _next_enterprise, "ics": _next_ics}[domain]
    return make(_objects(bundles, domain))


def _objects(bundles: Path, domain: str) -> Objects:
    path = bundles / f"{domain}-attack-18.1.json.xz"
    held = orjson.loads(unpack(path.name, path.read_bytes()).raw)["objects"]
    return {found["id"]: found for found in held}


def _bundle(objects: Objects, domain: str) -> dict[str, Any]:
    for found in objects.values():
        if found["type"] == "x-mitre-collection":
            found |= {"x_mitre_version": NEXT, "modified": MOMENT}
    name = f"bundle {DOMAIN_NAMES[domain]} {NEXT}"
    return {"type": "bundle", "id": stix_id("bundle", name), "objects": list(objects.values())}


def attack_id(found: dict[str, Any]) -> str:
    """The ATT&CK ID of an object."""
    references = found.get("external_references") or [{}]
    return str(references[0].get("external_id", ""))


def live(found: dict[str, Any]) -> bool:
    """Neither revoked nor deprecated."""
    return not (found.get("revoked") or found.get("x_mitre_deprecated"))


def _one(objects: Objects, stix_type: str, wanted: str) -> dict[str, Any]:
    return next(
        found
        for found in objects.values()
        if found["type"] == stix_type and attack_id(found) == wanted and live(found)
    )


def _edited(found: dict[str, Any], version: str, **changes: Any) -> None:
    found |= {"modified": MOMENT, "x_mitre_version": version} | changes


def _next_enterprise(objects: Objects) -> Objects:
    tactic = _one(objects, "x-mitre-tactic", OLD_TACTIC)
    major = int(tactic["x_mitre_version"].partition(".")[0]) + 1
    _edited(tactic, f"{major}.0", name=NEW_NAME, x_mitre_shortname=NEW_SHORT)
    added = _copy(tactic, ADDED_TACTIC, ADDED_NAME, x_mitre_shortname=ADDED_SHORT)
    objects[added["id"]] = added
    matrix = _one(objects, "x-mitre-matrix", "enterprise-attack")
    at = matrix["tactic_refs"].index(tactic["id"])
    matrix["tactic_refs"].insert(at + 1, added["id"])
    _edited(matrix, "19.0")
    for found in list(objects.values()):
        if found["type"] == "attack-pattern" and live(found):
            _rephase(found, ADDED_SHORT if attack_id(found) in MOVED else NEW_SHORT)
    _revoke_family(objects)
    sensor: dict[str, Any] = {
        "type": UNKNOWN_TYPE,
        "id": stix_id(UNKNOWN_TYPE, "sensor"),
        "spec_version": "2.1",
        "created": MOMENT,
        "modified": MOMENT,
        "name": "Endpoint Sensor",
        "x_mitre_version": "1.0",
        "x_mitre_domains": ["enterprise-attack"],
        "external_references": [{"source_name": "mitre-attack", "external_id": UNKNOWN_ID}],
        UNKNOWN_FIELD: ["rain"],
    }
    objects[sensor["id"]] = sensor
    _one(objects, "course-of-action", "M1037")[UNKNOWN_FIELD] = ["sun"]
    return objects


def _rephase(technique: dict[str, Any], short: str) -> None:
    for phase in technique.get("kill_chain_phases", ()):
        if phase["phase_name"] == OLD_SHORT:
            phase["phase_name"] = short
            technique["modified"] = MOMENT


def _revoke_family(objects: Objects) -> None:
    """Revoke T1562 and its sub-techniques, each in favour of a new technique of its own."""
    family = [
        found
        for found in objects.values()
        if found["type"] == "attack-pattern"
        and live(found)
        and attack_id(found).partition(".")[0] == FAMILY
    ]
    for old in sorted(family, key=attack_id):
        number = attack_id(old).replace(FAMILY, FAMILY_SUCCESSOR)
        new = _copy(old, number, f"{old['name']}, again")
        objects[new["id"]] = new
        _edited(old, old["x_mitre_version"], revoked=True)
        made = _relationship("revoked-by", old, new)
        objects[made["id"]] = made
    parent = _one(objects, "attack-pattern", FAMILY_SUCCESSOR)
    for found in _subs(objects, FAMILY_SUCCESSOR):
        made = _relationship("subtechnique-of", found, parent)
        objects[made["id"]] = made


def _subs(objects: Objects, parent: str) -> Iterable[dict[str, Any]]:
    return [
        found
        for found in objects.values()
        if found["type"] == "attack-pattern" and attack_id(found).startswith(f"{parent}.")
    ]


def _next_ics(objects: Objects) -> Objects:
    parent = _one(objects, "attack-pattern", ICS_PARENT)
    sub = _copy(parent, ICS_SUB, "Port Sweep", x_mitre_is_subtechnique=True)
    made = _relationship("subtechnique-of", sub, parent)
    return objects | {sub["id"]: sub, made["id"]: made}


def _copy(of: dict[str, Any], number: str, name: str, **changes: Any) -> dict[str, Any]:
    """A new object after the model of another."""
    made = copy.deepcopy(of)
    made["external_references"][0]["external_id"] = number
    made["external_references"][0]["url"] = f"https://attack.mitre.org/x/{number}"
    fresh = {
        "id": stix_id(of["type"], f"next {number}"),
        "created": MOMENT,
        "modified": MOMENT,
        "name": name,
        "x_mitre_version": "1.0",
    }
    return made | fresh | changes


def _relationship(kind: str, source_of: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "relationship",
        "id": stix_id("relationship", f"next {source_of['id']} {kind} {target['id']}"),
        "spec_version": "2.1",
        "created": MOMENT,
        "modified": MOMENT,
        "relationship_type": kind,
        "source_ref": source_of["id"],
        "target_ref": target["id"],
        "x_mitre_version": "0.1",
    }
