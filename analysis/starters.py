"""The starter Takes that come with the library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.models import Revision
from analysis.takefiles.folder import name_problems, read_folder
from analysis.takefiles.importing import import_files
from analysis.takefiles.problems import BadTakesError
from analysis.takefiles.shape import TakeFile
from analysis.takefiles.shipped import gives_way, shipped_in


def load_starters(folder: Path, actor: str = "make run") -> int:
    """How many of the starter Takes in a folder were new here, and are loaded.

    One whose object has a Take here is left out, unless that is an older starter which is still
    published and which nobody has confirmed: the one shipped later then supersedes it. So nothing
    that was written, edited or withdrawn here is touched. Two queries and some 0.1 seconds where
    there is nothing to load. Raises BadTakesError for files that are not as they were shipped.
    """
    files = read_folder(folder)
    problems = [problem for file in files for problem in file.problems]
    problems += name_problems(files)
    if problems:
        raise BadTakesError(problems)
    takes = [file.take for file in files if file.take is not None]
    newest = _newest(takes)
    wanted = [take.stix_id for take in takes if _supersedes(take, newest.get(take.stix_id))]
    chosen = [file for file in files if file.take is not None and file.take.stix_id in wanted]
    return len(import_files(chosen, shipped_in(chosen), actor).outcomes) if chosen else 0


def _newest(takes: Sequence[TakeFile]) -> dict[str, Revision]:
    """The newest revision of each of these Takes that is here, by STIX id; two queries."""
    rows = Revision.objects.of_objects(take.stix_id for take in takes)
    rows = rows.select_related("take").prefetch_related("acts")
    return {found.take.stix_id: found for found in rows.order_by("number")}


def _supersedes(shipped: TakeFile, newest: Revision | None) -> bool:
    """Whether a starter is to be loaded where this is the newest revision of its object's Take."""
    return gives_way(newest) and (newest is None or shipped.written_at > newest.written_at)
