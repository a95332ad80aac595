"""What changed of objects between two releases, told in phrases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from library.comparison import Transition, compare

if TYPE_CHECKING:
    from library.releases.compared import ReleaseDifference
    from library.releases.members import ChangedObject


def phrases(
    compared: ReleaseDifference, objects: Iterable[ChangedObject]
) -> Mapping[int, tuple[str, ...]]:
    """What changed of objects that both releases hold, by their keys, the weightiest first.

    Two queries; some 1 ms an object.
    """
    asked = {
        changed.object_id: Transition(
            changed.object_id,
            compared.before.pk,
            changed.before.version_id,
            compared.after.pk,
            changed.after.version_id,
        )
        for changed in objects
        if changed.before and changed.after
    }
    told = compare(asked.values())
    return {key: tuple(change.phrase for change in told[at]) for key, at in asked.items()}
