"""The objects around one object: links to them, links from them, and what a page says of each.

A page declares which steps it takes from its object; the graph fetches each round of them in one
query, and all objects reached in one more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from library.addresses import Addresses, own_address
from library.changes import is_live
from library.conditional import Shelf
from library.declarations import Step
from library.identifiers import Domain, ObjectType, type_of
from library.lookups import Direction, contents_of, edges_of, members_of
from library.substance import NOISE
from library.text.references import Source, sources

# What of a relationship tells of the link itself, and the note that stands beside it.
OF_THE_LINK: Final = NOISE.keys() | {
    *("relationship_type", "source_ref", "target_ref", "description", "external_references"),
    *("revoked", "x_mitre_deprecated", "x_mitre_domains"),
}


# Pages make hundreds of each of the following, and a named tuple is made in half the time.
class Statement(NamedTuple):
    """What a relationship says of the link it makes."""

    stix_id: str
    description: str
    sources: tuple[Source, ...]
    others: tuple[tuple[str, Any], ...] = ()
    """What no relationship has stated until now: properties with their values, by name."""

    live: bool = True
    """Whether the relationship itself is neither revoked nor deprecated."""

    @classmethod
    def of(cls, canonical: str) -> "Statement":
        """The statement of a relationship's canonical JSON."""
        properties = orjson.loads(canonical)
        text = properties.get("description")
        description = text if isinstance(text, str) else ""
        cited = sources(properties.get("external_references"))
        unknown = sorted(properties.keys() - OF_THE_LINK)
        others = tuple((name, properties[name]) for name in unknown)
        return cls(properties["id"], description, cited, others, is_live(properties))


class Edge(NamedTuple):
    """A link of one snapshot, with what its relationship says where that has been fetched."""

    snapshot_id: int
    kind: str
    source_id: int
    target_id: int
    version_id: int
    """The version of the relationship, or of the object whose property is the link."""

    statement: Statement | None = None


class Member(NamedTuple):
    """An object of one snapshot, as tables name it."""

    snapshot_id: int
    object_id: int
    version_id: int
    stix_id: str
    stix_type: str
    attack_id: str
    name: str
    revoked: bool
    deprecated: bool
    domain: str

    @property
    def status(self) -> str:
        """The words "Revoked" or "Deprecated"; nothing for a live object."""
        return "Revoked" if self.revoked else "Deprecated" if self.deprecated else ""

    @property
    def kind(self) -> ObjectType:
        """What kind of ATT&CK object it is."""
        return type_of(self.stix_type)

    @property
    def domain_label(self) -> str:
        """The name of its domain."""
        return DOMAIN_LABELS[self.domain]


class Named(NamedTuple):
    """An object as pages link to it."""

    object_id: int
    kind: ObjectType
    attack_id: str
    name: str
    href: str
    stix_id: str
    told: str = ""
    """What a list says of it beside the name."""

    @classmethod
    def of(cls, member: Member, addresses: Addresses) -> "Named":
        """The object of a membership."""
        kind, stix_id = member.kind, member.stix_id
        href = addresses.page(kind, member.attack_id, stix_id)
        name = member.name or stix_id
        return cls(member.object_id, kind, member.attack_id, name, href, stix_id)


DOMAIN_LABELS = {domain.value: domain.label for domain in Domain}

# An object in one snapshot: the keys of both.
type Place = tuple[int, int]
# Links by their kind and the object at one end.
type EdgesByEnd = dict[tuple[str, int], list[Edge]]


