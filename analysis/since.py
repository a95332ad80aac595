"""What the release shown changed, compared with the release before it that is held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from analysis.sensing import compare_sensed
from analysis.words import listed, paragraph
from library.addresses import difference_query
from library.changes import Change
from library.comparison import Transition
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.identifiers import Domain
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
    """What the release of one domain changed of one object."""

    domain: Domain
    before: str
    """The release before it that is held; of those between, what each changed is not known."""

    changes: tuple[Change, ...] = ()
    is_new: bool = False
    """Whether the release before did not have it."""


def changes_of_release(shelf: Shelf, places: Iterable[Place]) -> dict[Place, ReleaseChange]:
    """What the releases shown changed of objects in a domain; nothing of what they did not.

    At most four queries, and two a domain, for what this process has not told of before.
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
        place: ReleaseChange(
            Domain(shown[place.snapshot_id].domain),
            release,
            changes[place] or (),
            changes[place] is None,
        )
        for place, (_, release) in asked
        if changes[place] != ()
    }


def since_last_release(shelf: Shelf, held: HeldObject) -> SafeString | None:
    """What the releases shown changed of an object, a sentence a domain; None where it is nothing.

    Which of several releases brought a change is not known where not all of them are held, so that
    it is told as having come since the earlier.
    """
    rows = {Place(row.object_id, row.snapshot_id, row.version_id): row for row in held.rows}
    found = changes_of_release(shelf, rows)
    said = [
        _said(held, found[place], row.snapshot.attack_version)
        for place, row in rows.items()
        if place in found
    ]
    return paragraph(said) or None


def _said(held: HeldObject, change: ReleaseChange, shown: str) -> SafeString:
    where = f" in {change.domain.label}" if len(held.rows) > 1 else ""
    if change.is_new:
        return format_html("New{} since {}, which did not have it.", where, change.before)
    return format_html(
        'Changed{} from {} to {}: <a href="{}{}">{}</a>.',
        where,
        change.before,
        shown,
        held.history_href,
        difference_query(change.before, shown, change.domain),
        listed([change.phrase for change in change.changes], MOST_TOLD),
    )


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
    ).values_list("snapshot_id", "object_id", "version_id", "object__stix_type")
    versions, types = {}, {}
    for snapshot, object_id, version, stix_type in rows:
        versions[snapshot, object_id] = version
        types[object_id] = stix_type
    transitions = {
        place: Transition(place.object_id, earlier, before, place.snapshot_id, place.version_id)
        for place, earlier in asked
        if (before := versions.get((earlier, place.object_id))) is not None
    }
    compared = compare_sensed(set(transitions.values()), types)
    return {
        place: compared[transitions[place]] if place in transitions else None for place, _ in asked
    }
