"""What counts as a change of an object from one snapshot to another, in a reader's words.

A change is material (what the object is: its status, name, definition, tactics and platforms, and
what mitigates it) or around (all else that a reader can see of it, its links to others included).
What is neither is noise and no change at all; `library.substance` declares which property is what.

Nothing here asks the database: `library.comparison` fetches what is compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, NamedTuple

from library.identifiers import ATTACK_CHAINS, SOFTWARE, TECHNIQUE, Link, type_of
from library.prose import is_read_alike
from library.substance import (
    FIELDS,
    Properties,
    amount,
    are_same_words,
    is_prose,
    named,
    short,
    told,
)

# Links whose coming and going is material: what mitigates a technique, what a mitigation addresses.
MATERIAL_LINKS: Final = (Link.MITIGATES,)
# The order in which material changes are told.
WEIGHTIEST: Final = (
    "revoked",
    "x_mitre_deprecated",
    "name",
    *MATERIAL_LINKS,
    "description",
    Link.TACTIC,
    "x_mitre_platforms",
)
# The order in which links are told; kinds that the library does not know come last.
LINK_ORDER: Final = (
    Link.MITIGATES,
    Link.USES,
    Link.DETECTS,
    Link.ANALYTIC,
    Link.LOG_SOURCE,
    Link.DATA_SOURCE,
    Link.ATTRIBUTED_TO,
    Link.SUBTECHNIQUE_OF,
    Link.TARGETS,
    Link.MATRIX_TACTIC,
    Link.TACTIC,
)
PROCEDURES: Final = ("procedure example", "procedure examples")
PARENTS: Final = ("parent technique", "parent techniques")
CHILDREN: Final = ("sub-technique", "sub-techniques")
PIECES: Final = ("piece of software", "pieces of software")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: which property or kind of link, and the phrase that says so."""

    about: str
    phrase: str
    material: bool = False
    stated: bool = False
    """Whether the object states it of links that do not hold, so that no link tells it."""


@dataclass(frozen=True, slots=True)
class Linked:
    """The links of one kind between an object and one other, before and after.

    Each is given by the properties of its relationship, or by none where a property carries it.
    """

    kind: str
    forward: bool
    """Whether the object is where the links start."""

    other_id: str
    other_type: str
    before: tuple[Properties, ...] = ()
    after: tuple[Properties, ...] = ()
    names: tuple[str, str] = ("", "")
    """What the other is called before and after; needed where an object leads to a tactic."""

    @property
    def is_tactic(self) -> bool:
        """Whether the object is a technique and the other a tactic that it serves."""
        return self.kind == Link.TACTIC and self.forward


@dataclass(frozen=True, slots=True)
class LinkChange:
    """Links of one kind, to objects of one kind, that came, went or say something else."""

    kind: str
    nouns: tuple[str, str]
    """What the objects at the other end are called, one and many."""

    verb: str
    """The word "added", "removed" or "edited"."""

    links: tuple[Linked, ...]
    count: int
    """How many links those are; two objects may have several."""

    @property
    def phrase(self) -> str:
        """What readers are told of it: "3 techniques added"."""
        counted = amount(self.count, *self.nouns)
        if self.verb != "edited" or self.nouns is PROCEDURES:
            return f"{counted} {self.verb}"
        return f"{'note on' if self.count == 1 else 'notes on'} {counted} edited"

    @property
    def change(self) -> Change:
        """The change that it is of the object; of some kinds coming and going is material."""
        material = self.kind in MATERIAL_LINKS and self.verb != "edited"
        return Change(self.kind, self.phrase, material)


class NamedTactic(NamedTuple):
    """A tactic that a short name stands for in some release, live or not."""

    stix_id: str
    name: str


type TacticsByName = Mapping[str, NamedTactic]
UNKNOWN_TACTICS: Final[tuple[TacticsByName, TacticsByName]] = ({}, {})


def changes_between(
    before: Properties,
    after: Properties,
    links: Iterable[Linked] = (),
    tactics: tuple[TacticsByName, TacticsByName] = UNKNOWN_TACTICS,
) -> tuple[Change, ...]:
    """What changed of an object, the weightiest first; nothing where all that differs is noise.

    `links` are those that hold in either snapshot and differ, and all that lead to tactics. Of a
    dead object none holds, so that one that is let go loses all its links, and one that is live
    again gains them. `tactics` are those of either snapshot, where `states_tactics`.
    """
    return changes_and_links(before, after, links, tactics)[0]


