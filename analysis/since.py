"""What the release shown changed of an object, compared with the release before it that is held."""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.words import joined
from library.changes import Change
from library.comparison import Transition, compare
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.identifiers import is_sample, release_order
from library.models import Snapshot, SnapshotObject

# Changes told one by one.
MOST_TOLD = 4
MOST_KEPT = 4096


def since_last_release(shelf: Shelf, held: HeldObject) -> SafeString | None:
    """What the release shown changed of an object, in a sentence; None where it is nothing.

    Three queries for an object that this process has not told of before.
    """
    row = held.rows[0]
    earlier = _before(shelf.newest_snapshot, shelf.snapshot_count, row.snapshot_id)
    if earlier is None:
        return None
    snapshot, release = earlier
    found = _changes(row.object_id, snapshot, row.snapshot_id, row.version_id)
    shown = row.snapshot.attack_version
    if found is None:
        return format_html("New in release {}: {} did not have it.", shown, release)
    if not found:
        return None
    told = [change.phrase for change in found[:MOST_TOLD]]
    left = len(found) - len(told)
    if left:
        told.append(f"{left} other change{'' if left == 1 else 's'}")
    return format_html(
        'Since {}, release {} has changed: <a href="{}#history">{}</a>.',
        release,
        shown,
        held.href,
        joined(escape(phrase) for phrase in told),
    )


@lru_cache(maxsize=64)
def _before(newest: int, count: int, snapshot_id: int) -> tuple[int, str] | None:
    """The snapshot of the release before, with its release; one query while snapshots stay."""
    del newest, count
    held = list(Snapshot.objects.defer("objects_by_type"))
    shown = next(snapshot for snapshot in held if snapshot.pk == snapshot_id)
    order = release_order(shown.attack_version)
    earlier = [
        snapshot
        for snapshot in held
        if snapshot.domain == shown.domain
        and release_order(snapshot.attack_version) < order
        and is_sample(snapshot.attack_version) is is_sample(shown.attack_version)
    ]
    if not earlier:
        return None
    last = max(
        earlier,
        key=lambda found: (
            release_order(found.attack_version),
            found.provenance == "official",
            found.pk,
        ),
    )
    return last.pk, last.attack_version


@lru_cache(maxsize=MOST_KEPT)
def _changes(object_id: int, earlier: int, shown: int, version: int) -> tuple[Change, ...] | None:
    """What changed between two snapshots; None for an object that the earlier one lacks."""
    was = SnapshotObject.objects.filter(snapshot=earlier, object=object_id)
    before = was.values_list("version_id", flat=True).first()
    if before is None:
        return None
    asked = Transition(object_id, earlier, before, shown, version)
    return compare([asked])[asked]
