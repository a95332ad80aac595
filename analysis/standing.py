"""How one Take stands to what MITRE says now, and what readers are told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from analysis.words import listed
from library.identifiers import release_order

# Changes that readers are told one by one.
MOST_TOLD: Final = 4


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
    """What changed that decides: "3 techniques added", "description edited"."""

    around: tuple[str, ...] = ()
    """What changed beside: "12 procedure examples added"."""

    successor_id: str = ""
    """The STIX id of what replaced the object, at the end of the chain of revocations."""

    is_confirmed: bool = False
    """Whether somebody confirmed it against that release after it was written."""

    obstacle: str = ""
    """Why it cannot be compared, as the sentence goes on after the release."""

    query: str = ""
    """What makes of the object's change history the comparison; empty where there is none."""

    @property
    def is_earlier(self) -> bool:
        """Whether the release that is read came out before the one it was written against.

        Then the changes are what MITRE changed from the former to the latter.
        """
        return bool(self.release) and release_order(self.release) < release_order(self.against)

    @property
    def told(self) -> str:
        """What readers are told of it, in a sentence or two; empty where nothing changed."""
        since = f"{'Confirmed' if self.is_confirmed else 'Written'} against {self.against}"
        changes = listed(self.material or self.around, MOST_TOLD)
        beside = (
            f" Beside that: {listed(self.around, MOST_TOLD)}."
            if self.material and self.around
            else ""
        )
        match self.freshness:
            case Freshness.CURRENT:
                return ""
            case Freshness.INCOMPARABLE:
                return f"{since}{self.obstacle}" if self.obstacle else NOT_RECORDED
            case Freshness.RETIRE if not self.release:
                return f"{since}; the release shown no longer holds this object."
            case Freshness.RETIRE:
                return f"{since}; in {self.release} this object is revoked."
            case Freshness.AROUND if not self.is_earlier:
                return f"{since}. What MITRE has changed since {AROUND_ALONE}: {changes}."
        if not self.is_earlier:
            return f"{since}; MITRE has since changed this object: {changes}.{beside}"
        page = f"this page shows {self.release}"
        if self.material:
            return f"{since}; {page}, before MITRE changed this object: {changes}.{beside}"
        return f"{since}; {page}. What MITRE changed after it {AROUND_ALONE}: {changes}."


# Of what changed around an object nothing says whether the text of its Take rests on it.
AROUND_ALONE: Final = (
    "is not among what decides whether a Take must be reviewed (definition, tactics, platforms and"
    " mitigations)"
)
UNTOLD: Final = "whether MITRE has changed the object since cannot be told."
NOT_RECORDED: Final = f"No release is recorded that this was written against: {UNTOLD}"
NOT_HELD: Final = f", which this library does not hold: {UNTOLD}"
OTHER_VERSION: Final = f", in a version of the object that this library does not hold: {UNTOLD}"
