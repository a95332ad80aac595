"""Tables as rows of text, for CSV and spreadsheets."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from library.contexts.facts import Fact
from library.contexts.graph import Named
from library.contexts.matrix import Matrix, MatrixCell
from library.contexts.object_page import ObjectPage
from library.contexts.sections import ListingSection
from library.contexts.tables import Row, Table
from library.files.object_file import fact_words
from library.files.shape import ListRecord
from library.identifiers import Domain
from library.text.words import cited, words

FACTS = "facts"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its name in addresses, its title, its column heads and its rows.

    A cell is text, or a number to reckon with.
    """

    slug: str
    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[str | int]]


def page_sheets(detail: ObjectPage) -> list[Sheet]:
    """The tables of a page as it shows them, in its order; facts first, references last."""
    made = [_sheet(detail, section) for section in detail.sections]
    tables = [sheet for sheet in made if sheet is not None]
    facts = [
        (fact.label, _marked(fact), _sources(detail, cited(fact.cited))) for fact in detail.facts
    ]
    facts += [
        (fact.property, fact.value, _sources(detail, cited(fact.cited))) for fact in detail.written
    ]
    first = Sheet(FACTS, "Facts", ("Fact", "Value", "Sources"), facts)
    return [first, *tables, _references(detail)]


def _marked(fact: Fact) -> str:
    """A fact in words, with the marks of its citations as the page has them behind it."""
    return fact_words(fact) + words(fact.cited)


def _sheet(detail: ObjectPage, section: object) -> Sheet | None:
    match section:
        case Table():
            return _table(detail, section)
        case ListingSection():
            return _listing(detail, section)
        case _:
            return None


def _table(detail: ObjectPage, table: Table) -> Sheet:
    spec = table.spec
    extra = _labels(table)
    noted = [spec.column] if _has_notes(table) else []
    beside = [spec.beside[0]] if spec.beside else []
    columns = ("Domain", "ID", "Name", *extra, *noted, *beside, "Sources")
    shown = (row for family in table.families for row in (*family.rows, *family.nested))
    return Sheet(
        table.slug, spec.title, columns, [_row(detail, table, extra, row) for row in shown]
    )


def _has_notes(table: Table) -> bool:
    """Whether notes have a column: not where all that any row says is what it lists."""
    return table.spec.beside is None or table.has_notes


def _row(detail: ObjectPage, table: Table, extra: list[str], row: Row) -> list[str]:
    name = f"{row.parent.name}: {row.object.name}" if row.parent else row.object.name
    noted = [words(row.use.html)] if _has_notes(table) else []
    beside = [_named(row.beside)] if table.spec.beside else []
    return [
        ", ".join(row.domains),
        row.object.attack_id,
        name,
        *_shown(extra, row.facts),
        *noted,
        *beside,
        _sources(detail, cited(row.citing_html)),
    ]


def _labels(table: Table) -> list[str]:
    """The labels of what rows say beside the name: what is declared, then what else any has."""
    declared = [spec.label for spec in table.spec.shown]
    return list(dict.fromkeys((*declared, *(f.label for row in table.rows for f in row.facts))))


def _shown(labels: Sequence[str], facts: Sequence[Fact]) -> list[str]:
    by_label = {fact.label: _marked(fact) for fact in facts}
    return [by_label.get(label, "") for label in labels]


def _named(listed: Sequence[Named]) -> str:
    """Objects as the page lists them: a line each where it says more of them than their names."""
    if not any(named.told for named in listed):
        return "; ".join(map(_name, listed))
    return "\n".join(" | ".join(filter(None, (_name(named), named.told))) for named in listed)


def _name(named: Named) -> str:
    return f"{named.attack_id} {named.name}".strip()


def _listing(detail: ObjectPage, section: ListingSection) -> Sheet:
    rows = [
        [
            *(_named([cell.link]) if cell.link else words(cell.text.html) for cell in row),
            _sources(detail, [n for cell in row for n in cited(cell.text.html)]),
        ]
        for row in section.shown
    ]
    spec = section.spec
    return Sheet(spec.slug, spec.title, (*section.columns, "Sources"), rows)


def _sources(detail: ObjectPage, numbers: Iterable[int]) -> str:
    """The references of these numbers, a line each."""
    entries = [detail.references[number - 1].reference for number in numbers]
    return "\n".join(f"[{e.number}] {e.text} {e.url}".strip() for e in entries)


def _references(detail: ObjectPage) -> Sheet:
    entries = (shown.reference for shown in detail.references)
    rows = [(str(entry.number), entry.text, entry.url) for entry in entries]
    return Sheet("references", "References", ("Number", "Source", "Address"), rows)


def matrix_sheet(matrix: Matrix) -> Sheet:
    """A matrix read down its columns: a row for each technique and sub-technique of each tactic."""
    rows = [
        (column.tactic.attack_id, column.tactic.name, *_entry(cell, parent))
        for column in matrix.columns
        for head in column.cells
        for cell, parent in [(head, ""), *((sub, f"{head.technique.name}: ") for sub in head.subs)]
        if not cell.heads_only
    ]
    return Sheet("matrix", matrix.name, ("Tactic ID", "Tactic", "ID", "Name"), rows)


def _entry(cell: MatrixCell, parent: str) -> tuple[str, str]:
    return cell.technique.attack_id, parent + cell.technique.name


def list_sheet(
    slug: str, title: str, labels: Sequence[str], records: Iterable[ListRecord]
) -> Sheet:
    """A list's records as a table; `labels` are the kind's own facts."""
    columns = (
        *("Domain", "ID", "Name", "Type", "Status", "Object version", "Created", "Last modified"),
        *labels,
        *("Definition", "STIX id", "SHA-256", "Address"),
    )
    return Sheet(slug, title, columns, _record_rows(labels, records))


def _record_rows(labels: Sequence[str], records: Iterable[ListRecord]) -> Iterator[Sequence[str]]:
    for record in records:
        yield (
            Domain(record.domain).label,
            record.attack_id,
            record.name,
            record.type,
            record.status,
            record.x_mitre_version,
            record.created,
            record.modified,
            *(record.facts[label] for label in labels),
            record.definition,
            record.stix_id,
            record.content_sha256,
            record.url,
        )
