"""What of a Take stands on one printed sheet: as many sections, whole, as the sheet has room for.

A reader who prints gets one sheet whatever the length (print.css sees to it); this says beforehand
what that sheet leaves out, so that it can say so itself. It counts on the narrower column and the
shorter of the sheets in use, A4 and Letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from math import ceil
from typing import Final, NamedTuple

from django.utils.safestring import SafeString

from analysis.take import Section
from analysis.words import joined


class Type(NamedTuple):
    """A size of type: letters of a line, and how many lines stand where one of the common does."""

    letters: float
    lines: float


# The common type, and the smaller one that is used where that does not do.
COMMON, TIGHT = Type(64, 1), Type(68.6, 1.107)
# Lines of both columns, where nothing stands above the text but title, byline and their like; less
# what columns lose where they break, a heading and the two lines that stay with it.
ROOM: Final = 97
# How many letters a list or quote takes from its lines.
INDENT: Final = 3
# What a heading takes, the space after a paragraph or entry, and that around what is fenced.
HEADING, SPACE, FENCE = 1.65, 0.17, 0.7
# How wide bold letters and those of code are, what stands around code in a line, and by how much
# its letters push the lines apart.
BOLD, CODE, AROUND_CODE, RISE = 1.1, 1.06, 1.1, 0.04
# By how much capitals, and the two widest of the small letters, are wider than others.
CAPITAL, WIDEST = 0.35, 0.5
# Lines after which it matters no more how many there are.
ENOUGH: Final = 3 * ROOM
# Letters of a line across both columns, and what a notice takes besides its lines.
WIDE_LINE, NOTICE = 110, 0.5
# What takes as many lines of paper as the banner does that says of the sample what it is.
OF_SAMPLE: Final = 3 * ("The sample",)
# What the line takes that says what is left out.
TOLD: Final = 5
_TAG: Final = re.compile(r"<(/?)(p|li|ul|ol|blockquote|pre|br)\b[^>]*>")
_ANY_TAG: Final = re.compile(r"<[^>]*>")
_INLINE: Final = re.compile(r"<(/?)(\w+)[^>]*>|(\s+)|[^<\s]+")
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
    needed = _heights(sections, COMMON)
    if needed <= room or _heights(sections, TIGHT) <= room * TIGHT.lines:
        return Sheet(is_tight=needed > room, left=max(0, room - needed))
    room -= TOLD
    kept: list[Section] = []
    beyond = []
    for section in sections:
        if kept and _heights([*kept, section], TIGHT) > room * TIGHT.lines:
            beyond.append(section)
        else:
            kept.append(section)
    taken = _heights(kept, COMMON)
    is_cut = _heights(kept, TIGHT) > room * TIGHT.lines
    return Sheet(tuple(beyond), is_cut, is_tight=taken > room, left=max(0, room - taken))


def _heights(sections: Iterable[Section], size: Type) -> float:
    return sum(height_of(section, size) for section in sections)


@lru_cache(maxsize=4096)
def height_of(section: Section, size: Type = COMMON) -> float:
    """How many lines of a column a section takes up in a size; some 5 ms where it is long.

    Of one that is longer than any sheet, some that are more than a sheet has.
    """
    setter = _Setter(size, 0 if section.name == "summary" else HEADING * size.lines)
    around = (
        "{}" if section.is_prose else "<ul><li>{}</li></ul>" if section.is_list else "<p>{}</p>"
    )
    for part in section.parts:
        setter.add(around.format(part))
    return setter.height


class _Setter:
    """Sets texts in lines, each piece between tags broken where its words ask for it."""

    def __init__(self, size: Type, height: float) -> None:
        self.size = size
        self.height = height
        self.depth = 0
        self.is_bold = self.is_code = self.is_fenced = False

    def add(self, html: str) -> None:
        """Set one more text, where it still matters."""
        done = 0
        for found in _TAG.finditer(html):
            if self.height > ENOUGH:
                return
            self.height += self._lines(html[done : found.start()])
            self.height += self._space(found[2], closes=found[1] == "/")
            done = found.end()
        self.height += self._lines(html[done:])

    def _space(self, tag: str, *, closes: bool) -> float:
        """What stands at a tag besides the lines before and behind it."""
        if tag in _NESTING:
            self.depth += -1 if closes else 1
        elif tag == "pre":
            self.is_fenced = not closes
            return FENCE * self.size.lines
        elif closes:
            return SPACE * self.size.lines
        return 0

    def _lines(self, html: str) -> float:
        room = max(_NARROWEST, self.size.letters - INDENT * self.depth)
        if self.is_fenced:
            said = unescape(_ANY_TAG.sub("", html)).rstrip("\n")
            widths = (CODE * _length(line) for line in said.split("\n"))
            return (1 + RISE) * sum(max(1, ceil(width / room)) for width in widths)
        lines, used, rise = 0, room, 0.0
        for width, has_code in self._words(html):
            if lines > ENOUGH:
                break
            # One that is longer than a line begins on the next, and is broken where that ends.
            if used + 1 + width > room:
                filled = ceil(width / room)
                lines += filled
                used = width - (filled - 1) * room
                rise += RISE * filled * has_code
            else:
                used += 1 + width
                rise += RISE * has_code
        return lines + min(rise, RISE * lines)

    def _words(self, html: str) -> Iterator[tuple[float, bool]]:
        """How wide each word is, and whether there is code in it."""
        width, has_code = 0.0, False
        for found in _INLINE.finditer(html):
            if found[3]:
                if width:
                    yield width, has_code
                width, has_code = 0.0, self.is_code
            elif found[2] == "code":
                self.is_code = not found[1]
                has_code = True
                width += AROUND_CODE / 2
            elif found[2] == "strong":
                self.is_bold = not found[1]
            elif not found[2]:
                letters = _length(unescape(found[0]))
                width += letters * (CODE if self.is_code else BOLD if self.is_bold else 1)
        if width:
            yield width, has_code


def _length(text: str) -> float:
    """How many letters of common width a text is as wide as."""
    wider = CAPITAL * sum(map(str.isupper, text)) + WIDEST * (text.count("m") + text.count("w"))
    return wider + (len(text) if text.isascii() else sum(map(_width, text)))


def _width(letter: str) -> float:
    if letter.isascii():
        return 1
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1.2
