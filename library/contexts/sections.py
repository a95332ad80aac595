"""The sections of an object's page, made from what its kind declares."""

from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from library.contexts.facts import words_of
from library.contexts.graph import Named
from library.contexts.subject import Subject
from library.contexts.tables import Table, table_of
from library.declarations import Aliases, Listing, Passage, SectionSpec
from library.markup import prose
from library.parameters import TableFilters, as_query
from library.text.markdown import Rendered


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a listing: prose, or a link to an object."""

    title: str
    text: Rendered
    link: Named | None = None


@dataclass(frozen=True, slots=True)
class ListingSection:
    """A table of a property of the object."""

    spec: Listing | Aliases
    columns: tuple[str, ...]
    rows: list[list[Cell]]

    template = "library/_listing.html"

    @property
    def file_query(self) -> str:
        """The query under which a file of the page has this table."""
        return as_query({"table": self.spec.slug})

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class PassageSection:
    """A property of the object that is prose."""

    spec: Passage
    text: Rendered

    template = "library/_passage.html"
    total = None

    @property
    def html(self) -> SafeString:
        """The text, folded where it is long."""
        return prose(self.text)


type Section = Table | ListingSection | PassageSection


def sections(subject: Subject, path: str, filters: TableFilters) -> list[Section]:
    """The sections that have something to say, in the order of the page; renders all of them."""
    made = (_section(subject, spec, path, filters) for spec in subject.kind.sections)
    return [section for section in made if section is not None]


def _section(
    subject: Subject, spec: SectionSpec, path: str, filters: TableFilters
) -> Section | None:
    match spec:
        case Listing():
            rows = _listing_rows(subject, spec)
            columns = tuple(title for title, _ in spec.columns)
            return ListingSection(spec, columns, rows) if rows else None
        case Aliases():
            rows = _alias_rows(subject, spec)
            return ListingSection(spec, ("Name", "Note"), rows) if rows else None
        case Passage():
            text = subject.prose.render(subject.held.text(spec.property), [subject.held.sources])
            return PassageSection(spec, text) if text else None
        case _:
            own = "" if spec.slug == subject.kind.main else spec.slug
            mine = filters if filters.table == own else TableFilters(table=own)
            table = table_of(subject, spec, path, mine)
            return table if table.rows or spec.absent else None


def _listing_rows(subject: Subject, spec: Listing) -> list[list[Cell]]:
    value = subject.held.properties.get(spec.property)
    linked = _linked(subject, spec)
    return [
        [_cell(subject, title, entry.get(key), linked) for title, key in spec.columns]
        for entry in (value if isinstance(value, list) else ())
        if isinstance(entry, dict)
    ]


def _linked(subject: Subject, spec: Listing) -> dict[str, Named]:
    """The objects that a listing names, by STIX id."""
    if spec.step is None:
        return {}
    found = subject.graph.reached(subject.places, spec.step)
    return {member.stix_id: subject.named(member) for member in found}


def _cell(subject: Subject, title: str, value: Any, linked: dict[str, Named]) -> Cell:
    words = words_of(value)
    text = subject.prose.render(words, [subject.held.sources])
    return Cell(title, text, linked.get(words))


def _alias_rows(subject: Subject, spec: Aliases) -> list[list[Cell]]:
    """The other names, each with the note that stands among the external references under it.

    ATT&CK lists an object's own name as the first of its aliases.
    """
    notes = {s.name: s.description for s in subject.held.sources if s.is_note}
    return [
        [
            Cell("Name", Rendered(format_html("{}", name), 1)),
            Cell("Note", subject.prose.render(notes.get(name, ""), [subject.held.sources])),
        ]
        for name in dict.fromkeys(subject.held.strings(spec.property))
        if name != subject.held.name
    ]
