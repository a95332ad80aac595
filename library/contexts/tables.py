"""Tables of related objects: a row for each relationship, as the reader filters and sorts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from library.contexts.facts import Fact, shown_facts, unknown_facts, words_of
from library.contexts.graph import Edge, Member, Named, Place
from library.contexts.subject import Subject
from library.declarations import Relation
from library.identifiers import CAMPAIGN, GROUP, ObjectType
from library.kinds import PARENT
from library.markup import families_html
from library.parameters import TableFilters, as_query
from library.text.markdown import Rendered, plain
from library.text.references import Source, sources
from library.text.words import unaccented

LEAD_LENGTH, TOLD_LENGTH = 280, 160
ARIA_SORT = {"id": "ascending", "name": "ascending", "-id": "descending", "-name": "descending"}
# In a table that holds several kinds, these come first.
KIND_ORDER = (GROUP, CAMPAIGN)


@dataclass(frozen=True, slots=True)
class Row:
    """One relationship: the object, the domains that state it, and MITRE's note."""

    object: Named
    parent: Named | None
    domains: tuple[str, ...]
    use: Rendered
    note: str
    facts: tuple[Fact, ...] = ()
    beside: tuple[Named, ...] = ()
    beside_by_domain: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Where several domains state the row: the keys of what each lists beside it."""

    anchor: str = ""

    @property
    def citing_html(self) -> str:
        """All in it that has marks of citations, in its order."""
        return "".join((*(fact.cited for fact in self.facts), self.use.html))

    def beside_in(self, domain: str) -> list[Named]:
        """What the row lists beside it, as one of its domains has it."""
        if not self.beside_by_domain:
            return list(self.beside) if domain in self.domains else []
        listed = self.beside_by_domain.get(domain, frozenset())
        return [named for named in self.beside if named.object_id in listed]

    def matches(self, words: Iterable[str]) -> bool:
        """Whether every word stands in what the row shows."""
        parent = (self.parent.attack_id, self.parent.name) if self.parent else ()
        beside = [part for n in self.beside for part in (n.attack_id, n.name, n.told)]
        facts = [f"{fact.label}: {fact.shown}" for fact in self.facts]
        own = (self.object.attack_id, self.object.name, *parent, *self.domains)
        shown = unaccented(" ".join((*own, *facts, *beside, plain(self.note))))
        return all(word in shown for word in words)


@dataclass(slots=True)
class Family:
    """Rows under one head: a technique with its sub-techniques, or one kind of object."""

    head: Named | None = None
    title: str = ""
    rows: list[Row] = field(default_factory=list)
    nested: list[Row] = field(default_factory=list)
    is_listed: bool = True
    """Whether the head has a row of its own, be it in sight or not."""


@dataclass(frozen=True, slots=True)
class Table:
    """A relation of an object, as the reader filters and sorts it."""

    spec: Relation
    path: str
    filters: TableFilters
    rows: list[Row]
    shown: list[Row]
    families: list[Family]

    template = "library/_table.html"
    part = "library/_table.html#rows"

    @property
    def slug(self) -> str:
        """The table's name in addresses and in the page's ids."""
        return self.spec.slug

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def has_notes(self) -> bool:
        """Whether any row says something: some tables only list."""
        return any(row.use for row in self.rows)

    @property
    def html(self) -> SafeString:
        """The rows under their heads."""
        beside = self.spec.beside[0] if self.spec.beside else ""
        return families_html(self.families, self.spec.column, beside)

    @property
    def id_order(self) -> str:
        """The `aria-sort` of the column ID."""
        return ARIA_SORT[self.filters.sort] if self.filters.sort.endswith("id") else "none"

    @property
    def name_order(self) -> str:
        """The `aria-sort` of the column Name."""
        return ARIA_SORT[self.filters.sort] if self.filters.sort.endswith("name") else "none"

    @property
    def file_query(self) -> str:
        """The query under which a file of the page has exactly this view of the table."""
        sort = self.filters.sort if self.filters.sort != "id" else ""
        return as_query({"table": self.slug, "filter": self.filters.text, "sort": sort})

    @property
    def hidden_html(self) -> str:
        """What the rows that the filter leaves out would cite."""
        shown = {id(row) for row in self.shown}
        return "".join(row.citing_html for row in self.rows if id(row) not in shown)

    @property
    def address(self) -> str:
        """The address of exactly this view of the table."""
        return self.path + self.filters.query


@dataclass(slots=True)
class _Found:
    """A relationship with the object it leads to, as each domain that states it holds it."""

    edge: Edge
    members: list[Member]

    @property
    def member(self) -> Member:
        """The object as the first of these domains holds it."""
        return self.members[0]

    @property
    def domains(self) -> list[str]:
        """The labels of the domains."""
        return [member.domain_label for member in self.members]

    @property
    def places(self) -> list[Place]:
        """The object in each of the domains."""
        return [(member.snapshot_id, member.object_id) for member in self.members]


def table_of(subject: Subject, spec: Relation, path: str, filters: TableFilters) -> Table:
    """The table of a relation: every row of it rendered, those that the reader asks for shown."""
    rows = _rows(subject, spec)
    words = unaccented(filters.text).split()
    shown = [row for row in rows if row.matches(words)] if words else rows
    listed = {row.object.object_id for row in rows}
    found = families(spec, shown, filters.sort)
    for family in found:
        family.is_listed = family.head is None or family.head.object_id in listed
    return Table(spec, path, filters, rows, shown, found)


def _rows(subject: Subject, spec: Relation) -> list[Row]:
    """A row for each relationship, in the order of the page.

    Citations resolve in the relationship first, then in the page's object, then in the other
    relationships of the table: MITRE now and then cites in one note what only another lists.
    """
    found = sorted(_relationships(subject, spec), key=lambda each: _place(spec, each.member))
    notes = [each.edge.statement.sources if each.edge.statement else () for each in found]
    anywhere = tuple(source for note in notes for source in note)
    own = subject.held.sources
    return [
        _row(subject, spec, each, [note, own, anywhere])
        for each, note in zip(found, notes, strict=True)
    ]


def _place(spec: Relation, member: Member) -> tuple[int, str, str]:
    kind = member.kind
    group = KIND_ORDER.index(kind) if spec.grouped and kind in KIND_ORDER else len(KIND_ORDER)
    return group, member.attack_id, member.name


def _relationships(subject: Subject, spec: Relation) -> Iterable[_Found]:
    """The ends of the relation's path, each once however many domains and ways lead to it."""
    found: dict[tuple[str, int], _Found] = {}
    direct = len(spec.path) == 1
    for place in subject.places:
        for edge, member in _follow(subject, place, spec):
            # A longer way comes back to where it began, as that to siblings does.
            if member.object_id == subject.held.object_id and not direct:
                continue
            # A relationship is a row of its own; a property, or a longer way, one for its end.
            single = edge.statement if direct else None
            key = (single.stix_id if single else "", member.object_id)
            known = found.setdefault(key, _Found(edge, []))
            if member not in known.members:
                known.members.append(member)
    return found.values()


