"""What differs in the properties of two versions of an object: what says something, and noise."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from library.changes import phase_title
from library.comparable import canonical, own_form, own_id
from library.contexts.facts import words_of
from library.identifiers import Link, timestamp
from library.substance import (
    DOMAIN_LABELS,
    FIELDS,
    Properties,
    in_another_order,
    is_ordered,
    is_prose,
    words_for,
)

# What STIX ids in properties stand for, before and after.
type NamesBySide = tuple[Mapping[str, str], Mapping[str, str]]

NO_NAMES: Final[NamesBySide] = ({}, {})
REFERENCES: Final = "external_references"
_NOTHING: Final = object()
# Text that is longer reads better with its changes marked than beside what it was.
LONGEST_BESIDE: Final = 160
# Values that say no more than that there is none.
EMPTY: Final[tuple[Any, ...]] = ("", [], {})
# The properties that make an object's status, with the word for each; without them it is live.
STATUSES: Final = {"revoked": "revoked", "x_mitre_deprecated": "deprecated"}
CITATION: Final = re.compile(r"\(Citation:\s{0,4}([^()]{1,200}(?:\([^()]{0,100}\)[^()]{0,100})?)\)")
LINK_BY_ID: Final = re.compile(r"\(?LinkById:\s{0,4}([A-Z0-9.]{1,20})\)?")
MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}Z")


class Placed(NamedTuple):
    """An entry of a list in its place."""

    words: str
    apart: bool
    """Whether the other version does not have it at all."""


@dataclass(frozen=True, slots=True)
class Side:
    """A property in one of two versions: a value in words, or the entries of a list.

    What is prose is as it is stored, to be rendered.
    """

    text: str = ""
    entries: tuple[str, ...] = ()
    """Of a list, what the other version does not have."""

    places: tuple[Placed, ...] = ()
    """Of a list whose order says something and is another, all of it in its order."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One property that differs."""

    name: str
    words: str
    before: Side
    after: Side
    kept: int = 0
    """How many entries of a list both versions have."""

    is_list: bool = False
    is_prose: bool = False


def differing(before: Properties, after: Properties) -> list[str]:
    """The properties that are not the same, in the order of FIELDS, then by name."""
    names = [*FIELDS, *sorted((before.keys() | after.keys()) - FIELDS.keys())]
    return [
        name
        for name in names
        if not _is_same(before.get(name, _NOTHING), after.get(name, _NOTHING))
    ]


def field_differences(
    before: Properties, after: Properties, told: Collection[str], names: NamesBySide
) -> tuple[list[FieldDifference], list[FieldDifference]]:
    """The properties that differ: those in `told`, and those whose difference is noise.

    `told` are the properties of which `library.changes` tells a change.
    """
    differ = differing(before, after)
    made = [(name in told, _difference(name, before, after, names)) for name in differ]
    status = [name for name in STATUSES if name in told]
    if status:
        # One row for the status, whichever of its properties differ.
        made = [(says, each) for says, each in made if each.name not in status]
        made.insert(0, (True, _status(status[0], before, after)))
    substance = [each for says, each in made if says]
    noise = [each for says, each in made if not says]
    own = _own_references(before, after)
    # It tells more than that the references differ in form.
    return substance, [*(n for n in noise if not own or n.name != REFERENCES), *own]


