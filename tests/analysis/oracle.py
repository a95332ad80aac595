"""What the figures of derived Takes count, worked out from the raw bundles alone."""

import lzma
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

type Properties = dict[str, Any]

# Of more objects than five a sentence names this many, by ID.
NAMED = 4
SOFTWARE = {"malware", "tool"}
USERS = {"Groups": {"intrusion-set"}, "Software": SOFTWARE, "Campaigns": {"campaign"}}
SOURCES = {"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"}


def attack_id(found: Properties) -> str:
    """The ATT&CK ID of an object."""
    for reference in found.get("external_references", []):
        if reference["source_name"] in SOURCES:
            return str(reference["external_id"])
    return ""


@dataclass
class Raw:
    """Live objects by STIX id, and their links as pairs of such ids by kind of link."""

    objects: dict[str, Properties] = field(default_factory=dict)
    pairs: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))

    def read(self, path: Path) -> None:
        """Take in one bundle."""
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

    def _pair(self, live: dict[str, Properties], kind: str, source: str, target: str) -> None:
        if source in live and target in live:
            self.pairs[kind].add((source, target))

    def of(self, stix_ids: Iterable[str], types: set[str]) -> set[str]:
        """Those of these objects that are of a type."""
        return {found for found in stix_ids if self.objects[found]["type"] in types}

    def to(self, kind: str, sources: Iterable[str]) -> set[str]:
        """What links of a kind lead to from these."""
        wanted = set(sources)
        return {target for source, target in self.pairs[kind] if source in wanted}

    def back(self, kind: str, targets: Iterable[str]) -> set[str]:
        """Where links of a kind to these come from."""
        wanted = set(targets)
        return {source for source, target in self.pairs[kind] if target in wanted}


