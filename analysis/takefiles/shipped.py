"""Which texts are those that come with the library, told by all that they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from django.conf import settings

from analysis.models import Revision, State
from analysis.takefiles.folder import read_folder
from analysis.takefiles.reading import ReadFile
from analysis.takefiles.shape import RevisionKeys, TakeFile

type Shipped = Set[tuple[object, ...]]


def shipped_in(files: Iterable[ReadFile]) -> Shipped:
    """The texts of these files, as those that the library comes with."""
    takes = [file.take for file in files if file.take is not None]
    return {_text(take, revision) for take in takes for revision in take.revisions}


def shipped_among(files: Sequence[ReadFile]) -> Shipped:
    """The texts that the library comes with, where any of these files claims to have one.

    Some 0.1 seconds in that case; no query.
    """
    takes = [file.take for file in files if file.take is not None]
    claimed = any(revision.starter for take in takes for revision in take.revisions)
    folder = settings.BASE_DIR / "fixtures" / "takes"
    return shipped_in(read_folder(folder)) if claimed and folder.is_dir() else set()


def is_shipped(take: TakeFile, revision: RevisionKeys, shipped: Shipped) -> bool:
    """Whether a revision of a file is marked as starter content, and is that to the letter."""
    return revision.starter and _text(take, revision) in shipped


def gives_way(newest: Revision | None) -> bool:
    """Whether a starter may be published where this is the newest revision of its object's Take.

    It may where there is none, or an older starter that nobody has confirmed or withdrawn.
    """
    return newest is None or (newest.is_unconfirmed_starter and newest.state == State.PUBLISHED)


def _text(take: TakeFile, revision: RevisionKeys) -> tuple[object, ...]:
    return take.stix_id, take.names_of(revision), revision.identity
