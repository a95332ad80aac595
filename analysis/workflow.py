"""The way of a revision to its readers: saving, and the acts that move it on.

Everything here happens in one transaction that holds the row of the Take, so that of two people
who act at once the second is told what the first one did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit import record
from analysis.models import OPEN_STATES, Act, ActKind, Revision, State, Take
from analysis.roles import PUBLISH, REVIEW, WRITE
from analysis.staleness import standings
from analysis.standing import Freshness
from analysis.writing import Writing, unix_lines
from library.conditional import current_shelf
from library.epoch import advance_epoch

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from analysis.writing import Subject


class RefusedError(Exception):
    """Something that may not be done now, or not by this user; the text says why, in a sentence."""


class ConflictError(RefusedError):
    """The Take has a revision that the writer has not seen."""

    def __init__(self, newest: Revision) -> None:
        super().__init__(
            # The admin site begins a message with a capital letter, and names may have none.
            f"Revision {newest.number} of this Take was saved by {newest.author_name}"
            " after you opened it. Nothing of either text is lost: compare them, then save again."
        )
        self.newest = newest


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of act: who may do it, to a revision in which states, and its state afterwards."""

    permission: str
    before: tuple[State, ...]
    after: State | None = None


STEPS: Final = {
    ActKind.SUBMITTED: Step(WRITE, (State.DRAFT,), State.IN_REVIEW),
    ActKind.SENT_BACK: Step(REVIEW, (State.IN_REVIEW,), State.DRAFT),
    ActKind.APPROVED: Step(REVIEW, (State.IN_REVIEW,)),
    ActKind.PUBLISHED: Step(PUBLISH, (State.IN_REVIEW,), State.PUBLISHED),
    ActKind.CONFIRMED: Step(REVIEW, (State.PUBLISHED,)),
    ActKind.WITHDRAWN: Step(PUBLISH, (State.PUBLISHED,), State.WITHDRAWN),
}
# A draft that is given up: by its author, or by who may withdraw what readers see.
DISCARD: Final = Step(WRITE, OPEN_STATES, State.WITHDRAWN)


def step_of(kind: ActKind, revision: Revision) -> Step:
    """What an act asks for and does, on this revision."""
    if kind == ActKind.WITHDRAWN and revision.state in OPEN_STATES:
        return DISCARD
    return STEPS[kind]


def _permission(kind: ActKind, revision: Revision, user: User) -> str:
    """What an act asks of this user: to discard another's draft is a publisher's right."""
    step = step_of(kind, revision)
    return PUBLISH if step is DISCARD and revision.author_id != user.pk else step.permission


@transaction.atomic
def save(subject: Subject, writing: Writing, by: User, based_on: int) -> Revision:
    """The draft that a user saves: a new revision, in place of the draft it is based on.

    `based_on` is the number of the newest revision that the writer has seen, 0 for none. Raises
    ConflictError where there is a newer one, RefusedError where the user may not write or the
    Take is in review.
    """
    take = _opened(subject, by, based_on)
    made = _add(take, subject, writing, by, by.get_full_name() or by.get_username())
    record(by.get_username(), "Take saved", str(made), stix_id=subject.stix_id)
    return made


@transaction.atomic
def move(revision: Revision, subject: Subject, note: str, by: User, based_on: int) -> Revision:
    """The draft on another object with the words of a revision, by who wrote them.

    With the drafts that led to it, by theirs, whose words it may have kept: of all these nobody
    approves it, just as if it had not been moved. Raises what `save` does.
    """
    take = _opened(subject, by, based_on)
    for source in _since_published(revision).order_by("number"):
        words = Writing(source.sections, source.confidence, source.confidence_why, note)
        made = _add(take, subject, words, source.author, source.author_name)
    moved = {"moved_from": str(revision), "stix_id": subject.stix_id}
    record(by.get_username(), "Take saved", str(made), **moved)
    return made


def _opened(subject: Subject, by: User, based_on: int) -> Take:
    """The Take on an object, held for this transaction, when a user may add a revision to it."""
    _demand(by, WRITE, "write Takes")
    take, _ = Take.objects.get_or_create(stix_id=subject.stix_id)
    take = Take.objects.select_for_update().get(pk=take.pk)
    newest = take.revisions.first()
    if newest is not None and newest.number != based_on:
        raise ConflictError(newest)
    if newest is None and based_on:
        raise RefusedError("The form does not say what it is based on: open it again.")
    waiting = take.revisions.filter(state=State.IN_REVIEW).first()
    if waiting is not None:
        raise RefusedError(
            f"Revision {waiting.number} is in review: it has to be published or sent back first."
        )
    return take


def _add(
    take: Take, subject: Subject, writing: Writing, author: User | None, author_name: str
) -> Revision:
    """A new draft, in place of the one before it."""
    for draft in take.revisions.filter(state=State.DRAFT):
        _set_state(draft, State.SUPERSEDED)
    newest = take.revisions.first()
    return Revision.objects.create(
        take=take,
        number=(newest.number if newest else 0) + 1,
        author=author,
        author_name=author_name,
        written_at=timezone.now(),
        attack_id=subject.attack_id,
        name=subject.name,
        **subject.baseline,
        **writing.columns,
    )