def _own_references(before: Properties, after: Properties) -> list[FieldDifference]:
    """The references of ATT&CK IDs that say the same in another form, both as they are written."""
    old, new = ([*filter(own_id, _listed(side.get(REFERENCES)))] for side in (before, after))
    old_forms, new_forms = ([own_form(each) for each in side] for side in (old, new))
    was = [each for each in old if each not in new and own_form(each) in new_forms]
    now = [each for each in new if each not in old and own_form(each) in old_forms]
    if not (was or now):
        return []
    before_side, after_side = (
        Side("; ".join(f"{each.get('source_name')} {each.get('url', '')}" for each in side))
        for side in (was, now)
    )
    return [FieldDifference(REFERENCES, "reference of the ATT&CK ID", before_side, after_side)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_same(before: Any, after: Any) -> bool:
    """Whether two JSON values are the same: true is not 1."""
    return before is after or (
        _NOTHING not in (before, after) and canonical(before) == canonical(after)
    )


def _status(name: str, before: Properties, after: Properties) -> FieldDifference:
    was, now = (
        " and ".join(word for key, word in STATUSES.items() if side.get(key) is True) or "live"
        for side in (before, after)
    )
    return FieldDifference(name, words_for(name), Side(was), Side(now))


def _difference(
    name: str, before: Properties, after: Properties, names_by_side: NamesBySide
) -> FieldDifference:
    names = {**names_by_side[0], **names_by_side[1]}
    old, new = before.get(name, _NOTHING), after.get(name, _NOTHING)
    words = f"mark as {STATUSES[name]}" if name in STATUSES else words_for(name)
    if name == Link.TACTIC:
        words = "tactics stated"
    if old is _NOTHING and new in EMPTY:
        return FieldDifference(name, words, Side(), Side("empty"))
    if new is _NOTHING and old in EMPTY:
        return FieldDifference(name, words, Side("empty"), Side())
    if name == "x_mitre_domains":
        names = {**names, **DOMAIN_LABELS}
    if is_ordered(name) and in_another_order(old, new):
        sides = _places(old, new, names_by_side[0]), _places(new, old, names_by_side[1])
        return FieldDifference(name, words, *sides, is_list=True)
    if _is_list(old) and _is_list(new):
        old_entries, new_entries = _entries(old, names), _entries(new, names)
        gone = [words for key, words in old_entries.items() if key not in new_entries]
        come = [words for key, words in new_entries.items() if key not in old_entries]
        return FieldDifference(
            name,
            words,
            Side(entries=tuple(gone)),
            Side(entries=tuple(come)),
            kept=len(old_entries) - len(gone),
            is_list=True,
        )
    texts = [value for value in (old, new) if isinstance(value, str)]
    is_text = len(texts) == sum(value is not _NOTHING for value in (old, new))
    if is_text and (is_prose(name) or max(map(len, texts)) > LONGEST_BESIDE):
        was, now = (value if isinstance(value, str) else "" for value in (old, new))
        return FieldDifference(name, words, Side(was), Side(now), is_prose=True)
    return FieldDifference(name, words, Side(_words(old, names)), Side(_words(new, names)))


def _is_list(value: Any) -> bool:
    return value is _NOTHING or isinstance(value, list)


def _entries(value: Any, names: Mapping[str, str]) -> dict[str, str]:
    """The entries of a list in words, each once, in their order, by what tells them apart."""
    found = ((entry, _words(entry, names)) for entry in _listed(value))
    return {own_form(entry) if own_id(entry) else words: words for entry, words in found}


def _places(value: list[Any], other: list[Any], names: Mapping[str, str]) -> Side:
    return Side(places=tuple(Placed(_words(each, names), each not in other) for each in value))


def _words(value: Any, names: Mapping[str, str]) -> str:
    """A value as a reader reads it; a JSON object as its parts, one behind the other."""
    if value is _NOTHING:
        return ""
    if isinstance(value, str):
        moment = timestamp(value) if MOMENT.fullmatch(value) else None
        if moment:
            return f"{moment:%-d %B %Y, %H:%M:%S} UTC"
        return names[value] if value in names else _without_marks(value)
    if isinstance(value, dict):
        return _object(value, names)
    if isinstance(value, list):
        return "; ".join(_words(part, names) for part in value)
    return words_of(value)


def _object(value: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A JSON object as its parts; a reference by what it says and where it is.

    That of the ATT&CK ID by the ID in place of its name.
    """
    attack_id = own_id(value)
    if attack_id:
        told = [_words(value[part], names) for part in ("description", "url") if value.get(part)]
        return " ".join((f"ATT&CK ID {attack_id}", *told))
    if value.keys() == {"kill_chain_name", "phase_name"} and isinstance(value["phase_name"], str):
        return f"{phase_title(value['phase_name'])} ({_words(value['kill_chain_name'], names)})"
    if isinstance(value.get("source_name"), str) and ("description" in value or "url" in value):
        said = [value.get("description") or value["source_name"], value.get("url", "")]
        return " ".join(filter(None, (_words(part, names) for part in said)))
    parts = ((key, _words(part, names)) for key, part in value.items())
    return "; ".join(f"{_called(key)}: {words}" for key, words in parts)


def _called(key: str) -> str:
    """What readers call a part of a JSON object: "data component"."""
    return key.removeprefix("x_mitre_").removesuffix("_ref").replace("_", " ")


def _without_marks(text: str) -> str:
    """A text in which citations stand by name, "[NAME]", and links by ID."""
    text = CITATION.sub(r"[\1]", LINK_BY_ID.sub(r"\1", text))
    return text.replace("Citation:", "Citation of").replace("LinkById", "link to")
