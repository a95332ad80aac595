"""Whether what a file says was done to a text could be done in that order (`analysis.workflow`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from analysis.models import OPEN_STATES, ActKind, State
from analysis.takefiles.problems import Path
from analysis.takefiles.reading import ReadFile
from analysis.takefiles.shape import ActEntry, RevisionKeys
from analysis.workflow import DISCARD, STEPS, Step

type States = frozenset[State]
# A file need not say who handed a text in.
OPEN: Final[States] = frozenset(OPEN_STATES)
SHOWN: Final[States] = frozenset({State.PUBLISHED})
NOWHERE: Final[States] = frozenset()


def starts_of_new(revision: RevisionKeys) -> States:
    """The states that a text new here may have had before anything that its file says was done.

    A starter came published, and so may a text have whose file tells no publication.
    """
    told = any(act.act == ActKind.PUBLISHED for act in revision.acts)
    was_shown = revision.starter or (revision.state not in OPEN and not told)
    return OPEN | SHOWN if was_shown else OPEN


def starts_of_held(held: RevisionKeys) -> States:
    """The states that a text held may have had before what a file says was further done to it.

    Of one that gave way to another after readers saw it more may have been done elsewhere before;
    to one that gave way as a draft, or was withdrawn, nothing is done any more.
    """
    if held.state in OPEN:
        return OPEN
    was_shown = held.starter or any(act.act == ActKind.PUBLISHED for act in held.acts)
    if held.state == State.PUBLISHED or (held.state == State.SUPERSEDED and was_shown):
        return SHOWN
    return NOWHERE


def out_of_order(
    file: ReadFile,
    revision: RevisionKeys,
    acts: Iterable[ActEntry],
    states: States,
    before: Sequence[ActEntry] = (),
) -> Iterator[tuple[Path, str]]:
    """The first of some acts that could not be done to a text by then, and why.

    `states` are those that it may have had before them, `before` what was done to it till then.
    """
    decided = [act.act for act in before if act.act != ActKind.CONFIRMED]
    last = decided[-1] if decided else None
    for act in acts:
        after = frozenset().union(*(_after(act.act, state) for state in states))
        needs_approval = act.act == ActKind.PUBLISHED and last != ActKind.APPROVED
        is_again = act.act == last == ActKind.APPROVED
        if not after or needs_approval or is_again:
            place = (*place_of(file, revision, act), "act")
            if needs_approval and after:
                yield place, "nothing above says that this text was approved"
            else:
                yield place, "this could not be done to this text by then"
            return
        states = after
        last = last if act.act == ActKind.CONFIRMED else act.act


def place_of(file: ReadFile, revision: RevisionKeys, act: ActEntry) -> Path:
    """Where an act stands in a file."""
    at = next(at for at, found in enumerate(revision.acts) if found is act)
    return (*file.path_of(revision), "acts", at)


def _after(kind: ActKind, state: State) -> States:
    """The state that an act leads to from another; none where it does not apply."""
    steps: list[Step] = [STEPS[kind], *([DISCARD] if kind == ActKind.WITHDRAWN else [])]
    return frozenset(step.after or state for step in steps if state in step.before)
