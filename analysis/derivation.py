"""The derived Take of an object, with the figures it states."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.derived.brief import Brief
from analysis.derived.rules import RULES
from analysis.evidence import Evidence, Figure
from analysis.landscape import Landscape, landscape_of
from analysis.take import ShownTake
from library.addresses import Addresses
from library.conditional import Shelf
from library.contexts.held import HeldObject

BYLINE = "Derived from ATT&CK relationships; not written or reviewed by an analyst"


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived Take and the objects behind each of its figures."""

    take: ShownTake
    figures: tuple[Figure, ...]


def derivation(shelf: Shelf, held: HeldObject) -> Derivation | None:
    """The derived Take of an object; None for one that is not live or of a kind without rules.

    No query once the release's landscape is known, which takes three.
    """
    if not held.version.live:
        return None
    landscape = landscape_of(shelf.snapshot_ids)
    return derive(landscape, held.object_id, shelf.addresses)


def derive(landscape: Landscape, object_id: int, addresses: Addresses) -> Derivation | None:
    """The derived Take of a live object of a landscape; some milliseconds."""
    node = landscape.nodes.get(object_id)
    rule = RULES.get(node.kind) if node else None
    if node is None or rule is None:
        return None
    page = f"{addresses.page(node.kind, node.attack_id, node.stix_id)}/evidence"
    brief = Brief(landscape, node, Evidence(landscape, addresses, page))
    rule(brief)
    take = ShownTake(brief.draft.sections, byline=BYLINE)
    return Derivation(take, tuple(brief.evidence.figures.values()))
