"""The shape of the JSON of two releases compared; `library.files.shape` publishes its schema."""

from dataclasses import dataclass
from typing import Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict

_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)


class NamedObject(TypedDict):
    """An object by its names in the later release that holds it; null where it has none."""

    stix_id: str
    attack_id: str | None
    name: str | None


class ContentHeld(TypedDict):
    """What tells an object's content in one release."""

    content_sha256: str
    name: str | None
    x_mitre_version: str | None
    modified: str | None
    revoked: bool
    deprecated: bool


class ChangedEntry(NamedObject):
    """An object that two releases do not hold alike; a side is null where it is not held."""

    __pydantic_config__ = _DOCUMENTED  # type: ignore[misc]

    before: ContentHeld | None
    after: ContentHeld | None
    weight: NotRequired[Literal["material", "around", "noise"]]
    """Where both hold it: how much the change of its content says; not of relationships."""

    revoked_by: NotRequired[list[NamedObject]]
    """What replaced one that is newly revoked, hop by hop."""

    relationship_type: NotRequired[str | None]
    source: NotRequired[NamedObject | None]
    target: NotRequired[NamedObject | None]
    """Of relationships."""


class ChangesByKind(TypedDict):
    """What changed of a STIX type, by kind of change, each list by STIX id."""

    additions: list[ChangedEntry]
    major_version_changes: list[ChangedEntry]
    minor_version_changes: list[ChangedEntry]
    other_version_changes: list[ChangedEntry]
    patches: list[ChangedEntry]
    revocations: list[ChangedEntry]
    deprecations: list[ChangedEntry]
    deletions: list[ChangedEntry]


class ChangedLinkEntry(TypedDict):
    """A link between two objects that holds in one of the releases, or says something else."""

    kind: str
    source: NamedObject | None
    target: NamedObject | None


class LinksByChange(TypedDict):
    """What became of links."""

    added: list[ChangedLinkEntry]
    removed: list[ChangedLinkEntry]
    edited: list[ChangedLinkEntry]


class ComparedRelease(TypedDict):
    """One release of one domain."""

    attack_version: str
    released: str | None
    bundle_sha256: str
    provenance: str


@dataclass(frozen=True, slots=True)
class ComparisonFile:
    """Two releases compared, in each domain that holds both or in the one that is asked for."""

    __pydantic_config__ = _DOCUMENTED

    url: str
    title: str
    citation: str
    notice: str
    before: dict[str, ComparedRelease]
    after: dict[str, ComparedRelease]
    """The releases by domain: enterprise, mobile, ics."""

    domains: dict[str, dict[str, ChangesByKind]]
    """By domain and STIX type every object that the releases do not hold alike, to the byte."""

    links: dict[str, dict[str, LinksByChange]]
    """By domain and in a reader's words the links that hold, properties that link among them."""