@transaction.atomic
def act(
    revision: Revision,
    kind: ActKind,
    by: User,
    note: str = "",
    against: Subject | None = None,
) -> Act:
    """The record of something done to a revision, whose state it moves on.

    A confirmation is `against` an object version. Raises RefusedError where the user may not, or
    the revision's state does not allow it (any more).
    """
    Take.objects.select_for_update().get(pk=revision.take_id)
    revision = Revision.objects.select_related("take").get(pk=revision.pk)
    step = step_of(kind, revision)
    _demand(by, _permission(kind, revision, by), f"do this: “{kind.label}”")
    if revision.state not in step.before:
        raise RefusedError(
            f"Revision {revision.number} is {revision.get_state_display().lower()} by now:"
            f" “{kind.label}” does not apply."
        )
    _check(revision, kind, by)
    if kind == ActKind.CONFIRMED:
        _check_confirmed(revision, against)
    if step.after == State.PUBLISHED:
        for published in revision.take.revisions.filter(state=State.PUBLISHED):
            _set_state(published, State.SUPERSEDED)
    done = Act.objects.create(
        revision=revision,
        kind=kind,
        actor=by,
        actor_name=by.get_full_name() or by.get_username(),
        # A clock that was set back makes nothing happen before what led to it.
        at=max(timezone.now(), revision.written_at, *(done.at for done in revision.acts.all())),
        note=unix_lines(note),
        **(against.baseline if against else {}),
    )
    said = {"note": done.note} if done.note else {}
    record(
        *(by.get_username(), f"Take {kind.value}", str(revision)),
        stix_id=revision.take.stix_id,
        **said,
    )
    touches_readers = State.PUBLISHED in (revision.state, step.after)
    if step.after is not None:
        _set_state(revision, step.after)
    if touches_readers:
        advance_epoch()
    return done


def may(user: User, revision: Revision, kind: ActKind) -> bool:
    """Whether `act` would let a user do this to a revision, as it stands at the moment."""
    step = step_of(kind, revision)
    allowed = user.has_perm(_permission(kind, revision, user))
    if not allowed or revision.state not in step.before:
        return False
    try:
        _check(revision, kind, user)
    except RefusedError:
        return False
    return True


def approval(revision: Revision) -> Act | None:
    """The approval that still holds: none from before it was last submitted or sent back."""
    decided = [a for a in revision.acts.all() if a.kind != ActKind.CONFIRMED]
    return decided[-1] if decided and decided[-1].kind == ActKind.APPROVED else None


def _check(revision: Revision, kind: ActKind, by: User) -> None:
    if kind == ActKind.APPROVED and approval(revision) is not None:
        raise RefusedError(f"Revision {revision.number} has been approved already.")
    judges = kind in (ActKind.APPROVED, ActKind.CONFIRMED)
    if judges and settings.TAKES_NEED_SECOND_PERSON and _wrote(by, revision):
        raise RefusedError(f"A Take is {kind.value} by somebody other than its author.")
    if kind == ActKind.PUBLISHED and approval(revision) is None:
        raise RefusedError(f"Revision {revision.number} has not been approved yet.")


def _check_confirmed(revision: Revision, against: Subject | None) -> None:
    """Refuse to confirm what a revision stands for already.

    A starter may be confirmed as it came: so an organisation takes it over. What was held against
    this very version is confirmed anew where the object has changed in another domain since.
    """
    if against is None:
        raise RefusedError("A confirmation says of which version of the object it is.")
    if not any(against.is_of(known) for known in revision.baselines):
        return
    standing = standings(current_shelf(), [revision])[revision.pk]
    if standing.freshness != Freshness.CURRENT:
        return
    for known in revision.confirmations:
        if against.is_of(known):
            raise RefusedError(already_confirmed(revision, known))
    if against.is_of(revision) and not revision.is_unconfirmed_starter:
        raise RefusedError(
            f"{revision} was written against this very version of the object, in"
            f" {revision.attack_version}: there is nothing to confirm."
        )


def already_confirmed(revision: Revision, confirmed: Act) -> str:
    """What is said to who confirms once more."""
    return (
        f"{revision} was confirmed against {confirmed.attack_version} already,"
        f" by {confirmed.actor_name} on {confirmed.at:%Y-%m-%d}: there is nothing to confirm."
    )


def _wrote(user: User, revision: Revision) -> bool:
    """Whether a user wrote this text or one that it may have kept.

    Who has no account here, as of a file that came in, is known by name alone.
    """
    names = {user.get_username(), user.get_full_name()} - {""}
    wrote = Q(author=user) | Q(author=None, author_name__in=names)
    return _since_published(revision).filter(wrote).exists()


def _since_published(revision: Revision) -> QuerySet[Revision]:
    """A revision, and those before it that were written since one was last published."""
    before = revision.take.revisions.filter(number__lt=revision.number)
    published = before.filter(acts__kind=ActKind.PUBLISHED).first()
    first = published.number if published else 0
    return revision.take.revisions.filter(number__gt=first, number__lte=revision.number)


def _demand(user: User, permission: str, what: str) -> None:
    if not user.has_perm(permission):
        raise RefusedError(f"{user.get_username()} may not {what}.")


def _set_state(revision: Revision, state: State) -> None:
    revision.state = state
    revision.save(update_fields=["state"])
