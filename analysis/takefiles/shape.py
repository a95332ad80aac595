"""The shape of a Take's file, from which its JSON Schema is made.

A file has the newest revision of a Take at its top and the earlier ones below. Keys stand in the
order of the fields here; one that has nothing to say is left out.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from analysis.models import ActKind, Confidence, State
from analysis.take import SECTIONS
from analysis.takefiles.tree import NoText
from analysis.writing import LONGEST_LINE, LONGEST_TEXT, MOST_ENTRIES, Writing, unix_lines
from library.identifiers import RELEASE_FORM, Domain, timestamp

STIX_ID: Final = r"^[a-z][a-z0-9-]*--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
# What makes one revision another: all but what it is called, its state and what was done to it.
CONTENT: Final = (
    *("author", "written_at", "change_note", "written_against", "confidence", "confidence_why"),
    *(name for name, _, _ in SECTIONS),
)


def _held(text: str) -> str:
    """A text that PostgreSQL can hold."""
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("there is a character in it that cannot be kept")
    return text


def _text(value: object) -> object:
    """A text: what YAML takes for a number or a truth the JSON Schema refuses."""
    if isinstance(value, NoText):
        raise ValueError(f"a text is needed: write '{value}', in quotes")
    return value


def _moment(value: object) -> object:
    found = value if isinstance(value, datetime) else timestamp(value)
    if found is None:
        raise ValueError("a time is needed, such as 2026-11-25T09:30:00Z")
    return found


def _entries(value: object) -> object:
    """A list of which the file has the name alone is an empty one."""
    return [] if value == "" else value


WORD: Final = BeforeValidator(_text)
type Name = Annotated[str, WORD, AfterValidator(_held)]


def _bound(key: str, most: int) -> Any:
    """A bound that the schema names and `reading` holds to, with a message of its own."""
    return Field(json_schema_extra={key: most})


type Note = Annotated[str, WORD, AfterValidator(_held), AfterValidator(unix_lines)]
type Line = Annotated[Note, _bound("maxLength", LONGEST_LINE)]
type Text = Annotated[Note, _bound("maxLength", LONGEST_TEXT)]
type Texts = Annotated[list[Text], BeforeValidator(_entries), _bound("maxItems", MOST_ENTRIES)]
type Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Against(_Keys):
    """The object version that something was written or confirmed against."""

    domain: Domain
    release: Annotated[str, WORD] = Field(pattern=f"^(?:{RELEASE_FORM.pattern})$")
    """The ATT&CK release: 18.1."""

    content_sha256: Annotated[str, WORD] = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the object's canonical JSON (RFC 8785) in that release."""


class ActEntry(_Keys):
    """Something done to a revision."""

    act: ActKind
    by: Name = Field(min_length=1)
    at: Moment
    note: Note = ""
    against: Against | None = None
    """Of a confirmation: what the revision still holds for."""

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes one act another."""
        return self.act, self.by, self.at, self.note


class RevisionKeys(_Keys):
    """One revision of a Take."""

    state: State
    starter: bool = False
    """Whether it is starter content that came with the library."""

    author: Name = Field(min_length=1)
    written_at: Moment
    change_note: Line = ""
    written_against: Against
    confidence: Confidence
    confidence_why: Line = ""
    summary: Text = Field(min_length=1)
    executive_priority: Text = ""
    technical_view: Text = ""
    likely_telemetry: Texts = []
    detection_direction: Texts = []
    mitigation_priorities: Texts = []
    analyst_notes: Text = ""
    limits: Text = ""
    acts: Annotated[list[ActEntry], BeforeValidator(_entries)] = []
    """What was done to it, oldest first."""

    @property
    def sections(self) -> dict[str, Any]:
        """The sections that say something, by name."""
        said = {name: getattr(self, name) for name, _, _ in SECTIONS}
        return {name: found for name, found in said.items() if found}

    @property
    def writing(self) -> Writing:
        """What it says."""
        return Writing(self.sections, self.confidence, self.confidence_why, self.change_note)

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes one revision another: its content, not its state."""
        return tuple(_comparable(getattr(self, name)) for name in CONTENT)


def _comparable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class _OtherNames(_Keys):
    attack_id: Name | None = None
    """Where the object had another ATT&CK ID when this was written."""

    name: Name | None = None
    """Where the object had another name when this was written."""


class EarlierRevision(RevisionKeys, _OtherNames):
    """A revision before the newest."""


class _Head(_Keys):
    stix_id: Annotated[str, WORD] = Field(pattern=STIX_ID)
    """The object that the Take is about."""

    attack_id: Name = ""
    name: Name
    """How the object was called when the newest revision was written."""


class TakeFile(RevisionKeys, _Head):
    """A Take of the Glexia ATT&CK Library, whole: its newest revision, then its history.

    A newest text that is added to a Take held has at most 30,000 characters in all its sections,
    and 2,000 in an entry of a list.
    """

    earlier: Annotated[list[EarlierRevision], BeforeValidator(_entries)] = []
    """The revisions before it, newest first."""

    @property
    def revisions(self) -> list[RevisionKeys]:
        """All its revisions, oldest first."""
        return [*reversed(self.earlier), self]

    def names_of(self, revision: RevisionKeys) -> tuple[str, str]:
        """The ATT&CK ID and the name of the object when a revision of it was written."""
        if not isinstance(revision, EarlierRevision):
            return self.attack_id, self.name
        attack_id = self.attack_id if revision.attack_id is None else revision.attack_id
        return attack_id, self.name if revision.name is None else revision.name


def schema_text() -> str:
    """The JSON Schema (2020-12) of the file, as `take-file.schema.json` keeps it."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(made | TakeFile.model_json_schema(), indent=2) + "\n"
