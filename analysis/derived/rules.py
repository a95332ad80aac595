"""Which rules build the Take of which kind of object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from analysis.derived import adversary, components, others
from analysis.derived.brief import Brief
from analysis.derived.mitigation import mitigation
from analysis.derived.technique import technique
from library import identifiers as kinds
from library.identifiers import ObjectType

RULES: Final[Mapping[ObjectType, Callable[[Brief], None]]] = {
    kinds.MATRIX: others.matrix,
    kinds.TACTIC: others.tactic,
    kinds.TECHNIQUE: technique,
    kinds.MITIGATION: mitigation,
    **dict.fromkeys(adversary.KINDS, adversary.adversary),
    kinds.DETECTION_STRATEGY: others.detection_strategy,
    kinds.ANALYTIC: others.analytic,
    kinds.DATA_COMPONENT: components.data_component,
    kinds.DATA_SOURCE: components.data_source,
    kinds.ASSET: others.asset,
}