@dataclass
class Graph:
    """Links of the shelf's snapshots, fetched round by round, and the objects at their ends.

    `fetch` costs one query, `meet` one, `contents` one.
    """

    shelf: Shelf
    members: dict[Place, Member] = field(default_factory=dict)
    _out: EdgesByEnd = field(default_factory=lambda: defaultdict(list))
    _in: EdgesByEnd = field(default_factory=lambda: defaultdict(list))
    _dead_out: EdgesByEnd = field(default_factory=lambda: defaultdict(list))
    _dead_in: EdgesByEnd = field(default_factory=lambda: defaultdict(list))
    _seen: set[tuple[int, str, int, int, int]] = field(default_factory=set)

    def fetch(
        self, wanted: Iterable[tuple[Collection[int], Step]], *, with_content: bool = False
    ) -> None:
        """Fetch the links of these objects for these steps, with their relationships if asked.

        The content of an object that carries a link in a property is never fetched.
        """
        by_direction: dict[Direction, set[int]] = defaultdict(set)
        for object_ids, step in wanted:
            if object_ids:
                by_direction[step.link, step.forward, step.dead_too].update(object_ids)
        for row in edges_of(self.shelf.snapshot_ids, by_direction, with_content=with_content):
            key, live, canonical = row[:5], row[5], row[6]
            if key not in self._seen:
                self._seen.add(key)
                edge = Edge._make((*key, Statement.of(canonical) if canonical else None))
                self._keep(edge, live=live)

    def _keep(self, edge: Edge, *, live: bool) -> None:
        """Keep a link; not a relationship that MITRE has taken back itself."""
        if live:
            self._out[edge.kind, edge.source_id].append(edge)
            self._in[edge.kind, edge.target_id].append(edge)
        elif edge.statement is None or edge.statement.live:
            self._dead_out[edge.kind, edge.source_id].append(edge)
            self._dead_in[edge.kind, edge.target_id].append(edge)

    @property
    def all_edges(self) -> Iterator[Edge]:
        """Every link fetched so far."""
        for found in (self._out, self._dead_out):
            for edges in found.values():
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
        key = step.link, object_id
        live = (self._out if step.forward else self._in).get(key, [])
        if not step.dead_too:
            return live
        return live + (self._dead_out if step.forward else self._dead_in).get(key, [])

    def meet(self, object_ids: Iterable[int]) -> None:
        """Fetch what tables say of these objects."""
        wanted = set(object_ids) - {object_id for _, object_id in self.members}
        if not wanted:
            return
        domains = {snapshot.pk: snapshot.domain for snapshot in self.shelf.snapshots}
        for row in members_of(self.shelf.snapshot_ids, wanted):
            member = Member._make((*row, domains[row[0]]))
            self.members[member.snapshot_id, member.object_id] = member

    @property
    def pages(self) -> frozenset[tuple[str, str]]:
        """The objects met that have pages: attack.mitre.org's name of the kind, and the ID."""
        met = {(member.kind, member.attack_id) for member in self.members.values()}
        return frozenset((kind.mitre_path, attack_id) for kind, attack_id in met if kind.is_known)

    def named(self, object_ids: Iterable[int | None]) -> list[Named | None]:
        """How pages link to objects, in whichever domain comes first; None for none.

        Those that are dead with that word beside the name.
        """
        found: dict[int | None, Named] = {}
        for snapshot in reversed(self.shelf.snapshots):
            for object_id in object_ids:
                member = self.members.get((snapshot.pk, object_id or 0))
                if member is not None:
                    named = Named.of(member, self.shelf.addresses)
                    href = own_address(named.href, is_revoked=member.revoked)
                    found[object_id] = named._replace(href=href, told=member.status.lower())
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

    def linked(self, places: Iterable[Place], step: Step) -> tuple[Named, ...]:
        """The same as facts link to them, those that are dead with that word beside the name."""
        addresses = self.shelf.addresses
        return tuple(
            Named.of(member, addresses)._replace(told=member.status.lower())
            for member in self.reached(places, step)
        )

    def contents(self, members: Iterable[Member]) -> dict[int, dict[str, Any]]:
        """The properties of these objects by the key of their version."""
        versions = {member.version_id for member in members}
        return {version: orjson.loads(canonical) for version, canonical in contents_of(versions)}
