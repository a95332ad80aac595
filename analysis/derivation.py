"""The derived Take of an object, with the figures it states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils.safestring import SafeString

from analysis.derived.brief import Brief
from analysis.derived.rules import RULES
from analysis.evidence import Evidence, Figure
from analysis.landscape import Landscape, landscape_of
from analysis.since import since_last_release
from analysis.take import ShownTake
from library.addresses import Addresses
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.sharing import without_short_address

# Derived Takes follow from snapshots alone; some 20 KB each.
MOST_KEPT: Final = 1024
BYLINE = "Derived from ATT&CK relationships; not written or reviewed by an analyst"


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived Take and the objects behind each of its figures."""

    take: ShownTake
    figures: tuple[Figure, ...]


def derivation(shelf: Shelf, held: HeldObject) -> Derivation | None:
    """The derived Take of an object; None for one that is not live or of a kind without rules.

    Four queries for an object that this process has not shown, a fifth where direct links of
    detection changed, besides the three of a release's landscape; then none.
    """
    if not held.version.live:
        return None
    since = since_last_release(shelf, held) if held.kind in RULES else None
    return _derived(shelf.snapshot_ids, shelf.release, held.object_id, since)


@lru_cache(maxsize=MOST_KEPT)
def _derived(
    snapshots: tuple[int, ...], release: str, object_id: int, since: SafeString | None
) -> Derivation | None:
    addresses = Addresses(release, without_short_address(snapshots))
    return derive(landscape_of(snapshots), object_id, addresses, since)


def derive(
    landscape: Landscape, object_id: int, addresses: Addresses, since: SafeString | None = None
) -> Derivation | None:
    """The derived Take of a live object of a landscape; some milliseconds.

    `since` says what the release changed, which the landscape does not know.
    """
    node = landscape.nodes.get(object_id)
    rule = RULES.get(node.kind) if node else None
    if node is None or rule is None:
        return None
    page = f"{addresses.page(node.kind, node.attack_id, node.stix_id)}/evidence"
    brief = Brief(landscape, node, Evidence(landscape, addresses, page))
    rule(brief)
    brief.draft.add("analyst_notes", since)
    take = ShownTake(brief.draft.sections, byline=BYLINE)
    # A rule may count what it then has no reason to say.
    said = "".join(part for section in take.sections for part in section.parts)
    figures = brief.evidence.figures.values()
    return Derivation(take, tuple(figure for figure in figures if f'#{figure.key}"' in said))
