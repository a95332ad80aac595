"""The audit log as CSV, with nothing in it that a spreadsheet would run."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

from accounts.models import AuditEntry

COLUMNS: Final = ("When (UTC)", "Who", "What", "To what", "Details")
# What spreadsheets take for the beginning of a formula (OWASP, CSV injection), wide forms too.
_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


class _Line:
    """What a csv.writer writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """The lines of a file (RFC 4180), its heads first; a formula begins with an apostrophe."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        cells = (entry.actor, entry.action, entry.target, entry.detail_words)
        yield writer.writerow([f"{entry.at:%Y-%m-%d %H:%M:%S}", *map(_harmless, cells)])


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