def changes_and_links(
    before: Properties,
    after: Properties,
    links: Iterable[Linked],
    tactics: tuple[TacticsByName, TacticsByName] = UNKNOWN_TACTICS,
) -> tuple[tuple[Change, ...], tuple[LinkChange, ...]]:
    """The same, and beside it what became of which links; of tactics the changes alone tell."""
    held = list(links)
    found = [*_status(before, after)]
    found += _tactics(*_sides(before, after, tactics), [link for link in held if link.is_tactic])
    told_links = tuple(link_changes(str(before.get("type", "")), held))
    found += [told_link.change for told_link in told_links]
    found += _properties(before, after)
    return tuple(sorted(found, key=_weight)), told_links


def states_tactics(before: Properties, after: Properties) -> bool:
    """Whether what an object states of its tactics may tell more than its links do."""
    phases = (before.get(Link.TACTIC), after.get(Link.TACTIC))
    return any(phases) and (phases[0] != phases[1] or not (is_live(before) and is_live(after)))


def _weight(change: Change) -> int:
    """The place of a material change; all others come after those, as they were found."""
    return WEIGHTIEST.index(change.about) if change.material else len(WEIGHTIEST)


def _status(before: Properties, after: Properties) -> Iterator[Change]:
    for name, word in (("revoked", "revoked"), ("x_mitre_deprecated", "deprecated")):
        was, now = before.get(name) is True, after.get(name) is True
        if was != now:
            yield Change(name, f"now {word}" if now else f"no longer {word}", material=True)


def is_live(properties: Properties) -> bool:
    """Whether an object states that it is neither revoked nor deprecated."""
    return not any(properties.get(name) is True for name in ("revoked", "x_mitre_deprecated"))


def _properties(before: Properties, after: Properties) -> Iterator[Change]:
    for name, phrase in told(before, after):
        material = name in FIELDS and FIELDS[name].material
        yield Change(name, phrase, material and not _words_stand(name, before, after))


def _words_stand(name: str, before: Properties, after: Properties) -> bool:
    """Whether of a text no word changed, but what it cites or where its links lead."""
    return is_prose(name) and is_read_alike(before.get(name), after.get(name))


class _Side(NamedTuple):
    """An object before or after: the tactics that it states by their STIX ids, with their names.

    A phase that no tactic of the release has stands for itself, by its chain and its name.
    """

    stated: dict[str, str]
    phases: frozenset[tuple[str, str]]
    live: bool


def _sides(
    before: Properties, after: Properties, tactics: tuple[TacticsByName, TacticsByName]
) -> tuple[_Side, _Side]:
    """An object before and after.

    A phase that it states in both releases is the same statement, whatever became of the tactic:
    that one was renamed is told of the tactic alone.
    """
    known = tactics if states_tactics(before, after) else UNKNOWN_TACTICS
    old, new = dict(_stated(before, known[0])), dict(_stated(after, known[1]))
    new |= {phase: old[phase] for phase in old.keys() & new.keys()}
    was, now = (
        _Side({found.stix_id: found.name for found in side.values()}, frozenset(side), is_live(of))
        for side, of in ((old, before), (new, after))
    )
    return was, now


def _tactics(before: _Side, after: _Side, links: list[Linked]) -> Iterator[Change]:
    """Tactics that came, went or have another name.

    Tactics are told apart as objects, which keep their identity under a new name (TA0005 did in
    19.0). Where each kill chain phase leads to a tactic that holds, the links to them tell all.
    """
    old = {link.other_id: link.names[0] for link in links if link.before}
    new = {link.other_id: link.names[1] for link in links if link.after}
    for phrase in _come_and_gone("tactic", "tactics", old, new):
        yield Change(Link.TACTIC, phrase, material=True)
    if before.phases != after.phases:
        yield from _renamed(old, new)
    if (len(old), len(new)) != (len(before.stated), len(after.stated)):
        yield from _stated_tactics(before, after, old, new)


def _stated_tactics(
    before: _Side, after: _Side, held_before: dict[str, str], held_after: dict[str, str]
) -> Iterator[Change]:
    """Tactics that came, went or have another name of which no link tells, as they are stated.

    Of what is dead no link holds, and a phase may lead to no tactic that does. Where there are
    links as well, or there were, it is told as what the object states.
    """
    told_gone, told_come = held_before.keys() - held_after, held_after.keys() - held_before
    gone = {k: v for k, v in before.stated.items() if k in after.stated or k not in told_gone}
    come = {k: v for k, v in after.stated.items() if k in before.stated or k not in told_come}
    stated = bool(held_before or held_after) or before.live != after.live
    nouns = ("stated tactic", "stated tactics") if stated else ("tactic", "tactics")
    for phrase in _come_and_gone(*nouns, gone, come):
        yield Change(Link.TACTIC, phrase, material=not stated, stated=stated)
    told = held_before.keys() | held_after
    yield from _renamed({key: name for key, name in gone.items() if key not in told}, come)


