"""What MITRE states of an object whose kind the library has no words for, as written."""

from dataclasses import dataclass

import orjson

from library.contexts.subject import Subject

# What every page shows in its own place.
SHOWN_ELSEWHERE = {"id", "name", "description", "external_references", "created", "modified"}


@dataclass(frozen=True, slots=True)
class GenericFact:
    """A property and its value, as JSON where it is not text."""

    property: str
    value: str


def as_written(subject: Subject) -> list[GenericFact]:
    """Every property of an object of a kind without a list; nothing for the others."""
    if subject.held.kind.is_known:
        return []
    return [
        GenericFact(name, value if isinstance(value, str) else orjson.dumps(value).decode())
        for name, value in sorted(subject.held.properties.items())
        if name not in SHOWN_ELSEWHERE
    ]