def _follow(subject: Subject, place: Place, spec: Relation) -> Iterable[tuple[Edge, Member]]:
    *through, last = spec.path
    places = subject.graph.walk({place}, through)
    return (pair for at in sorted(places) for pair in subject.graph.follow(at, last))


def _row(subject: Subject, spec: Relation, found: _Found, scopes: list[tuple[Source, ...]]) -> Row:
    member = found.member
    described = subject.described.get(member.version_id, {})
    note = _note(spec, found.edge, described)
    own = sources(described.get("external_references"))
    scopes = [*scopes, own] if own else scopes
    parents = subject.graph.reached(found.places, PARENT) if spec.nested else []
    # They stand before the note, and so are cited before it.
    facts = tuple(shown_facts(subject, spec.shown, described, own))
    if member.status:
        facts = (Fact("Status", member.status), *facts)
    if (statement := found.edge.statement) and statement.others:
        facts += tuple(unknown_facts(subject, statement, scopes))
    beside, by_domain = _beside(subject, spec, found)
    return Row(
        object=subject.named(member),
        parent=subject.named(parents[0]) if parents else None,
        domains=tuple(found.domains),
        use=_use(subject, spec, note, scopes),
        note=note,
        facts=facts,
        beside=beside,
        beside_by_domain=by_domain,
        anchor=member.attack_id if spec.anchored else "",
    )


