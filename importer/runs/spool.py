"""The spool: a folder of files that hold bundles while their runs need them.

Uploads are streamed into it and downloads kept in it between the dry run and the import. A run's
file goes when its import is done; one whose run failed or was cancelled stays a while, for a retry.
Web processes and workers share the folder.
"""

from __future__ import annotations

import re
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from importer.models import OPEN, OVER, ImportRun, RunState

NAME_FORM: Final = re.compile(r"[0-9a-f]{32}\.bundle")
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


def discard(name: str) -> None:
    """Delete a file, if there is one."""
    if name:
        place(name).unlink(missing_ok=True)


def sweep() -> None:
    """Cancel runs that nobody has confirmed for long, and delete the files nothing needs any more.

    Two queries and a listing.
    """
    kept_for = timedelta(hours=settings.IMPORT_KEEP_HOURS)
    limit = timezone.now() - kept_for
    ImportRun.objects.filter(state=RunState.PREVIEWED, finished_at__lt=limit).update(
        state=RunState.CANCELLED,
        finished_at=timezone.now(),
        problem=f"Nobody confirmed it within {settings.IMPORT_KEEP_HOURS} hours.",
    )
    needed = Q(state__in=OPEN) | Q(state__in=OVER, finished_at__gte=limit)
    named = set(
        ImportRun.objects.filter(needed, stored_as__gt="").values_list("stored_as", flat=True)
    )
    oldest = time.time() - UNNAMED_SECONDS
    for path in folder().iterdir():
        if NAME_FORM.fullmatch(path.name) and path.name not in named:
            _delete_if_older(path, oldest)


def _delete_if_older(path: Path, oldest: float) -> None:
    try:
        if path.stat().st_mtime < oldest:
            path.unlink()
    except FileNotFoundError:
        # Another process has swept it.
        return
