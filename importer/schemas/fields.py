"""Shapes that the properties of STIX objects share, and the sentence each broken one gets.

A problem is a pair: the path of the field (`external_references[2].url`) and the reason, one
sentence. Shapes are regular expressions that pydantic runs natively, since an import checks some
300,000 properties; only timestamps need Python, to refuse a 30th of February.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints
from pydantic_core import ErrorDetails, PydanticCustomError

type Problem = tuple[str, str]

# Stands for a property that is absent. STIX forbids null (2.1 §2), so None is never a value, and
# pydantic leaves a default unchecked.
ABSENT: Any = None

WHOLE = "*"
MISSING = "Required, but missing."

TYPE_NAME = "[a-z0-9-]{3,250}"
# RFC 4122 by its variant, whatever the version: STIX 2.1 §2.9 recommends version 4 and allows the
# others. The strict 8-4-4-4-12 form, where Python's uuid also takes braces and no hyphens.
UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z", re.ASCII)
_A_TIMESTAMP = "a timestamp such as 2025-10-21T15:10:28.402Z"
_SHOWN = 80

# What each pattern stands for, in words: pydantic's errors carry the pattern.
_MEANING: dict[str, str] = {}


def shape(pattern: str, meaning: str) -> StringConstraints:
    """A constraint on strings, whose breach reads "Must be `meaning`"."""
    anchored = f"^(?:{pattern})$"
    _MEANING[anchored] = meaning
    return StringConstraints(strict=True, pattern=anchored)


def ref(stix_type: str) -> StringConstraints:
    """The shape of an identifier of one type: `stix_type--UUID` (STIX 2.1 §2.9)."""
    return shape(f"{stix_type}--{UUID}", f"the id of one {stix_type} ({stix_type}--UUID)")


def parse_timestamp(value: str) -> datetime:
    """The moment an RFC 3339 timestamp in UTC names, in the form STIX asks (2.1 §2.13).

    Digits beyond the microsecond are valid and dropped. ValueError where it is not such a
    timestamp or no such day exists.
    """
    if _TIMESTAMP.fullmatch(value) is None:
        raise ValueError(value)
    return datetime.fromisoformat(value)


def timestamp_problem(value: object) -> str | None:
    """What is wrong with a value that should be a timestamp, or None."""
    try:
        if isinstance(value, str) and parse_timestamp(value):
            return None
    except ValueError:
        pass
    return must_be(_A_TIMESTAMP, value)


def _check_timestamp(value: str) -> str:
    try:
        parse_timestamp(value)
    except ValueError as error:
        raise PydanticCustomError("meaning", _A_TIMESTAMP) from error
    return value


Identifier = Annotated[str, shape(f"{TYPE_NAME}--{UUID}", "an identifier (type--UUID)")]
IdentityRef = Annotated[str, ref("identity")]
MarkingRef = Annotated[str, ref("marking-definition")]
TypeName = Annotated[str, shape(TYPE_NAME, "a type name of a-z, 0-9 and hyphens")]
Timestamp = Annotated[str, AfterValidator(_check_timestamp)]
Filled = Annotated[str, StringConstraints(strict=True, min_length=1)]
SpecVersion = Literal["2.0", "2.1"]

# USAGE.md of MITRE's attack-stix-data: "major.minor, where major and minor are integers".
ObjectVersion = Annotated[str, shape("[0-9]+[.][0-9]+", "a version such as 1.2")]
# Collections carry the release: those of Mobile 11 are called 11.0-beta, our samples sample-1.
ReleaseVersion = Annotated[
    str,
    shape("[0-9]+[.][0-9]+(?:-[a-z0-9.]+)?|sample-[0-9]+", "a release such as 18.1 or 11.0-beta"),
]
AttackSpecVersion = Annotated[
    str, shape("[0-9]+[.][0-9]+[.][0-9]+", "a specification version such as 3.3.0")
]
Domain = Literal["enterprise-attack", "mobile-attack", "ics-attack"]
Slug = Annotated[str, shape("[a-z0-9]+(?:-[a-z0-9]+)*", "lower case with hyphens")]

_WANTED = {
    "string_type": "a string",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "string_unicode": "valid Unicode",
    "greater_than_equal": "at least 0",
    "less_than_equal": "at most 100",
}


def must_be(wanted: str, value: object) -> str:
    """The sentence that says what a value should be and what it is."""
    return f"Must be {wanted}, not {shown(value)}."


def shown(value: object) -> str:
    """A value in a sentence: a string in quotes, shortened; anything else by its JSON kind."""
    match value:
        case str():
            return f"“{plain(value, _SHOWN)}”" if value else "an empty string"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}" if abs(value) < 1e15 else "a number"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def path(location: Iterable[str | int]) -> str:
    """Where a field is, as a reader writes it: `external_references[2].url`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{plain(step)}"
    return text.removeprefix(".")


def plain(text: str, most: int = 250) -> str:
    """Text of others in a finding: cut to a length, and what cannot be printed escaped.

    A NUL, say, is valid in JSON and stops PostgreSQL from storing the finding.
    """
    text = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def reason(error: ErrorDetails) -> str:
    """The sentence for one of pydantic's errors."""
    kind, value = error["type"], error["input"]
    if kind == "missing":
        return MISSING
    if kind in ("too_short", "string_too_short"):
        return "Must not be empty."
    if kind == "string_pattern_mismatch":
        return must_be(_MEANING[error["ctx"]["pattern"]], value)
    if kind == "literal_error":
        return must_be(f"one of {error['ctx']['expected']}", value)
    if kind == "meaning":
        return must_be(error["msg"], value)
    if kind in _WANTED:
        return must_be(_WANTED[kind], value)
    return sentence(error["msg"])


def sentence(text: str) -> str:
    """Another library's message as one sentence of bounded length."""
    text = plain(" ".join(text[:2000].split()).rstrip("."), 300) or "Not valid"
    # A message may begin with a property's name, which keeps its case.
    return f"{text}." if "_" in text.partition(" ")[0] else f"{text[0].upper()}{text[1:]}."
