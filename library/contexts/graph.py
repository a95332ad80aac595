"""The objects around one object: links to them, links from them, and what a page says of each.

A page declares which steps it takes from its object; the graph fetches each round of them in one
query, and all objects reached in one more.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db.models import Case, F, Q, TextField, When

from library.addresses import Addresses
from library.conditional import Shelf
from library.declarations import Step
from library.identifiers import Domain, ObjectType, type_of
from library.models import ObjectContent, SnapshotEdge, SnapshotObject


@dataclass(frozen=True, slots=True)
class Edge:
    """A link of one snapshot, with the relationship that makes it where it has content."""

    snapshot_id: int
    kind: str
    source_id: int
    target_id: int
    carrier_id: int
    """The key of the relationship, or of the object whose property is the link."""

    content: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An object of one snapshot, as tables name it."""

    snapshot_id: int
    domain: str
    object_id: int
    version_id: int
    stix_id: str
    stix_type: str
    attack_id: str
    name: str

    @property
    def kind(self) -> ObjectType:
        """What kind of ATT&CK object it is."""
        return type_of(self.stix_type)

    @property
    def domain_label(self) -> str:
        """The name of its domain."""
        return Domain(self.domain).label


@dataclass(frozen=True, slots=True)
class Named:
    """An object as pages link to it."""

    object_id: int
    kind: ObjectType
    attack_id: str
    name: str
    href: str
    stix_id: str

    @classmethod
    def of(cls, member: Member, addresses: Addresses) -> "Named":
        """The object of a membership."""
        kind, stix_id = member.kind, member.stix_id
        href = addresses.page(kind, member.attack_id, stix_id)
        name = member.name or stix_id
        return cls(member.object_id, kind, member.attack_id, name, href, stix_id)


# An object in one snapshot: the keys of both.
type Place = tuple[int, int]


@dataclass
class Graph:
    """Live links of the shelf's snapshots, fetched round by round, and the objects at their ends.

    `fetch` costs one query, `meet` one, `contents` one.
    """

    shelf: Shelf
    members: dict[Place, Member] = field(default_factory=dict)
    _out: dict[tuple[str, int], list[Edge]] = field(default_factory=lambda: defaultdict(list))
    _in: dict[tuple[str, int], list[Edge]] = field(default_factory=lambda: defaultdict(list))
    _seen: set[tuple[int, str, int, int, int]] = field(default_factory=set)

    def fetch(
        self, wanted: Iterable[tuple[Iterable[int], Step]], *, with_content: bool = False
    ) -> None:
        """Fetch the links of these objects for these steps, with relationships' content if asked.

        The content of an object that carries a link in a property is never fetched.
        """
        condition = Q()
        for object_ids, step in wanted:
            ids = list(object_ids)
            if ids:
                end = "source__in" if step.forward else "target__in"
                condition |= Q(kind=step.link, **{end: ids})
        if not condition:
            return
        rows = SnapshotEdge.objects.live_in(self.shelf.snapshots).filter(condition)
        columns: list[Any] = [
            *("snapshot_id", "kind", "source_id", "target_id", "version__object_id")
        ]
        if with_content:
            relationship = When(version__object__stix_type="relationship", then=F(CONTENT))
            rows = rows.annotate(content=Case(relationship, output_field=TextField()))
            columns.append("content")
        for row in rows.values_list(*columns):
            self._keep(Edge(*row))

    def _keep(self, edge: Edge) -> None:
        key = (edge.snapshot_id, edge.kind, edge.source_id, edge.target_id, edge.carrier_id)
        if key not in self._seen:
            self._seen.add(key)
            self._out[edge.kind, edge.source_id].append(edge)
            self._in[edge.kind, edge.target_id].append(edge)

    @property
    def all_edges(self) -> Iterator[Edge]:
        """Every link fetched so far."""
        for edges in self._out.values():
            yield from edges

    def ends(self, object_ids: Iterable[int], step: Step) -> set[int]:
        """The objects that a step leads to, whatever their kind."""
        return {
            edge.target_id if step.forward else edge.source_id
            for object_id in object_ids
            for edge in self.edges(object_id, step)
        }

    def edges(self, object_id: int, step: Step) -> Sequence[Edge]:
        """The links of an object for a step, in any snapshot."""
        return (self._out if step.forward else self._in).get((step.link, object_id), ())

    def meet(self, object_ids: Iterable[int]) -> None:
        """Fetch what tables say of these objects."""
        wanted = set(object_ids) - {object_id for _, object_id in self.members}
        if not wanted:
            return
        rows = SnapshotObject.objects.filter(
            snapshot__in=self.shelf.snapshots, object__in=wanted
        ).values_list(
            *("snapshot_id", "snapshot__domain", "object_id", "version_id"),
            *("object__stix_id", "object__stix_type", "version__attack_id", "version__name"),
        )
        for row in rows:
            member = Member(*row)
            self.members[member.snapshot_id, member.object_id] = member

    def named(self, object_ids: Iterable[int | None]) -> list[Named | None]:
        """How pages link to objects, in whichever domain comes first; None for none."""
        found: dict[int | None, Named] = {}
        for snapshot in reversed(self.shelf.snapshots):
            for object_id in object_ids:
                member = self.members.get((snapshot.pk, object_id or 0))
                if member is not None:
                    found[object_id] = Named.of(member, self.shelf.addresses)
        return [found.get(object_id) for object_id in object_ids]

    def follow(self, place: Place, step: Step) -> list[tuple[Edge, Member]]:
        """The links of an object in one snapshot for a step, each with the object it leads to."""
        snapshot_id, object_id = place
        found = []
        for edge in self.edges(object_id, step):
            if edge.snapshot_id != snapshot_id:
                continue
            end = edge.target_id if step.forward else edge.source_id
            member = self.members.get((snapshot_id, end))
            if member is not None and (not step.to or member.kind in step.to):
                found.append((edge, member))
        return found

    def walk(self, places: set[Place], steps: Iterable[Step]) -> set[Place]:
        """The places at the end of a way from any of these, within their snapshots."""
        for step in steps:
            places = {
                (member.snapshot_id, member.object_id)
                for place in places
                for _, member in self.follow(place, step)
            }
        return places

    def reached(self, places: Iterable[Place], step: Step) -> list[Member]:
        """The objects that a step leads to from any of these places, each once."""
        found = {
            member.object_id: member for place in places for _, member in self.follow(place, step)
        }
        return list(found.values())

    def contents(self, members: Iterable[Member]) -> dict[int, dict[str, Any]]:
        """The properties of these objects by the key of their version."""
        versions = {member.version_id for member in members}
        rows = ObjectContent.objects.filter(version__in=versions)
        found: dict[int, dict[str, Any]] = {
            version_id: orjson.loads(canonical)
            for version_id, canonical in rows.values_list("version_id", "canonical")
        }
        return found


CONTENT = "version__content__canonical"


def links_of(shelf: Shelf, object_id: int) -> list[tuple[str, bool]]:
    """The kinds of link that an object has, and whether it is where they start; one query."""
    edges = SnapshotEdge.objects.live_in(shelf.snapshots)
    ends = edges.filter(Q(source=object_id) | Q(target=object_id)).values_list("kind", "source_id")
    return sorted({(kind, source_id == object_id) for kind, source_id in ends.distinct()})
