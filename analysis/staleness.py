"""How a Take stands to what MITRE says now: computed for the release that is read, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from library.conditional import Shelf

if TYPE_CHECKING:
    from analysis.models import Revision


class Freshness(StrEnum):
    """How far a Take can be relied on after what MITRE changed."""

    CURRENT = "current"
    AROUND = "changed around it"
    MUST_REVIEW = "must review"
    RETIRE = "move or retire"
    INCOMPARABLE = "cannot be compared"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one published revision stands to the release that is read."""

    freshness: Freshness
    against: str
    """The release that it was written against, or last confirmed against."""

    release: str
    """The release that it is compared with; empty where that does not hold the object."""

    material: tuple[str, ...] = ()
    """What changed that a Take rests on: "3 techniques added", "description edited"."""

    around: tuple[str, ...] = ()
    """What changed beside: "12 procedure examples added"."""

    successor_id: str = ""
    """The STIX id of what replaced the object, at the end of the chain of revocations."""

    @property
    def told(self) -> str:
        """What readers are told of it, in a sentence or two; empty where nothing changed."""
        raise NotImplementedError


def standings(shelf: Shelf, revisions: Iterable[Revision]) -> dict[int, Standing]:
    """How revisions stand to the release that is read, by their keys."""
    raise NotImplementedError
