"""The links of raw bundles, and what becomes of them, read apart from the library.

A link holds where neither it nor one of its ends is revoked or deprecated. Relationships are links,
and so is what a property names: the tactic of a technique's kill chain phase, the tactics of a
matrix, the analytics of a detection strategy, the data components of an analytic's log sources, the
data source of a data component.

A link of one kind between two objects is *added* or *removed* where one bundle alone has it. It is
*edited* where relationships of both bundles carry it and these say something else: where the words
of their texts differ (citations, markup and white space aside), or the ATT&CK objects that the
texts lead to, or the sources, in whatever order. Two relationships of a bundle that carry one link
are told apart by their ids.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import zip_longest
from typing import Any

type Objects = Mapping[str, dict[str, Any]]
# What it is called, where it starts and where it leads.
type Place = tuple[str, str, str]

PROCEDURES = "Procedure examples"
RELATIONSHIPS = {
    "uses": "Software used",
    "mitigates": "Mitigations of techniques",
    "detects": "Detections of techniques",
    "attributed-to": "Campaigns attributed to groups",
    "subtechnique-of": "Sub-techniques under techniques",
    "targets": "Assets that techniques target",
}
REFERENCES = {
    "tactic_refs": "Tactics of matrices",
    "x_mitre_analytic_refs": "Analytics of detection strategies",
    "x_mitre_data_source_ref": "Data sources of data components",
}
LOG_SOURCES = "Data components that analytics read"
TACTICS = "Techniques under tactics"
EVERY_KIND = {PROCEDURES, *RELATIONSHIPS.values(), *REFERENCES.values(), LOG_SOURCES, TACTICS}

_CITATION = re.compile(r"\s*\(Citation: [^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_MARKS = re.compile(r"<[^>]*>|[`*]")


def dead(found: Mapping[str, Any]) -> bool:
    """Whether it is revoked or deprecated."""
    return bool(found.get("revoked") or found.get("x_mitre_deprecated"))


def links_of(held: Objects) -> dict[Place, list[dict[str, Any]]]:
    """Every link that holds, with the relationships that carry it; none for a property's."""
    live = {key: found for key, found in held.items() if not dead(found)}
    links: dict[Place, list[dict[str, Any]]] = defaultdict(list)
    for found in live.values():
        if found["type"] != "relationship":
            for words, target in _of_properties(found, live):
                if target in live:
                    links[words, found["id"], target] = []
        elif {found["source_ref"], found["target_ref"]} <= live.keys():
            words = RELATIONSHIPS[found["relationship_type"]]
            if words == "Software used" and live[found["target_ref"]]["type"] == "attack-pattern":
                words = PROCEDURES
            links[words, found["source_ref"], found["target_ref"]].append(found)
    return links


def _of_properties(found: Mapping[str, Any], live: Objects) -> Iterator[tuple[str, str]]:
    for name, words in REFERENCES.items():
        named = found.get(name, [])
        yield from ((words, target) for target in ([named] if isinstance(named, str) else named))
    for log_source in found.get("x_mitre_log_source_references", []):
        yield LOG_SOURCES, log_source.get("x_mitre_data_component_ref", "")
    phases = {phase["phase_name"] for phase in found.get("kill_chain_phases", [])}
    for key, tactic in live.items() if phases else ():
        if tactic["type"] == "x-mitre-tactic" and tactic["x_mitre_shortname"] in phases:
            yield TACTICS, key


def fates(before: Objects, after: Objects) -> dict[str, dict[str, set[tuple[str, str]]]]:
    """The links that differ, from where to where, by their words and what became of them."""
    old, new = links_of(before), links_of(after)
    told: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for fate, places in (
        ("added", new.keys() - old.keys()),
        ("removed", old.keys() - new.keys()),
        ("edited", {at for at in old.keys() & new.keys() if _is_edited(old[at], new[at])}),
    ):
        for words, *ends in places:
            told[words][fate].add((ends[0], ends[1]))
    return told


def _is_edited(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> bool:
    first, second = ({found["id"]: found for found in side} for side in (old, new))
    both = [(first.pop(key), second.pop(key)) for key in [*first] if key in second]
    others = zip_longest(first.values(), second.values())
    return any(not (was and now) or _says(was) != _says(now) for was, now in (*both, *others))


def _says(found: dict[str, Any]) -> tuple[list[str], set[str], list[list[Any]]]:
    """What a relationship says: its words, where they lead, and its sources."""
    text = _CITATION.sub("", found.get("description", ""))
    leads = {
        re.sub(r".*attack\.mitre\.org/[a-z]+/", "", address).strip("/").replace("/", ".")
        for _, address in _LINK.findall(text)
        if "attack.mitre.org" in address
    }
    words = unescape(_MARKS.sub("", _LINK.sub(r"\1", text))).split()
    sources = [sorted(one.items()) for one in found.get("external_references", [])]
    return words, leads, sorted(sources)
