"""The import directory of the server: bundles that its owner has put there, by their names.

A name leads to a regular file that stands in the directory itself. No path is followed out of it:
neither one that a user gives nor one that a symbolic link holds.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from django.conf import settings

from importer.acquire import SUFFIXES, Acquired, unpack
from importer.errors import BundleError

MOST_LISTED: Final = 500


def listed() -> list[tuple[str, int]]:
    """The bundles that may be chosen, by name, with their sizes in bytes; the first MOST_LISTED.

    Empty where there is no import directory, or where it cannot be read.
    """
    folder = _folder()
    if folder is None:
        return []
    try:
        with os.scandir(folder) as entries:
            found = [
                (entry.name, entry.stat(follow_symlinks=False).st_size)
                for entry in entries
                if is_name(entry.name) and entry.is_file(follow_symlinks=False)
            ]
    except OSError:
        return []
    return sorted(found)[:MOST_LISTED]


def is_name(name: str) -> bool:
    """Whether a name may be that of a bundle in the directory: printable, and not a path."""
    return (
        name.endswith(SUFFIXES)
        and name.isprintable()
        and "/" not in name
        and os.sep not in name
        and not name.startswith(".")
        and len(name) <= 255
    )


def read(name: str, limit: int) -> Acquired:
    """The bundle of that name.

    Raises BundleError where there is none, where it is no regular file, and as `unpack` does.
    """
    folder = _folder()
    if folder is None or not is_name(name):
        raise BundleError(f"{name}: no such file in the import directory.")
    try:
        # A pipe of that name must not make anybody wait.
        how = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(folder / name, how), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BundleError(f"{name}: not a regular file.")
            stored = file.read(limit + 1)
    except OSError as error:
        raise BundleError(f"{name}: cannot be read ({error.strerror}).") from None
    return unpack(name, stored, limit)


def _folder() -> Path | None:
    found: Path | None = settings.IMPORT_DIR
    return found
