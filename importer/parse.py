"""Parse: from bytes to a bundle whose structure can be relied on.

What holds afterwards: a STIX bundle with a list of objects, each a JSON object with a well-formed
type and id, no id twice. Everything else about an object is left to `importer.validate`.
"""

import re
import reprlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from importer.errors import BundleError

type Properties = dict[str, Any]

# STIX 2.1 §2.7 (identifier) and §2.1 / 11.2 (type names, of 3 to 250 characters); old ATT&CK ids
# are not all of UUID version 4, so only the shape counts.
ID_FORM = re.compile(
    r"(?=.{3,250}--)[a-z](?:-?[a-z0-9])+--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
SPEC_VERSIONS = ("2.1", "2.0")
# Each value stands behind a comma or is the first of a container. Enterprise 18.1 has 857,000 such
# marks in 50 MB; a small file of nothing else unpacks to as many values as would fill the memory.
MOST_VALUES = 4_000_000
QUOTED = reprlib.Repr(maxlevel=1, maxlist=3, maxdict=3, maxstring=80, maxother=80)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The objects of a parsed bundle, verbatim, and its STIX version ("2.0" or "2.1")."""

    spec_version: str
    objects: list[Properties]
    envelope: Properties = field(default_factory=dict)
    """What stands around the objects."""


def parse(raw: bytes | bytearray) -> Bundle:
    """The bundle in JSON text; raises BundleError, and nothing else, where it is damaged."""
    if sum(raw.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise BundleError(f"more than {MOST_VALUES:,} values: no ATT&CK bundle has so many.")
    try:
        bundle = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise BundleError(f"not JSON: {_reason(raw, error)}.") from None
    if not isinstance(bundle, dict) or bundle.get("type") != "bundle":
        raise BundleError('not a STIX bundle: the whole is not an object of type "bundle".')
    objects = bundle.get("objects")
    if not isinstance(objects, list):
        raise BundleError("not a STIX bundle: field objects is not a list.")
    if not objects:
        raise BundleError("an empty bundle: field objects holds nothing.")
    _check_identities(objects)
    envelope = bundle | {"objects": []}
    return Bundle(_spec_version(bundle, objects), objects, envelope)


def _reason(raw: bytes | bytearray, error: Exception) -> str:
    """Why a text is no JSON; where it is no UTF-8, the parser does not say at which byte."""
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return f"not UTF-8 from byte {wrong.start} on"
    return str(error)


def is_stix_id(value: object) -> bool:
    """Whether a value has the form type--UUID."""
    return isinstance(value, str) and ID_FORM.fullmatch(value) is not None


def _check_identities(objects: list[Any]) -> None:
    seen: set[str] = set()
    for number, found in enumerate(objects):
        if not isinstance(found, dict):
            raise BundleError(f"objects[{number}] is not a JSON object.")
        stix_id, stix_type = found.get("id"), found.get("type")
        if "id" not in found:
            raise BundleError(f"objects[{number}] has no id.")
        if not is_stix_id(stix_id):
            raise BundleError(f"objects[{number}] has a malformed id: {quoted(stix_id)}.")
        assert isinstance(stix_id, str)
        if "type" not in found:
            raise BundleError(f"{stix_id} has no type.")
        if stix_type != stix_id.partition("--")[0]:
            raise BundleError(f"{stix_id} has the type {quoted(stix_type)}, unlike its id.")
        if stix_id in seen:
            raise BundleError(f"{stix_id} stands in the bundle twice (again at objects[{number}]).")
        seen.add(stix_id)


def _spec_version(bundle: Properties, objects: list[Properties]) -> str:
    """STIX 2.0 states its version on the bundle, 2.1 on each object; 2.0 without a word.

    The newest that is stated counts. One object that states another is no reason to refuse the
    rest: `importer.validate` finds it.
    """
    places = [("the bundle", bundle), *((str(found["id"]), found) for found in objects)]
    stated = [(place, held["spec_version"]) for place, held in places if "spec_version" in held]
    for version in SPEC_VERSIONS:
        if any(version == value for _, value in stated):
            return version
    for place, value in stated:
        raise BundleError(f"{place} has the spec_version {quoted(value)}, not 2.0 or 2.1.")
    return "2.0"


def quoted(value: object) -> str:
    """A value as an error's sentence quotes it: short and on one line, whatever it holds."""
    return QUOTED.repr(value)