def _note(spec: Relation, edge: Edge, described: dict[str, Any]) -> str:
    """What a row says, as it is stored: of the link, or of the object that it leads to."""
    if not spec.describes:
        return edge.statement.description if edge.statement else ""
    text = described.get("description")
    note = text if isinstance(text, str) else ""
    return plain(note.partition("\n\n")[0], LEAD_LENGTH) if spec.describes == "lead" else note


def _use(subject: Subject, spec: Relation, note: str, scopes: list[tuple[Source, ...]]) -> Rendered:
    if spec.describes == "lead":
        return Rendered(format_html("<p>{}</p>", note), len(note.split()))
    return subject.prose.render(note, scopes)


def _beside(
    subject: Subject, spec: Relation, row: _Found
) -> tuple[tuple[Named, ...], dict[str, frozenset[int]]]:
    """What a row lists further, in any of its domains, and which of it each of several lists."""
    if spec.beside is None:
        return (), {}
    step = spec.beside[1]
    members = subject.graph.reached(row.places, step)
    found = [subject.named(member) for member in members]
    if spec.tells_beside:
        told = [_told(subject, member) for member in members]
        found = [named._replace(told=words) for named, words in zip(found, told, strict=True)]
    listed = tuple(sorted(found, key=lambda named: (named.attack_id, named.name)))
    if len(row.members) == 1:
        return listed, {}
    return listed, {
        member.domain_label: frozenset(m.object_id for m in subject.graph.reached([place], step))
        for member, place in zip(row.members, row.places, strict=True)
    }


def _told(subject: Subject, member: Member) -> str:
    """The platforms of an object and how its description begins."""
    properties = subject.described.get(member.version_id, {})
    platforms = words_of(properties.get("x_mitre_platforms"))
    text = properties.get("description")
    lead = plain(text, TOLD_LENGTH) if isinstance(text, str) else ""
    return ": ".join(filter(None, (platforms, lead)))


def families(spec: Relation, rows: Sequence[Row], sort: str) -> list[Family]:
    """Rows under their heads, ordered by one of `TABLE_SORTS`.

    Sub-techniques stand under their parent, which heads them even where it has no row itself.
    """
    descending, by_name = sort.startswith("-"), sort.endswith("name")

    def place(named: Named) -> tuple[str, str]:
        name = named.name.casefold()
        return (name, named.attack_id) if by_name else (named.attack_id, name)

    def ordered(found: Iterable[Row]) -> list[Row]:
        return sorted(found, key=lambda row: place(row.object), reverse=descending)

    if spec.nested:
        by_head: dict[int, Family] = {}
        for row in ordered(rows):
            head = row.parent or row.object
            family = by_head.setdefault(head.object_id, Family(head))
            (family.nested if row.parent else family.rows).append(row)
        return sorted(
            by_head.values(),
            key=lambda family: place(family.head) if family.head else ("", ""),
            reverse=descending,
        )
    if spec.grouped:
        by_kind: dict[ObjectType, Family] = {}
        for row in rows:
            by_kind.setdefault(row.object.kind, Family(title=row.object.kind.plural))
            by_kind[row.object.kind].rows.append(row)
        for family in by_kind.values():
            family.rows = ordered(family.rows)
        return list(by_kind.values())
    return [Family(rows=ordered(rows))] if rows else []
