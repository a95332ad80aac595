"""What search and filters look an object version up by, made from its content.

Derived, and so no part of what is immutable: `rebuild` makes all of it anew.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from django.db import connection

from library.identifiers import BESIDE, type_of

# Names of an object by the property that holds them; the object's own stands first in each.
ALIASES = ("aliases", "x_mitre_aliases")
LONGEST_TEXT = 100_000
BATCH = 2000
LONGEST_NAME = 200
MOST_NAMES = 100
SEPARATOR = "\x1f"
_NOT_WORDS = re.compile(
    r"\(Citation:[^)]{0,300}\)|\]\([^)\s]{0,500}\)|</?[a-z]{1,10}>|[`*\x00\x1f]"
)

INSERT = """
    INSERT INTO library_searchdocument (version_id, names, platforms, words)
    SELECT version, string_to_array(names, %(separator)s::text),
        string_to_array(platforms, %(separator)s::text),
        setweight(to_tsvector('english', names), 'A')
            || setweight(to_tsvector('english', description), 'D')
    FROM unnest(%(versions)s::int[], %(names)s::text[], %(platforms)s::text[],
        %(descriptions)s::text[]) AS made (version, names, platforms, description)
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One object version as search sees it; names are folded, the object's own first."""

    names: tuple[str, ...]
    platforms: tuple[str, ...]
    description: str


def fold(text: str) -> str:
    """A text as names are compared: in lower case, words apart by one space."""
    return " ".join(re.sub(r"[^\w.+]+", " ", text.casefold()).split())


def document_of(properties: dict[str, Any]) -> Document | None:
    """What search knows of an object; None for a kind that the library has no list of."""
    stix_type = properties.get("type")
    if not isinstance(stix_type, str) or not type_of(stix_type).has_list:
        return None
    folded = [fold(name)[:LONGEST_NAME] for name in names_of(properties)]
    description = properties.get("description")
    text = description[:LONGEST_TEXT] if isinstance(description, str) else ""
    return Document(
        names=tuple(filter(None, dict.fromkeys(folded[:MOST_NAMES]))),
        platforms=tuple(p for p in _list(properties, "x_mitre_platforms") if isinstance(p, str)),
        description=_NOT_WORDS.sub(" ", text),
    )


def names_of(properties: dict[str, Any]) -> list[str]:
    """An object's name and aliases as MITRE spells them, its own name first."""
    listed = (alias for key in ALIASES for alias in _list(properties, key))
    return [name for name in (properties.get("name"), *listed) if isinstance(name, str)]


def _list(properties: dict[str, Any], key: str) -> list[Any]:
    value = properties.get(key)
    return value if isinstance(value, list) else []


def store(made: Sequence[tuple[int, Document]], cursor: psycopg.Cursor[Any]) -> None:
    """Store the documents of versions that have none, in one statement; 0.1 ms each."""
    columns: dict[str, Any] = {
        "versions": [version for version, _ in made],
        "names": [SEPARATOR.join(found.names) for _, found in made],
        "platforms": [_joined(found.platforms) for _, found in made],
        "descriptions": [found.description for _, found in made],
    }
    cursor.execute(INSERT, columns | {"separator": SEPARATOR})


def _joined(parts: Iterable[str]) -> str:
    return SEPARATOR.join(part.replace(SEPARATOR, " ").replace("\x00", " ") for part in parts)


def rebuild() -> int:
    """How many documents there are once all of them are made anew; 0.2 ms each."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM library_searchdocument")
    return complete()


def complete() -> int:
    """How many versions had no document and have one now; 0.2 ms each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.id, c.canonical FROM library_objectversion v"
            " JOIN library_objectcontent c ON c.version_id = v.id"
            " JOIN library_stixobject o ON o.id = v.object_id"
            " WHERE o.stix_type <> ALL(%s) AND NOT EXISTS"
            " (SELECT FROM library_searchdocument d WHERE d.version_id = v.id)",
            [list(BESIDE)],
        )
        count = 0
        while rows := cursor.fetchmany(BATCH):
            made = ((key, document_of(orjson.loads(canonical))) for key, canonical in rows)
            found = [(key, document) for key, document in made if document is not None]
            with connection.connection.cursor() as inserting:
                store(found, inserting)
            count += len(found)
    return count