def _come_and_gone(
    one: str, many: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[str]:
    yield from named(one, many, [name for key, name in new.items() if key not in old], "added")
    yield from named(one, many, [name for key, name in old.items() if key not in new], "removed")


def _renamed(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for key, name in old.items():
        if not are_same_words(name, new.get(key, name)):
            yield Change(Link.TACTIC, f"tactic “{short(name)}” renamed “{short(new[key])}”")


def _stated(
    properties: Properties, tactics: TacticsByName
) -> Iterator[tuple[tuple[str, str], NamedTactic]]:
    """The kill chain phases that an object states, and the tactic that each stands for."""
    for chain, name in phases_of(properties):
        tactic = tactics.get(name) if chain in ATTACK_CHAINS else None
        key, title = tactic or (f"{chain}/{name}", "")
        yield (chain, name), NamedTactic(key, title or phase_title(name))


def phases_of(properties: Properties) -> Iterator[tuple[str, str]]:
    """The kill chain phases that an object states: the chain and the short name of each."""
    phases = properties.get(Link.TACTIC)
    for phase in phases if isinstance(phases, list) else ():
        if isinstance(phase, dict):
            yield str(phase.get("kill_chain_name", "")), str(phase.get("phase_name", ""))


def phase_title(phase_name: str) -> str:
    """What a kill chain phase is called where no tactic says it: "Defense Evasion"."""
    return phase_name.replace("-", " ").title()


def link_changes(own_type: str, links: Iterable[Linked]) -> Iterator[LinkChange]:
    """What became of the links of an object of a STIX type, in the order in which it is told.

    Neither of its tactics, which are told by name, nor of what replaced it.
    """
    groups: dict[tuple[str, tuple[str, str]], list[Linked]] = defaultdict(list)
    for link in links:
        if link.kind != Link.REVOKED_BY and not link.is_tactic:
            groups[link.kind, _nouns(own_type, link)].append(link)
    for kind, nouns in sorted(groups, key=_link_order):
        for verb, count_of in _VERBS:
            counts = [(link, count_of(link)) for link in groups[kind, nouns]]
            changed = tuple(link for link, count in counts if count)
            if changed:
                total = sum(count for _, count in counts)
                yield LinkChange(kind, nouns, verb, changed, total)


def _link_order(told_as: tuple[str, tuple[str, str]]) -> tuple[int, str, tuple[str, str]]:
    kind, nouns = told_as
    order = LINK_ORDER.index(Link(kind)) if kind in LINK_ORDER else len(LINK_ORDER)
    return order, kind, nouns


def _added(link: Linked) -> int:
    return 0 if link.before else len(link.after)


def _removed(link: Linked) -> int:
    return 0 if link.after else len(link.before)


def edits(link: Linked) -> int:
    """How many links between two objects are not the same in substance before and after."""
    if not (link.before and link.after):
        return 0
    return sum(
        before is None or after is None or any(True for _ in told(before, after))
        for before, after in paired(link)
    )


_VERBS: Final = (("added", _added), ("removed", _removed), ("edited", edits))


def paired(link: Linked) -> Iterator[tuple[Properties | None, Properties | None]]:
    """The links between two objects, each before and after; None where it has no counterpart.

    One that another between the same two has replaced is its counterpart, whatever their ids.
    """
    old = {str(found.get("id")): found for found in link.before}
    new = {str(found.get("id")): found for found in link.after}
    both = [(old.pop(key), new.pop(key)) for key in [*old] if key in new]
    yield from both
    yield from zip_longest(old.values(), new.values())


def _nouns(own_type: str, link: Linked) -> tuple[str, str]:
    """What the objects at the other end of a link are called, one and many."""
    if link.kind == Link.USES and not link.forward and type_of(own_type) is TECHNIQUE:
        return PROCEDURES
    if link.kind == Link.SUBTECHNIQUE_OF:
        return PARENTS if link.forward else CHILDREN
    if link.kind not in LINK_ORDER:
        return f"“{link.kind}” link", f"“{link.kind}” links"
    other = type_of(link.other_type)
    return PIECES if other is SOFTWARE else (other.label.lower(), other.plural.lower())
