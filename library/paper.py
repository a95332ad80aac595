"""How a matrix is laid out on paper, so that one landscape sheet of A4 or Letter holds it.

All is estimated from the length of the names: on the safe side, as the fonts of the readers differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from library.contexts.matrix import Matrix, MatrixCell, MatrixColumn

# As print.css sets the sheet: how high it is in lines and how wide in letters where the font is one
# point high, and how the entries take up both.
_SIZES: Final = (5.0, ""), (3.8, " on-paper-fine")
_LINES, _LINES_WITH_COUNTS, _LETTERS = 475.0, 440.0, 1280.0
_MORE_COLUMNS = 8
_PLAIN, _MARKED = (1.05, 0.25), (1.4, 0.7)
# Of a sheet with every sub-technique: what is kept free, as small errors add up, and their indent.
_KEPT_FREE, _INDENT = 0.9, 2
# What stands beside a technique that only heads sub-techniques: it is not on the platform.
_ASIDE = 2.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A matrix on paper."""

    css: str
    """The classes of its table: in how many columns it stands, how fine, and with what."""

    breaks: list[list[int]]
    """For each tactic, the cells at which it goes on in one more column."""

    fits: bool
    """Whether the sheet is known to hold it."""


def sheet_of(matrix: Matrix) -> Sheet:
    """How a matrix is printed: with every sub-technique where these are shown and there is room.

    Else with those that are marked or found.
    """
    if matrix.filters.open_subs:
        whole = _laid_out(matrix, whole=True)
        if whole.fits:
            return whole
    return _laid_out(matrix, whole=False)


def leaves_out(matrix: Matrix) -> bool:
    """Whether paper has no room for sub-techniques that the screen shows."""
    return matrix.filters.open_subs and not _laid_out(matrix, whole=True).fits


def _laid_out(matrix: Matrix, *, whole: bool) -> Sheet:
    tactics = max(len(matrix.columns), 1)
    also = " on-paper-whole" if whole else ""
    breaks: list[list[int]] = []
    for size, css in _SIZES:
        height = (_LINES_WITH_COUNTS if matrix.shows_marks else _LINES) / size
        height *= _KEPT_FREE if whole else 1
        for count in range(tactics, tactics + _MORE_COLUMNS + 1):
            letters = int(_LETTERS / size / count)
            breaks = [_breaks(column, letters, height, whole=whole) for column in matrix.columns]
            stands = tactics + sum(map(len, breaks)) <= count
            # A cell with all its sub-techniques is high, and stays in one column.
            if stands and not (whole and _highest(matrix, breaks, letters) > height):
                return Sheet(f"on-paper-{count}{css}{also}", breaks, fits=True)
    return Sheet(f"on-paper-{tactics + _MORE_COLUMNS}{_SIZES[-1][1]}{also}", breaks, fits=False)


def _highest(matrix: Matrix, breaks: list[list[int]], letters: int) -> float:
    """How high the highest printed column is, in lines, with every sub-technique."""
    return max(
        (
            sum(_lines(cell, letters, whole=True) for cell in column.cells[start:end])
            for column, at in zip(matrix.columns, breaks, strict=True)
            for start, end in pairwise([0, *at, len(column.cells)])
        ),
        default=0.0,
    )


def _breaks(column: MatrixColumn, letters: int, height: float, *, whole: bool) -> list[int]:
    """The cells before which a printed column ends: those of a tactic are of about one height."""
    lines = [_lines(cell, letters, whole=whole) for cell in column.cells]
    most = sum(lines) / max(ceil(sum(lines) / height), 1)
    found: list[int] = []
    filled = 0.0
    for at, each in enumerate(lines):
        if at and filled + each / 2 > most * (len(found) + 1):
            found.append(at)
        filled += each
    return found


def _lines(cell: MatrixCell, letters: int, *, whole: bool) -> float:
    """How high a printed cell is, in lines: each entry stands a little apart from the next."""
    lines = _ASIDE if cell.heads_only else 0.0
    every = whole or cell.heads_only
    for entry in (cell, *(sub for sub in cell.subs if every or sub.marked or sub.found)):
        wide, apart = _MARKED if entry.marked or entry.found else _PLAIN
        room = letters - _INDENT if whole and entry is not cell else letters
        lines += _lines_of(entry.technique.name, room / wide) + apart
    return lines


def _lines_of(name: str, room: float) -> int:
    """How many lines a name takes, broken between its words, and within one that is too long."""
    lines, filled = 1, 0.0
    for word in name.replace("/", "/ ").replace("-", "- ").split():
        if filled and filled + 1 + len(word) > room:
            lines, filled = lines + 1, 0.0
        filled += len(word) + bool(filled)
        more = ceil(filled / room) - 1
        lines, filled = lines + more, filled - more * room
    return lines
