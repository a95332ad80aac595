"""The relationship explorer: the techniques of a page under each of their tactics."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.db.models import Count
from django.utils.safestring import SafeString

from library.contexts.graph import Named
from library.contexts.held import content_of
from library.contexts.subject import Subject
from library.contexts.tables import Row
from library.identifiers import MATRIX, Link
from library.kinds import TACTICS
from library.markup import links_html
from library.models import SnapshotEdge, SnapshotObject


@dataclass(slots=True)
class TacticGroup:
    """The techniques of one tactic of one domain."""

    domain: str
    tactic: Named
    total: int
    """How many techniques and sub-techniques serve the tactic in that domain."""

    techniques: list[Named] = field(default_factory=list)

    @property
    def html(self) -> SafeString:
        """The techniques as entries of a list."""
        return links_html(self.techniques)


def tactic_groups(subject: Subject, rows: Sequence[Row]) -> list[TacticGroup]:
    """Every technique of a table under each of its tactics, in the order of the matrices."""
    order = tactic_order(subject.shelf.snapshot_ids) if rows else {}
    sizes = tactic_sizes(subject.shelf.snapshot_ids) if rows else {}
    groups: dict[tuple[int, int], TacticGroup] = {}
    places: dict[tuple[int, int], tuple[int, str]] = {}
    wanted = {row.object.object_id: row.object for row in rows}
    for snapshot_id, object_id in sorted(subject.graph.members):
        if object_id not in wanted:
            continue
        for _, tactic in subject.graph.follow((snapshot_id, object_id), TACTICS):
            key = snapshot_id, tactic.object_id
            if key not in groups:
                groups[key] = TacticGroup(
                    tactic.domain_label, subject.named(tactic), sizes.get(key, 0)
                )
                places[key] = order.get(tactic.stix_id, len(order)), tactic.name
            groups[key].techniques.append(wanted[object_id])
    for group in groups.values():
        group.techniques.sort(key=lambda named: (named.attack_id, named.name))
    return [groups[key] for key in sorted(groups, key=lambda key: places[key])]


@lru_cache(maxsize=64)
def tactic_sizes(snapshots: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """How many techniques serve each tactic, by the keys of its snapshot and its object.

    One query; kept, since snapshots never change.
    """
    edges = SnapshotEdge.objects.live_in(snapshots).filter(kind=Link.TACTIC)
    counted = edges.values_list("snapshot_id", "target_id").annotate(Count("source_id"))
    return {(snapshot_id, tactic): count for snapshot_id, tactic, count in counted}


@lru_cache(maxsize=64)
def tactic_order(snapshots: tuple[int, ...]) -> dict[str, int]:
    """The place of each tactic, by STIX id, in the order of the domains' live matrices.

    One query; kept, since snapshots never change.
    """
    matrices = SnapshotObject.objects.filter(snapshot__in=snapshots).of_type(MATRIX).live()
    order: dict[str, int] = {}
    for row in matrices.with_content().in_domain_order():
        named = content_of(row.version).get(Link.MATRIX_TACTIC)
        for stix_id in named if isinstance(named, list) else ():
            if isinstance(stix_id, str):
                order.setdefault(stix_id, len(order))
    return order
