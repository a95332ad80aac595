"""From the library into a folder of files, one a Take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.takefiles.entries import held_revisions, take_file
from analysis.takefiles.folder import LONGEST_FILE, file_names, take_names, write_file
from analysis.takefiles.layout import file_bytes
from analysis.takefiles.problems import BadTakesError, FileProblem, printable


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one file: "written", "unchanged", or "not of a Take held, left alone"."""

    file: str
    word: str

    def __str__(self) -> str:
        return f"{printable(self.file)}: {self.word}"


def export_folder(folder: Path) -> Iterator[Exported]:
    """Write every Take with all its history into a folder; some 20 ms a revision.

    Each file is written whole or not at all, and no other file is touched. Raises BadTakesError
    where the folder cannot be written.
    """
    files = held_files()
    for name, content in files.items():
        written = write_file(folder, name, content)
        yield Exported(name, "written" if written else "unchanged")
    for name in take_names(folder) if folder.exists() else ():
        if name not in files:
            yield Exported(name, "not of a Take held, left alone")


def held_files() -> dict[str, bytes]:
    """The file of every Take by its name, in order of names; two queries."""
    held = held_revisions()
    names = file_names({stix_id: found[-1].attack_id for stix_id, found in held.items()})
    made = {names[stix_id]: file_bytes(take_file(found)) for stix_id, found in held.items()}
    problems = [
        FileProblem(name, 0, "", f"would be larger than {LONGEST_FILE:,} bytes")
        for name, content in made.items()
        if len(content) > LONGEST_FILE
    ]
    if problems:
        raise BadTakesError(problems)
    return dict(sorted(made.items()))
