"""The pages of an object's change history: the whole of it, and two releases compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from library.addresses import difference_query, own_address
from library.comparable import FORMAL
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.contexts.page import Crumb, FeedLink, Page, way_up
from library.history.difference import Difference, difference_of
from library.history.naming import Namer
from library.history.story import Chapter, story
from library.history.succession import Replaced, replaced
from library.history.timeline import Place, Timeline, timelines
from library.identifiers import MATRIX, Domain, release_order
from library.substance import NOISE, substantive, words_for


@dataclass(frozen=True, slots=True)
class Asked:
    """The two releases that an address asks to compare, and the domain where it names one."""

    before: str
    after: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What every page of an object's history shows."""

    page: Page
    held: HeldObject
    path: str
    """The address of the history."""

    own_page: str
    """The address of the object's page, which shows it even where it is revoked."""

    lines: list[Timeline]
    others: list[HeldObject]
    replaced: list[Replaced]

    asked: Asked = field(default_factory=lambda: Asked("", ""))
    asked_id: str = ""
    """The ATT&CK ID in the address that was asked for; empty where it has none."""

    @property
    def former_id(self) -> str:
        """The same where it is one that the object had before and has no longer."""
        return "" if self.asked_id == self.held.attack_id else self.asked_id

    @property
    def releases(self) -> list[str]:
        """The releases that hold the object in any domain, newest first: what may be compared."""
        return _newest_first(place.release for line in self.lines for place in line.holding)

    @property
    def choice(self) -> Asked:
        """What the form has chosen: as asked, else the two newest of a domain with so many."""
        if self.asked.before or self.asked.after:
            return self.asked
        for line in self.lines:
            newest, *rest = _newest_first(place.release for place in line.holding) or [""]
            if rest:
                return Asked(rest[0], newest, line.domain)
        newest = next(iter(self.releases), "")
        return Asked(newest, newest)

    @property
    def substance(self) -> list[str]:
        """What readers call the fields that say something of such an object."""
        return list(dict.fromkeys(map(words_for, substantive(self.held.stix_type))))

    @property
    def noise(self) -> list[str]:
        """The same of the fields that do not."""
        return [*NOISE.values(), FORMAL]

    @property
    def can_compare(self) -> bool:
        """Whether there are two releases to compare."""
        return any(len(line.holding) > 1 for line in self.lines)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The whole history, or the part of it that ends with an earlier release."""

    history: History
    chapters: list[Chapter]
    earlier: str
    """The query of the page that goes on; empty where all is told."""

    is_part: bool
    """Whether it begins later than with the newest release."""


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """Two releases of the object compared; or why they cannot be."""

    history: History
    difference: Difference | None = None
    domain: str = ""
    problem: str = ""

    @property
    def is_backwards(self) -> bool:
        """Whether it goes from a later release to an earlier one."""
        asked = self.history.asked
        return release_order(asked.before) > release_order(asked.after)

    @property
    def reverse(self) -> str:
        """The query of the same comparison the other way."""
        asked = self.history.asked
        return difference_query(asked.after, asked.before, asked.domain)


def history_of(
    shelf: Shelf,
    held: HeldObject,
    address: str,
    others: list[HeldObject],
    asked: Asked | None = None,
) -> History:
    """The history of the object at an address, without what changed; at most three queries."""
    path, own_page = f"{address}/history", _own_page(held, address)
    lines = timelines(
        held.object_id,
        shelf.snapshot_ids,
        up_to=shelf.newest_snapshot,
        of_sample=held.is_of_sample,
    )
    compared = asked or Asked("", "")
    return History(
        page=_page(shelf, held, (own_page, path), asked),
        held=held,
        path=path,
        own_page=own_page,
        lines=lines,
        others=others,
        replaced=replaced(held.object_id, lines, Namer(shelf)),
        asked=compared,
    )


def history_page(shelf: Shelf, history: History, before: str) -> HistoryPage:
    """What changed from release to release; five queries."""
    chapters, rest = story(history.held.object_id, history.lines, before, Namer(shelf))
    return HistoryPage(
        history,
        [chapter for chapter in chapters if chapter.passages or chapter.is_whole],
        earlier=f"?before={rest}" if rest else "",
        is_part=_is_part(history.lines, before),
    )


def _newest_first(releases: Iterable[str]) -> list[str]:
    return sorted(set(releases), key=release_order, reverse=True)


def _is_part(lines: Sequence[Timeline], before: str) -> bool:
    """Whether a part that begins with a release leaves newer ones out."""
    newest = max((line.releases[0].release for line in lines), key=release_order, default="")
    return bool(before and newest) and release_order(before) < release_order(newest)


def difference_page(shelf: Shelf, history: History, places: tuple[Place, Place]) -> DifferencePage:
    """Two releases of the object compared; six queries."""
    made = difference_of(history.held.object_id, *places, Namer(shelf))
    return DifferencePage(history, made, Domain(places[0].domain).label)


def _page(shelf: Shelf, held: HeldObject, addresses: tuple[str, str], asked: Asked | None) -> Page:
    own_page, path = addresses
    has_id = held.attack_id and held.kind is not MATRIX
    name = f"{held.attack_id}: {held.name}" if has_id else held.name
    title, query = f"{name}, change history", ""
    said = f"What MITRE changed of the {held.kind.label.lower()} {name}, release by release."
    if asked:
        title = f"{name}, {asked.before} to {asked.after}"
        query = difference_query(asked.before, asked.after, asked.domain)
        said = f"{name} in releases {asked.before} and {asked.after}, side by side."
    return Page(
        shelf=shelf,
        kind=held.kind,
        title=title,
        description=said,
        crumbs=_crumbs(shelf, held, own_page, path if asked else ""),
        canonical=path + query,
        indexed=held.version.live and not asked,
        pinnable=False,
        feed=FeedLink(f"Changes of {name}", f"{path.removesuffix('/history')}/atom")
        if held.has_feed(shelf)
        else None,
    )


def _crumbs(shelf: Shelf, held: HeldObject, own_page: str, path: str) -> tuple[Crumb, ...]:
    """The way up; `path` is that of the history from a page below it."""
    own = Crumb(held.attack_id or held.name, own_page)
    below = (Crumb("Comparison"),) if path else ()
    return (*way_up(shelf, held.kind), own, Crumb("Change history", path), *below)


def _own_page(held: HeldObject, address: str) -> str:
    if held.version.revoked:
        return own_address(held.lasting_href, is_revoked=True)
    # One that the edition does not hold has its page in the release that does.
    return held.href if held.addresses.release else address
