"""Which objects lead to techniques that a Navigator layer of their list would mark."""

from dataclasses import replace
from functools import lru_cache

from library.contexts.graph import Place
from library.contexts.undeclared import link_shapes, whole_kind
from library.declarations import Relation, Step
from library.identifiers import TECHNIQUE, ObjectType
from library.models import SnapshotEdge

type Way = tuple[Step, ...]


@lru_cache(maxsize=64)
def ways_to_techniques(snapshots: tuple[int, ...], kind: ObjectType) -> tuple[Way, ...]:
    """The steps from objects of a kind to the techniques of each table that a layer marks.

    Those along links that no release has had until now, too; no query beside that of `link_shapes`.
    """
    shapes = link_shapes(snapshots)
    kinds = (whole_kind(kind, stix_type, shapes) for stix_type in kind.stix_types)
    ways = (_way(relation) for whole in kinds for relation in whole.charted)
    return tuple(dict.fromkeys(ways))


def _way(relation: Relation) -> Way:
    beside = [relation.beside[1]] if relation.beside and not relation.nested else []
    *before, last = [*relation.path, *beside]
    return (*before, replace(last, to=(TECHNIQUE,)))


@lru_cache(maxsize=64)
def charted_places(snapshots: tuple[int, ...], kind: ObjectType) -> frozenset[Place]:
    """The objects of a kind from which a way to techniques leads, in each of these snapshots.

    A query for each step; kept, since snapshots never change.
    """
    found: set[Place] = set()
    for *before, last in ways_to_techniques(snapshots, kind):
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
