"""What an app says, in the dry run of an import, that a snapshot would mean to it.

The setting IMPORT_PREVIEWS names the functions that are asked. They are asked inside the dry run's
transaction, with the key of the snapshot that was just stored, and all of it is undone afterwards.
The words for it live here, since the app that asks and those that answer do not know each other.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One thing that would happen: what it happens to, and why."""

    text: str
    href: str = ""
    """Where on this site that is to be read; empty where nowhere."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What a snapshot would mean to an app: a title, and a line for each thing."""

    title: str
    none: str
    """The sentence that says so where there is no line."""

    lines: tuple[PreviewLine, ...] = ()


type PreviewMaker = Callable[[int], ImportPreview | None]
