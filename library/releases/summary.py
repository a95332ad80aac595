"""The page of two releases compared: the numbers first, then the lists behind each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from library.contexts.page import Crumb, FeedLink, Page, way_up
from library.identifiers import Domain, release_order, type_of
from library.releases.asked import ChangesAsked, Pair
from library.releases.compared import RELATIONSHIP
from library.releases.highlights import Highlights, highlights, kinds_of, of_kind
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from library.releases.names import words_in_order

if TYPE_CHECKING:
    from library.conditional import Shelf
    from library.identifiers import ObjectType

# Objects of a bundle that are no entries of the library, as the foot of the table names them.
RELATIONSHIPS = "Relationship objects"


@dataclass(frozen=True, slots=True)
class Cell:
    """How many there are, and where they are listed."""

    head: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the summary table: a kind of entry or of link, with its numbers."""

    label: str
    cells: tuple[Cell, ...]
    unchanged: int = 0
    href: str = ""
    """Where all that changed of it is listed."""

    @property
    def total(self) -> int:
        """How many changed in any way."""
        return sum(cell.count for cell in self.cells)


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """What the page of two releases shows."""

    page: Page
    pair: Pair
    domains: tuple[tuple[str, str, bool], ...]
    """Choices of a domain: its label, address, and whether it is the one shown."""

    kinds: tuple[ChangeKind, ...]
    lines: tuple[Line, ...]
    total: Line
    relationships: Line
    beside: int
    """How many of the bundles' other objects changed: collections, identities, markings."""

    links: tuple[Line, ...]
    lists: tuple[Line, ...]
    """What changed at all, to be listed on demand."""

    highlights: Highlights
    changed_in_silence: int
    """How many entries hold other content under the same modification date."""

    backwards: bool
    """Whether the first of the releases is the later one."""

    turned: str
    """The address of the same the other way round."""

    @property
    def layers(self) -> list[tuple[str, str]]:
        """The domains that have a Navigator layer: name and label."""
        return [(one.domain, Domain(one.domain).label) for one in self.pair.shown]


def comparison_page(shelf: Shelf, pair: Pair) -> ComparisonPage:
    """The page of two releases; at most six queries a domain, 0.5 s for two of enterprise."""
    shown = pair.shown
    lines = tuple(_line(pair, kind) for kind in kinds_of(shown))
    links = tuple(_links(pair))
    return ComparisonPage(
        page=page_of(shelf, pair),
        pair=pair,
        domains=tuple(_choices(pair)),
        kinds=tuple(ChangeKind),
        lines=lines,
        total=_total(pair, lines),
        relationships=_relationships(pair),
        beside=_beside(pair),
        links=links,
        lists=tuple(line for line in (*lines, *links) if line.total),
        highlights=highlights(pair),
        changed_in_silence=sum(one.changed_in_silence for one in shown),
        backwards=pair.is_backwards,
        turned=pair.turned_path + pair.query,
    )


def page_of(shelf: Shelf, pair: Pair, part: str = "", path: str = "") -> Page:
    """A page about two releases, or about a part of what it says of them."""
    title = f"{pair.title}: {part}" if part else pair.title
    crumbs = [*way_up(shelf), Crumb("Releases", f"{shelf.addresses.home}/releases")]
    crumbs.append(Crumb(f"{pair.before} to {pair.after}", pair.path if part else ""))
    return Page(
        shelf=shelf,
        title=title,
        description=f"What changed in MITRE ATT&CK from release {pair.before} to {pair.after}:"
        " objects and relationships added, changed, revoked, deprecated and removed.",
        crumbs=(*crumbs, Crumb(part)) if part else tuple(crumbs),
        canonical=pair.path + path + (pair.query if not part else ""),
        indexed=not part,
        section="releases",
        pinnable=False,
        feed=FeedLink("Releases of ATT&CK", f"{shelf.addresses.home}/releases/atom"),
        cited_release=max(pair.before, pair.after, key=release_order),
    )


def _choices(pair: Pair) -> Iterator[tuple[str, str, bool]]:
    if len(pair.every) > 1:
        yield "All domains", pair.path, not pair.domain
    for snapshots in pair.every:
        domain = snapshots[0].domain
        one = pair.of(domain)
        is_shown = pair.domain == domain or len(pair.every) == 1
        yield Domain(domain).label, one.path + one.query, is_shown


def _line(pair: Pair, kind: ObjectType) -> Line:
    cells = []
    for change in ChangeKind:
        count = sum(len(list(of_kind(one, kind, change))) for one in pair.shown)
        asked = ChangesAsked(of_type=kind.slug, kind=change)
        cells.append(Cell(change.label, count, _href(pair, asked)))
    unchanged = sum(
        one.unchanged(stix_type)
        for one in pair.shown
        for stix_type in kind.stix_types
        if stix_type in one.by_type
    )
    return Line(kind.plural, tuple(cells), unchanged, _href(pair, ChangesAsked(of_type=kind.slug)))


def _total(pair: Pair, lines: Iterable[Line]) -> Line:
    held = list(lines)
    cells = tuple(
        Cell(
            change.label,
            sum(line.cells[at].count for line in held),
            _href(pair, ChangesAsked(kind=change)),
        )
        for at, change in enumerate(ChangeKind)
    )
    unchanged = sum(line.unchanged for line in held)
    return Line("All entries", cells, unchanged, _href(pair, ChangesAsked()))


def _relationships(pair: Pair) -> Line:
    line = _line(pair, type_of(RELATIONSHIP))
    cells = []
    for cell, change in zip(line.cells, ChangeKind, strict=True):
        asked = ChangesAsked(of_type=RELATIONSHIP, kind=change)
        cells.append(Cell(cell.head, cell.count, _href(pair, asked)))
    href = _href(pair, ChangesAsked(of_type=RELATIONSHIP))
    return Line(RELATIONSHIPS, tuple(cells), line.unchanged, href)


def _beside(pair: Pair) -> int:
    return sum(
        not type_of(changed.stix_type).has_list and changed.stix_type != RELATIONSHIP
        for one in pair.shown
        for changed in one.objects
    )


def _links(pair: Pair) -> Iterator[Line]:
    told = {words for one in pair.shown for words in one.links_by_words}
    for words in words_in_order(told):
        cells = []
        for change in LinkFate:
            found = [
                one.links_by_words[words][change]
                for one in pair.shown
                if words in one.links_by_words
            ]
            asked = ChangesAsked(links=words, link_change=change)
            cells.append(Cell(change.value.capitalize(), sum(map(len, found)), _href(pair, asked)))
        yield Line(words, tuple(cells), href=_href(pair, ChangesAsked(links=words)))


def _href(pair: Pair, asked: ChangesAsked) -> str:
    return f"{pair.path}/changes{asked.query(pair.domain)}"
