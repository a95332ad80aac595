"""A Navigator layer of the later of two releases: what is new, moved, changed and gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from library.files.navigator import Mark
from library.releases.highlights import told_move
from library.releases.kinds import ChangeKind
from library.releases.matrix import BACK, CHANGED, GONE, MEANINGS, MOVED, NEW, technique_marks
from library.releases.told import phrases

if TYPE_CHECKING:
    from library.releases.compared import ReleaseDifference
    from library.releases.members import ChangedObject

COLOURS: Final = {
    NEW: "#9fd8a8",
    BACK: "#a9dcd9",
    MOVED: "#9cc3f0",
    CHANGED: "#f6de8a",
    GONE: "#e6a8a0",
}
LEGEND: Final = {f"{mark}: {MEANINGS[mark]}": colour for mark, colour in COLOURS.items()}


def changed_techniques(compared: ReleaseDifference) -> list[Mark]:
    """The techniques that matrices mark, each with what became of it; four queries.

    One that is gone is left out where MITRE has given its ID to another that is marked.
    """
    marks = technique_marks(compared)
    marked = [found for key in marks if (found := compared.of_object.get(key))]
    told = phrases(compared, marked)
    by_id: dict[str, Mark] = {}
    for object_id, mark in sorted(marks.items(), key=lambda each: each[1] != GONE):
        changed, end = compared.of_object.get(object_id), compared.ends.get(object_id)
        attack_id = changed.shown.attack_id if changed else end.attack_id if end else ""
        if attack_id:
            said = list(_said(compared, object_id, mark, changed))
            comment = "\n".join((*said, *told.get(object_id, ())))
            by_id[attack_id] = Mark(attack_id, comment=comment, colour=COLOURS[mark])
    return list(by_id.values())


def _said(
    compared: ReleaseDifference, object_id: int, mark: str, changed: ChangedObject | None
) -> Iterator[str]:
    """What its mark means for one technique, as far as the phrases of its changes do not say it."""
    release = compared.after.attack_version
    if mark == NEW:
        yield f"New in {release}"
    elif mark == BACK:
        yield f"Live again in {release}"
    elif mark == MOVED:
        yield f"Moved: {told_move(compared.moved[object_id])}"
    elif changed is not None and changed.kind is ChangeKind.DELETIONS:
        yield f"No longer in the bundle of {release}"
    elif changed is not None and changed.kind is ChangeKind.REVOCATIONS:
        chain = compared.replaced_by(object_id)
        named = ", and that in favour of ".join(end.called for end in chain)
        yield f"Revoked in {release}" + (f" in favour of {named}" if named else "")
