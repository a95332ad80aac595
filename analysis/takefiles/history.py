"""How the history that a file has continues the one that is held here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from analysis.models import State
from analysis.takefiles.shape import ActEntry, RevisionKeys

OTHER_HISTORY: Final = (
    "its history is not the one held here, so it is not known what follows what:"
    " export the Take and edit that file"
)
OTHER_ACTS: Final = (
    "what was done to this revision is not what was done to it here: export the Take anew"
)
# Where each state may lead, in one step or several.
FOLLOWING: Final = {
    State.DRAFT: {State.IN_REVIEW, State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN},
    State.IN_REVIEW: {State.DRAFT, State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN},
    State.PUBLISHED: {State.SUPERSEDED, State.WITHDRAWN},
}


class HistoryError(Exception):
    """A file that does not continue what is held: at which of its revisions, and why."""

    def __init__(self, revision: RevisionKeys, message: str) -> None:
        super().__init__(message)
        self.revision = revision


@dataclass
class Continuation:
    """What a file adds to the revisions held."""

    added: list[tuple[RevisionKeys, list[ActEntry]]] = field(default_factory=list)
    """Further revisions, oldest first, each with what was done to it."""

    done: dict[int, list[ActEntry]] = field(default_factory=dict)
    """What was further done to revisions held, by their place."""

    states: dict[int, State] = field(default_factory=dict)
    """The states that revisions held move on to, by their place."""


def continuation(filed: Sequence[RevisionKeys], held: Sequence[RevisionKeys]) -> Continuation:
    """What a file adds to what is held, both oldest first.

    Nothing where all of it is held; else its last revisions where it begins with all that is held;
    else its newest alone, where only that is not held: somebody edited the file. Raises
    HistoryError for anything else.
    """
    places = {revision.identity: at for at, revision in enumerate(held)}
    new = [revision for revision in filed if revision.identity not in places]
    begins = [revision.identity for revision in filed[: len(held)]] == list(places)
    edited = new == [filed[-1]]
    if new and not (begins or edited):
        raise HistoryError(filed[-1], OTHER_HISTORY)
    # Who edits a published text in its file leaves below it what was done to the text before.
    owners = {act.identity: at for at, revision in enumerate(held) for act in revision.acts}
    made = Continuation()
    for revision in filed:
        at = places.get(revision.identity)
        acts = [act for act in revision.acts if owners.get(act.identity, at) == at]
        if at is None:
            made.added.append((revision, acts))
        else:
            _continue(made, revision, acts, at, held[at], moves=bool(new))
    return made


def _continue(
    made: Continuation,
    filed: RevisionKeys,
    acts: list[ActEntry],
    at: int,
    held: RevisionKeys,
    *,
    moves: bool,
) -> None:
    """Add what a file says of a revision that is held; `moves` where newer ones follow it."""
    theirs, ours = ([act.identity for act in found] for found in (acts, held.acts))
    if ours == theirs[: len(ours)]:
        further = acts[len(ours) :]
        if further:
            made.done[at] = further
        if (further or moves) and filed.state in FOLLOWING.get(held.state, ()):
            made.states[at] = filed.state
    elif theirs != ours[: len(theirs)]:
        raise HistoryError(filed, OTHER_ACTS)
