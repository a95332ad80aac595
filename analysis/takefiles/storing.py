"""Storing what files add: revisions, acts, and the states that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from analysis.models import OPEN_STATES, Act, ActKind, Revision, State
from analysis.takefiles.additions import Addition
from analysis.takefiles.named import Named
from analysis.takefiles.shape import ActEntry, Against, RevisionKeys
from library.epoch import advance_epoch


def store(additions: Sequence[Addition], named: Named) -> None:
    """Store what files add, inside the caller's transaction, which holds the rows of the Takes.

    Readers get new pages, once, where anything of it is for them.
    """
    shelf = _Shelf(named)
    for addition in additions:
        shelf.add(addition)
    if shelf.touches_readers:
        advance_epoch()


class _Shelf:
    """Where additions go, with the users and snapshots that they name."""

    def __init__(self, named: Named) -> None:
        self.touches_readers = False
        self._named = named

    def add(self, addition: Addition) -> None:
        """Store one of them."""
        revisions = list(addition.held)
        for at, acts in addition.found.done.items():
            self._do(revisions[at], acts)
        for at, state in addition.found.states.items():
            self._move(revisions[at], state, revisions)
        for entry, acts in addition.found.added:
            self._make_way(State(entry.state), revisions)
            made = self._create(addition, entry, len(revisions) and revisions[-1].number)
            revisions.append(made)
            self._do(made, acts)

    def _create(self, addition: Addition, entry: RevisionKeys, after: int) -> Revision:
        attack_id, name = addition.take.names_of(entry)
        return Revision.objects.create(
            take=addition.row,
            number=after + 1,
            state=entry.state,
            author=self._named.users.get(entry.author),
            author_name=entry.author,
            written_at=entry.written_at,
            is_starter=entry.starter,
            attack_id=attack_id,
            name=name,
            **self._baseline(addition.row.stix_id, entry.written_against),
            **entry.writing.columns,
        )

    def _do(self, revision: Revision, acts: Iterable[ActEntry]) -> None:
        stix_id = revision.take.stix_id
        for act in acts:
            Act.objects.create(
                revision=revision,
                kind=act.act,
                actor=self._named.users.get(act.by),
                actor_name=act.by,
                at=act.at,
                note=act.note,
                **(self._baseline(stix_id, act.against) if act.against else {}),
            )
            confirms = act.act == ActKind.CONFIRMED and revision.state == State.PUBLISHED
            self.touches_readers |= confirms

    def _make_way(self, state: State, revisions: Iterable[Revision]) -> None:
        """Supersede what has to give way to a revision in a state: one is published, one open."""
        for states in ((State.PUBLISHED,), OPEN_STATES):
            if state in states:
                for found in revisions:
                    if found.state in states:
                        self._set(found, State.SUPERSEDED)
        self.touches_readers |= state == State.PUBLISHED

    def _move(self, revision: Revision, state: State, revisions: Iterable[Revision]) -> None:
        # It may have given way to another meanwhile, which is as far as a state goes.
        if revision.state == State.SUPERSEDED:
            return
        self._make_way(state, (other for other in revisions if other is not revision))
        self._set(revision, state)

    def _set(self, revision: Revision, state: State) -> None:
        self.touches_readers |= State.PUBLISHED in (revision.state, state)
        revision.state = state
        revision.save(update_fields=["state"])

    def _baseline(self, stix_id: str, against: Against) -> dict[str, Any]:
        return {
            "domain": against.domain.value,
            "attack_version": against.release,
            "content_sha256": bytes.fromhex(against.content_sha256),
            "snapshot_id": self._named.snapshot_id(stix_id, against),
        }
