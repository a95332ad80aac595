"""The shape of the library's JSON files, from which their published JSON Schemas are made.

A field that has nothing to say is there all the same, empty. What would break a reader gets a new
number in the names of the schemas.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter

from library.files.comparison_shape import ComparisonFile

DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class LinkedObject:
    """Another object of the same release."""

    __pydantic_config__ = DOCUMENTED

    type: str
    """What kind of ATT&CK object it is, as pages say it: "Technique", "Group"."""

    attack_id: str
    """Its ATT&CK ID; empty where MITRE gave it none."""

    name: str
    stix_id: str
    url: str
    """The address of its page."""


@dataclass(frozen=True, slots=True)
class ListedObject(LinkedObject):
    """A further object that a row lists."""

    told: str = ""
    """What the row says of it beside its name: the platforms and how its description begins."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One domain that holds the object, in the release shown."""

    __pydantic_config__ = DOCUMENTED

    domain: str
    """enterprise, mobile or ics."""

    attack_version: str
    """The ATT&CK release."""

    content_sha256: str
    """SHA-256 of the object's canonical JSON (RFC 8785) in this domain."""

    raw_url: str
    """Where exactly those bytes are."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of MITRE's without markup; "[3]" in it is the reference of that number."""

    __pydantic_config__ = DOCUMENTED

    words: str
    references: list[int]
    """The numbers of the references it cites, in the order of first use."""


@dataclass(frozen=True, slots=True)
class StatedFact:
    """One fact of the page's head, or of a table's row."""

    __pydantic_config__ = DOCUMENTED

    label: str
    value: str
    """The words; a day as 2025-04-19, a month as 2025-04."""

    objects: list[LinkedObject]
    """The objects that the fact consists of, where it does."""

    references: list[int]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One relationship, or one object at the end of a longer way."""

    __pydantic_config__ = DOCUMENTED

    domains: list[str]
    """The labels of the domains that state it."""

    object: LinkedObject
    parent: LinkedObject | None
    """For a sub-technique the technique it belongs to."""

    facts: list[StatedFact]
    note: Text
    beside: list[ListedObject]
    """The further objects that the row lists."""


@dataclass(frozen=True, slots=True)
class RelationTable:
    """A table of related objects, as the page shows it without filter."""

    __pydantic_config__ = DOCUMENTED

    slug: str
    title: str
    column: str
    """What the page calls the column of notes."""

    rows: list[TableRow]


@dataclass(frozen=True, slots=True)
class ListingCell:
    """One cell of a listing."""

    __pydantic_config__ = DOCUMENTED

    text: Text
    object: LinkedObject | None


@dataclass(frozen=True, slots=True)
class ListingTable:
    """A table of a property of the object itself: aliases, log sources, mutable elements."""

    __pydantic_config__ = DOCUMENTED

    slug: str
    title: str
    columns: list[str]
    rows: list[list[ListingCell]]


@dataclass(frozen=True, slots=True)
class ProsePassage:
    """A further text of the object."""

    __pydantic_config__ = DOCUMENTED

    slug: str
    title: str
    text: Text


@dataclass(frozen=True, slots=True)
class MatrixTechnique:
    """A technique of a matrix with its sub-techniques."""

    __pydantic_config__ = DOCUMENTED

    technique: LinkedObject
    sub_techniques: list[LinkedObject]
    on_platform: bool = True
    """False for a technique that heads sub-techniques on the platform without being on it."""


@dataclass(frozen=True, slots=True)
class MatrixTactic:
    """One column of a matrix."""

    __pydantic_config__ = DOCUMENTED

    tactic: LinkedObject
    techniques: list[MatrixTechnique]


@dataclass(frozen=True, slots=True)
class NumberedReference:
    """A source that the object or its relationships cite."""

    __pydantic_config__ = DOCUMENTED

    number: int
    name: str
    """What `(Citation: …)` calls it."""

    text: str
    url: str
    resolved: bool
    """False where MITRE cites a name that it lists no source for."""


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """The object in one imported release."""

    __pydantic_config__ = DOCUMENTED

    domain: str
    attack_version: str
    x_mitre_version: str
    modified: str
    status: str
    content_sha256: str


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """An ATT&CK object as its page shows it."""

    __pydantic_config__ = DOCUMENTED

    url: str
    """The address of the page; of a matrix with the platform that it is filtered by."""

    type: str
    """What kind of ATT&CK object it is, as pages say it."""

    attack_id: str
    name: str
    stix_id: str
    stix_type: str
    status: str
    """Live, Revoked or Deprecated."""

    x_mitre_version: str
    """The object's own version."""

    created: str
    modified: str
    """As MITRE wrote them; empty where it did not."""

    domains: list[Membership]
    definition: Text
    facts: list[StatedFact]
    tables: list[RelationTable]
    listings: list[ListingTable]
    passages: list[ProsePassage]
    written: dict[str, str]
    """Properties of which the library knows nothing, as MITRE wrote them; most of those of a kind
    that it has no words for."""

    replaced_by: list[LinkedObject]
    """What a revoked object was replaced by, hop by hop."""

    matrix: list[MatrixTactic]
    """For a matrix its tactics in order, with the techniques of each by name; else empty."""

    references: list[NumberedReference]
    history: list[HeldVersion]
    source_quality: list[str]
    """What is wrong or missing in what MITRE published, a sentence each."""

    citation: str
    """How to cite the page."""

    notice: str
    """MITRE's notice of copyright and licence."""


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One object of a list in one domain."""

    __pydantic_config__ = DOCUMENTED

    domain: str
    attack_version: str
    type: str
    attack_id: str
    name: str
    stix_id: str
    status: str
    x_mitre_version: str
    created: str
    modified: str
    facts: dict[str, str]
    """Further facts by the labels that pages give them."""

    definition: str
    """The definition without markup or citations."""

    content_sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list as the reader filtered it, whole: name order, one record an object and domain."""

    __pydantic_config__ = DOCUMENTED

    url: str
    title: str
    total: int
    citation: str
    notice: str
    records: list[ListRecord]


SCHEMAS: Final[dict[str, type]] = {
    "object-1": ObjectFile,
    "list-1": ListFile,
    "comparison-1": ComparisonFile,
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a file by its name in `SCHEMAS`; KeyError for another."""
    return schema_of(SCHEMAS[name])


@cache
def schema_of(shape: type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of files of a shape, a dataclass, with the schema's own address."""
    made = TypeAdapter(shape).json_schema(mode="serialization")
    made["properties"] = {"$schema": {"type": "string"}} | made["properties"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made
