"""Relationships as MITRE's own tool tells them, and the same as the library holds them.

Each getter of the tool that relates objects stands here with what of ours it is to equal, as pairs
of STIX ids: first the object that it is asked about. Where both differ, it is by these rules:

*Dead ends.* A relationship is dead when either end is revoked or deprecated, even if it is live
itself. The tool leaves out dead objects among its answers, but answers for those asked about.

*Inheritance.* The tool hands a group what the campaigns attributed to it used. The library lists
those campaigns on the group's page, and what they used on theirs.

*One replacement.* Of several objects that an object was revoked by the tool names the first.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from mitreattack.stix20 import MitreAttackData

from library.identifiers import Link
from library.models import Snapshot, SnapshotEdge, SnapshotObject

type Pairs = set[tuple[str, str]]

TECHNIQUE, MITIGATION, GROUP, CAMPAIGN = (
    ("attack-pattern",),
    ("course-of-action",),
    ("intrusion-set",),
    ("campaign",),
)
SOFTWARE = ("malware", "tool")
STRATEGY, ANALYTIC, COMPONENT, ASSET, TACTIC, MATRIX = (
    (f"x-mitre-{name}",)
    for name in (
        *("detection-strategy", "analytic", "data-component"),
        *("asset", "tactic", "matrix"),
    )
)


@dataclass(frozen=True)
class Library:
    """What the library holds of one snapshot."""

    snapshot: Snapshot
    live: frozenset[str]

    @classmethod
    def of(cls, domain: str, release: str) -> "Library":
        """The snapshot of a domain of a release."""
        snapshot = Snapshot.objects.get(domain=domain, attack_version=release)
        rows = SnapshotObject.objects.filter(snapshot=snapshot).live()
        return cls(snapshot, frozenset(rows.values_list("object__stix_id", flat=True)))

    def links(self, kind: Link, sources: Iterable[str], targets: Iterable[str]) -> Pairs:
        """The live links of a kind between objects of these types."""
        found = self.edges(kind).filter(
            live=True, source__stix_type__in=sources, target__stix_type__in=targets
        )
        return set(found.values_list("source__stix_id", "target__stix_id"))

    def edges(self, kind: Link) -> Any:
        """All links of a kind, dead ones too."""
        return SnapshotEdge.objects.filter(snapshot=self.snapshot, kind=kind)

    def procedures(self) -> Pairs:
        """The techniques that live relationships say are used, with these."""
        found = self.edges(Link.USES).filter(live=True, target__stix_type__in=TECHNIQUE)
        return set(found.values_list("target__stix_id", "version__object__stix_id"))

    def replacements(self) -> Pairs:
        """What each revoked object was revoked by."""
        found = self.edges(Link.REVOKED_BY)
        return set(found.values_list("source__stix_id", "target__stix_id"))


@dataclass(frozen=True)
class Relation:
    """A link from objects of some types to others, as a getter asks for it."""

    kind: Link
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    backwards: bool = False
    inherits: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """The types of the objects that the getter is asked about."""
        return self.targets if self.backwards else self.sources

    def ours(self, library: Library) -> Pairs:
        """The pairs that the library holds, and those that follow by inheritance."""
        found = library.links(self.kind, self.sources, self.targets)
        if self.inherits:
            used = library.links(self.kind, CAMPAIGN, self.targets)
            attributed = library.links(Link.ATTRIBUTED_TO, CAMPAIGN, GROUP)
            found |= joined(turned(attributed), used)
        return turned(found) if self.backwards else found


def turned(pairs: Pairs) -> Pairs:
    """The same pairs the other way."""
    return {(other, one) for one, other in pairs}


def joined(first: Pairs, second: Pairs) -> Pairs:
    """Whatever the second leads to from where the first leads to."""
    further: dict[str, set[str]] = {}
    for one, other in second:
        further.setdefault(one, set()).add(other)
    return {(one, end) for one, middle in first for end in further.get(middle, ())}


def both_ways(
    getters: tuple[str, str],
    kind: Link,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    *,
    inherits: bool = False,
) -> dict[str, Relation]:
    """A relation with the getter that asks for it and the one that asks for it backwards."""
    forward, back = getters
    return {
        forward: Relation(kind, sources, targets, inherits=inherits),
        back: Relation(kind, sources, targets, backwards=True, inherits=inherits),
    }


# By the getter for one object; each has one for all objects beside it (`ALL_OBJECTS`).
RELATIONS = {
    **both_ways(
        ("get_techniques_used_by_group", "get_groups_using_technique"),
        Link.USES,
        GROUP,
        TECHNIQUE,
        inherits=True,
    ),
    **both_ways(
        ("get_software_used_by_group", "get_groups_using_software"),
        Link.USES,
        GROUP,
        SOFTWARE,
        inherits=True,
    ),
    **both_ways(
        ("get_techniques_used_by_software", "get_software_using_technique"),
        Link.USES,
        SOFTWARE,
        TECHNIQUE,
    ),
    **both_ways(
        ("get_techniques_used_by_campaign", "get_campaigns_using_technique"),
        Link.USES,
        CAMPAIGN,
        TECHNIQUE,
    ),
    **both_ways(
        ("get_software_used_by_campaign", "get_campaigns_using_software"),
        Link.USES,
        CAMPAIGN,
        SOFTWARE,
    ),
    **both_ways(
        ("get_groups_attributing_to_campaign", "get_campaigns_attributed_to_group"),
        Link.ATTRIBUTED_TO,
        CAMPAIGN,
        GROUP,
    ),
    **both_ways(
        ("get_techniques_mitigated_by_mitigation", "get_mitigations_mitigating_technique"),
        Link.MITIGATES,
        MITIGATION,
        TECHNIQUE,
    ),
    **both_ways(
        (
            "get_techniques_detected_by_detection_strategy",
            "get_detection_strategies_detecting_technique",
        ),
        Link.DETECTS,
        STRATEGY,
        TECHNIQUE,
    ),
    **both_ways(
        ("get_techniques_detected_by_datacomponent", "get_datacomponents_detecting_technique"),
        Link.DETECTS,
        COMPONENT,
        TECHNIQUE,
    ),
    **both_ways(
        ("get_parent_technique_of_subtechnique", "get_subtechniques_of_technique"),
        Link.SUBTECHNIQUE_OF,
        TECHNIQUE,
        TECHNIQUE,
    ),
    **both_ways(
        ("get_assets_targeted_by_technique", "get_techniques_targeting_asset"),
        Link.TARGETS,
        TECHNIQUE,
        ASSET,
    ),
    "get_tactics_by_technique": Relation(Link.TACTIC, TECHNIQUE, TACTIC),
    "get_analytics_by_detection_strategy": Relation(Link.ANALYTIC, STRATEGY, ANALYTIC),
}
ALL_OBJECTS = {
    "get_techniques_used_by_group": "get_all_techniques_used_by_all_groups",
    "get_groups_using_technique": "get_all_groups_using_all_techniques",
    "get_software_used_by_group": "get_all_software_used_by_all_groups",
    "get_groups_using_software": "get_all_groups_using_all_software",
    "get_techniques_used_by_software": "get_all_techniques_used_by_all_software",
    "get_software_using_technique": "get_all_software_using_all_techniques",
    "get_techniques_used_by_campaign": "get_all_techniques_used_by_all_campaigns",
    "get_campaigns_using_technique": "get_all_campaigns_using_all_techniques",
    "get_software_used_by_campaign": "get_all_software_used_by_all_campaigns",
    "get_campaigns_using_software": "get_all_campaigns_using_all_software",
    "get_groups_attributing_to_campaign": "get_all_groups_attributing_to_all_campaigns",
    "get_campaigns_attributed_to_group": "get_all_campaigns_attributed_to_all_groups",
    "get_techniques_mitigated_by_mitigation": "get_all_techniques_mitigated_by_all_mitigations",
    "get_mitigations_mitigating_technique": "get_all_mitigations_mitigating_all_techniques",
    "get_techniques_detected_by_detection_strategy": (
        "get_all_techniques_detected_by_all_detection_strategies"
    ),
    "get_detection_strategies_detecting_technique": (
        "get_all_detection_strategies_detecting_all_techniques"
    ),
    "get_techniques_detected_by_datacomponent": (
        "get_all_techniques_detected_by_all_datacomponents"
    ),
    "get_datacomponents_detecting_technique": "get_all_datacomponents_detecting_all_techniques",
    "get_parent_technique_of_subtechnique": "get_all_parent_techniques_of_all_subtechniques",
    "get_subtechniques_of_technique": "get_all_subtechniques_of_all_techniques",
    "get_assets_targeted_by_technique": "get_all_assets_targeted_by_all_techniques",
    "get_techniques_targeting_asset": "get_all_techniques_targeting_all_assets",
}


@dataclass(frozen=True)
class Tool:
    """MITRE's own tool with one bundle."""

    data: MitreAttackData
    domain: str
    release: str

    def ids(self, types: Iterable[str]) -> list[str]:
        """All objects of these types, dead ones too."""
        return [found["id"] for each in types for found in self.data.src.by_value["type", each]]

    def pairs(self, getter: str, types: Iterable[str], most: int | None = None) -> Pairs:
        """What a getter answers for every object of these types, or for the first few."""
        ask = getattr(self.data, getter)
        return {(one, id_of(found)) for one in self.ids(types)[:most] for found in ask(one)}

    def related(self, getter: str, stix_id: str) -> set[str]:
        """What a getter answers for one object, without what is inherited from elsewhere."""
        found = getattr(self.data, getter)(stix_id)
        return {id_of(each) for each in found if _joins(each, {stix_id, id_of(each)})}

    def all_pairs(self, getter: str) -> Pairs:
        """What a getter answers for all objects at once."""
        answer = getattr(self.data, getter)()
        return {(one, id_of(found)) for one, every in answer.items() for found in every}


