"""An object's page as a JSON file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from library.contexts.facts import Fact
from library.contexts.graph import Named
from library.contexts.held import HeldObject
from library.contexts.matrix import Matrix, MatrixColumn
from library.contexts.object_page import ObjectPage
from library.contexts.sections import Cell, ListingSection, PassageSection
from library.contexts.tables import Row, Table
from library.files.shape import (
    HeldVersion,
    LinkedObject,
    ListedObject,
    ListingCell,
    ListingTable,
    MatrixTactic,
    MatrixTechnique,
    Membership,
    NumberedReference,
    ObjectFile,
    ProsePassage,
    RelationTable,
    StatedFact,
    TableRow,
    Text,
)
from library.text.markdown import Rendered
from library.text.words import cited, words


def object_file(detail: ObjectPage, matrix: Matrix | None, base: str) -> ObjectFile:
    """The file of a page; addresses in it begin with `base`, a scheme and a host.

    `matrix` is what the page of a matrix shows, as the reader filters it by platform. Some 20 ms
    for a page with 500 notes.
    """
    return _Maker(base).file(detail, matrix)


def fact_words(fact: Fact) -> str:
    """A fact in words: a day as 2025-04-19, a month as 2025-04, objects by their names."""
    if fact.moment:
        return f"{fact.moment:%Y-%m-%d}"
    if fact.month:
        return f"{fact.month:%Y-%m}"
    return ", ".join(map(_linked_words, fact.links)) or fact.value


def _linked_words(named: Named) -> str:
    return f"{named.name} ({named.told})" if named.told else named.name


@dataclass(frozen=True, slots=True)
class _Maker:
    base: str

    def file(self, detail: ObjectPage, matrix: Matrix | None) -> ObjectFile:
        held, page = detail.held, detail.page
        return ObjectFile(
            url=self.base + page.canonical + (matrix.file_query if matrix else ""),
            type=held.kind.label,
            attack_id=held.attack_id,
            name=held.name,
            stix_id=held.stix_id,
            stix_type=held.stix_type,
            status=held.status or "Live",
            x_mitre_version=held.version.x_mitre_version,
            created=held.text("created"),
            modified=held.text("modified"),
            domains=self.memberships(detail),
            definition=_text(detail.definition),
            facts=self.facts(detail.facts),
            tables=[self.table(s) for s in detail.sections if isinstance(s, Table)],
            listings=[self.listing(s) for s in detail.sections if isinstance(s, ListingSection)],
            passages=[_passage(s) for s in detail.sections if isinstance(s, PassageSection)],
            written={fact.property: fact.value for fact in detail.written},
            replaced_by=[self.held(each) for each in detail.revocation.successors],
            matrix=[self.column(column) for column in matrix.columns] if matrix else [],
            references=_references(detail),
            history=_history(detail),
            source_quality=detail.quality,
            citation=f"{page.citation} {self.base}{page.lasting_path}",
            notice=page.notice,
        )

    def memberships(self, detail: ObjectPage) -> list[Membership]:
        return [
            Membership(
                domain=row.snapshot.domain,
                attack_version=row.snapshot.attack_version,
                content_sha256=row.version.sha256,
                raw_url=f"{self.base}{detail.raw_path}?sha256={row.version.sha256}",
            )
            for row in detail.held.rows
        ]

    def facts(self, facts: Iterable[Fact]) -> list[StatedFact]:
        return [
            StatedFact(fact.label, fact_words(fact), self.links(fact.links), cited(fact.cited))
            for fact in facts
        ]

    def table(self, table: Table) -> RelationTable:
        rows = [self.row(row) for row in table.rows]
        return RelationTable(table.slug, table.spec.title, table.spec.column, rows)

    def row(self, row: Row) -> TableRow:
        return TableRow(
            domains=list(row.domains),
            object=self.link(row.object),
            parent=self.link(row.parent) if row.parent else None,
            facts=self.facts(row.facts),
            note=_text(row.use),
            beside=[self.listed(named) for named in row.beside],
        )

    def listing(self, section: ListingSection) -> ListingTable:
        spec = section.spec
        rows = [[self.cell(cell) for cell in row] for row in section.rows]
        return ListingTable(spec.slug, spec.title, list(section.columns), rows)

    def cell(self, cell: Cell) -> ListingCell:
        return ListingCell(_text(cell.text), self.link(cell.link) if cell.link else None)

    def column(self, column: MatrixColumn) -> MatrixTactic:
        techniques = [
            MatrixTechnique(
                technique=self.link(cell.technique),
                sub_techniques=self.links([sub.technique for sub in cell.subs]),
                on_platform=not cell.heads_only,
            )
            for cell in column.cells
        ]
        return MatrixTactic(self.link(column.tactic), techniques)

    def links(self, listed: Sequence[Named]) -> list[LinkedObject]:
        return [self.link(named) for named in listed]

    def held(self, held: HeldObject) -> LinkedObject:
        url = self.base + held.href
        return LinkedObject(held.kind.label, held.attack_id, held.name, held.stix_id, url)

    def link(self, named: Named) -> LinkedObject:
        return LinkedObject(
            type=named.kind.label,
            attack_id=named.attack_id,
            name=named.name,
            stix_id=named.stix_id,
            url=self.base + named.href,
        )

    def listed(self, named: Named) -> ListedObject:
        link = self.link(named)
        return ListedObject(
            link.type, link.attack_id, link.name, link.stix_id, link.url, named.told
        )


def _text(rendered: Rendered) -> Text:
    return Text(words(rendered.html), cited(rendered.html))


def _passage(section: PassageSection) -> ProsePassage:
    return ProsePassage(section.spec.slug, section.spec.title, _text(section.text))


def _references(detail: ObjectPage) -> list[NumberedReference]:
    entries = (shown.reference for shown in detail.references)
    return [NumberedReference(e.number, e.name, e.text, e.url, e.resolved) for e in entries]


def _history(detail: ObjectPage) -> list[HeldVersion]:
    return [
        HeldVersion(
            domain=place.domain,
            attack_version=place.release,
            x_mitre_version=place.x_mitre_version,
            modified=f"{place.modified:%Y-%m-%dT%H:%M:%SZ}" if place.modified else "",
            status=place.status,
            content_sha256=place.sha256,
        )
        for line in detail.history
        for run in line.runs
        for place in run.places
    ]
