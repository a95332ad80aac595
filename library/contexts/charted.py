"""Which objects lead to techniques that a Navigator layer of their list would mark."""

from functools import lru_cache

from library.contexts.graph import Place
from library.declarations import Relation, Step
from library.identifiers import ObjectType
from library.kinds import page_kind
from library.models import SnapshotEdge


def way_to_techniques(relation: Relation) -> list[Step]:
    """The steps from an object to the techniques of a table."""
    beside = [relation.beside[1]] if relation.beside and not relation.nested else []
    return [*relation.path, *beside]


@lru_cache(maxsize=64)
def charted_places(snapshots: tuple[int, ...], kind: ObjectType) -> frozenset[Place]:
    """The objects of a kind from which a way to techniques leads, in each of these snapshots.

    A query for each step; kept, since snapshots never change.
    """
    found: set[Place] = set()
    for relation in page_kind(kind).charted:
        *before, last = way_to_techniques(relation)
        places = _starts(snapshots, last, None)
        for step in reversed(before):
            places = _starts(snapshots, step, places)
        found |= places
    return frozenset(found)


def _starts(snapshots: tuple[int, ...], step: Step, ends: set[Place] | None) -> set[Place]:
    """Where live links of a step start that lead to one of these; None stands for anywhere."""
    near, far = ("source", "target") if step.forward else ("target", "source")
    edges = SnapshotEdge.objects.live_in(snapshots).filter(kind=step.link)
    if step.to:
        types = [stix_type for kind in step.to for stix_type in kind.stix_types]
        edges = edges.filter(**{f"{far}__stix_type__in": types})
    if ends is None:
        return set(edges.values_list("snapshot_id", f"{near}_id").distinct())
    links = edges.values_list("snapshot_id", f"{near}_id", f"{far}_id").distinct()
    return {(snapshot, start) for snapshot, start, end in links if (snapshot, end) in ends}
