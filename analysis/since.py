"""What the release shown changed, compared with the release before it that is held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.words import amount, joined
from library.addresses import difference_query
from library.changes import Change
from library.comparison import Transition, compare
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.models import Snapshot, SnapshotObject

# Changes told one by one.
MOST_TOLD = 4
MOST_KEPT = 4096


class Place(NamedTuple):
    """One object as a snapshot that is shown holds it, by their keys."""

    object_id: int
    snapshot_id: int
    version_id: int


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """What a release changed of one object."""

    before: str
    """The release before it."""

    changes: tuple[Change, ...] = ()
    is_new: bool = False
    """Whether the release before did not have it."""


def changes_of_release(shelf: Shelf, places: Iterable[Place]) -> dict[int, ReleaseChange]:
    """What the releases shown changed of objects, by their keys; nothing of what they did not.

    At most three queries, and two a domain, for what this process has not told of before.
    """
    shown = {snapshot.pk: snapshot for snapshot in shelf.snapshots}
    held = (shelf.newest_snapshot, shelf.snapshot_count)
    earlier = {
        key: before
        for key, snapshot in shown.items()
        if (before := _before(*held, snapshot.domain, snapshot.attack_version))
    }
    asked = [
        (place, earlier[place.snapshot_id]) for place in places if place.snapshot_id in earlier
    ]
    changes = _changes(tuple((place, key) for place, (key, _) in asked))
    return {
        place.object_id: ReleaseChange(release, changes[place] or (), changes[place] is None)
        for place, (_, release) in asked
        if changes[place] != ()
    }


def since_last_release(shelf: Shelf, held: HeldObject) -> SafeString | None:
    """What the release shown changed of an object, in a sentence; None where it is nothing."""
    row = held.rows[0]
    place = Place(row.object_id, row.snapshot_id, row.version_id)
    found = changes_of_release(shelf, [place]).get(row.object_id)
    if found is None:
        return None
    shown = row.snapshot.attack_version
    if found.is_new:
        return format_html("New in release {}: {} did not have it.", shown, found.before)
    query = difference_query(found.before, shown, row.snapshot.domain)
    return format_html(
        'Since {}, release {} has changed: <a href="{}{}">{}</a>.',
        found.before,
        shown,
        held.history_href,
        query,
        joined(escape(phrase) for phrase in told(found.changes)),
    )


def told(changes: Sequence[Change]) -> list[str]:
    """The weightiest changes one by one, and how many others there are."""
    phrases = [change.phrase for change in changes[:MOST_TOLD]]
    left = len(changes) - len(phrases)
    if left:
        phrases.append(amount(left, "other change"))
    return phrases


@lru_cache(maxsize=64)
def _before(newest: int, count: int, domain: str, release: str) -> tuple[int, str] | None:
    """The snapshot of the release before, with its release; asked anew when snapshots change."""
    del newest, count
    found = Snapshot.objects.before(domain, release)
    return (found.pk, found.attack_version) if found else None


@lru_cache(maxsize=MOST_KEPT)
def _changes(
    asked: tuple[tuple[Place, int], ...],
) -> dict[Place, tuple[Change, ...] | None]:
    """What changed of objects since an earlier snapshot each; None of those it does not hold."""
    rows = SnapshotObject.objects.filter(
        snapshot__in={earlier for _, earlier in asked},
        object__in={place.object_id for place, _ in asked},
    )
    versions = {
        (snapshot, object_id): version
        for snapshot, object_id, version in rows.values_list(
            "snapshot_id", "object_id", "version_id"
        )
    }
    transitions = {
        place: Transition(place.object_id, earlier, before, place.snapshot_id, place.version_id)
        for place, earlier in asked
        if (before := versions.get((earlier, place.object_id))) is not None
    }
    compared = compare(set(transitions.values()))
    return {
        place: compared[transitions[place]] if place in transitions else None for place, _ in asked
    }
