"""Storing what files add: revisions, acts, and the states that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from analysis.models import OPEN_STATES, Act, ActKind, Revision, State, Take
from analysis.takefiles.history import Continuation
from analysis.takefiles.shape import ActEntry, Against, RevisionKeys, TakeFile
from library.epoch import advance_epoch
from library.models import SnapshotObject


@dataclass(frozen=True, slots=True)
class Addition:
    """What one file adds to a Take of which these revisions are held, oldest first."""

    row: Take
    take: TakeFile
    held: list[Revision]
    found: Continuation

    @property
    def further_acts(self) -> Iterator[ActEntry]:
        """Everything done that is not held yet."""
        for _, acts in self.found.added:
            yield from acts
        for acts in self.found.done.values():
            yield from acts

    @property
    def baselines(self) -> Iterator[Against]:
        """The object versions that it names."""
        yield from (revision.written_against for revision, _ in self.found.added)
        yield from (act.against for act in self.further_acts if act.against)

    @property
    def people(self) -> Iterator[str]:
        """The names of those who wrote or did something."""
        yield from (revision.author for revision, _ in self.found.added)
        yield from (act.by for act in self.further_acts)


def store(additions: Sequence[Addition]) -> None:
    """Store what files add, inside the caller's transaction, which holds the rows of the Takes.

    Readers get new pages, once, where anything of it is for them.
    """
    shelf = _Shelf(additions)
    for addition in additions:
        shelf.add(addition)
    if shelf.touches_readers:
        advance_epoch()


class _Shelf:
    """The users and snapshots that additions name, looked up once for all of them."""

    def __init__(self, additions: Sequence[Addition]) -> None:
        self.touches_readers = False
        names = {name for addition in additions for name in addition.people}
        self._users = {user.username: user for user in User.objects.filter(username__in=names)}
        self._snapshots = _snapshots(additions)

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
            author=self._users.get(entry.author),
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
                actor=self._users.get(act.by),
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
        digest = bytes.fromhex(against.content_sha256)
        key = (stix_id, against.domain.value, against.release, digest)
        return {
            "domain": against.domain.value,
            "attack_version": against.release,
            "content_sha256": digest,
            "snapshot_id": self._snapshots.get(key),
        }


def _snapshots(additions: Iterable[Addition]) -> dict[tuple[str, str, str, bytes], int]:
    """The snapshot that stands for each object version named, where one is held; one query."""
    named = {
        bytes.fromhex(against.content_sha256)
        for addition in additions
        for against in addition.baselines
    }
    rows = SnapshotObject.objects.filter(version__content_sha256__in=named)
    columns = ("snapshot__domain", "snapshot__attack_version", "version__content_sha256")
    # What comes first is preferred.
    found: dict[tuple[str, str, str, bytes], int] = {}
    for stix_id, domain, release, digest, snapshot in rows.in_order_of_preference().values_list(
        "object__stix_id", *columns, "snapshot_id"
    ):
        found.setdefault((stix_id, domain, release, bytes(digest)), snapshot)
    return found
