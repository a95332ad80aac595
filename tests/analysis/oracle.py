"""What the figures of derived Takes count, worked out from the raw bundles alone."""

import re
from dataclasses import dataclass

from tests.analysis.detection_oracle import Detection
from tests.analysis.raw_bundles import attack_id

# Of more objects than five a sentence names this many, by ID.
NAMED = 4
SOFTWARE = {"malware", "tool"}
# What stands among mitigations to say that none helps: in ICS, and in the other domains.
LIMITED, DO_NOT = "Mitigation Limited or Not Effective", "Do Not Mitigate"
USERS = {"Groups": {"intrusion-set"}, "Software": SOFTWARE, "Campaigns": {"campaign"}}


@dataclass
class Expected(Detection):
    """The figures of one object by their titles."""

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
            return self._peers(found[1])
        if found := re.fullmatch(r"(\w+) that use it or a sub-technique of it", title):
            return self._whole_users(self.stix_id, USERS[found[1]])
        named = title.partition(" ")[2]
        if words[:2] == ["Analytics", "on"]:
            return self.reading(title.removeprefix("Analytics on "))
        if title.startswith("Detected from ") and title not in PLAIN:
            return self.from_component(title.removeprefix("Detected from "))
        if found := re.fullmatch(r"More (groups|software|campaigns) under (\S+)", title):
            return self._ahead(USERS[found[1].capitalize()], found[2])
        if found := re.fullmatch(r"(\S+) (in all|among its kin)", title):
            covered = self._covered(found[1])
            return covered if found[2] == "in all" else covered & self.kin()
        if words[0] == "In":
            return self.techniques() & self.raw.back("tactic", self._named(words[1]))
        if words[0] == "On":
            named = named.removesuffix(", before an intrusion")
            return {t for t in self.techniques() if named in self._platforms(t)}
        if words[0] in USERS and "use" in words:
            return self._users(USERS[words[0]])
        if re.fullmatch(r"Use T[\d.]+ too", title):
            groups = self._whole_users(self.stix_id, {"intrusion-set"})
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
        return self.raw.named.get(wanted, set())

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

    def _covered(self, mitigation: str) -> set[str]:
        """All that the mitigation with an ID addresses."""
        (own,) = self.raw.of(self._named(mitigation), {"course-of-action"})
        return self.raw.to("mitigates", [own])

    def kin(self) -> set[str]:
        """Sub-techniques, or the others of its technique, or the others of its first tactic."""
        own = {self.stix_id}
        kin = self.raw.back("subtechnique-of", own)
        kin = kin or self.raw.back("subtechnique-of", self.raw.to("subtechnique-of", own)) - own
        return kin or self.raw.back("tactic", self._tactics_by_id()[:1]) - own

    def _tactics_by_id(self) -> list[str]:
        return sorted(self.tactics(), key=lambda key: attack_id(self.raw.objects[key]))

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

    def tactics_with_most(self) -> set[str]:
        """Those tactics that have most of the techniques."""
        own = self.techniques()
        counts = {key: len(own & self.raw.back("tactic", [key])) for key in self.tactics()}
        return {key for key, count in counts.items() if count == max(counts.values())}

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

    def bare(self) -> set[str]:
        """Those that nothing is listed for."""
        return self.techniques() - self.raw.to("mitigates", self.raw.objects)

    def of_little_use(self) -> set[str]:
        """Those of which MITRE says that prevention does little."""
        return self.techniques() & self.raw.to("mitigates", self._no_measures(LIMITED))

    def of_harm(self) -> set[str]:
        """Those of which MITRE says that prevention may do harm."""
        return self.techniques() & self.raw.to("mitigates", self._no_measures(DO_NOT))

    def _no_measures(self, *called: str) -> set[str]:
        called = called or (LIMITED, DO_NOT)
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

    def alone(self) -> set[str]:
        """Those that only this mitigates."""
        others = set(self.raw.objects) - {self.stix_id}
        return self.techniques() - self.raw.to("mitigates", others)

    def used_by_it_alone(self) -> set[str]:
        """Those that nobody else is recorded using, and no sub-technique of theirs either."""
        by_others = self.raw.to("uses", set(self.raw.objects) - {self.stix_id})
        return self.techniques() - by_others - self.raw.to("subtechnique-of", by_others)

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
        mine = len(self._whole_users(self.stix_id, types))
        return {peer for peer in self._peers(tactic) if len(self._whole_users(peer, types)) > mine}

    def _peers(self, tactic: str) -> set[str]:
        """The other sub-techniques of a tactic, of one that is none the others that are none."""
        (under,) = self.raw.of(self._named(tactic), {"x-mitre-tactic"})
        level = self._is_part(self.stix_id)
        found = {peer for peer in self.raw.back("tactic", [under]) if self._is_part(peer) == level}
        return found - {self.stix_id}

    def _is_part(self, stix_id: str) -> bool:
        return bool(self.raw.objects[stix_id].get("x_mitre_is_subtechnique"))

    def _whole_users(self, technique: str, types: set[str]) -> set[str]:
        """Who uses a technique, or a sub-technique of it."""
        parts = {technique, *self.raw.back("subtechnique-of", [technique])}
        return self.raw.of(self.raw.back("uses", parts), types)


PLAIN = {
    "Techniques addressed": "techniques",
    "Techniques used": "techniques",
    "Techniques": "techniques",
    "Techniques that are whole": "heads",
    "Sub-techniques": "subs",
    "Tactics": "tactics",
    "Tactics with most": "tactics_with_most",
    "Tactics without any": "tactics_without",
    "Mitigations beside it": "beside",
    "Groups it is attributed to": "attributed",
    "Widest mitigations": "widest",
    "Data components needed": "needed",
    "Without a mitigation": "bare",
    "Where prevention does little": "of_little_use",
    "Where prevention may do harm": "of_harm",
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
    "Noticed by no other source": "noticed_by_no_other_source",
    "Data components that notice nothing": "silent",
}
