"""What a set of techniques means: where they belong, who uses them, what stands against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from analysis.landscape import UNUSED, Landscape, Node, Use
from library.declarations import Step
from library.identifiers import (
    CAMPAIGN,
    DATA_COMPONENT,
    DETECTION_STRATEGY,
    GROUP,
    MITIGATION,
    SOFTWARE,
    TACTIC,
    TECHNIQUE,
    Link,
    ObjectType,
)
from library.kinds import ANALYTICS, TACTICS

UNDER_TACTIC = Step(Link.TACTIC, forward=False)
USED_BY = {kind: Step(Link.USES, forward=False, to=(kind,)) for kind in (GROUP, SOFTWARE, CAMPAIGN)}
ADDRESSES = Step(Link.MITIGATES, to=(TECHNIQUE,))
MITIGATED_BY = Step(Link.MITIGATES, forward=False, to=(MITIGATION,))
DETECTED_BY = Step(Link.DETECTS, forward=False, to=(DETECTION_STRATEGY,))
# How releases before 18.0 link detection: component and technique, with nothing between them.
DETECTED_FROM = Step(Link.DETECTS, forward=False, to=(DATA_COMPONENT,))

# What MITRE keeps among mitigations to say that none helps, with what it says by each. They are no
# measures and count as none: nothing is to be put in place.
DOES_LITTLE: Final = "prevention does little where features that are needed are abused"
DOES_HARM: Final = "prevention may do more harm than good"
NO_MEASURES: Final[Mapping[str, str]] = {
    "M0816": DOES_LITTLE,
    "M1055": DOES_HARM,
    "M1059": DOES_HARM,
}
# Pre-compromise: for what happens before an intrusion, which MITRE holds to be out of the reach of
# a defender's controls.
PRE_COMPROMISE: Final = "M1056"


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a tactic a set of techniques covers."""

    tactic: Node
    inside: frozenset[int]
    total: int

    @property
    def part(self) -> float:
        """The share, from 0 to 1."""
        return len(self.inside) / self.total if self.total else 0.0


