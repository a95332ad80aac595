"""The shape of a Take's JSON, from which its published JSON Schema is made.

As in `library.files.shape`, a field that has nothing to say is there all the same, empty; what
would break a reader gets a new number in the schema's name.
"""

from dataclasses import dataclass
from typing import Final, Literal

from library.files.shape import DOCUMENTED, LinkedObject, Membership

SCHEMA: Final = "take-1"


@dataclass(frozen=True, slots=True)
class AgainstVersion:
    """The version of the object that something was written or confirmed against."""

    __pydantic_config__ = DOCUMENTED

    domain: str
    """enterprise, mobile or ics; empty where the author named none."""

    attack_version: str
    """The ATT&CK release."""

    content_sha256: str
    """SHA-256 of the object's canonical JSON (RFC 8785) in that release."""

    raw_url: str
    """Where exactly those bytes are; empty where they are not held here."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That somebody found the Take still right."""

    __pydantic_config__ = DOCUMENTED

    by: str
    at: str
    against: AgainstVersion


@dataclass(frozen=True, slots=True)
class TakeStanding:
    """How the Take stands to the release shown, computed when it was asked for."""

    __pydantic_config__ = DOCUMENTED

    freshness: Literal[
        "current", "changed around it", "must review", "move or retire", "cannot be compared"
    ]
    against: str
    """The release it was written against, or last confirmed against."""

    material: list[str]
    """What changed since that the Take rests on, in words."""

    around: list[str]
    """What changed beside."""

    told: str
    """What readers are told of it; empty where nothing changed."""

    replaced_by: str
    """The STIX id of what replaced the object, at the end of the chain of revocations."""


@dataclass(frozen=True, slots=True)
class TakeSection:
    """One section, with its one text, or the entries of a list; a derived one may have several."""

    __pydantic_config__ = DOCUMENTED

    name: str
    title: str
    is_list: bool
    markdown: list[str]
    """As the author wrote it: CommonMark, to be sanitised by whoever renders it; empty for a
    derived Take."""

    text: list[str]
    """The same in plain words, part by part."""


@dataclass(frozen=True, slots=True)
class CountedFigure:
    """One figure of a derived Take."""

    __pydantic_config__ = DOCUMENTED

    key: str
    title: str
    count: int
    url: str
    """Where the objects that it counts are listed."""


@dataclass(frozen=True, slots=True)
class Notices:
    """Whose words these are."""

    __pydantic_config__ = DOCUMENTED

    take: str
    """Of the Take: Glexia's own."""

    attack: str
    """MITRE's notice of copyright and licence, for what is ATT&CK's in it."""


@dataclass(frozen=True, slots=True)
class TakeFile:
    """Glexia's Take on an ATT&CK object: an analyst's, else what is derived from relationships."""

    __pydantic_config__ = DOCUMENTED

    url: str
    kind: Literal["authored", "derived"]
    object: LinkedObject
    domains: list[Membership]
    """The release shown: each domain of it that holds the object."""

    released_at: str
    """When the first of these came out; empty where that is not stated."""

    is_sample: bool
    """Whether the release shown is the library's own sample, whose figures are not ATT&CK's."""

    revision: int | None
    """Its number; null for a derived Take, which has no history."""

    author: str
    written_at: str
    published_at: str
    approved_by: str
    """Who reviewed it; empty where that is not recorded."""

    is_starter: bool
    """Whether it came with the library."""

    is_confirmed: bool
    """Whether somebody has confirmed it since; a starter that is not was reviewed by nobody."""

    confirmed: Confirmation | None
    """The last confirmation."""

    written_against: AgainstVersion | None
    confidence: Literal["", "low", "moderate", "high"]
    """Empty where it is not rated: of a derived Take."""

    confidence_why: str
    standing: TakeStanding | None
    """Null for a derived Take, which is made from the release shown."""

    sections: list[TakeSection]
    figures: list[CountedFigure]
    """The figures that a derived Take states, in its order."""

    notices: Notices
