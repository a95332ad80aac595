"""Changes of an object as tests read them, and the links that they are told of."""

from dataclasses import replace
from typing import Any

from library.changes import Linked, changes_between
from tests.factories import Properties, relationship, technique

T1000 = technique("T1000", "Thing", ("impact",), x_mitre_platforms=["Linux", "Windows"])
G1000: Properties = {"id": "intrusion-set--1", "type": "intrusion-set"}


def material(before: Properties, after: Properties, *links: Linked) -> list[str]:
    return [found.phrase for found in changes_between(before, after, links) if found.material]


def around(before: Properties, after: Properties, *links: Linked) -> list[str]:
    return [found.phrase for found in changes_between(before, after, links) if not found.material]


def link(kind: str, other: str, number: int = 1, *, forward: bool = False, **ends: Any) -> Linked:
    """Links between the object and one other of a type."""
    return Linked(kind, forward, f"{other}--{number}", other, **ends)


def one(note: str = "", number: int = 1, **rest: Any) -> Properties:
    """A relationship; which objects it links is said elsewhere."""
    found = relationship("uses", G1000, T1000, note, **rest)
    return found | {"id": f"relationship--{number}"}


def served(number: int, before: str, after: str) -> Linked:
    """A tactic by its names before and after; none where the technique does not serve it."""
    found = link("kill_chain_phases", "x-mitre-tactic", number, forward=True)
    held: list[tuple[Properties, ...]] = [({},) if name else () for name in (before, after)]
    return replace(found, before=held[0], after=held[1], names=(before, after))


def serving(*phases: str) -> Properties:
    return technique("T1000", "Thing", phases)
