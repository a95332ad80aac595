"""What is wrong with files of Takes: in which file, on which line, in which field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One thing wrong with one file; line 0 where it is about the file as a whole."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return printable(": ".join(part for part in (place, self.field, self.message) if part))


class BadTakesError(Exception):
    """Files that cannot be taken as they are; nothing was written."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def printable(text: str) -> str:
    """What can be printed of names of files and keys, which are whatever somebody made them."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def field_at(path: Path) -> str:
    """A place in a file in words: "earlier, entry 2, likely_telemetry, entry 1"."""
    return ", ".join(f"entry {part + 1}" if isinstance(part, int) else part for part in path)