def id_of(found: Any) -> str:
    """The id of an object, be it in an entry beside its relationships or alone."""
    return str(found["object"]["id"] if "relationships" in found else found["id"])


def _joins(found: Any, ends: set[str]) -> bool:
    """Whether a relationship of an entry has these ends; an object alone has none to tell."""
    if "relationships" not in found:
        return True
    return any({each["source_ref"], each["target_ref"]} == ends for each in found["relationships"])


def _techniques_by_tactic(tool: Tool) -> Pairs:
    tactics = tool.data.src.by_value["type", TACTIC[0]]
    ask = partial(tool.data.get_techniques_by_tactic, domain=f"{tool.domain}-attack")
    return {(t["id"], found["id"]) for t in tactics for found in ask(t["x_mitre_shortname"])}


def _tactics_by_matrix(tool: Tool) -> Pairs:
    named = {found["name"]: found["id"] for found in tool.data.get_matrices()}
    answer = tool.data.get_tactics_by_matrix().items()
    return {(named[name], tactic["id"]) for name, tactics in answer for tactic in tactics}


def _procedures(tool: Tool) -> Pairs:
    """The relationships with live ends: the tool answers with dead ones here."""
    dead = {f["id"] for f in tool.data.src.every if f.get("revoked") or f.get("x_mitre_deprecated")}
    ask = tool.data.get_procedure_examples_by_technique
    return {
        (technique, found["id"])
        for technique in tool.ids(TECHNIQUE)
        for found in ask(technique)
        if not {found["id"], found["source_ref"]} & dead
    }


