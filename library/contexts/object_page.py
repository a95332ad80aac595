"""The page of an object, of whatever kind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from library.addresses import Addresses
from library.conditional import Shelf
from library.contexts.explorer import TacticGroup, tactic_groups
from library.contexts.facts import Fact, facts
from library.contexts.graph import Named
from library.contexts.held import HeldObject
from library.contexts.page import Crumb, FeedLink, Page, way_up
from library.contexts.pinned import standing_now
from library.contexts.quality import source_quality
from library.contexts.sections import ListingSection, Section, sections
from library.contexts.subject import Subject, subject_of
from library.contexts.tables import Row, Table
from library.contexts.undeclared import WrittenFact, as_written
from library.declarations import PageKind
from library.history.naming import Namer
from library.history.succession import Replaced, replaced
from library.history.timeline import Timeline, timelines
from library.identifiers import MATRIX, TECHNIQUE, Domain
from library.kinds import STATED_PARENT
from library.markup import references_html
from library.panels import Panel, object_panels
from library.parameters import TableFilters
from library.text.markdown import Rendered, plain
from library.text.references import Reference

DESCRIPTION_LENGTH = 200
CITATION_ID = re.compile(r'id="(cite-[0-9]+-[0-9]+)"')


@dataclass(frozen=True, slots=True)
class ShownReference:
    """A reference of the page; `uses` are the citations in sight, `hidden` those filtered out."""

    reference: Reference
    uses: list[str]
    hidden: int


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a page says of revocations, hop by hop: what led here, and what replaced its object."""

    replaced: tuple[HeldObject, ...] = ()
    """The object that was asked for, and those that it was revoked in favour of on the way."""

    successors: tuple[HeldObject, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """What an object's page shows."""

    page: Page
    held: HeldObject
    kind: PageKind
    facts: list[Fact]
    written: list[WrittenFact]
    panels: list[Panel]
    definition: Rendered
    sections: list[Section]
    explored: Table | None
    tactics: list[TacticGroup]
    history: list[Timeline]
    revoked_elsewhere: list[Replaced]
    """What replaced it in domains that hold it as revoked, where the page shows it as live."""

    references: list[ShownReference]
    quality: list[str]
    before: Named | None
    after: Named | None
    others: list[HeldObject]
    revocation: Revocation

    @property
    def matrix_path(self) -> str:
        """The address of the object's own matrix; empty where it has none, or no ID of its own."""
        has_matrix = self.tactics and self.page.canonical == self.held.href and self.held.attack_id
        return f"{self.held.href}/matrix" if has_matrix else ""

    @property
    def raw_path(self) -> str:
        """The address of the object's canonical JSON."""
        return f"{self.page.canonical}/raw"

    @property
    def history_path(self) -> str:
        """The address of the object's change history, which stands below no release."""
        if self.page.shelf.release:
            return f"{self.page.shelf.current.addresses.by_stix_id(self.held.stix_id)}/history"
        return f"{self.page.canonical}/history"

    @property
    def lasting_raw_path(self) -> str:
        """The address of its canonical JSON without a pinned release, whatever content it names."""
        shelf = self.page.shelf
        return self.raw_path.replace(shelf.addresses.home, shelf.current.addresses.home, 1)

    @property
    def references_html(self) -> SafeString:
        """The entries of the list of references."""
        return references_html(self.references)

    @property
    def charted_rows(self) -> list[Row]:
        """The rows with techniques that a Navigator layer marks."""
        charted = {relation.slug for relation in self.kind.charted}
        tables = [section for section in self.sections if isinstance(section, Table)]
        rows = [row for table in tables if table.slug in charted for row in table.rows]
        return [row for row in rows if row.object.kind is TECHNIQUE or row.beside]

    @property
    def layers(self) -> list[Domain]:
        """The domains in which there are techniques for a Navigator layer."""
        held = [Domain(row.snapshot.domain) for row in self.held.rows]
        if self.held.kind in {MATRIX, TECHNIQUE}:
            return held
        charted = {label for row in self.charted_rows for label in row.domains}
        return [domain for domain in held if domain.label in charted]

    @property
    def lists_any(self) -> bool:
        """Whether it lists other objects: of what is let go, properties may still lead to some."""
        tables = (section for section in self.sections if isinstance(section, Table))
        return self.held.kind is MATRIX or any(table.total for table in tables)

    def table(self, slug: str) -> Table | ListingSection | None:
        """The table of a name; the page's main one where the name is empty."""
        wanted = slug or self.kind.main
        tables = [s for s in self.sections if isinstance(s, Table | ListingSection)]
        return next((table for table in tables if table.slug == wanted), None)


def object_page(
    shelf: Shelf,
    found: list[HeldObject],
    address: str,
    filters: TableFilters,
    revocation: Revocation,
) -> ObjectPage:
    """The page at `address` of the first of `found`, which share an ID; at most ten queries."""
    held, *others = found
    subject = subject_of(shelf, held)
    # In the order of the page, so that references are numbered by first use.
    stated = facts(subject)
    definition = subject.prose.render(held.text("description"), [held.sources])
    written = as_written(held, subject.prose)
    made = sections(subject, address, filters)
    references = subject.prose.references
    references.add_uncited(held.sources)
    explored = next((s for s in made if s.spec.slug == subject.kind.explored), None)
    table = explored if isinstance(explored, Table) else None
    lines = timelines(
        held.object_id,
        shelf.snapshot_ids,
        up_to=shelf.newest_snapshot,
        of_sample=held.is_of_sample,
    )
    is_revoked = held.version.revoked
    return ObjectPage(
        page=_page(subject, address),
        held=held,
        kind=subject.kind,
        facts=stated,
        written=written,
        panels=object_panels(shelf, held),
        definition=definition,
        sections=made,
        explored=table,
        tactics=tactic_groups(subject, table.rows) if table else [],
        history=lines,
        revoked_elsewhere=[] if is_revoked else replaced(held.object_id, lines, Namer(shelf)),
        references=_references(references.entries, made),
        quality=source_quality(subject, references.entries),
        before=subject.before,
        after=subject.after,
        others=others,
        revocation=revocation,
    )


def _references(entries: list[Reference], made: Sequence[Section]) -> list[ShownReference]:
    """Every reference of the page; its numbers stay, whatever rows a filter hides."""
    gone: set[str] = set()
    for table in made:
        if isinstance(table, Table | ListingSection) and len(table.shown) < table.total:
            gone.update(CITATION_ID.findall(table.hidden_html))
    return [
        ShownReference(
            entry,
            [use for use in entry.uses if use not in gone],
            len(gone.intersection(entry.uses)),
        )
        for entry in entries
    ]


def _page(subject: Subject, address: str) -> Page:
    held = subject.held
    around = "the techniques in it" if held.kind is MATRIX else "what is related to it"
    said, current_href = standing_now(subject.shelf, held, around)
    is_gone = bool(subject.shelf.release and not current_href)
    feed_of = Addresses().by_stix_id(held.stix_id) if is_gone else address
    return Page(
        shelf=subject.shelf,
        kind=held.kind,
        # The IDs of matrices are names of files.
        title=held.name
        if held.kind is MATRIX or not held.attack_id
        else f"{held.attack_id}: {held.name}",
        description=plain(held.text("description"), DESCRIPTION_LENGTH)
        or f"{held.name}: a {held.label.lower()} of MITRE ATT&CK.",
        crumbs=_crumbs(subject),
        canonical=address,
        indexed=held.version.live,
        standing_now=said,
        current_href=current_href,
        cited_release=held.rows[0].snapshot.attack_version,
        feed=FeedLink(f"Changes of {held.attack_id} {held.name}", f"{feed_of}/atom"),
        has_lasting_feed=is_gone and held.has_feed(subject.shelf),
    )


def _crumbs(subject: Subject) -> tuple[Crumb, ...]:
    """The way up: the library, the list, and the technique that a sub-technique belongs to."""
    held = subject.held
    way = [*way_up(subject.shelf, held.kind)]
    for place in subject.places[:1]:
        for _, parent in subject.graph.follow(place, STATED_PARENT)[:1]:
            named = subject.named(parent)
            way.append(Crumb(named.attack_id or named.name, named.href))
    return (*way, Crumb(held.attack_id or held.name))