@dataclass
class Expected:
    """The figures of one object by their titles."""

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
                found = raw.to("detects", raw.back("analytic", raw.back("reads", own)))
                found |= raw.to("detects", own)
            case "x-mitre-detection-strategy":
                found = raw.to("detects", own)
            case "x-mitre-analytic":
                found = raw.to("detects", raw.back("analytic", own))
            case _:
                found = {self.stix_id}
        return raw.of(found, {"attack-pattern"})

    def objects(self, title: str) -> set[str]:
        """The objects behind the figure with a title; KeyError for one that is not known here."""
        words = title.split()
        if title.endswith(", not named"):
            everything = self.objects(title.removesuffix(", not named"))
            return set(sorted(everything, key=self._order)[NAMED:])
        if found := re.fullmatch(r"(Groups|Software|Campaigns) that use (T[\d.]+)", title):
            users = self.raw.back("uses", self.raw.of(self._named(found[2]), {"attack-pattern"}))
            return self.raw.of(users, USERS[found[1]])
        if found := re.fullmatch(r"Other (groups|software|campaigns) (that use T[\d.]+)", title):
            return self.objects(f"{found[1].capitalize()} {found[2]}") - {self.stix_id}
        if found := re.fullmatch(r"Left out of (\S+)", title):
            return self.raw.back("tactic", self._named(found[1])) - self.techniques()
        if found := re.fullmatch(r"Other mitigations of (T[\d.]+)", title):
            technique = self.raw.of(self._named(found[1]), {"attack-pattern"})
            return self.raw.back("mitigates", technique) - {self.stix_id}
        if found := re.fullmatch(r"Others under (\S+)", title):
            return self.raw.back("tactic", self._named(found[1])) - {self.stix_id}
        named = title.partition(" ")[2]
        if words[:2] == ["Analytics", "on"]:
            return self._reading(title.removeprefix("Analytics on "))
        if title.startswith("Detected from ") and title not in PLAIN:
            return self._from_component(title.removeprefix("Detected from "))
        if found := re.fullmatch(r"More (groups|software|campaigns) under (\S+)", title):
            return self._ahead(USERS[found[1].capitalize()], found[2])
        if found := re.fullmatch(r"(\S+) (in all|among its kin)", title):
            covered = self._covered(found[1])
            return covered if found[2] == "in all" else covered & self._kin()
        if words[0] == "In":
            return self.techniques() & self.raw.back("tactic", self._named(words[1]))
        if words[0] == "On":
            return {t for t in self.techniques() if named in self._platforms(t)}
        if words[0] in USERS and "use" in words:
            return self._users(USERS[words[0]])
        if re.fullmatch(r"Use T[\d.]+ too", title):
            groups = self._users({"intrusion-set"})
            return groups & self.raw.back("uses", self._named(words[1]))
        if title.startswith(("Met by ", "Used by ", "Addressed by ")) and title not in PLAIN:
            return self._shared(title)
        return getattr(self, PLAIN[title])()  # type: ignore[no-any-return]

    def _order(self, stix_id: str) -> tuple[str, str]:
        found = self.raw.objects[stix_id]
        return attack_id(found), found["name"]

    def _platforms(self, stix_id: str) -> list[str]:
        found: list[str] = self.raw.objects[stix_id].get("x_mitre_platforms", [])
        return found

    def _named(self, wanted: str) -> set[str]:
        return {key for key, found in self.raw.objects.items() if attack_id(found) == wanted}

    def _users(self, types: set[str]) -> set[str]:
        # Who uses software is asked of the software, not of what it does.
        used = {self.stix_id} if self.type in SOFTWARE else self.techniques()
        return self.raw.of(self.raw.back("uses", used), types)

    def _shared(self, title: str) -> set[str]:
        """What a mitigation or group, named in the title by its ID, has of the techniques."""
        types = {"intrusion-set"} if title.startswith("Used") else {"course-of-action"}
        kind = "uses" if title.startswith("Used") else "mitigates"
        (key,) = self.raw.of(self._named(title.split()[2]), types)
        met = self.techniques() & self.raw.to(kind, [key])
        if title.endswith(" alone"):
            measures = self.raw.of(self.raw.objects, {"course-of-action"}) - self._no_measures()
            met -= self.raw.to("mitigates", measures - {key})
        return met

    def _from_component(self, name: str) -> set[str]:
        """What a component of a release before 18.0, or either of the foremost two, detects."""
        seen = self._directly()
        if name == "either":
            objects = self.raw.objects
            first = sorted(seen, key=lambda c: (-len(seen[c]), objects[c]["name"]))
            return set().union(*(seen[component] for component in first[:2]))
        named = [found for key, found in seen.items() if self.raw.objects[key]["name"] == name]
        return max(named, key=len)

    def _directly(self) -> dict[str, set[str]]:
        components = self.raw.of(self.raw.objects, {"x-mitre-data-component"})
        seen = {key: self.techniques() & self.raw.to("detects", [key]) for key in components}
        return {key: found for key, found in seen.items() if found}

    def data_components(self) -> set[str]:
        """The data components that detect them; of a data source its own."""
        if self.type == "x-mitre-data-source":
            return self.raw.back("source", [self.stix_id])
        return set(self._directly())

    def seen_directly_by_it_alone(self) -> set[str]:
        """Those that no other component detects."""
        others = self.raw.of(self.raw.objects, {"x-mitre-data-component"}) - {self.stix_id}
        return self.techniques() - self.raw.to("detects", others)

    def _covered(self, mitigation: str) -> set[str]:
        """All that the mitigation with an ID addresses."""
        (own,) = self.raw.of(self._named(mitigation), {"course-of-action"})
        return self.raw.to("mitigates", [own])

    def _kin(self) -> set[str]:
        """Sub-techniques, or the others of its technique, or the others of its first tactic."""
        own = {self.stix_id}
        kin = self.raw.back("subtechnique-of", own)
        kin = kin or self.raw.back("subtechnique-of", self.raw.to("subtechnique-of", own)) - own
        return kin or self.raw.back("tactic", self._tactics_by_id()[:1]) - own

    def _tactics_by_id(self) -> list[str]:
        return sorted(self.tactics(), key=lambda key: attack_id(self.raw.objects[key]))

    def strategies(self) -> set[str]:
        """The detection strategies."""
        found = self.raw.back("detects", self.techniques())
        if self.type == "x-mitre-data-component":
            found = self.raw.back("analytic", self.analytics())
        return self.raw.of(found, {"x-mitre-detection-strategy"})

    def analytics(self) -> set[str]:
        """The analytics."""
        if self.type == "x-mitre-data-component":
            return self.raw.back("reads", [self.stix_id])
        if self.type == "x-mitre-analytic":
            return {self.stix_id}
        if self.type == "x-mitre-detection-strategy":
            return self.raw.to("analytic", [self.stix_id])
        return self.raw.to("analytic", self.strategies())

    def _reading(self, what: str) -> set[str]:
        """The analytics that read a component, a log, or either of the two foremost components."""
        if what == "either":
            return set().union(*self._foremost())
        log = what.removeprefix("the log ") if what.startswith("the log ") else ""
        return {a for a in self.analytics() if self._reads(a, what, log)}

    def _reads(self, analytic: str, component: str, log: str) -> bool:
        for source in self.raw.objects[analytic].get("x_mitre_log_source_references", []):
            ref = source["x_mitre_data_component_ref"]
            if log and " ".join(source["name"].split()) == log and ref in self.raw.objects:
                own = self.type != "x-mitre-data-component" or ref == self.stix_id
                if own:
                    return True
            if not log and self.raw.objects.get(ref, {}).get("name") == component:
                return True
        return False

    def _foremost(self) -> list[set[str]]:
        analytics = self.analytics()
        readers = {
            component: self.raw.back("reads", [component]) & analytics
            for component in self.raw.to("reads", analytics)
        }
        first = sorted(
            readers, key=lambda key: (-len(readers[key]), attack_id(self.raw.objects[key]))
        )
        return [readers[key] for key in first[:2]]

    def heads(self) -> set[str]:
        """Those that are no sub-techniques."""
        return self.techniques() - self.subs()

    def subs(self) -> set[str]:
        """Those that are; of a technique, its own."""
        if self.type == "attack-pattern":
            return self.raw.back("subtechnique-of", [self.stix_id])
        objects = self.raw.objects
        return {t for t in self.techniques() if objects[t].get("x_mitre_is_subtechnique")}

    def tactics(self) -> set[str]:
        """The tactics they serve; of a matrix, its own."""
        if self.type == "x-mitre-matrix":
            return self.raw.to("matrix", [self.stix_id])
        return self.raw.to("tactic", self.techniques())

    def tactics_without(self) -> set[str]:
        """The other tactics of the same matrices."""
        reached = self.tactics()
        matrices = self.raw.back("matrix", reached)
        return self.raw.to("matrix", matrices) - reached

    def beside(self) -> set[str]:
        """The other mitigations of what it addresses."""
        return self.mitigations() - {self.stix_id}

    def attributed(self) -> set[str]:
        """The groups that a campaign is attributed to."""
        return self.raw.to("attributed-to", [self.stix_id])

    def widest(self) -> set[str]:
        """The mitigations that most of its techniques are met by."""
        measures = self.mitigations() - self._named("M1056")
        met = {m: self.techniques() & self.raw.to("mitigates", [m]) for m in measures}
        return {m for m, found in met.items() if len(found) == max(map(len, met.values()))}

    def needed(self) -> set[str]:
        """The data components that every analytic reads."""
        analytics = self.analytics()
        components = self.raw.to("reads", analytics)
        return {c for c in components if analytics <= self.raw.back("reads", [c])}

    def bare(self) -> set[str]:
        """Those that nothing is listed for."""
        return self.techniques() - self.raw.to("mitigates", self.raw.objects)

    def unpreventable(self) -> set[str]:
        """Those of which MITRE says that nothing helps."""
        return self.techniques() & self.raw.to("mitigates", self._no_measures())

    def _no_measures(self) -> set[str]:
        called = {"Do Not Mitigate", "Mitigation Limited or Not Effective"}
        return {
            key
            for key in self.raw.of(self.raw.objects, {"course-of-action"})
            if self.raw.objects[key]["name"] in called
        }

    def before_compromise(self) -> set[str]:
        """Those that Pre-compromise alone is listed for."""
        before = self._named("M1056")
        measures = self.raw.of(self.raw.objects, {"course-of-action"}) - before
        return (self.techniques() & self.raw.to("mitigates", before)) - self.raw.to(
            "mitigates", measures
        )

    def unseen(self) -> set[str]:
        """Those that nothing detects."""
        return self.techniques() - self.raw.to("detects", self.raw.objects)

    def alone(self) -> set[str]:
        """Those that only this mitigates."""
        others = set(self.raw.objects) - {self.stix_id}
        return self.techniques() - self.raw.to("mitigates", others)

    def seen_by_it_alone(self) -> set[str]:
        """Those all of whose analytics read this component."""
        readers = self.analytics()
        found = set()
        for technique in self.techniques():
            analytics = self.raw.to("analytic", self.raw.back("detects", [technique]))
            if analytics and analytics <= readers:
                found.add(technique)
        return found

    def used_by_it_alone(self) -> set[str]:
        """Those that nobody else is recorded using."""
        return self.techniques() - self.raw.to("uses", set(self.raw.objects) - {self.stix_id})

    def without_sources(self) -> set[str]:
        """Those whose detection strategies have no analytic that names a log source."""
        found = set()
        for technique in self.techniques():
            strategies = self.raw.back("detects", [technique])
            if strategies and not self.raw.to("reads", self.raw.to("analytic", strategies)):
                found.add(technique)
        return found

    def kin_left_out(self) -> set[str]:
        """Sub-techniques of what a mitigation addresses, or beside one that it addresses."""
        own = self.techniques()
        whole = {t for t in own if not self.raw.objects[t].get("x_mitre_is_subtechnique")}
        whole |= self.raw.to("subtechnique-of", own)
        return self.raw.back("subtechnique-of", whole) - own

    def alike(self) -> set[str]:
        """The mitigations that meet as many of them as any, and as many that nothing else does.

        Where it is said the techniques are used alike as well, so that this is told without.
        """
        ranked = {}
        for measure in self.mitigations() - self._named("M1056"):
            name = attack_id(self.raw.objects[measure])
            met, alone = (self._shared(f"Met by {name}{word}") for word in ("", " alone"))
            use = sum(len(self.raw.back("uses", [technique])) for technique in met)
            ranked[measure] = (len(met), len(alone), use)
        return {m for m, rank in ranked.items() if rank == max(ranked.values())}

    def mitigations(self) -> set[str]:
        """The mitigations that are measures."""
        return self.raw.back("mitigates", self.techniques()) - self._no_measures()

    def software(self) -> set[str]:
        """The software used."""
        return self.raw.of(self.raw.to("uses", [self.stix_id]), SOFTWARE)

    def campaigns(self) -> set[str]:
        """The campaigns attributed to a group."""
        return self.raw.back("attributed-to", [self.stix_id])

    def _ahead(self, types: set[str], tactic: str) -> set[str]:
        """The techniques of a tactic that more groups, software or campaigns use."""
        (under,) = self.raw.of(self._named(tactic), {"x-mitre-tactic"})
        mine = len(self._users(types))
        return {
            peer
            for peer in self.raw.back("tactic", [under])
            if len(self.raw.of(self.raw.back("uses", [peer]), types)) > mine
        }


PLAIN = {
    "Techniques addressed": "techniques",
    "Techniques used": "techniques",
    "Techniques": "techniques",
    "Techniques that are whole": "heads",
    "Sub-techniques": "subs",
    "Tactics": "tactics",
    "Tactics without any": "tactics_without",
    "Mitigations beside it": "beside",
    "Groups it is attributed to": "attributed",
    "Widest mitigations": "widest",
    "Data components needed": "needed",
    "Without a mitigation": "bare",
    "Not to be prevented": "unpreventable",
    "Before an intrusion": "before_compromise",
    "Without detection": "unseen",
    "Addressed by nothing else": "alone",
    "Seen by nothing else": "seen_by_it_alone",
    "Used by nothing else": "used_by_it_alone",
    "Without a log source": "without_sources",
    "Sub-techniques left out": "kin_left_out",
    "Mitigations alike": "alike",
    "Detection strategies": "strategies",
    "Analytics": "analytics",
    "Mitigations": "mitigations",
    "Software used": "software",
    "Campaigns": "campaigns",
    "Data components": "data_components",
    "Detected from nothing else": "seen_directly_by_it_alone",
}
