"""Tactics by the short names that Navigator layers use, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from library.catalogue import Entry
from library.comparison import contents_of
from library.id_check.releases import Releases
from library.id_check.verdicts import Outcome
from library.models import Snapshot
from library.tactics import HeldTactic, tactics_of

type Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tactics:
    """The tactics of two releases."""

    renamed: Mapping[Place, str]
    """By domain and short name before: the short name that the same tactic has after."""

    phases: Mapping[int, list[str]]
    """By version of a technique: the short names that it states."""

    held: tuple[frozenset[Place], frozenset[Place]]
    """The tactics that are live before and after, by domain and short name."""

    @classmethod
    def of(cls, releases: Releases, outcomes: Iterable[Outcome]) -> Tactics:
        """The tactics, and those that the live techniques at the end of chains state; 2 queries."""
        wanted = {
            entry.version_id
            for outcome in outcomes
            for entry in (outcome.end, *outcome.before[:1])
            if outcome.end is not None and entry is not None
        }
        sides = [
            [snapshot for snapshot in side if snapshot.domain in releases.domains]
            for side in (releases.held_before, releases.held_after)
        ]
        found = tactics_of([snapshot.pk for side in sides for snapshot in side])
        old, new = (_in_domains(found, side) for side in sides)
        renamed = {place: new[key].short_name for key, place in _places(old) if key in new}
        live = [
            frozenset(place for key, place in _places(side) if side[key].live)
            for side in (old, new)
        ]
        contents = contents_of(wanted)
        phases = {version: _phases(contents[version]) for version in wanted}
        return cls(renamed, phases, (live[0], live[1]))

    def served(self, technique: Entry) -> list[str]:
        """The short names of the live tactics that a technique of the newer release serves."""
        return self._holding(technique, self.held[1])

    def meant(self, tactic: str, outcome: Outcome) -> str:
        """The tactic that stands for one of before; empty where that is not certain.

        The same where the technique still serves it; the one that it was renamed to; else, where
        the technique left it alone for one other alone, that one.
        """
        end = outcome.end
        if end is None:
            return ""
        now = self.served(end)
        renamed = self.renamed.get((end.domain, tactic), "")
        if tactic in now or renamed in now:
            return tactic if tactic in now else renamed
        was = self._holding(outcome.before[0], self.held[0]) if outcome.before else []
        left = [name for name in was if self._after(end.domain, name) not in now]
        came = set(now) - {self._after(end.domain, name) for name in was}
        return came.pop() if left == [tactic] and len(came) == 1 else ""

    def _holding(self, technique: Entry, held: frozenset[Place]) -> list[str]:
        stated = self.phases.get(technique.version_id, [])
        return [name for name in stated if (technique.domain, name) in held]

    def _after(self, domain: str, tactic: str) -> str:
        return self.renamed.get((domain, tactic), tactic)


def _in_domains(
    tactics: Iterable[HeldTactic], side: list[Snapshot]
) -> dict[tuple[str, int], HeldTactic]:
    """By domain and object: the tactics of some snapshots."""
    domains = {snapshot.pk: snapshot.domain for snapshot in side}
    return {
        (domains[found.snapshot_id], found.object_id): found
        for found in tactics
        if found.snapshot_id in domains
    }


def _places(
    tactics: Mapping[tuple[str, int], HeldTactic],
) -> Iterator[tuple[tuple[str, int], Place]]:
    """By domain and object: the domain and the short name of each."""
    for (domain, object_id), found in tactics.items():
        yield (domain, object_id), (domain, found.short_name)


def _phases(properties: Mapping[str, Any]) -> list[str]:
    phases = properties.get("kill_chain_phases")
    found: dict[str, None] = {}
    for phase in phases if isinstance(phases, list) else ():
        name = phase.get("phase_name") if isinstance(phase, dict) else None
        if isinstance(name, str):
            found[name] = None
    return list(found)
