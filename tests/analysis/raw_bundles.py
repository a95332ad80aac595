"""Raw bundles: their live objects and the links between them, and what an object is about."""

import lzma
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

type Properties = dict[str, Any]

SOURCES = {"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"}


def attack_id(found: Properties) -> str:
    """The ATT&CK ID of an object."""
    for reference in found.get("external_references", []):
        if reference["source_name"] in SOURCES:
            return str(reference["external_id"])
    return ""


@dataclass
class Raw:
    """Live objects by STIX id, these by ATT&CK ID, and where links of each kind lead and begin."""

    objects: dict[str, Properties] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    targets: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    sources: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    domains: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def read(self, path: Path) -> None:
        """Take in one bundle, which has its domain's name."""
        everything = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
        live = {
            found["id"]: found
            for found in everything
            if not found.get("revoked") and not found.get("x_mitre_deprecated")
        }
        tactics = {
            found["x_mitre_shortname"]: found["id"]
            for found in live.values()
            if found["type"] == "x-mitre-tactic"
        }
        for stix_id, found in live.items():
            if found["type"] == "relationship":
                self._pair(
                    live, found["relationship_type"], found["source_ref"], found["target_ref"]
                )
            for phase in found.get("kill_chain_phases", []):
                self._pair(live, "tactic", stix_id, tactics.get(phase["phase_name"], ""))
            for analytic in found.get("x_mitre_analytic_refs", []):
                self._pair(live, "analytic", stix_id, analytic)
            for tactic in found.get("tactic_refs", []):
                self._pair(live, "matrix", stix_id, tactic)
            self._pair(live, "source", stix_id, found.get("x_mitre_data_source_ref", ""))
            for source in found.get("x_mitre_log_source_references", []):
                self._pair(live, "reads", stix_id, source["x_mitre_data_component_ref"])
        for stix_id, found in live.items():
            self.objects.setdefault(stix_id, found)
            self.domains[stix_id].add(path.name.partition("-")[0])
            self.named[attack_id(self.objects[stix_id])].add(stix_id)

    def _pair(self, live: dict[str, Properties], kind: str, source: str, target: str) -> None:
        if source in live and target in live:
            self.targets[kind, source].add(target)
            self.sources[kind, target].add(source)

    def pairs(self, kind: str) -> set[tuple[str, str]]:
        """All links of a kind."""
        of_kind = ((key[1], found) for key, found in self.targets.items() if key[0] == kind)
        return {(source, target) for source, found in of_kind for target in found}

    def of(self, stix_ids: Iterable[str], types: set[str]) -> set[str]:
        """Those of these objects that are of a type."""
        return {found for found in stix_ids if self.objects[found]["type"] in types}

    def to(self, kind: str, sources: Iterable[str]) -> set[str]:
        """What links of a kind lead to from these."""
        return set().union(*(self.targets.get((kind, source), ()) for source in sources))

    def back(self, kind: str, targets: Iterable[str]) -> set[str]:
        """Where links of a kind to these come from."""
        return set().union(*(self.sources.get((kind, target), ()) for target in targets))


@dataclass
class About:
    """One object, and the techniques that its Take is about."""

    raw: Raw
    stix_id: str

    @property
    def type(self) -> str:
        """The object's STIX type."""
        return str(self.raw.objects[self.stix_id]["type"])

    def techniques(self) -> set[str]:
        """The techniques that the Take of the object is about."""
        raw, own = self.raw, [self.stix_id]
        match self.type:
            case "course-of-action":
                found = raw.to("mitigates", own)
            case "intrusion-set" | "malware" | "tool" | "campaign":
                found = raw.to("uses", own)
            case "x-mitre-tactic":
                found = raw.back("tactic", own)
            case "x-mitre-matrix":
                found = raw.back("tactic", raw.to("matrix", own))
            case "x-mitre-asset":
                found = raw.back("targets", own)
            case "x-mitre-data-component":
                found = self.noticed(own)
            case "x-mitre-data-source":
                found = self.noticed(raw.back("source", own))
            case "x-mitre-detection-strategy":
                found = raw.to("detects", own)
            case "x-mitre-analytic":
                found = raw.to("detects", raw.back("analytic", own))
            case _:
                found = {self.stix_id}
        return raw.of(found, {"attack-pattern"})

    def noticed(self, components: Iterable[str]) -> set[str]:
        """What data components detect, by analytics that read them or directly."""
        raw, own = self.raw, set(components)
        by_analytics = raw.to("detects", raw.back("analytic", raw.back("reads", own)))
        return raw.of(by_analytics | raw.to("detects", own), {"attack-pattern"})
