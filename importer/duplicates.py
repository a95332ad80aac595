"""Keys that stand twice in one JSON object, which parsers pass over: all but one value is lost.

RFC 8785 §3.1 (I-JSON) allows no such object: it has no canonical form.
"""

import json
import re
from typing import Any

from importer.errors import BundleError
from importer.parse import quoted

_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')


def keys_of_canonical(canonical: bytes | bytearray) -> int:
    """How often a quotation mark stands before a colon: once for each key, and in some texts.

    A text and its canonical form have as many of these, as long as no key stands twice and the
    text sets no colon apart; where they differ, `refuse_duplicates` finds out why.
    """
    return canonical.count(b'":')


def keys_of_text(raw: bytes | bytearray) -> int:
    """The same of any JSON text; -1 where it sets colons apart, and so does not tell."""
    return -1 if _SPACED_COLON.search(raw) else keys_of_canonical(raw)


def refuse_duplicates(raw: bytes | bytearray) -> None:
    """Raise BundleError where an object of a JSON text has a key twice, naming both.

    For texts whose keys are more than what was parsed of them: ten times as slow as the parser.
    """
    json.loads(raw, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        owner = made.get("id")
        where = owner if isinstance(owner, str) else f"an object with the keys {', '.join(made)}"
        raise BundleError(f"{quoted(where)} has the key {quoted(twice)} twice.")
    return made
