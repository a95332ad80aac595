"""What a brief tells of what came, changed its name or went: the names that one sheet has room for.

Each line has its figure whatever the room; names are left out of all lines alike, and what is left
out stands behind the figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Final

from library.releases.highlights import MOST_NAMED, Highlight, Highlights, Mention
from library.substance import amount

if TYPE_CHECKING:
    from library.releases.asked import Pair

# The letters of a printed line, the space between two of these in lines, and the lines that A4 and
# Letter leave for all of them where every other part of the brief is at its longest.
LETTERS: Final = 145
SPACE: Final = 0.35
ROOM: Final = 22


@dataclass(frozen=True, slots=True)
class Line:
    """So many entries that came, changed or went in one way, the first of them by name."""

    lead: str
    counted: str
    """How many, and what they are: "2 groups"."""

    fate: str
    href: str
    """Where all of them are listed."""

    count: int
    mentions: Sequence[Mention] = ()

    @property
    def joint(self) -> str:
        """What stands between two names: those of which more is said are set further apart."""
        return "; " if any(found.said or found.then for found in self.mentions) else ", "

    @property
    def more(self) -> int:
        """How many are not named, where any are."""
        return self.count - len(self.mentions) if self.mentions else 0

    def naming(self, most: int) -> Line:
        """The same with so many names at most."""
        return replace(self, mentions=self.mentions[:most])

    @property
    def height(self) -> float:
        """The printed lines that it takes up."""
        names = sum(len(_words(found)) + len(self.joint) for found in self.mentions)
        heading = len(self.lead) + len(self.counted) + len(self.fate)
        return ceil((heading + names + len(" and 1,000 more")) / LETTERS) + SPACE


@dataclass(frozen=True, slots=True)
class News:
    """The lines that stand on the sheet."""

    lines: Sequence[Line] = ()
    untold: int = 0
    """How many entries more came, changed or went, in ways for which there is no room."""


def news_of(pair: Pair, told: Highlights) -> News:
    """What there is room for: names of as many as can be, else the figures alone."""
    every = list(_lines(pair, told))
    for most in range(MOST_NAMED, -1, -1):
        lines = [line.naming(most) for line in every]
        if sum(line.height for line in lines) <= ROOM:
            return News(lines)
    kept = lines[: int(ROOM / (1 + SPACE)) - 1]
    return News(kept, sum(line.count for line in lines[len(kept) :]))


def _lines(pair: Pair, told: Highlights) -> Iterator[Line]:
    # Those that are new and have no name here stand among the figures.
    yield from _of(line for line in told.added if line.mentions)
    yield from _of(told.spread, lead="In a further domain: ")
    whole = pair.path + pair.query
    for lead, where, nouns, found in (
        ("Renamed: ", "#renamed", ("entry", "entries"), told.renamed),
        ("Moved between tactics: ", "#moved", ("technique", "techniques"), told.moved),
    ):
        if found:
            counted = amount(len(found), *nouns)
            yield Line(lead, counted, "", whole + where, len(found), found)
    yield from _of(told.revoked, fate=" revoked")
    yield from _of(told.deprecated, fate=" deprecated")
    yield from _of(told.gone, lead="No longer in the bundle: ")
    yield from _of(told.left, lead="Left a domain, held in another: ")
    yield from _of(told.live_again, lead="Live again, revoked or deprecated before: ")


def _of(found: Iterable[Highlight], *, lead: str = "", fate: str = "") -> Iterator[Line]:
    for line in found:
        is_new = not (lead or fate)
        noun = f"new {line.label.lower()}" if is_new else line.label.lower()
        counted = f"{line.count:,} {noun}"
        yield Line(lead, counted, fate, line.href, line.count, line.mentions)


def _words(found: Mention) -> str:
    """What stands of an object, with the mark of its domain and what replaced it."""
    chain = "".join(
        f", and that in favour of {place.attack_id} {place.name} ({place.status})"
        for place in found.then
    )
    return f"{found.attack_id} {found.name} {found.said} ({found.domain}){chain}"