@dataclass(frozen=True)
class Reach:
    """A set of techniques in a landscape; everything about it is counted once, when asked for."""

    landscape: Landscape
    techniques: frozenset[int]

    def __len__(self) -> int:
        return len(self.techniques)

    @cached_property
    def listed(self) -> list[Node]:
        """The techniques by ID."""
        return self.landscape.listed(self.techniques)

    @cached_property
    def sub_techniques(self) -> frozenset[int]:
        """Those that are sub-techniques."""
        return frozenset(node.object_id for node in self.listed if node.is_sub_technique)

    @cached_property
    def shares(self) -> list[Share]:
        """The tactics they serve, the one with most of them first; of equals the most covered."""
        found = []
        for tactic in self.landscape.ends(self.techniques, TACTICS):
            under = self.landscape.ends([tactic], UNDER_TACTIC)
            node = self.landscape.nodes[tactic]
            found.append(Share(node, self.techniques & under, len(under)))
        return sorted(
            found, key=lambda share: (-len(share.inside), -share.part, share.tactic.order)
        )

    @cached_property
    def platforms(self) -> list[tuple[str, set[int]]]:
        """The platforms with the techniques that name each, the most common first."""
        by_name: dict[str, set[int]] = {}
        for node in self.listed:
            for platform in node.platforms:
                by_name.setdefault(platform, set()).add(node.object_id)
        return sorted(by_name.items(), key=lambda pair: (-len(pair[1]), pair[0]))

    def rank(self, met: set[int]) -> tuple[int, int, int]:
        """By what a mitigation that meets these techniques is ranked, the least first.

        By their number, then by those that no other meets, then by who uses them.
        """
        alone = sum(len(self.mitigations[technique]) == 1 for technique in met)
        use = sum(sum(self.landscape.use.get(t, UNUSED).counts) for t in met)
        return -len(met), -alone, -use

    @cached_property
    def ranked_mitigations(self) -> list[tuple[Node, set[int]]]:
        """The mitigations with the techniques that each is listed for, by their rank."""
        by_mitigation: dict[int, set[int]] = {}
        for technique, found in self.mitigations.items():
            for mitigation in found:
                by_mitigation.setdefault(mitigation, set()).add(technique)
        nodes = self.landscape.nodes
        pairs = [(nodes[key], found) for key, found in by_mitigation.items()]
        return sorted(pairs, key=lambda pair: (self.rank(pair[1]), pair[0].order))

    @cached_property
    def best_mitigations(self) -> list[tuple[Node, set[int]]]:
        """Those of them that a defender puts in place, so without Pre-compromise."""
        return [pair for pair in self.ranked_mitigations if pair[0].attack_id != PRE_COMPROMISE]

    @cached_property
    def is_partly_beyond_control(self) -> bool:
        """Whether something is listed for any of them that nobody can put in place.

        Then what is said of the best mitigations holds of those that can be put in place alone.
        """
        return self.ranked_mitigations != self.best_mitigations or bool(self.unpreventable)

    def users(self, kind: ObjectType) -> set[int]:
        """The groups, software or campaigns that use at least one of them."""
        return self.landscape.ends(self.techniques, USED_BY[kind])

    @cached_property
    def used(self) -> list[tuple[Node, Use]]:
        """The techniques that are recorded in use, with who uses them, the most used first.

        By groups, then by software, then by campaigns.
        """
        use = self.landscape.use
        pairs = [(node, use[node.object_id]) for node in self.listed if node.object_id in use]
        return sorted(pairs, key=lambda pair: (least(pair[1]), pair[0].order))

    @cached_property
    def mitigations(self) -> dict[int, set[int]]:
        """The mitigations of each technique, without what is no measure."""
        return {
            technique: found - self.statements[technique]
            for technique, found in self._mitigations.items()
        }

    @cached_property
    def _mitigations(self) -> dict[int, set[int]]:
        return {
            technique: self.landscape.ends([technique], MITIGATED_BY)
            for technique in self.techniques
        }

    @cached_property
    def statements(self) -> dict[int, set[int]]:
        """What MITRE lists for each technique to say that no mitigation helps."""
        nodes = self.landscape.nodes
        return {
            technique: {m for m in found if nodes[m].attack_id in NO_MEASURES}
            for technique, found in self._mitigations.items()
        }

    @cached_property
    def unmitigated(self) -> set[int]:
        """The techniques that nothing is listed for."""
        return {technique for technique, found in self._mitigations.items() if not found}

    @cached_property
    def unpreventable(self) -> set[int]:
        """The techniques of which MITRE says that no mitigation helps."""
        return {technique for technique, found in self.statements.items() if found}

    @cached_property
    def told_unpreventable(self) -> dict[str, set[int]]:
        """The same by what MITRE says of them, which is not the same in every domain."""
        nodes = self.landscape.nodes
        found: dict[str, set[int]] = {}
        for technique, statements in self.statements.items():
            for said in sorted({NO_MEASURES[nodes[m].attack_id] for m in statements}):
                found.setdefault(said, set()).add(technique)
        return dict(sorted(found.items()))

    @cached_property
    def before_compromise(self) -> set[int]:
        """The techniques that Pre-compromise alone is listed for."""
        nodes = self.landscape.nodes
        return {
            technique
            for technique, found in self.mitigations.items()
            if [nodes[m].attack_id for m in found] == [PRE_COMPROMISE]
        }

    def only_by(self, mitigation: int) -> set[int]:
        """The techniques that this mitigation alone is listed for."""
        return {t for t, found in self.mitigations.items() if found == {mitigation}}

    @cached_property
    def strategies(self) -> set[int]:
        """The detection strategies for them."""
        return self.landscape.ends(self.techniques, DETECTED_BY)

    @cached_property
    def sourceless(self) -> set[int]:
        """The techniques with a detection strategy, but no analytic that names a log source."""
        sources = self.landscape.log_sources
        found = set()
        for technique in self.techniques:
            strategies = self.landscape.ends([technique], DETECTED_BY)
            analytics = self.landscape.ends(strategies, ANALYTICS)
            if strategies and not any(sources.get(analytic) for analytic in analytics):
                found.add(technique)
        return found

    @cached_property
    def undetected(self) -> set[int]:
        """The techniques that neither a detection strategy nor a component is listed for."""
        ways = (DETECTED_BY, DETECTED_FROM)
        return {
            t for t in self.techniques if not any(self.landscape.ends([t], way) for way in ways)
        }

    @cached_property
    def detecting(self) -> list[tuple[Node, set[int]]]:
        """The data components that detect techniques directly, with those, the widest first.

        Only releases before 18.0 have any.
        """
        seen: dict[int, set[int]] = {}
        for technique in self.techniques:
            for component in self.landscape.ends([technique], DETECTED_FROM):
                seen.setdefault(component, set()).add(technique)
        pairs = [(self.landscape.nodes[key], found) for key, found in seen.items()]
        return sorted(pairs, key=lambda pair: (-len(pair[1]), pair[0].order))

    @cached_property
    def analytics(self) -> set[int]:
        """The analytics of those strategies."""
        return self.landscape.ends(self.strategies, ANALYTICS)

    @cached_property
    def components(self) -> list[tuple[Node, set[int]]]:
        """The data components those analytics read, with the analytics, the most needed first."""
        return components_of(self.landscape, self.analytics)

    @cached_property
    def logs(self) -> list[tuple[str, set[int]]]:
        """The named logs with the analytics that read each, the most needed first."""
        return logs_of(self.landscape, self.analytics)


def least(use: Use) -> tuple[int, ...]:
    """By what techniques are ranked, the most used first."""
    return tuple(-count for count in use.counts)


def foremost[T](ranked: Sequence[T], most: int, rank: Callable[[T], object]) -> Sequence[T]:
    """The first of a ranking, so many at most: of equals all, or none."""
    if len(ranked) <= most:
        return ranked
    cut = rank(ranked[most])
    return [found for found in ranked[:most] if rank(found) != cut]


def components_of(landscape: Landscape, analytics: Iterable[int]) -> list[tuple[Node, set[int]]]:
    """The data components that analytics read, with the analytics, the most needed first."""
    readers: dict[int, set[int]] = {}
    for analytic in analytics:
        for source in landscape.log_sources.get(analytic, ()):
            if source.component_id in landscape.nodes:
                readers.setdefault(source.component_id, set()).add(analytic)
    pairs = [(landscape.nodes[component], found) for component, found in readers.items()]
    return sorted(pairs, key=lambda pair: (-len(pair[1]), pair[0].order))


def logs_of(landscape: Landscape, analytics: Iterable[int]) -> list[tuple[str, set[int]]]:
    """The named logs with the analytics that read each, the most needed first."""
    readers: dict[str, set[int]] = {}
    for analytic in analytics:
        for source in landscape.log_sources.get(analytic, ()):
            readers.setdefault(source.name, set()).add(analytic)
    return sorted(readers.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def tactics_beside(landscape: Landscape, shares: list[Share]) -> list[Node]:
    """The tactics of the same matrices that none of these shares is of."""
    domains = {share.tactic.domains for share in shares}
    touched = {share.tactic.object_id for share in shares}
    found = [node for node in landscape.of_kind(TACTIC) if node.domains in domains]
    return sorted(
        (node for node in found if node.object_id not in touched), key=lambda node: node.order
    )