def _replacements(tool: Tool) -> Pairs:
    every = [found["id"] for found in tool.data.src.every]
    answers = ((one, tool.data.get_revoking_object(one)) for one in every)
    return {(one, found["id"]) for one, found in answers if found is not None}


def _used_by_software_of_groups(library: Library) -> Pairs:
    software = library.links(Link.USES, GROUP, SOFTWARE)
    return joined(software, library.links(Link.USES, SOFTWARE, TECHNIQUE))


type Theirs = Callable[[Tool], Pairs]
type Ours = Callable[[Library], Pairs]

# Getters that are asked in a way of their own.
OTHERS: dict[str, tuple[Theirs, Ours]] = {
    "get_techniques_by_tactic": (
        _techniques_by_tactic,
        lambda library: turned(library.links(Link.TACTIC, TECHNIQUE, TACTIC)),
    ),
    "get_tactics_by_matrix": (
        _tactics_by_matrix,
        lambda library: library.links(Link.MATRIX_TACTIC, MATRIX, TACTIC),
    ),
    "get_procedure_examples_by_technique": (_procedures, Library.procedures),
    "get_techniques_used_by_group_software": (
        lambda tool: tool.pairs("get_techniques_used_by_group_software", GROUP),
        _used_by_software_of_groups,
    ),
    "get_revoking_object": (_replacements, Library.replacements),
}


def getters() -> set[str]:
    """Every getter that the tool has."""
    found = inspect.getmembers(MitreAttackData, inspect.isfunction)
    return {name for name, _ in found if name.startswith("get_")}
