"""Which tactics an object serves: a technique by its kill chain, any other by its techniques."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from analysis.derived.components import COMPONENTS_OF_SOURCE, READ_BY
from analysis.derived.others import DETECTS, TACTICS_OF_MATRIX, TARGETED_BY
from analysis.landscape import Landscape, Node
from analysis.reach import ADDRESSES
from library import identifiers as kinds
from library.declarations import Step
from library.identifiers import TACTIC, Domain, ObjectType
from library.kinds import STRATEGIES, TACTICS, USES_TECHNIQUE

_FROM_STRATEGY: Final = (DETECTS, TACTICS)
_FROM_ANALYTIC: Final = (STRATEGIES, *_FROM_STRATEGY)
# Since release 18.0 by way of analytics, before it of its own.
_FROM_COMPONENT: Final = ((READ_BY, *_FROM_ANALYTIC), _FROM_STRATEGY)
# The ways from an object of each kind to tactics; a tactic is there.
_WAYS: Final[Mapping[ObjectType, tuple[tuple[Step, ...], ...]]] = {
    kinds.MATRIX: ((TACTICS_OF_MATRIX,),),
    kinds.TACTIC: ((),),
    kinds.TECHNIQUE: ((TACTICS,),),
    kinds.MITIGATION: ((ADDRESSES, TACTICS),),
    kinds.GROUP: ((USES_TECHNIQUE, TACTICS),),
    kinds.SOFTWARE: ((USES_TECHNIQUE, TACTICS),),
    kinds.CAMPAIGN: ((USES_TECHNIQUE, TACTICS),),
    kinds.DETECTION_STRATEGY: (_FROM_STRATEGY,),
    kinds.ANALYTIC: (_FROM_ANALYTIC,),
    kinds.DATA_COMPONENT: _FROM_COMPONENT,
    kinds.DATA_SOURCE: tuple((COMPONENTS_OF_SOURCE, *way) for way in _FROM_COMPONENT),
    kinds.ASSET: ((TARGETED_BY, TACTICS),),
}


def serves(landscape: Landscape, object_id: int, attack_id: str) -> bool:
    """Whether an object serves the tactic with this ATT&CK ID; no object does that is not live."""
    node = landscape.nodes.get(object_id)
    ways = _WAYS.get(node.kind, ()) if node else ()
    reached = {end for way in ways for end in landscape.ends([object_id], *way)}
    return any(landscape.nodes[tactic].attack_id == attack_id for tactic in reached)


def tactics_of(landscape: Landscape) -> list[tuple[str, str]]:
    """The tactics by ID and name, by name, then by domain; that behind a name that several have."""
    nodes = sorted(landscape.of_kind(TACTIC), key=_place)
    names = Counter(node.name for node in nodes)
    return [
        (
            node.attack_id,
            f"{node.name} ({node.domain_labels})" if names[node.name] > 1 else node.name,
        )
        for node in nodes
    ]


def _place(node: Node) -> tuple[str, int, str]:
    domains = Domain.values
    first = min((domains.index(domain) for domain in node.domains), default=len(domains))
    return node.name.lower(), first, node.attack_id
