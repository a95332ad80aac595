"""The sections of an object's page, made from what its kind declares."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from library.contexts.facts import words_of
from library.contexts.graph import Named
from library.contexts.subject import Subject
from library.contexts.tables import Table, table_of
from library.contexts.undeclared import as_text
from library.declarations import Aliases, Listing, Passage, SectionSpec
from library.markup import prose
from library.parameters import TableFilters, as_query
from library.text.markdown import Rendered
from library.text.words import unaccented, words


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a listing: prose, or a link to an object."""

    title: str
    text: Rendered
    link: Named | None = None

    @property
    def said(self) -> str:
        """The words that the cell shows."""
        return f"{self.link.attack_id} {self.link.name}" if self.link else words(self.text.html)


@dataclass(frozen=True, slots=True)
class ListingSection:
    """A table of a property of the object, as the reader filters it."""

    spec: Listing | Aliases
    path: str
    filters: TableFilters
    columns: tuple[str, ...]
    rows: list[list[Cell]]
    shown: list[list[Cell]]

    template = "library/_listing.html"
    part = "library/_listing.html#rows"

    @property
    def slug(self) -> str:
        """The table's name in addresses and in the page's ids."""
        return self.spec.slug

    @property
    def file_query(self) -> str:
        """The query under which a file of the page has exactly this view of the table."""
        return as_query({"table": self.slug, "filter": self.filters.text})

    @property
    def address(self) -> str:
        """The address of exactly this view of the table."""
        return self.path + self.filters.query

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def hidden_html(self) -> str:
        """The texts of the rows that the filter leaves out."""
        shown = {id(row) for row in self.shown}
        return "".join(c.text.html for row in self.rows if id(row) not in shown for c in row)


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
            whole = _whole(subject, spec)
            columns = tuple(title for title, _ in whole.columns)
            return _listing(whole, path, filters, columns, _listing_rows(subject, whole))
        case Aliases():
            return _listing(spec, path, filters, ("Name", "Note"), _alias_rows(subject, spec))
        case Passage():
            text = subject.prose.render(subject.held.text(spec.property), [subject.held.sources])
            return PassageSection(spec, text) if text else None
        case _:
            own = "" if spec.slug == subject.kind.main else spec.slug
            mine = filters if filters.table == own else TableFilters(table=own)
            table = table_of(subject, spec, path, mine)
            return table if table.rows or spec.absent else None


def _listing(
    spec: Listing | Aliases,
    path: str,
    filters: TableFilters,
    columns: tuple[str, ...],
    rows: list[list[Cell]],
) -> ListingSection | None:
    """The rows that hold every word of the filter, in MITRE's order; None where there is no row."""
    text = filters.text if filters.table == spec.slug else ""
    wanted = unaccented(text).split()
    shown = [row for row in rows if _holds(row, wanted)] if wanted else rows
    mine = TableFilters(table=spec.slug, text=text)
    return ListingSection(spec, path, mine, columns, rows, shown) if rows else None


def _holds(row: list[Cell], wanted: list[str]) -> bool:
    said = unaccented(" ".join(cell.said for cell in row))
    return all(word in said for word in wanted)


def _whole(subject: Subject, spec: Listing) -> Listing:
    """A listing with a column for every key that an entry has, be it declared or not."""
    declared = {key for _, key in spec.columns}
    stated = {key for entry in _entries(subject, spec) for key in entry}
    unknown = tuple((key, key) for key in sorted(stated - declared))
    return replace(spec, columns=(*spec.columns, *unknown)) if unknown else spec


def _entries(subject: Subject, spec: Listing) -> list[dict[str, Any]]:
    """What is listed; one that states no keys stands in the first column."""
    value = subject.held.properties.get(spec.property)
    listed = value if isinstance(value, list) else [value] if value else []
    _, first = spec.columns[0]
    return [entry if isinstance(entry, dict) else {first: entry} for entry in listed]


def _listing_rows(subject: Subject, spec: Listing) -> list[list[Cell]]:
    linked = _linked(subject, spec)
    return [
        [_cell(subject, title, entry.get(key), linked) for title, key in spec.columns]
        for entry in _entries(subject, spec)
    ]


def _linked(subject: Subject, spec: Listing) -> dict[str, Named]:
    """The objects that a listing names, by STIX id."""
    if spec.step is None:
        return {}
    found = subject.graph.reached(subject.places, spec.step)
    return {member.stix_id: subject.named(member) for member in found}


def _cell(subject: Subject, title: str, value: Any, linked: dict[str, Named]) -> Cell:
    stated = words_of(value) or (as_text(value) if value else "")
    text = subject.prose.render(stated, [subject.held.sources])
    return Cell(title, text, linked.get(stated))


def _alias_rows(subject: Subject, spec: Aliases) -> list[list[Cell]]:
    """The other names, each with the note that stands among the external references under it."""
    notes = {s.name: s.description for s in subject.held.sources if s.is_note}
    return [
        [
            Cell("Name", Rendered(format_html("{}", name), 1)),
            Cell("Note", subject.prose.render(notes.get(name, ""), [subject.held.sources])),
        ]
        for name in subject.held.other_names(spec.property)
    ]
