"""The object of a page with everything around it that its facts and sections are made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from library.conditional import Shelf
from library.contexts.graph import Graph, Member, Named, Place
from library.contexts.held import HeldObject
from library.contexts.neighbours import neighbour_ids
from library.contexts.prose import Prose
from library.contexts.undeclared import link_shapes, of_the_dead, whole_kind
from library.declarations import PageKind, Relation, Step
from library.kinds import PARENT, TACTICS


@dataclass
class Subject:
    """One object, the graph around it, and the prose of its page."""

    shelf: Shelf
    held: HeldObject
    kind: PageKind
    graph: Graph
    prose: Prose
    before: Named | None = None
    after: Named | None = None
    """What stands before and after the object in its list."""

    described: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The properties of related objects whose rows say more than their names, by version."""

    @property
    def places(self) -> list[Place]:
        """The object in each snapshot that holds it."""
        return [(row.snapshot_id, row.object_id) for row in self.held.rows]

    def named(self, member: Member) -> Named:
        """How the page links to an object."""
        return Named.of(member, self.shelf.addresses)


def subject_of(shelf: Shelf, held: HeldObject) -> Subject:
    """The subject of an object's page, in three to eight queries, by what its kind declares."""
    kind = whole_kind(held.kind, held.stix_type, link_shapes(shelf.snapshot_ids))
    if held.status:
        kind = of_the_dead(kind, held.status)
    graph = Graph(shelf)
    beside = neighbour_ids(shelf, held)
    reached = _reach(graph, held.object_id, kind, beside)
    before, after = graph.named(beside)
    subject = Subject(shelf, held, kind, graph, Prose(), before, after)
    told = [r for r in kind.relations if r.describes or r.shown]
    ends = {end for relation in told for end in reached[relation.slug]}
    for relation in kind.relations:
        if relation.beside and relation.tells_beside:
            ends |= graph.ends(reached[relation.slug], relation.beside[1])
    members = [member for member in graph.members.values() if member.object_id in ends]
    if members:
        subject.described = graph.contents(members)
    subject.prose = Prose.of(shelf, _texts(subject), graph.pages)
    return subject


def _reach(
    graph: Graph, origin: int, kind: PageKind, beside: tuple[int | None, ...]
) -> dict[str, set[int]]:
    """The objects at the end of each relation's path, all of them met, with what stands beside."""
    first = [relation.path[0] for relation in kind.relations]
    first += kind.linked
    graph.fetch([([origin], step) for step in first], with_content=True)
    reached = {r.slug: graph.ends([origin], r.path[0]) for r in kind.relations}
    met = {origin, *filter(None, beside)}.union(*reached.values())
    rounds = max((len(relation.path) for relation in kind.relations), default=0)
    for number in range(1, rounds):
        further = [r for r in kind.relations if len(r.path) > number]
        graph.fetch([(reached[r.slug], r.path[number]) for r in further], with_content=True)
        reached |= {r.slug: graph.ends(reached[r.slug], r.path[number]) for r in further}
        met = met.union(*reached.values())
    around = [(reached[r.slug], step) for r in kind.relations for step in _beside(r, kind)]
    graph.fetch(around)
    met |= {end for ids, step in around for end in graph.ends(ids, step)}
    met |= {end for step in kind.linked for end in graph.ends([origin], step)}
    graph.meet(met)
    return reached


def _beside(relation: Relation, kind: PageKind) -> Iterator[Step]:
    """The steps from the rows of a relation to what they are shown with."""
    if relation.beside:
        yield relation.beside[1]
    if relation.nested:
        yield PARENT
    if relation.slug == kind.explored:
        yield TACTICS


def _texts(subject: Subject) -> Iterator[str]:
    """Every text of the page as it is stored: only looked through for links to other objects."""
    yield subject.held.version.content.canonical
    for edge in subject.graph.all_edges:
        if edge.statement:
            yield edge.statement.description
    # The lead of a description is shown without its links.
    if any(relation.describes == "whole" for relation in subject.kind.relations):
        for properties in subject.described.values():
            text = properties.get("description")
            if isinstance(text, str):
                yield text
