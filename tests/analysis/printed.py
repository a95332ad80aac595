"""The figures of derived Takes as they are printed, and what each is a share of.

The bases are worked out from the raw bundles alone.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analysis.derivation import Derivation
from library.text.words import words
from tests.analysis.oracle import USERS, Expected

LINK = re.compile(r'<a href="[^"]*/evidence#([^"]*)">(.*?)</a>', re.DOTALL)
SHARE = re.compile(r"([\d,]+) of ([\d,]+)(?: .*)?")
COUNT = re.compile(r"([\d,]+)(?: .*)?")
ALL = re.compile(r"all ([\d,]+)(?: .*)?")
# What is said in a word.
IN_WORDS = {"both": 2, "the one": 1, "the only": 1}


class Printed(NamedTuple):
    """A figure as a reader reads it: "16 of 45 techniques", "all 3", "7 groups"."""

    title: str
    said: str
    number: int
    base: int | None
    """What it is a share of; None where it is none."""


def printed(found: Derivation) -> Iterator[Printed]:
    """Every figure in the text of a Take."""
    titles = {figure.key: figure.title for figure in found.figures}
    for section in found.take.sections:
        for part in section.parts:
            for key, html in LINK.findall(part):
                said = words(html)
                yield Printed(titles[key], said, *_read(said))


def _read(said: str) -> tuple[int, int | None]:
    for begin, number in IN_WORDS.items():
        if said == begin or said.startswith(f"{begin} "):
            return number, number
    if found := ALL.fullmatch(said):
        return _number(found[1]), _number(found[1])
    if found := SHARE.fullmatch(said):
        return _number(found[1]), _number(found[2])
    found = COUNT.fullmatch(said)
    assert found is not None, said
    return _number(found[1]), None


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def base(about: Expected, title: str) -> int:
    """How many objects there are of which the figure with a title counts some."""
    if found := re.fullmatch(r"(?:In|Left out of) (TA\d+)\b.*", title):
        (under,) = about.raw.of(about.raw.named[found[1]], {"x-mitre-tactic"})
        return len(about.raw.back("tactic", [under]))
    if title in {"Tactics", "Tactics without any"}:
        return len(about.tactics() | about.tactics_without())
    if title.startswith("Analytics on "):
        return len(about.analytics())
    if re.fullmatch(r"\S+ among its kin", title):
        return len(about.kin())
    if re.fullmatch(r"Use T[\d.]+ too", title):
        return len(about.objects("Groups that use it or a sub-technique of it"))
    if found := re.fullmatch(r"(?:Other )?(\w+) that use (T[\d.]+)", title):
        return _others(about, USERS[found[1].capitalize()], found[2])
    return len(about.techniques())


def _others(about: Expected, types: set[str], technique: str) -> int:
    """The others of a kind in the domains of a technique."""
    raw = about.raw
    (used,) = raw.of(raw.named[technique], {"attack-pattern"})
    there = {key for key in raw.of(raw.objects, types) if raw.domains[key] & raw.domains[used]}
    return len(there - {about.stix_id})
