"""The tactics of releases by the short names by which techniques state them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

import orjson

from library.changes import NamedTactic, TacticsByName
from library.identifiers import TACTIC
from library.models import SnapshotObject


class HeldTactic(NamedTuple):
    """A tactic as one snapshot holds it."""

    snapshot_id: int
    object_id: int
    stix_id: str
    short_name: str
    name: str
    live: bool


def tactics_of(snapshots: Collection[int]) -> list[HeldTactic]:
    """The tactics of snapshots that have a short name, those let go of first; one query."""
    rows = SnapshotObject.objects.filter(snapshot__in=snapshots).of_type(TACTIC)
    found = []
    for snapshot, key, stix_id, name, revoked, deprecated, canonical in rows.values_list(
        *("snapshot_id", "object_id", "object__stix_id", "version__name"),
        *("version__revoked", "version__deprecated", "version__content__canonical"),
    ):
        short_name = orjson.loads(canonical).get("x_mitre_shortname")
        if isinstance(short_name, str):
            live = not (revoked or deprecated)
            found.append(HeldTactic(snapshot, key, stix_id, short_name, name, live))
    return sorted(found, key=lambda tactic: (tactic.live, tactic.stix_id))


def tactics_by_name(snapshots: Collection[int]) -> dict[int, TacticsByName]:
    """The tactic that each short name stands for in each of some snapshots, a live one if any.

    One query; none without snapshots.
    """
    found: dict[int, dict[str, NamedTactic]] = defaultdict(dict)
    for tactic in tactics_of(snapshots) if snapshots else ():
        named = NamedTactic(tactic.stix_id, tactic.name)
        found[tactic.snapshot_id][tactic.short_name] = named
    return {snapshot: found[snapshot] for snapshot in snapshots}
