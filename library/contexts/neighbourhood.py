"""What a mitigation's relationships lead to: techniques, their parents and their tactics."""

from collections import defaultdict
from dataclasses import dataclass

from library.conditional import Shelf
from library.contexts.held import content_of
from library.identifiers import MATRIX, Domain, Link
from library.models import SnapshotEdge, SnapshotObject

# An object in one snapshot: the keys of both.
type Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The techniques that a mitigation addresses, and what stands around them."""

    relationships: list[list[SnapshotEdge]]
    parents: dict[Place, int]
    tactics: dict[Place, list[int]]
    members: dict[Place, SnapshotObject]
    tactic_order: dict[str, int]

    def target(self, edge: SnapshotEdge) -> SnapshotObject:
        """The object that a link leads to."""
        return self.members[edge.snapshot_id, edge.target_id]

    def parent(self, edge: SnapshotEdge) -> SnapshotObject | None:
        """The parent technique of the object that a link leads to, where that is a child."""
        parent_id = self.parents.get((edge.snapshot_id, edge.target_id))
        return None if parent_id is None else self.members[edge.snapshot_id, parent_id]

    def tactics_of(self, edge: SnapshotEdge) -> list[SnapshotObject]:
        """The tactics of the technique that a link leads to."""
        found = self.tactics.get((edge.snapshot_id, edge.target_id), [])
        return [self.members[edge.snapshot_id, tactic_id] for tactic_id in found]


def neighbourhood(shelf: Shelf, mitigation_id: int) -> Neighbourhood:
    """The neighbourhood of a mitigation in the edition; four queries.

    A relationship that several domains hold is one entry with an edge for each, in the order of
    the domains; entries are in the order of technique IDs.
    """
    mitigates = (
        SnapshotEdge.objects.from_objects(shelf.snapshots, [mitigation_id], [Link.MITIGATES])
        .select_related("version__content", "version__object")
        .order_by("snapshot_id", "target_id", "version_id")
    )
    by_relationship: dict[int, list[SnapshotEdge]] = defaultdict(list)
    for edge in mitigates:
        by_relationship[edge.version.object_id].append(edge)
    technique_ids = {edge.target_id for edge in mitigates}
    parents, tactics = _links_of(shelf, technique_ids)
    wanted = technique_ids.union(parents.values(), *tactics.values())
    members = {
        (row.snapshot_id, row.object_id): row
        for row in SnapshotObject.objects.in_snapshots(shelf.snapshots).filter(object__in=wanted)
    }
    domains = list(Domain.values)

    def by_domain(edge: SnapshotEdge) -> int:
        return domains.index(members[edge.snapshot_id, edge.target_id].snapshot.domain)

    def by_technique(edges: list[SnapshotEdge]) -> tuple[str, int]:
        first = edges[0]
        return members[first.snapshot_id, first.target_id].version.attack_id, by_domain(first)

    relationships = [sorted(edges, key=by_domain) for edges in by_relationship.values()]
    return Neighbourhood(
        relationships=sorted(relationships, key=by_technique),
        parents=parents,
        tactics=tactics,
        members=members,
        tactic_order=_tactic_order(shelf),
    )


def _links_of(
    shelf: Shelf, technique_ids: set[int]
) -> tuple[dict[Place, int], dict[Place, list[int]]]:
    """The parent and the tactics of techniques."""
    parents: dict[Place, int] = {}
    tactics: dict[Place, list[int]] = defaultdict(list)
    kinds = [Link.SUBTECHNIQUE_OF, Link.TACTIC]
    for edge in SnapshotEdge.objects.from_objects(shelf.snapshots, technique_ids, kinds):
        place = edge.snapshot_id, edge.source_id
        if edge.kind == Link.TACTIC:
            tactics[place].append(edge.target_id)
        else:
            parents[place] = edge.target_id
    return parents, tactics


def _tactic_order(shelf: Shelf) -> dict[str, int]:
    """The place of each tactic, by STIX id, in the order of the domains' live matrices."""
    matrices = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(MATRIX).live()
    order: dict[str, int] = {}
    for row in matrices.with_content().in_list_order():
        named = content_of(row.version).get(Link.MATRIX_TACTIC)
        for stix_id in named if isinstance(named, list) else ():
            if isinstance(stix_id, str):
                order.setdefault(stix_id, len(order))
    return order
