"""Tactics by the short names that Navigator layers use, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from library.catalogue import Entry
from library.id_check.releases import Releases
from library.id_check.verdicts import Outcome
from library.identifiers import TACTIC
from library.models import ObjectContent, Snapshot, SnapshotObject

type Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tactics:
    """The tactics of two releases."""

    renamed: Mapping[Place, str]
    """By domain and short name before: the short name that the same tactic has after."""

    phases: Mapping[int, list[str]]
    """By version of a technique: the tactics it serves."""

    @classmethod
    def of(cls, releases: Releases, outcomes: Iterable[Outcome]) -> Tactics:
        """The tactics, and those that the live techniques at the end of chains serve; 2 queries."""
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
        rows = list(SnapshotObject.objects.in_snapshots([*sides[0], *sides[1]]).of_type(TACTIC))
        contents = _contents(wanted | {row.version_id for row in rows})
        old, new = (_short_names(rows, side, contents) for side in sides)
        renamed = {
            (domain, name): new[domain, key]
            for (domain, key), name in old.items()
            if (domain, key) in new
        }
        return cls(renamed, {version: _phases(contents[version]) for version in wanted})

    def served(self, technique: Entry) -> list[str]:
        """The short names of the tactics that a technique serves."""
        return self.phases.get(technique.version_id, [])

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
        was = [*self.served(outcome.before[0])] if outcome.before else []
        left = [name for name in was if self._after(end.domain, name) not in now]
        came = set(now) - {self._after(end.domain, name) for name in was}
        return came.pop() if left == [tactic] and len(came) == 1 else ""

    def _after(self, domain: str, tactic: str) -> str:
        return self.renamed.get((domain, tactic), tactic)


def _contents(versions: Iterable[int]) -> dict[int, dict[str, Any]]:
    found = ObjectContent.objects.filter(version__in=list(versions))
    return {
        version: orjson.loads(canonical)
        for version, canonical in found.values_list("version_id", "canonical")
    }


def _short_names(
    rows: Iterable[SnapshotObject],
    side: list[Snapshot],
    contents: Mapping[int, dict[str, Any]],
) -> dict[tuple[str, int], str]:
    """By domain and object: the short name that a tactic has in some snapshots."""
    domains = {snapshot.pk: snapshot.domain for snapshot in side}
    found = {}
    for row in rows:
        name = contents[row.version_id].get("x_mitre_shortname")
        if row.snapshot_id in domains and isinstance(name, str):
            found[domains[row.snapshot_id], row.object_id] = name
    return found


def _phases(properties: Mapping[str, Any]) -> list[str]:
    phases = properties.get("kill_chain_phases")
    found: dict[str, None] = {}
    for phase in phases if isinstance(phases, list) else ():
        name = phase.get("phase_name") if isinstance(phase, dict) else None
        if isinstance(name, str):
            found[name] = None
    return list(found)
