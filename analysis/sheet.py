"""What of a Take stands on one printed sheet: as many sections, whole, as the sheet has room for.

A reader who prints gets one sheet whatever the length (print.css sees to it); this says beforehand
what that sheet leaves out, so that it can say so itself. It counts on the narrower column and the
shorter of the sheets in use, A4 and Letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from math import ceil
from typing import Final

from django.utils.safestring import SafeString

from analysis.take import Section
from analysis.words import joined

# Lines of both columns, where nothing stands above the text but title, byline and their like; less
# what columns lose where they break.
ROOM: Final = 112
# How much more goes there in the smaller type that is used where the common one does not do.
TIGHT: Final = 1.18
# Letters of a line, of one of code, and how many a list or quote takes from its lines.
LINE, CODE_LINE, INDENT = 54, 44, 3
# What a heading takes, and the space after a paragraph or entry, in lines.
HEADING, SPACE = 1.6, 0.17
# Letters of a line across both columns, and what a notice takes besides its lines.
WIDE_LINE, NOTICE = 110, 0.5
# What the line takes that says what is left out.
TOLD: Final = 5
_TAG: Final = re.compile(r"<(/?)(p|li|ul|ol|blockquote|pre|br)\b[^>]*>")
_ANY_TAG: Final = re.compile(r"<[^>]*>")
_ENTITY: Final = re.compile(r"&\w{1,6};")
_NESTING: Final = frozenset({"ul", "ol", "blockquote"})
_NARROWEST: Final = 8
# How long a text is that takes up so many letters of a line in a face of several widths.
_WIDE: Final = frozenset("WF")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is not on the printed sheet of a Take."""

    beyond: tuple[Section, ...] = ()
    """The sections that are left out."""

    is_cut: bool = False
    """Whether even the summary is longer than the sheet."""

    is_tight: bool = False
    """Whether it is set in the smaller type."""

    left: float = 0
    """The lines that are left for what follows."""

    @property
    def names(self) -> frozenset[str]:
        """The names of the sections that are left out."""
        return frozenset(section.name for section in self.beyond)

    @property
    def titles(self) -> SafeString:
        """Their titles, as a list in a sentence."""
        return joined(section.title for section in self.beyond)

    @property
    def is_whole(self) -> bool:
        """Whether the sheet holds all of the Take."""
        return not (self.beyond or self.is_cut)


def sheet_of(
    sections: Sequence[Section], above: Iterable[str] = (), after: Sheet | None = None
) -> Sheet:
    """What a sheet leaves out of these sections, `above` which such notices stand.

    In the order of the page each that there is still room for is kept, and the summary always.
    `after` is what was set on the same sheet before.
    """
    notices = (2 * (ceil(_length(said) / WIDE_LINE) + NOTICE) for said in above if said)
    room = (after.left if after else ROOM) - sum(notices)
    needed = sum(map(height_of, sections))
    if needed <= TIGHT * room:
        return Sheet(is_tight=needed > room, left=max(0, room - needed))
    room -= TOLD
    beyond, taken = [], 0.0
    for at, section in enumerate(sections):
        height = height_of(section)
        if at and taken + height > TIGHT * room:
            beyond.append(section)
        else:
            taken += height
    is_cut = taken > TIGHT * room
    return Sheet(tuple(beyond), is_cut, is_tight=taken > room, left=max(0, room - taken))


@lru_cache(maxsize=4096)
def height_of(section: Section) -> float:
    """How many lines of a column a section takes up; some 0.5 ms where it is long."""
    heading = 0 if section.name == "summary" else HEADING
    if section.is_prose:
        return heading + sum(map(_height, section.parts))
    around = "<ul><li>{}</li></ul>" if section.is_list else "<p>{}</p>"
    return heading + sum(_height(around.format(part)) for part in section.parts)


def _height(html: str) -> float:
    """How many lines a text takes up, each piece between tags broken as its width asks for."""
    height, depth, in_code, done = 0.0, 0, False, 0
    for found in _TAG.finditer(html):
        height += _lines(html[done : found.start()], depth, in_code=in_code)
        closes, name = found[1] == "/", found[2]
        done = found.end()
        if name in _NESTING:
            depth += -1 if closes else 1
        elif name == "pre":
            in_code = not closes
            height += 1
        elif closes:
            height += SPACE
    return height + _lines(html[done:], depth, in_code=in_code)


def _lines(html: str, depth: int, *, in_code: bool) -> int:
    room = max(_NARROWEST, (CODE_LINE if in_code else LINE) - INDENT * depth)
    if in_code:
        lines = unescape(_ANY_TAG.sub("", html)).rstrip("\n").split("\n")
        return sum(max(1, ceil(_length(line) / room)) for line in lines)
    said = " ".join(_ANY_TAG.sub("", html).split())
    # An entity is one letter, whichever.
    return ceil(_length(_ENTITY.sub("x", said)) / room)


def _length(text: str) -> float:
    """How many letters of common width a text is as wide as."""
    return sum(count * _width(letter) for letter, count in Counter(text).items())


def _width(letter: str) -> float:
    if letter.isascii():
        return 1.35 if letter.isupper() else 1
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1.2
