"""Techniques Addressed: what a mitigation does about which technique, and in which tactics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from library.addresses import Address, object_address
from library.contexts.held import content_of
from library.contexts.neighbourhood import Neighbourhood
from library.contexts.prose import Prose
from library.identifiers import TECHNIQUE, TYPE_OF, Domain
from library.models import SnapshotEdge, SnapshotObject
from library.text.markdown import Rendered, plain
from library.text.references import Source, sources


@dataclass(frozen=True, slots=True)
class Named:
    """An object as tables name it."""

    object_id: int
    attack_id: str
    name: str
    address: Address

    @classmethod
    def of(cls, row: SnapshotObject) -> "Named":
        """The object of a row."""
        kind = TYPE_OF.get(row.object.stix_type, TECHNIQUE)
        attack_id = row.version.attack_id
        return cls(row.object_id, attack_id, row.version.name, object_address(kind, attack_id))


@dataclass(frozen=True, slots=True)
class Row:
    """One relationship: the technique, the domains that state it, and MITRE's note."""

    technique: Named
    parent: Named | None
    domains: tuple[str, ...]
    use: Rendered
    note: str

    def matches(self, words: Iterable[str]) -> bool:
        """Whether every word stands in what the row shows."""
        parent = f"{self.parent.attack_id} {self.parent.name}" if self.parent else ""
        parts = (self.technique.attack_id, self.technique.name, parent, *self.domains)
        shown = " ".join((*parts, plain(self.note))).casefold()
        return all(word in shown for word in words)


@dataclass(slots=True)
class Family:
    """A technique with its sub-techniques; without rows of its own where only those are listed."""

    technique: Named
    rows: list[Row] = field(default_factory=list)
    sub_techniques: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class TacticGroup:
    """The techniques of one tactic of one domain."""

    domain: str
    tactic: Named
    techniques: list[Named] = field(default_factory=list)


def note_of(edges: Sequence[SnapshotEdge]) -> str:
    """MITRE's note on a relationship, as written."""
    note = content_of(edges[0].version).get("description")
    return note if isinstance(note, str) else ""


def technique_rows(found: Neighbourhood, prose: Prose, own: tuple[Source, ...]) -> list[Row]:
    """A row for each relationship, in the order of technique IDs.

    Citations resolve in the relationship first, then in the mitigation (`own`), then in the other
    relationships of the page.
    """
    notes = [
        sources(content_of(edges[0].version).get("external_references"))
        for edges in found.relationships
    ]
    # MITRE now and then cites in one note what only another lists.
    anywhere = tuple(source for note in notes for source in note)
    return [
        _row(found, edges, prose, [note, own, anywhere])
        for edges, note in zip(found.relationships, notes, strict=True)
    ]


def _row(
    found: Neighbourhood,
    edges: list[SnapshotEdge],
    prose: Prose,
    scopes: list[tuple[Source, ...]],
) -> Row:
    first, note = edges[0], note_of(edges)
    parent = found.parent(first)
    return Row(
        technique=Named.of(found.target(first)),
        parent=Named.of(parent) if parent else None,
        domains=tuple(Domain(found.target(edge).snapshot.domain).label for edge in edges),
        use=prose.render(note, scopes),
        note=note,
    )


def matching(rows: Sequence[Row], text: str) -> list[Row]:
    """The rows that hold every word of a text."""
    words = text.casefold().split()
    return [row for row in rows if row.matches(words)] if words else list(rows)


def families(rows: Sequence[Row], sort: str) -> list[Family]:
    """Rows nested under their parent techniques, ordered by one of `TABLE_SORTS`."""
    by_head: dict[int, Family] = {}
    for row in rows:
        head = row.parent or row.technique
        family = by_head.setdefault(head.object_id, Family(head))
        (family.sub_techniques if row.parent else family.rows).append(row)
    descending, by_name = sort.startswith("-"), sort.endswith("name")

    def place(named: Named) -> tuple[str, str]:
        name = named.name.casefold()
        return (name, named.attack_id) if by_name else (named.attack_id, name)

    for family in by_head.values():
        family.sub_techniques.sort(key=lambda row: place(row.technique), reverse=descending)
    return sorted(by_head.values(), key=lambda f: place(f.technique), reverse=descending)


def tactic_groups(found: Neighbourhood) -> list[TacticGroup]:
    """Every addressed technique under each of its tactics, in the order of the matrices."""
    groups: dict[tuple[int, int], TacticGroup] = {}
    places: dict[tuple[int, int], tuple[int, str]] = {}
    for edges in found.relationships:
        for edge in edges:
            technique = Named.of(found.target(edge))
            for tactic in found.tactics_of(edge):
                key = tactic.snapshot_id, tactic.object_id
                if key not in groups:
                    label = Domain(tactic.snapshot.domain).label
                    groups[key] = TacticGroup(label, Named.of(tactic))
                    order = found.tactic_order.get(tactic.object.stix_id, len(found.tactic_order))
                    places[key] = order, tactic.version.name
                if technique not in groups[key].techniques:
                    groups[key].techniques.append(technique)
    return [groups[key] for key in sorted(groups, key=lambda key: places[key])]
