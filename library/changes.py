"""What counts as a change of an object from one snapshot to another, in a reader's words.

A change is material (what the object is: its status, name, definition, tactics and platforms, and
what mitigates it) or around (all else that a reader can see of it, its links to others included).
What is neither is noise and no change at all; `library.substance` declares which property is what.

Nothing here asks the database: `library.comparison` fetches what is compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from library.identifiers import SOFTWARE, TECHNIQUE, Link, type_of
from library.substance import FIELDS, Properties, amount, named, short, told

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


def changes_between(
    before: Properties, after: Properties, links: Iterable[Linked] = ()
) -> tuple[Change, ...]:
    """What changed of an object, the weightiest first; nothing where all that differs is noise.

    `links` are those that hold in either snapshot and differ, and all that lead to tactics. Of a
    dead object none holds, so that one that is let go loses all its links, and one that is live
    again gains them.
    """
    return changes_and_links(before, after, links)[0]


def changes_and_links(
    before: Properties, after: Properties, links: Iterable[Linked]
) -> tuple[tuple[Change, ...], tuple[LinkChange, ...]]:
    """The same, and beside it what became of which links; of tactics the changes alone tell."""
    held = list(links)
    found = [*_status(before, after)]
    found += _tactics(before, after, [link for link in held if link.is_tactic])
    told_links = tuple(link_changes(str(before.get("type", "")), held))
    found += [told_link.change for told_link in told_links]
    found += _properties(before, after)
    return tuple(sorted(found, key=_weight)), told_links


def _weight(change: Change) -> int:
    """The place of a material change; all others come after those, as they were found."""
    return WEIGHTIEST.index(change.about) if change.material else len(WEIGHTIEST)


def _status(before: Properties, after: Properties) -> Iterator[Change]:
    for name, word in (("revoked", "revoked"), ("x_mitre_deprecated", "deprecated")):
        was, now = before.get(name) is True, after.get(name) is True
        if was != now:
            yield Change(name, f"now {word}" if now else f"no longer {word}", material=True)


def _is_live(properties: Properties) -> bool:
    return not any(properties.get(name) is True for name in ("revoked", "x_mitre_deprecated"))


def _properties(before: Properties, after: Properties) -> Iterator[Change]:
    for name, phrase in told(before, after):
        yield Change(name, phrase, name in FIELDS and FIELDS[name].material)


def _tactics(before: Properties, after: Properties, links: list[Linked]) -> Iterator[Change]:
    """Tactics that came, went or have another name.

    A kill chain phase stands for the tactic of that short name. Tactics are told apart as objects,
    which keep their identity under a new name (TA0005 did in 19.0); where a phase leads to no
    tactic that holds, the phases themselves are compared. What is let go or live again has no
    phases to compare: on one side no tactic holds.
    """
    old, new = _phases(before), _phases(after)
    held_before = {link.other_id: link.names[0] for link in links if link.before}
    held_after = {link.other_id: link.names[1] for link in links if link.after}
    all_hold = (len(held_before), len(held_after)) == (len(old), len(new))
    if all_hold or _is_live(before) != _is_live(after):
        old, new = held_before, held_after
    added = [name for key, name in new.items() if key not in old]
    removed = [name for key, name in old.items() if key not in new]
    for names, verb in ((added, "added"), (removed, "removed")):
        for phrase in named("tactic", "tactics", names, verb):
            yield Change(Link.TACTIC, phrase, material=True)
    for key, name in old.items():
        if name != new.get(key, name):
            yield Change(Link.TACTIC, f"tactic “{short(name)}” renamed “{short(new[key])}”")


def _phases(properties: Properties) -> dict[str, str]:
    """A name for each kill chain phase, by the chain and the phase."""
    phases = properties.get("kill_chain_phases")
    found = {}
    for phase in phases if isinstance(phases, list) else ():
        if isinstance(phase, dict):
            name = str(phase.get("phase_name", ""))
            found[f"{phase.get('kill_chain_name', '')}/{name}"] = name.replace("-", " ").title()
    return found


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
