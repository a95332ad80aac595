"""The spool: a folder of files that hold bundles while their runs need them.

Uploads are streamed into it and downloads kept in it between the dry run and the import. A run's
file goes when its import is done; one whose run failed or was cancelled stays a while, for a retry.
Web processes and workers share the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

NAME_FORM: Final = re.compile(r"[0-9a-f]{32}\.bundle")
# Behind the name of a file that is still being written.
PART: Final = ".part"
# A file that no run names may be one that is still being uploaded, for as long as it grows.
UNNAMED_SECONDS: Final = 3600


def folder() -> Path:
    """Where the files are; made for its owner alone where it is not there yet."""
    found: Path = settings.IMPORT_SPOOL
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def fresh_name() -> str:
    """A name for a new file, which nothing that a user says goes into."""
    return f"{secrets.token_hex(16)}.bundle"


def place(name: str) -> Path:
    """Where a file of the spool is."""
    if not NAME_FORM.fullmatch(name):
        raise ValueError(f"{name!r} is no name of the spool")
    return folder() / name


def holds(name: str) -> bool:
    """Whether there is such a file."""
    return bool(name) and place(name).is_file()


def create(path: Path) -> BinaryIO:
    """A new file of the spool, open to be written: for its owner alone, and for nobody to run."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def keep(name: str, content: bytes | bytearray) -> None:
    """Make a file: whole under its name, or not at all. Raises OSError."""
    path = place(name)
    part = path.with_name(path.name + PART)
    part.unlink(missing_ok=True)
    with create(part) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def sha256_of(name: str) -> str:
    """The SHA-256 of a file as it stands there. Raises OSError."""
    with place(name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def discard(name: str) -> None:
    """Delete a file, if there is one, and what was written of it."""
    if name:
        path = place(name)
        path.unlink(missing_ok=True)
        path.with_name(path.name + PART).unlink(missing_ok=True)


def sweep(named: set[str]) -> None:
    """Delete every file but those named and those that may still be on their way; one listing."""
    oldest = time.time() - UNNAMED_SECONDS
    for path in folder().iterdir():
        if NAME_FORM.fullmatch(path.name.removesuffix(PART)) and path.name not in named:
            _delete_if_older(path, oldest)


def _delete_if_older(path: Path, oldest: float) -> None:
    try:
        if path.stat().st_mtime < oldest:
            path.unlink()
    except FileNotFoundError:
        # Another process has swept it.
        return
