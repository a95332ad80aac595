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
    """How often an unescaped quotation mark stands before a colon.

    Once for each key, and for each string that begins with a colon; not for keys that end in a
    backslash (see `keys_of_text`). A text and its canonical form have as many of these.
    """
    return canonical.count(b'":') - canonical.count(b'\\":')


def keys_of_text(raw: bytes | bytearray) -> int:
    """The same of any JSON text; -1 where that does not tell.

    So it is where colons are set apart, and where a key ends in a backslash: there the quotation
    mark is not escaped, though a backslash stands before it.
    """
    if b'\\\\":' in raw or _SPACED_COLON.search(raw):
        return -1
    return keys_of_canonical(raw)


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
