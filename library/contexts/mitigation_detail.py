"""The page of a mitigation."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.contexts.history import HistoryRow, history
from library.contexts.neighbourhood import neighbourhood
from library.contexts.page import Crumb, Page
from library.contexts.prose import Prose
from library.contexts.techniques import (
    Family,
    Row,
    TacticGroup,
    families,
    matching,
    note_of,
    tactic_groups,
    technique_rows,
)
from library.identifiers import MITIGATION
from library.panels import Panel, object_panels
from library.parameters import TableFilters
from library.text.markdown import Rendered, plain
from library.text.references import Reference

DESCRIPTION_LENGTH = 200
CITATION_ID = re.compile(r'id="(cite-[0-9]+-[0-9]+)"')
ARIA_SORT = {"id": "ascending", "name": "ascending", "-id": "descending", "-name": "descending"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the facts of an object; a moment is shown as a date."""

    label: str
    value: str = ""
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class TechniquesTable:
    """Techniques Addressed, as the reader filters and sorts it."""

    path: str
    filters: TableFilters
    families: list[Family]
    shown: int
    total: int

    @property
    def id_order(self) -> str:
        """The `aria-sort` of the column ID."""
        return ARIA_SORT[self.filters.sort] if self.filters.sort.endswith("id") else "none"

    @property
    def name_order(self) -> str:
        """The `aria-sort` of the column Name."""
        return ARIA_SORT[self.filters.sort] if self.filters.sort.endswith("name") else "none"

    @property
    def address(self) -> str:
        """The address of exactly this view of the table."""
        return self.path + self.filters.query


@dataclass(frozen=True, slots=True)
class ShownReference:
    """A reference of the page; `uses` are the citations in sight, `hidden` those filtered out."""

    reference: Reference
    uses: list[str]
    hidden: int


@dataclass(frozen=True, slots=True)
class MitigationContext:
    """A mitigation's page."""

    page: Page
    held: HeldObject
    facts: list[Fact]
    panels: list[Panel]
    definition: Rendered
    techniques: TechniquesTable
    tactics: list[TacticGroup]
    history: list[HistoryRow]
    references: list[ShownReference]
    others: list[HeldObject]
    replaced: str

    @property
    def raw_path(self) -> str:
        """The address of the object's canonical JSON."""
        return f"{self.page.canonical}/raw"


def mitigation_detail(
    shelf: Shelf, found: list[HeldObject], address: str, filters: TableFilters, replaced: str
) -> MitigationContext:
    """The page at `address` of the first of `found`, which share an ID; at most seven queries.

    `replaced` is the ATT&CK ID of a revoked object whose address led here, if any.
    """
    held, *others = found
    around = neighbourhood(shelf, held.object_id)
    notes = [note_of(edges) for edges in around.relationships]
    prose = Prose.of(shelf, [held.text("description"), *notes])
    # In the order of the page, so that references are numbered by first use.
    definition = prose.render(held.text("description"), [held.sources])
    rows = technique_rows(around, prose, held.sources)
    prose.references.add_uncited(held.sources)
    shown = matching(rows, filters.text)
    return MitigationContext(
        page=_page(shelf, held, address),
        held=held,
        facts=facts(held),
        panels=object_panels(held),
        definition=definition,
        techniques=TechniquesTable(
            path=address,
            filters=filters,
            families=families(shown, filters.sort),
            shown=len(shown),
            total=len(rows),
        ),
        tactics=tactic_groups(around),
        history=history(shelf, held),
        references=_references(prose.references.entries, rows, shown),
        others=others,
        replaced=replaced,
    )


def facts(held: HeldObject) -> list[Fact]:
    """What MITRE states about an object, in the order of the page; what it does not is left out."""
    stated = [
        Fact("Domains" if len(held.domains) > 1 else "Domain", ", ".join(held.domains)),
        Fact("ID", held.attack_id),
        Fact("Type", held.kind.label),
        Fact("Object version", held.version.x_mitre_version),
        Fact("Created", moment=held.moment("created")),
        Fact("Last modified", moment=held.moment("modified")),
        Fact("Status", held.status or "Live"),
        Fact("Security controls", "; ".join(held.strings("labels"))),
    ]
    return [fact for fact in stated if fact.value or fact.moment]


def _references(
    entries: list[Reference], rows: list[Row], shown: list[Row]
) -> list[ShownReference]:
    """Every reference of the page; its numbers stay, whatever rows a filter hides."""
    in_sight = {id(row) for row in shown}
    out_of_sight = "".join(row.use.html for row in rows if id(row) not in in_sight)
    gone = set(CITATION_ID.findall(out_of_sight))
    return [
        ShownReference(
            entry, [use for use in entry.uses if use not in gone], len(gone & {*entry.uses})
        )
        for entry in entries
    ]


def _page(shelf: Shelf, held: HeldObject, address: str) -> Page:
    return Page(
        shelf=shelf,
        title=f"{held.attack_id}: {held.name}" if held.attack_id else held.name,
        description=plain(held.text("description"), DESCRIPTION_LENGTH),
        crumbs=(
            Crumb("ATT&CK Library", reverse("library:home")),
            Crumb(MITIGATION.plural, reverse(f"library:{MITIGATION.path}")),
            Crumb(held.attack_id or held.name),
        ),
        canonical=address,
        indexed=held.version.live,
    )
