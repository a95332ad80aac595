"""Sheets as CSV and as Excel workbooks, with nothing in them that a program would run."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from typing import IO, Final

import xlsxwriter

from library.files.sheets import Sheet

# What spreadsheets take for the beginning of a formula.
_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_ROWS_A_PIECE: Final = 100
# Excel's own limits.
_LONGEST_CELL: Final = 32_767
_LONGEST_NAME: Final = 31
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_LITTLE_WORDS: Final = re.compile(r"(?: \w{1,3})+$")
_CUT: Final = " … [cut: Excel holds no more in a cell]"
_WIDTHS: Final = {"Definition": 90, "Name": 40, "Value": 60, "Source": 90, "Sources": 60}
_WIDTH, _WIDEST = 18, 90
_NOTES: Final = ("Use", "Note", "Procedure", "Description", "Detects", "Analytic", "Attribution")


class _Line:
    """What a csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def csv_pieces(sheet: Sheet) -> Iterator[bytes]:
    """A sheet as CSV (RFC 4180) in UTF-8, some hundred rows at a time.

    A cell that a spreadsheet would take for a formula begins with an apostrophe. There is no mark
    of byte order, which most programs take for a part of the first title; Excel, which without one
    misreads what is not ASCII in a file that is opened by a double click, has the workbooks.
    """
    writer = csv.writer(_Line())
    yield _csv_line(writer, sheet.columns)
    for rows in batched(sheet.rows, _ROWS_A_PIECE):
        yield b"".join(_csv_line(writer, row) for row in rows)


def _csv_line(writer: object, row: Sequence[str | int]) -> bytes:
    line: str = writer.writerow([harmless(str(cell)) for cell in row])  # type: ignore[attr-defined]
    return line.encode()


def harmless(cell: str) -> str:
    """A cell's text, behind an apostrophe where it would be taken for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def workbook(sheets: Iterable[Sheet], properties: dict[str, str]) -> IO[bytes]:
    """An Excel workbook in a temporary file, a sheet after another.

    Every cell is a text or a whole number; `properties` are the document's: title, subject,
    comments. Some 15 µs a cell; the memory it takes does not grow with the rows. Closing the file
    deletes it.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the answer closes it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties(properties)
        bold = book.add_format({"bold": True, "bottom": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        names: set[str] = set()
        for sheet in sheets:
            _add(book, sheet, _name(sheet.title, names), bold, wrapped)
    file.seek(0)
    return file


def _add(book: xlsxwriter.Workbook, sheet: Sheet, name: str, bold: object, wrapped: object) -> None:
    page = book.add_worksheet(name)
    page.freeze_panes(1, 0)
    for at, title in enumerate(sheet.columns):
        width = _WIDEST if title in _NOTES else _WIDTHS.get(title, _WIDTH)
        page.set_column(at, at, width, wrapped)
        page.write_string(0, at, title, bold)
    count = 0
    for count, row in enumerate(sheet.rows, 1):
        for at, cell in enumerate(row):
            if isinstance(cell, int):
                page.write_number(count, at, cell, wrapped)
            elif cell:
                page.write_string(count, at, _fitting(cell), wrapped)
    page.autofilter(0, 0, count, max(0, len(sheet.columns) - 1))


def _fitting(cell: str) -> str:
    if len(cell) <= _LONGEST_CELL:
        return cell
    return cell[: _LONGEST_CELL - len(_CUT)] + _CUT


def _whole_words(text: str, most: int) -> str:
    """A text as far as there is room for it, without a part of a word, or "of the", at its end."""
    if len(text) <= most:
        return text
    return _LITTLE_WORDS.sub("", text[: most + 1].rpartition(" ")[0]) or text[:most]


def _name(title: str, taken: set[str]) -> str:
    """A name for a sheet that no other has; Excel does not tell upper from lower case."""
    stem = " ".join(_NOT_IN_NAMES.sub(" ", title).split()) or "Sheet"
    name, number = _whole_words(stem, _LONGEST_NAME), 1
    while name.casefold() in taken:
        number += 1
        name = f"{_whole_words(stem, _LONGEST_NAME - 4)} {number}"
    taken.add(name.casefold())
    return name
