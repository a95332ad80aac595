"""The lists behind the numbers of a comparison: objects or links that changed, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from library.contexts.page import Page
from library.contexts.pager import PageLink, clamped, page_at, page_links
from library.identifiers import OBJECT_TYPES
from library.parameters import PAGE_SIZE, no_such
from library.releases.asked import ChangesAsked, Pair
from library.releases.compared import RELATIONSHIP, Weight
from library.releases.highlights import kinds_of
from library.releases.kinds import ChangeKind
from library.releases.link_rows import LinkRow, fitting_links, link_rows
from library.releases.links import LinkFate
from library.releases.names import LINK_WORDS
from library.releases.object_rows import ChangedRow, fitting_objects, object_rows
from library.releases.summary import RELATIONSHIPS, page_of
from library.substance import words_for

if TYPE_CHECKING:
    from library.conditional import Shelf


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of change that the list may be narrowed to."""

    label: str
    href: str
    count: int
    is_shown: bool


@dataclass(frozen=True, slots=True)
class ChangeList:
    """What a list of changes shows."""

    page: Page
    pair: Pair
    asked: ChangesAsked
    title: str
    total: int
    """How many changed in the way that is asked for, those in noise alone among them."""

    distinct: int
    """How many objects these are: one may stand in several domains."""

    noise: int
    """How many of them changed in noise alone and are listed only when they are asked for."""

    noise_href: str
    rows: Sequence[ChangedRow]
    links: Sequence[LinkRow]
    choices: tuple[Choice, ...]
    path: str
    previous: str
    following: str
    page_links: list[PageLink]

    @property
    def about(self) -> str:
        """What the property is called of which alone it is, where it is of one."""
        return words_for(self.asked.about) if self.asked.about else ""

    @property
    def first(self) -> int:
        """The number of the first row that is shown."""
        return self.asked.offset + 1

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.asked.offset + len(self.rows) + len(self.links)


def change_list(shelf: Shelf, pair: Pair, asked: ChangesAsked) -> ChangeList:
    """The list that is asked for, without filters that there are not; seven queries a domain."""
    asked = _known(pair, asked)
    return _links(shelf, pair, asked) if asked.links else _objects(shelf, pair, asked)


def _known(pair: Pair, asked: ChangesAsked) -> ChangesAsked:
    """The same without a type or kind of relationship that no release has, which is told."""
    of_type, links = asked.of_type, asked.links
    left_aside = [*pair.left_aside, *asked.left_aside]
    if of_type not in _types(pair):
        left_aside += no_such("type", of_type)
        of_type = ""
    if links and links not in LINK_WORDS and not any(links in x.links_by_words for x in pair.shown):
        left_aside += no_such("kind of relationship", links)
        links = ""
    return replace(asked, of_type=of_type, links=links, left_aside=tuple(left_aside))


def _types(pair: Pair) -> dict[str, str]:
    """What addresses call each type, with what readers do."""
    kinds = {kind.slug: kind.plural for kind in (*OBJECT_TYPES, *kinds_of(pair.shown))}
    return kinds | {RELATIONSHIP: RELATIONSHIPS, "": "All entries"}


def _objects(shelf: Shelf, pair: Pair, asked: ChangesAsked) -> ChangeList:
    fitting = fitting_objects(pair, asked)
    rows = fitting.listed
    at = replace(asked, offset=clamped(asked.offset, len(rows)))
    choices = [
        (kind.label, replace(_bare(asked), kind=kind), count)
        for kind, count in fitting.counts.items()
        if isinstance(kind, ChangeKind)
    ]
    choices.append(
        ("Relationships alone", replace(_bare(asked), relinked=True), fitting.counts[None])
    )
    choices.append(("Live again", replace(_bare(asked), lives_again=True), fitting.live_again))
    frame = _Frame(shelf, pair, at, _types(pair)[asked.of_type], len(rows))
    return frame.listing(
        choices,
        total=len(rows) + fitting.noise,
        distinct=fitting.distinct,
        noise=fitting.noise,
        rows=list(object_rows(pair, rows[at.offset : at.offset + PAGE_SIZE])),
    )


def _links(shelf: Shelf, pair: Pair, asked: ChangesAsked) -> ChangeList:
    by_fate = fitting_links(pair, asked)
    # A choice leads to all of its kind, whether the relationship is new or was led elsewhere.
    is_narrow = asked.is_whole is not None
    every = fitting_links(pair, replace(asked, is_whole=None)) if is_narrow else by_fate
    shown = [
        each for fate in LinkFate if asked.link_change in {None, fate} for each in by_fate[fate]
    ]
    at = replace(asked, offset=clamped(asked.offset, len(shown)))
    choices = [
        (fate.capitalize(), replace(_bare(asked), link_change=fate), len(found))
        for fate, found in every.items()
    ]
    frame = _Frame(shelf, pair, at, asked.links, len(shown))
    some = shown[at.offset : at.offset + PAGE_SIZE]
    total = len(shown)
    return frame.listing(choices, total=total, distinct=total, links=list(link_rows(pair, some)))


def _bare(asked: ChangesAsked) -> ChangesAsked:
    """The same with every kind of change, from the first row on."""
    bare = replace(asked, kind=None, link_change=None, relinked=False, offset=0)
    return replace(bare, lives_again=False, live=False, is_whole=None)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around the rows: the page, its kinds of change, its pager."""

    shelf: Shelf
    pair: Pair
    asked: ChangesAsked
    title: str
    rows: int
    """How many there are to be listed, on all pages."""

    def listing(
        self,
        choices: Iterable[tuple[str, ChangesAsked, int]],
        *,
        total: int,
        distinct: int,
        noise: int = 0,
        rows: Sequence[ChangedRow] = (),
        links: Sequence[LinkRow] = (),
    ) -> ChangeList:
        asked, domain = self.asked, self.pair.domain
        query = asked.query(domain, asked.offset)
        noisy = replace(asked, weight=Weight.NOISE, offset=0)
        return ChangeList(
            page=page_of(self.shelf, self.pair, self.title, f"/changes{query}"),
            pair=self.pair,
            asked=asked,
            title=self.title,
            total=total,
            distinct=distinct,
            noise=noise,
            noise_href=f"{self.path}{noisy.query(domain)}",
            rows=rows,
            links=links,
            choices=tuple(self._choices(list(choices))),
            path=self.path,
            previous=page_at(self._address, asked.offset - PAGE_SIZE, self.rows),
            following=page_at(self._address, asked.offset + PAGE_SIZE, self.rows),
            page_links=page_links(self._address, asked.offset, self.rows),
        )

    @property
    def path(self) -> str:
        return f"{self.pair.path}/changes"

    def _address(self, start: int) -> str:
        return self.path + self.asked.query(self.pair.domain, start)

    def _choices(self, choices: Sequence[tuple[str, ChangesAsked, int]]) -> Iterable[Choice]:
        whole = _bare(self.asked)
        # What changed in its relationships alone is no change of its own kind, and what is live
        # again is counted in its kind.
        counts = [
            count
            for _, each, count in choices
            if not each.lives_again and (not each.relinked or whole.weight)
        ]
        shown = replace(self.asked, offset=0)
        for label, each, count in [("All changes", whole, sum(counts)), *choices]:
            if count:
                href = self.path + each.query(self.pair.domain)
                yield Choice(label, href, count, each == shown)
