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

# RFC 8785 §3.2.2.3 and I-JSON: beyond this an IEEE double no longer holds every integer.
LARGEST_NUMBER = 2**53 - 1

# In canonical text a number follows a structural character at once. The same may stand inside a
# string: then the slow path is taken for nothing, and the result is the same.
_MAY_BE_NUMBER = re.compile(rb"[:,\[][-0-9]")


@dataclass(frozen=True, slots=True)
class Digest:
    """The canonical JSON of an object and its SHA-256 (32 bytes)."""

    canonical: bytes
    sha256: bytes


def digest(properties: dict[str, Any]) -> Digest:
    """The digest of one object, from the verbatim parsed object.

    Raises BundleError for a number beyond 2^53 - 1, which JSON tools do not agree on.
    """
    try:
        canonical = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS)
        if not canonical.isascii() or _MAY_BE_NUMBER.search(canonical):
            canonical = _checked(properties, canonical)
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError, RecursionError) as error:
        raise BundleError(f"{properties.get('id')} has no canonical form: {error}.") from None
    return Digest(canonical, hashlib.sha256(canonical).digest())


def _checked(properties: dict[str, Any], canonical: bytes) -> bytes:
    """The canonical form of an object that may have non-ASCII keys or numbers."""
    plain = True
    pending: list[tuple[str, Any]] = [("", properties)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            plain = plain and all(key.isascii() for key in value)
            pending += [(f"{path}.{key}" if path else key, part) for key, part in value.items()]
        elif isinstance(value, list):
            pending += [(f"{path}[{number}]", part) for number, part in enumerate(value)]
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if abs(value) > LARGEST_NUMBER:
                raise BundleError(
                    f"{properties.get('id')} has a number beyond 2^53 in field {path}."
                )
            plain = plain and isinstance(value, int)
    return canonical if plain else rfc8785.dumps(properties)
