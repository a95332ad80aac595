"""Which properties of an object say something of it, and how a change of each is told.

FIELDS is the one declaration: what a property is called, how its values are compared, and whether
a change of it is material. A property that it does not know counts as well, by its own name, so
that nothing in a later release goes unnoticed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from library.comparable import canonical, own_forms, own_id
from library.identifiers import Domain
from library.prose import cited_otherwise, linked_otherwise, read_words

type Properties = Mapping[str, Any]
# From the property's words and its two values, which differ, to phrases. None: nothing is stated.
type Comparison = Callable[[str, Any, Any], Iterator[str]]

_VERBS: Final = ("added", "removed")
# Names that a phrase lists; of more it gives the number.
MOST_NAMED: Final = 3
# What bundles call domains, with what readers do.
DOMAIN_LABELS: Final = {f"{domain.value}-attack": str(domain.label) for domain in Domain}
# The longest name of an object in releases 17.1 to 18.1 has 75 characters.
LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Field:
    """How a property is called and compared, and whether a change of it is material."""

    words: str
    compare: Comparison
    material: bool = False


def _renamed(words: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, str) and isinstance(after, str):
        if not are_same_words(before, after):
            yield f"renamed from “{short(before)}”"
    else:
        yield from _value(words, before, after)


def _prose(words: str, before: Any, after: Any) -> Iterator[str]:
    """Text as a reader reads it: markup and white space do not count.

    Nor does where links lead, unless it is to another ATT&CK object than before. Links that came
    or went are told, and citations, where the words are the same: else these tell.
    """
    old, new = map(read_words, (before, after))
    if old != new:
        yield from _value(words, old, new)
        return
    if isinstance(before, str) and isinstance(after, str):
        for attack_ids, verb in zip(linked_otherwise(before, after), _VERBS, strict=True):
            if len(attack_ids) > MOST_NAMED:
                yield f"{len(attack_ids):,} links in the {words} {verb}"
            else:
                one, many = (f"{link} in the {words} to" for link in ("link", "links"))
                yield from named(one, many, attack_ids, verb)
    for names, verb in zip(cited_otherwise(before, after), _VERBS, strict=True):
        if names:
            yield f"{amount(len(names), 'citation', 'citations')} in the {words} {verb}"


def _value(words: str, before: Any, after: Any) -> Iterator[str]:
    if not before:
        yield f"{words} added"
    else:
        yield f"{words} edited" if after else f"{words} removed"


def _set(words: str, before: Any, after: Any) -> Iterator[str]:
    """A list whose order means nothing, told as a whole."""
    if _entries(before) != _entries(after):
        yield from _value(words, before, after)


def _names(words: str, before: Any, after: Any) -> Iterator[str]:
    """A list of names whose order means nothing, told by those that came and went."""
    yield from _members(words, before, after, MOST_NAMED)


def _domains(words: str, before: Any, after: Any) -> Iterator[str]:
    """A list of domains, told as readers call them: "Mobile" for "mobile-attack"."""
    yield from _names(words, _labels(before), _labels(after))


def _labels(value: Any) -> Any:
    return (
        [DOMAIN_LABELS.get(each, each) for each in value] if value and _is_names(value) else value
    )


def _numbered(words: str, before: Any, after: Any) -> Iterator[str]:
    """The same for names that are long or have commas in them: told by number."""
    yield from _members(words, before, after, 0)


def _members(words: str, before: Any, after: Any, most_named: int) -> Iterator[str]:
    one, _, many = words.partition("|")
    many = many or f"{one}s"
    if not (_is_names(before) and _is_names(after)):
        yield from _set(many, before, after)
        return
    old, new = set(before or ()), set(after or ())
    for names, verb in ((new - old, "added"), (old - new, "removed")):
        if len(names) > most_named:
            yield f"{amount(len(names), one, many)} {verb}"
        else:
            yield from named(one, many, names, verb)


def _order(words: str, before: Any, after: Any) -> Iterator[str]:
    """A list whose order means something; what came and went is told as links."""
    if in_another_order(before, after):
        yield f"{words} changed"


def in_another_order(before: Any, after: Any) -> bool:
    """Whether two lists have what stands in both in another order, whatever came or went."""
    old, new = ([canonical(entry) for entry in _listed(side)] for side in (before, after))
    return [entry for entry in old if entry in new] != [entry for entry in new if entry in old]


def _references(_words: str, before: Any, after: Any) -> Iterator[str]:
    """Those of ATT&CK IDs by what they say, as `library.comparable` has it; the others by name."""
    yield from _attack_id(before, after)
    own_before, own_after = (own_forms(_listed(side)) for side in (before, after))
    old, new = _by_name(before), _by_name(after)
    added = sum(len(found) for name, found in new.items() if name not in old)
    removed = sum(len(found) for name, found in old.items() if name not in new)
    edited = sum(sorted(old[name]) != sorted(new[name]) for name in old.keys() & new.keys())
    both = own_before.keys() & own_after.keys()
    edited += sum(own_before[attack_id] != own_after[attack_id] for attack_id in both)
    for count, verb in ((added, "added"), (removed, "removed"), (edited, "edited")):
        if count:
            yield f"{amount(count, 'reference', 'references')} {verb}"


def _attack_id(before: Any, after: Any) -> Iterator[str]:
    old, new = ({*filter(None, map(own_id, _listed(side)))} for side in (before, after))
    if old and new and old != new:
        gone, come = (" and ".join(sorted(side)) for side in (old, new))
        yield f"ATT&CK ID changed from {short(gone)} to {short(come)}"
    elif old != new:
        yield f"ATT&CK ID {'removed' if old else 'given'}"


def _told_elsewhere(_words: str, _before: Any, _after: Any) -> Iterator[str]:
    """Nothing: `library.changes` tells it, from both properties of a status or from the links."""
    yield from ()


def _other(words: str, _before: Any, _after: Any) -> Iterator[str]:
    """Another value, told without naming it."""
    yield f"other {words}"


def _unknown(words: str, before: Any, after: Any) -> Iterator[str]:
    """A property of which nothing is known: a list of text is taken for a set."""
    both_names = _is_names(before) and _is_names(after)
    yield from _set(words, before, after) if both_names else _value(words, before, after)


# Every property of releases 1.0 to 18.1 that says something of its object, the weightiest first.
FIELDS: Final[Mapping[str, Field]] = {
    "revoked": Field("status", _told_elsewhere, material=True),
    "x_mitre_deprecated": Field("status", _told_elsewhere, material=True),
    "name": Field("name", _renamed, material=True),
    "description": Field("description", _prose, material=True),
    "kill_chain_phases": Field("tactic", _told_elsewhere, material=True),
    "x_mitre_platforms": Field("platform", _names, material=True),
    "x_mitre_detection": Field("detection text", _prose),
    "x_mitre_data_sources": Field("data source", _numbered),
    "x_mitre_log_sources": Field("log sources", _set),
    "x_mitre_log_source_references": Field("log sources", _set),
    "x_mitre_mutable_elements": Field("mutable elements", _set),
    "x_mitre_analytic_refs": Field("analytics", _told_elsewhere),
    "x_mitre_data_source_ref": Field("data source", _told_elsewhere),
    "tactic_refs": Field("order of the tactics", _order),
    "x_mitre_collection_layers": Field("collection layer", _names),
    "x_mitre_permissions_required": Field("required permission", _names),
    "x_mitre_effective_permissions": Field("effective permission", _names),
    "x_mitre_defense_bypassed": Field("bypassed defence", _names),
    "x_mitre_system_requirements": Field("system requirements", _set),
    "x_mitre_network_requirements": Field("network requirement", _value),
    "x_mitre_remote_support": Field("remote support", _value),
    "x_mitre_impact_type": Field("impact type", _names),
    "x_mitre_tactic_type": Field("tactic type", _names),
    "x_mitre_is_subtechnique": Field("mark as a sub-technique", _value),
    "x_mitre_related_assets": Field("related assets", _set),
    "x_mitre_sectors": Field("sector", _names),
    "x_mitre_shortname": Field("short name", _value),
    "aliases": Field("alias|aliases", _names),
    "x_mitre_aliases": Field("alias|aliases", _names),
    "first_seen": Field("date first seen", _value),
    "x_mitre_first_seen_citation": Field("source of the date first seen", _value),
    "last_seen": Field("date last seen", _value),
    "x_mitre_last_seen_citation": Field("source of the date last seen", _value),
    "is_family": Field("mark as a family", _value),
    "malware_types": Field("malware type", _names),
    "tool_types": Field("tool type", _names),
    "labels": Field("label", _names),
    "x_mitre_domains": Field("domain", _domains),
    "x_mitre_old_attack_id": Field("former ID", _value),
    "external_references": Field("references", _references),
    "x_mitre_contributors": Field("contributor", _numbered),
    # Of relationships.
    "relationship_type": Field("type of relationship", _other),
    "source_ref": Field("source", _other),
    "target_ref": Field("target", _other),
}
# The rule of each type: what every object may state, and what those of a type state besides. A
# property that turns up where it is not declared counts all the same.
EVERY_TYPE: Final = (
    *("revoked", "x_mitre_deprecated", "name", "description"),
    *("x_mitre_domains", "external_references", "x_mitre_contributors", "x_mitre_old_attack_id"),
)
OWN_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "x-mitre-matrix": ("tactic_refs",),
    "x-mitre-tactic": ("x_mitre_shortname",),
    "attack-pattern": (
        *("kill_chain_phases", "x_mitre_platforms", "x_mitre_detection", "x_mitre_data_sources"),
        *("x_mitre_is_subtechnique", "x_mitre_permissions_required", "x_mitre_defense_bypassed"),
        *("x_mitre_effective_permissions", "x_mitre_system_requirements"),
        *("x_mitre_network_requirements", "x_mitre_remote_support", "x_mitre_impact_type"),
        "x_mitre_tactic_type",
    ),
    "course-of-action": ("labels",),
    "intrusion-set": ("aliases",),
    "malware": (
        *("x_mitre_aliases", "x_mitre_platforms", "is_family", "malware_types", "labels"),
        "aliases",
    ),
    "tool": ("x_mitre_aliases", "x_mitre_platforms", "tool_types", "labels", "aliases"),
    "campaign": (
        *("aliases", "first_seen", "x_mitre_first_seen_citation"),
        *("last_seen", "x_mitre_last_seen_citation"),
    ),
    "x-mitre-detection-strategy": ("x_mitre_analytic_refs",),
    "x-mitre-analytic": (
        *("x_mitre_platforms", "x_mitre_log_source_references", "x_mitre_mutable_elements"),
    ),
    "x-mitre-data-component": ("x_mitre_log_sources", "x_mitre_data_source_ref"),
    "x-mitre-data-source": ("x_mitre_collection_layers", "x_mitre_platforms"),
    "x-mitre-asset": ("x_mitre_related_assets", "x_mitre_sectors", "x_mitre_platforms"),
    "relationship": ("relationship_type", "source_ref", "target_ref"),
}
# Which object it is, who keeps it under which terms, and when and in which form it was written;
# with what readers call it.
NOISE: Final[Mapping[str, str]] = {
    "id": "STIX id",
    "type": "STIX type",
    "created": "date of creation",
    "created_by_ref": "creator",
    "modified": "date of modification",
    "object_marking_refs": "marking",
    "granular_markings": "granular markings",
    "spec_version": "STIX version",
    "x_mitre_attack_spec_version": "version of the ATT&CK specification",
    "x_mitre_modified_by_ref": "last editor",
    "x_mitre_version": "object version",
}


def told(before: Properties, after: Properties) -> Iterator[tuple[str, str]]:
    """What differs in the properties of two versions: each property's name with a phrase for it.

    In the order of FIELDS; then properties that it does not know, by name.
    """
    unknown = (before.keys() | after.keys()) - FIELDS.keys() - NOISE.keys()
    for name in (*FIELDS, *sorted(unknown)):
        old, new = _stated(before.get(name)), _stated(after.get(name))
        if old != new:
            field = FIELDS.get(name) or Field(_own_words(name), _unknown)
            for phrase in field.compare(field.words, old, new):
                yield name, phrase


def substantive(stix_type: str) -> list[str]:
    """The properties that say something of objects of a type, the weightiest first."""
    declared = {*EVERY_TYPE, *OWN_FIELDS.get(stix_type, ())}
    return [name for name in FIELDS if name in declared]


def words_for(name: str) -> str:
    """What readers call a property, whether it says something or is noise."""
    if name in FIELDS:
        one, _, many = FIELDS[name].words.partition("|")
        return many or (f"{one}s" if FIELDS[name].compare in {_names, _domains, _numbered} else one)
    return NOISE.get(name) or _own_words(name)


def is_prose(name: str) -> bool:
    """Whether a property holds text that is read as a whole."""
    return name in FIELDS and FIELDS[name].compare is _prose


def is_ordered(name: str) -> bool:
    """Whether a property holds a list whose order says something."""
    return name in FIELDS and FIELDS[name].compare is _order


def named(one: str, many: str, names: Collection[str], verb: str) -> Iterator[str]:
    """A phrase for what came or went: by name where it is little, else by number."""
    if not names:
        return
    if len(names) > MOST_NAMED:
        yield f"{len(names):,} {many} {verb}"
        return
    *leading, last = sorted((short(name) for name in names), key=str.casefold)
    shown = f"{', '.join(leading)} and {last}" if leading else last
    yield f"{many if leading else one} {shown} {verb}"


def amount(count: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many}"


def are_same_words(one: str, other: str) -> bool:
    """Whether two names differ in nothing but white space, if at all."""
    return one.split() == other.split()


def short(name: str) -> str:
    """A name in one line, cut where it is longer than any of MITRE's."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def _stated(value: Any) -> Any:
    """A value; None for explicit defaults, which say no more than their absence."""
    return None if value is False or value in ("", [], {}) else value


def _own_words(name: str) -> str:
    return f"“{short(name.removeprefix('x_mitre_').replace('_', ' '))}”"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _by_name(references: Any) -> dict[str, list[str]]:
    """References in a form that can be compared, by their names; not that of the ATT&CK ID."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in _listed(references):
        if not own_id(entry):
            name = entry.get("source_name") if isinstance(entry, dict) else None
            found[str(name)].append(canonical(entry))
    return found


def _entries(value: Any) -> Any:
    """The entries of a list, their order left aside; anything else as it is."""
    return {canonical(entry) for entry in value} if isinstance(value, list) else value


def _is_names(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    )
