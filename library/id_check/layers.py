"""Navigator layers: what one says of itself, and the same layer for another release.

A layer is upgraded entry by entry, where there is one way to do it; whatever else it holds, known
or not, stays as it is, and so does an entry that cannot be upgraded, which is told with the reason.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final

from library.files.navigator import LAYER_VERSION, NAVIGATOR_VERSION
from library.id_check.extraction import extract
from library.id_check.releases import Releases, Stated
from library.id_check.tactics import Tactics
from library.id_check.verdicts import Outcome, Verdict
from library.identifiers import RELEASE_FORM, TECHNIQUE, Domain
from library.substance import amount, short

# Layers of the Navigator have six levels; what is deeper was made to be deep.
MOST_LEVELS: Final = 100
# Of what was not upgraded the layer itself names so many, in its metadata.
MOST_NOTED: Final = 50
# And a page; the JSON file has them all.
MOST_SHOWN: Final = 500
MOST_RIVALS: Final = 3

type Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """A Navigator layer, as it was read."""

    content: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called; "layer" where it does not say."""
        name = self.content.get("name")
        return _in_words(name) if isinstance(name, str) and name.strip() else "layer"

    @property
    def stated(self) -> Stated:
        """The release and the domain that it says it is of."""
        versions = self.content.get("versions")
        release = versions.get("attack") if isinstance(versions, dict) else None
        said = str(release).strip() if isinstance(release, str | int | float) else ""
        domain = self.content.get("domain")
        words = domain.lower().split("-") if isinstance(domain, str) else []
        named = next((word for word in words if word in Domain.values), "")
        return Stated(said if RELEASE_FORM.fullmatch(said) else "", named)

    @property
    def foreign(self) -> str:
        """The domain that it says it is of where that is none of ATT&CK's; empty otherwise."""
        domain = self.content.get("domain")
        if not isinstance(domain, str) or self.stated.domain:
            return ""
        return _in_words(domain)


def read_layer(texts: Iterable[str]) -> Layer | None:
    """The first of some texts that is a Navigator layer: JSON with a list of techniques."""
    for text in texts:
        content = _parsed(text)
        techniques = content.get("techniques") if isinstance(content, dict) else None
        if isinstance(techniques, list) and any(_technique_id(entry) for entry in techniques):
            return Layer(content)
    return None


