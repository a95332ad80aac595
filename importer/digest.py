"""Digest: the canonical bytes of an object and their SHA-256.

Canonical is RFC 8785 (JCS). Where keys are ASCII and there is no number but small integers, as in
every bundle MITRE has published, orjson with sorted keys writes the same bytes much faster; the
few objects that may be otherwise go to the `rfc8785` library.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import orjson
import rfc8785

from importer.errors import BundleError
from importer.parse import quoted

# RFC 8785 §3.2.2.3 and I-JSON: beyond this an IEEE double no longer holds every integer.
LARGEST_NUMBER = 2**53 - 1
# As deep as orjson writes; no object of MITRE's releases 17 and 18 has more than four levels.
DEEPEST = 254
LONGEST_PATH = 80

# Where a number may begin in canonical text: as the value of a key, or behind another value in an
# array, in either case perhaps inside further arrays. The same may stand inside a string: then the
# slow path is taken for nothing. Two patterns, since one with both is searched six times slower.
_NUMBER_OF_KEY = re.compile(rb'":\[*[-0-9]')
_NUMBER_IN_ARRAY = re.compile(rb",\[*[-0-9]")


@dataclass(frozen=True, slots=True)
class Digest:
    """The canonical JSON of an object and its SHA-256 (32 bytes)."""

    canonical: bytes
    sha256: bytes


def digest(properties: dict[str, Any]) -> Digest:
    """The digest of one object, from the verbatim parsed object.

    Raises BundleError for a number beyond 2^53 - 1, which JSON tools do not agree on (an integer of
    more than 64 bits is a float once parsed, so floats that large are refused too), and for an
    object nested too deeply.
    """
    try:
        canonical = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS)
        if not _is_evidently_plain(properties, canonical) and not _is_plain(properties):
            canonical = rfc8785.dumps(properties)
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError, RecursionError) as error:
        _is_plain(properties)
        raise BundleError(f"{properties.get('id')} has no canonical form: {error}.") from None
    return Digest(canonical, hashlib.sha256(canonical).digest())


def _is_evidently_plain(properties: dict[str, Any], canonical: bytes) -> bool:
    """Whether a quick look tells that there is no number and no key that is not ASCII."""
    if _NUMBER_OF_KEY.search(canonical) or _NUMBER_IN_ARRAY.search(canonical):
        return False
    return canonical.isascii() or _has_plain_keys(properties)


def _has_plain_keys(properties: dict[str, Any]) -> bool:
    pending: list[dict[str, Any] | list[Any]] = [properties]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if not "".join(value).isascii():
                return False
            value = list(value.values())
        pending += [part for part in value if isinstance(part, (dict, list))]
    return True


# Where a value stands: the last step (a key or an index) and where its container stands.
type _Place = tuple[str | int, _Place | None]


def _is_plain(properties: dict[str, Any]) -> bool:
    """Whether orjson writes the canonical form; raises BundleError for what has none, and where."""
    plain = True
    pending: list[tuple[_Place | None, int, Any]] = [(None, 1, properties)]
    while pending:
        place, level, value = pending.pop()
        if isinstance(value, (dict, list)):
            if level > DEEPEST:
                raise _refusal(properties, f"more than {DEEPEST} levels", place)
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            pending += [((step, place), level + 1, part) for step, part in parts]
            plain = plain and (isinstance(value, list) or all(key.isascii() for key in value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if abs(value) > LARGEST_NUMBER:
                raise _refusal(properties, "a number beyond 2^53 - 1", place)
            plain = plain and isinstance(value, int)
    return plain


def _refusal(properties: dict[str, Any], what: str, place: _Place | None) -> BundleError:
    path = ""
    while place is not None:
        step, place = place
        path = (f"[{step}]" if isinstance(step, int) else f".{step}") + path
    path = path.removeprefix(".")
    plain = path.isprintable() and 0 < len(path) <= LONGEST_PATH
    shown = path if plain else quoted(path)
    return BundleError(f"{properties.get('id')} has {what} in field {shown}.")