def _parsed(text: str) -> Any:
    """What a text is as JSON; None where it is none, or too deep."""
    stripped = text.strip().removeprefix("\ufeff")
    if not stripped.startswith("{"):
        return None
    try:
        content = json.loads(stripped, parse_constant=_no_constant, parse_float=_finite)
        # What can be read is not always shallow enough to be written again.
        return content if _levels(content) <= MOST_LEVELS else None
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    """A number; ValueError for one that could not be written again."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is too large")
    return number


def _in_words(text: str) -> str:
    """A text of a layer to be shown: in one line, and without halves of characters."""
    return short(text.encode(errors="replace").decode())


def _levels(content: Any) -> int:
    """How deep a value is nested; one more than MOST_LEVELS for all that is deeper."""
    level, row = 0, [content]
    while row and level <= MOST_LEVELS:
        level += 1
        inner: list[Any] = []
        for value in row:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        row = inner
    return level


def _technique_id(entry: Any) -> str:
    """The technique's ID that an entry of a layer has; empty where it has none."""
    found = entry.get("techniqueID") if isinstance(entry, dict) else None
    return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a layer that was upgraded, or was not."""

    technique_id: str
    tactic: str
    became: str = ""
    """Its new ID, with its new tactic where that is another; empty where it was left as it was."""

    why: str = ""
    """Why it was left as it was."""


@dataclass(slots=True)
class Upgrade:
    """A layer for another release, and what was done with its entries."""

    layer: Layer
    content: dict[str, Any]
    moved: list[Step] = field(default_factory=list)
    left: list[Step] = field(default_factory=list)
    kept: int = 0
    """How many entries are right as they were."""

    notes: list[str] = field(default_factory=list)
    """What else was not done."""

    @property
    def tables(self) -> list[tuple[str, list[Step], int]]:
        """What the page lists: what was done, the first entries with which, how many more."""
        left = "Left as it was" if len(self.left) == 1 else "Left as they were"
        return [
            (title, steps[:MOST_SHOWN], max(0, len(steps) - MOST_SHOWN))
            for title, steps in (("Changed", self.moved), (left, self.left))
            if steps
        ]

    @property
    def as_json(self) -> bytes:
        """The layer as a file."""
        return json.dumps(self.content, indent=1).encode()


@dataclass(frozen=True)
class _Plan:
    """An entry, and the ID and tactic that it should have."""

    place: int
    entry: Entry
    target: str
    tactic: str | None

    @property
    def is_new(self) -> bool:
        """Whether anything of it is to change."""
        return (self.target, self.tactic) != (self.entry["techniqueID"], _tactic(self.entry))

    @property
    def upgraded(self) -> Entry:
        """The entry as it should be."""
        tactic = {} if self.tactic is None else {"tactic": self.tactic}
        return self.entry | {"techniqueID": self.target} | tactic

    @cached_property
    def said(self) -> str:
        """What the entry says of its technique: all but which it is, in a form to compare."""
        marks = {k: v for k, v in self.entry.items() if k not in {"techniqueID", "tactic"}}
        return json.dumps(marks, sort_keys=True)


def upgrade(layer: Layer, releases: Releases, outcomes: Mapping[str, Outcome]) -> Upgrade | None:
    """A layer for the newer release; None where it is of a domain that is unknown or not compared.

    One query, for the tactics.
    """
    stated = layer.stated.domain
    if layer.foreign or (stated and stated not in releases.domains):
        return None
    made = Upgrade(layer, dict(layer.content))
    entries: list[Any] = list(layer.content["techniques"])
    tactics = Tactics.of(releases, outcomes.values())
    # Layers name a technique once for each of its tactics.
    outcome_of = cache(lambda technique_id: _outcome(technique_id, outcomes))
    planned = [
        _plan(place, entry, outcome_of(_technique_id(entry)), tactics)
        for place, entry in enumerate(entries)
    ]
    done = _carry_out([plan for plan in planned if isinstance(plan, _Plan)], entries)
    for place, plan in enumerate(planned):
        if isinstance(plan, str):
            entry = entries[place]
            made.left.append(_step(entry, why=plan))
        elif (step := done[place]) is None:
            made.kept += 1
        else:
            (made.moved if step.became else made.left).append(step)
    merged = {place for place, step in done.items() if step and entries[place] is None}
    made.content["techniques"] = [e for place, e in enumerate(entries) if place not in merged]
    _restate(made, releases)
    return made


def _outcome(technique_id: str, outcomes: Mapping[str, Outcome]) -> Outcome | str:
    """What became of the technique of an entry; a reason where it leads to no live technique."""
    if not technique_id:
        return "it names no technique"
    found = extract(technique_id, outcomes)
    ids = list(found.counts)
    # An ID that was cut short ("T1059-12") may mean any part of its technique.
    is_one = len(ids) == 1 and ("." in ids[0] or ids[0] not in found.spellings)
    outcome = outcomes.get(ids[0]) if is_one else None
    if outcome is None:
        return "no release held here has this ID"
    return _no_target(outcome) or outcome


def _plan(place: int, entry: Any, outcome: Outcome | str, tactics: Tactics) -> _Plan | str:
    """What is to be done with an entry, or why nothing can be."""
    if isinstance(outcome, str):
        return outcome
    assert outcome.end is not None
    tactic = _tactic(entry)
    if tactic is not None:
        meant = tactics.meant(tactic, outcome)
        if not meant:
            served = ", ".join(tactics.served(outcome.end)) or "none"
            return f"it is marked in “{_in_words(tactic)}”; the tactics it now serves: {served}"
        tactic = meant
    return _Plan(place, entry, outcome.end.attack_id, tactic)


def _no_target(outcome: Outcome) -> str:
    """Why an ID leads to no live technique; empty where it leads to one."""
    end = outcome.end
    if end is not None and end.kind is TECHNIQUE and end.attack_id:
        domains = {entry.domain for entry in outcome.before} or {end.domain}
        return "" if end.domain in domains else f"it was replaced in {Domain(end.domain).label}"
    if end is not None:
        return f"it leads to {end.attack_id}, which is no technique"
    match outcome.verdict:
        case Verdict.REVOKED if outcome.chain:
            return f"it was revoked, and {outcome.chain[-1].attack_id} is not live either"
        case Verdict.REVOKED:
            return "it was revoked, and MITRE names nothing that replaces it"
        case Verdict.DEPRECATED:
            return "it is deprecated, and nothing replaces it"
        case Verdict.NEVER:
            return "no release held here has this ID"
        case _:
            return next(iter(outcome.phrases), outcome.verdict.label)


def _carry_out(plans: list[_Plan], entries: list[Any]) -> dict[int, Step | None]:
    """Change the entries that are in no other's way; what was done with each, by its place.

    Two that are to mark the same technique are one where they say the same; else whichever were to
    become it stay as they were. An entry that became another is None from then on.
    """
    groups: dict[str, list[_Plan]] = defaultdict(list)
    for plan in plans:
        groups[plan.target].append(plan)
    done: dict[int, Step | None] = {}
    for target, group in groups.items():
        by_tactic: dict[str | None, list[_Plan]] = defaultdict(list)
        for plan in group:
            by_tactic[plan.tactic].append(plan)
        for same in by_tactic.values():
            # An entry without a tactic marks its technique in all of them.
            rivals = group if None in by_tactic else same
            done |= _unite(target, same, rivals, entries)
    return done


def _unite(
    target: str, same: list[_Plan], rivals: list[_Plan], entries: list[Any]
) -> Iterator[tuple[int, Step | None]]:
    """What becomes of the entries that are to mark a technique in one tactic, by their places.

    `rivals` are all that would mark it there. None for an entry that is right as it was.
    """
    if not any(plan.is_new for plan in same):
        yield from ((plan.place, None) for plan in same)
        return
    agreed = len({plan.said for plan in rivals}) == 1
    ids = list(dict.fromkeys(plan.entry["techniqueID"] for plan in rivals))
    named = " and ".join(_in_words(each) for each in ids[:MOST_RIVALS])
    why = f"it would be {target}, of which several entries ({named}) say different things"
    first = next((plan for plan in same if not plan.is_new), same[0])
    for plan in same:
        if not plan.is_new:
            yield plan.place, None
        elif not agreed:
            yield plan.place, _step(plan.entry, why=why)
        elif plan is first:
            entries[plan.place] = plan.upgraded
            told = f" in {plan.tactic}" if plan.tactic != _tactic(plan.entry) else ""
            yield plan.place, _step(plan.entry, became=f"{target}{told}")
        else:
            entries[plan.place] = None
            told = f"{target}, as one with the entry that says the same"
            yield plan.place, _step(plan.entry, became=told)


def _step(entry: Any, became: str = "", why: str = "") -> Step:
    return Step(_in_words(_technique_id(entry)), _in_words(_tactic(entry) or ""), became, why)


def _tactic(entry: Any) -> str | None:
    """The tactic in which an entry marks its technique; None for all that it serves."""
    tactic = entry.get("tactic") if isinstance(entry, dict) else None
    return tactic if isinstance(tactic, str) and tactic else None


def _restate(made: Upgrade, releases: Releases) -> None:
    """Say in the layer which release it is of now, and what was not upgraded."""
    content = made.content
    versions = content.get("versions")
    # The Navigator knows releases by their first number.
    is_sample = releases.after.startswith("sample")
    release = releases.after if is_sample else releases.after.partition(".")[0]
    if isinstance(versions, dict):
        content["versions"] = versions | {"attack": release}
    elif "versions" not in content:
        _convert(made, release)
    else:
        made.notes.append(
            "The layer is in a form that has no place for ATT&CK’s release, so it states none."
        )
    metadata = content.get("metadata", [])
    if not isinstance(metadata, list):
        return
    came_from = releases.before
    if releases.unstated:
        stated = _in_words(releases.unstated)
        came_from = f"{stated} (not held; compared as {releases.before})"
    said = (
        f"From ATT&CK {came_from} to {releases.after} by the Glexia ATT&CK Library."
        f" {amount(len(made.moved), 'entry', 'entries')} changed,"
        f" {len(made.left):,} left as {'it was' if len(made.left) == 1 else 'they were'}."
    )
    notes = [{"name": "Upgraded", "value": said}]
    notes += [
        {"name": f"Not upgraded: {step.technique_id or 'an entry'}", "value": step.why}
        for step in made.left[:MOST_NOTED]
    ]
    content["metadata"] = [*metadata, *notes]


def _convert(made: Upgrade, release: str) -> None:
    """Make a layer of an old format, as 2.2, one of today's, which says what release it is of.

    What else differs between the formats the Navigator reads in either form.
    """
    content = made.content
    said = content.pop("version", None)
    was = f"format {_in_words(str(said))}" if isinstance(said, str | float | int) else "a format"
    content["versions"] = {
        "attack": release,
        "navigator": NAVIGATOR_VERSION,
        "layer": LAYER_VERSION,
    }
    if made.layer.stated.domain:
        content["domain"] = f"{made.layer.stated.domain}-attack"
    made.notes.append(
        f"The layer was in {was} that has no place for ATT&CK’s release: it is now in format"
        f" {LAYER_VERSION}, which states it."
    )
