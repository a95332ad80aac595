"""What is done to Takes from the pages of authoring: one request, one act, with its conditions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from analysis.authoring.form import writing_of
from analysis.authoring.queues import RETIRE, STALE, TITLES
from analysis.models import OPEN_STATES, Act, ActKind, Revision, State
from analysis.published import published
from analysis.roles import WRITE
from analysis.staleness import standings
from analysis.standing import Freshness
from analysis.workflow import RefusedError, act, already_confirmed, may
from analysis.workflow import move as move_words
from analysis.writing import UNREADABLE, Subject, problems
from library.conditional import Shelf, current_shelf
from library.contexts.held import HeldObject, find_by_stix_id
from library.identifiers import Domain, release_order
from library.models import SnapshotObject

LONGEST_NOTE: Final = 1000
DOMAINS: Final = list(Domain.values)
WORDS: Final = {
    ActKind.SUBMITTED: "Submit for review",
    ActKind.SENT_BACK: "Send back to the author",
    ActKind.APPROVED: "Approve",
    ActKind.PUBLISHED: "Publish",
    ActKind.CONFIRMED: "Still right",
    ActKind.WITHDRAWN: "Withdraw",
}
# What a queue is for; on the page of a Take everything is offered.
OF_QUEUE: Final = {STALE: {ActKind.CONFIRMED}, RETIRE: {ActKind.WITHDRAWN}}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: what it does, its words, whether it asks why, and the snapshots it is about."""

    kind: str
    words: str
    needs_reason: bool
    against: str


def user_of(request: HttpRequest) -> User:
    """Who asks; the admin site lets nobody else near."""
    assert isinstance(request.user, User)
    return request.user


def demand(request: HttpRequest, *permissions: str) -> None:
    """Go on where the user has one of these permissions; else PermissionDenied."""
    if not any(request.user.has_perm(permission) for permission in permissions):
        raise PermissionDenied


def held_here(shelf: Shelf, stix_id: str) -> HeldObject:
    """An object as readers see it; Http404 where the release does not hold it. One query."""
    held = find_by_stix_id(shelf, stix_id)
    if held is None:
        raise Http404(f"the release that readers see holds no {stix_id}")
    return held


def snapshots_shown(shelf: Shelf, revisions: Iterable[Revision]) -> dict[str, dict[str, int]]:
    """The snapshots in which readers see each object live, by STIX id and domain; one query.

    Domains stand in their order.
    """
    rows = SnapshotObject.objects.filter(
        snapshot__in=shelf.snapshots,
        object__stix_id__in=[revision.take.stix_id for revision in revisions],
        version__revoked=False,
    ).values_list("object__stix_id", "snapshot__domain", "snapshot_id")
    found: dict[str, dict[str, int]] = {}
    for stix_id, domain, snapshot in sorted(rows, key=lambda row: DOMAINS.index(row[1])):
        found.setdefault(stix_id, {})[domain] = snapshot
    return found


def offers(
    shelf: Shelf,
    user: User,
    revision: Revision,
    snapshots: dict[str, dict[str, int]],
    queue: str = "",
) -> list[Offer]:
    """What a user may do to a revision now, in a queue or on the page of its Take."""
    kinds = OF_QUEUE.get(queue, set(ActKind))
    is_open = revision.state in OPEN_STATES
    seen = snapshots.get(revision.take.stix_id, {})
    domain = _domain_of(revision, seen)
    return [
        Offer(
            kind.value,
            "Discard" if kind == ActKind.WITHDRAWN and is_open else WORDS[kind],
            _needs_reason(kind, revision),
            named(seen.values()),
        )
        for kind in ActKind
        if kind in kinds
        and may(user, revision, kind)
        and (kind != ActKind.CONFIRMED or (domain and needs_confirming(shelf, revision)))
    ]


def _domain_of(revision: Revision, seen: Collection[str]) -> str:
    """The domain in which a Take is confirmed, of those in which readers see its object live.

    The one it was written against, else the first; empty where there is none.
    """
    return revision.domain if revision.domain in seen else next(iter(seen), "")


def named(snapshots: Iterable[int]) -> str:
    """What a form says of the releases that its reader had before them, of whichever domains."""
    return " ".join(str(snapshot) for snapshot in sorted(snapshots))


@require_POST
def do(request: HttpRequest, number: int) -> HttpResponse:
    """Do something to a revision, by its key; then back to where the user was."""
    # Who may not see Takes is not told either which there are.
    demand(request, "analysis.view_take")
    revision = get_object_or_404(Revision.objects.select_related("take"), pk=number)
    kind, user = request.POST.get("kind", ""), user_of(request)
    if kind not in ActKind.values:
        raise Http404("no such act")
    try:
        note = _note(request, revision, ActKind(kind))
        # Who may not confirm at all is told that, and nothing of what was confirmed.
        confirms = kind == ActKind.CONFIRMED and may(user, revision, ActKind.CONFIRMED)
        against = _confirmed(request, revision) if confirms else None
        act(revision, ActKind(kind), user, note, against)
    except RefusedError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{revision}: {ActKind(kind).label.lower()}.")
    return _back(request, revision)


def _note(request: HttpRequest, revision: Revision, kind: ActKind) -> str:
    """Why something is done; RefusedError where a reason is due and none is given."""
    note = request.POST.get("note", "").strip()[:LONGEST_NOTE]
    if UNREADABLE.search(note):
        raise RefusedError("There is a control character in the note.")
    if not note and _needs_reason(kind, revision):
        raise RefusedError(f"“{kind.label}” needs a word of why.")
    return note


def _needs_reason(kind: ActKind, revision: Revision) -> bool:
    """Whether who does this has to say why: what is sent back, or taken from readers."""
    taken = kind == ActKind.WITHDRAWN and revision.state == State.PUBLISHED
    return kind == ActKind.SENT_BACK or taken


def _confirmed(request: HttpRequest, revision: Revision) -> Subject:
    """The object that a Take is confirmed against, as the user had it before them."""
    shelf = current_shelf()
    held = find_by_stix_id(shelf, revision.take.stix_id)
    live = tuple(row for row in held.rows if not row.version.revoked) if held else ()
    if held is None or not live:
        raise RefusedError("The release that readers see does not hold the object live.")
    domain = _domain_of(revision, [row.snapshot.domain for row in live])
    against = Subject.of(replace(held, rows=live), domain)
    # Not the object's own version alone: what relates to it may have changed in any domain.
    seen = named(row.snapshot.pk for row in live)
    if seen != request.POST.get("against", seen):
        raise RefusedError(
            "Readers have come to see another release since this page was shown: look again."
        )
    if after := _after(revision, domain, against.version.release):
        raise RefusedError(
            f"Readers see a release before {after}, which the Take was held against."
        )
    if not needs_confirming(shelf, revision):
        raise RefusedError(_needless(revision))
    return against


def _after(revision: Revision, domain: str, release: str) -> str:
    """The release of a domain after this one that a Take was held against; empty where none."""
    held = [found.attack_version for found in revision.baselines if found.domain == domain]
    last = max(held, key=release_order, default="")
    return last if release_order(release) < release_order(last) else ""


def needs_confirming(shelf: Shelf, revision: Revision) -> bool:
    """Whether MITRE changed anything that readers are told of, or a starter is to be taken over.

    Not where readers see a release before the one it was held against. At most eleven queries;
    none where the standing was asked for before.
    """
    if revision.is_unconfirmed_starter:
        return True
    found = standings(shelf, [revision])[revision.pk]
    return found.freshness != Freshness.CURRENT and not found.is_earlier


def _needless(revision: Revision) -> str:
    """Why there is nothing to confirm."""
    last = revision.baselines[-1]
    if isinstance(last, Act):
        return already_confirmed(revision, last)
    return (
        f"Nothing has changed since {revision} was written against {last.attack_version}:"
        " there is nothing to confirm."
    )


@require_POST
def move(request: HttpRequest, number: int) -> HttpResponse:
    """Begin a Take on what replaced a revoked object, with the text written on that one."""
    demand(request, WRITE)
    revision = get_object_or_404(Revision.objects.select_related("take"), pk=number)
    shelf = current_shelf()
    user = user_of(request)
    by = user.get_full_name() or user.get_username()
    note = f"Moved from the Take on {revision.attack_id} {revision.name} by {by}."
    try:
        held = held_here(shelf, _successor(shelf, revision))
        newest = Revision.objects.of_objects([held.stix_id]).order_by("-number").first()
        if newest is not None and newest.state in OPEN_STATES:
            raise RefusedError(f"{newest} is being written by {newest.author_name}: agree first.")
        if wrong := problems(replace(writing_of(revision), change_note=note), held.stix_id):
            raise RefusedError("; ".join(found.said for found in wrong))
        based_on = newest.number if newest else 0
        made = move_words(revision, Subject.of(held), note, user, based_on)
    except RefusedError as refused:
        messages.error(request, str(refused))
        return _back(request, revision)
    has_own = held.stix_id in published(shelf.epoch)
    messages.success(
        request,
        f"{note} Read it against {held.attack_id}, then hand it in; withdraw the old one."
        + (
            f" Published, it replaces the Take that {held.attack_id} has already."
            if has_own
            else ""
        ),
    )
    return HttpResponseRedirect(reverse("admin:take-write", args=[made.take.stix_id]))


def _successor(shelf: Shelf, revision: Revision) -> str:
    """What replaced the object of a published Take; RefusedError where nothing did."""
    found = standings(shelf, [revision])[revision.pk]
    if revision.state != State.PUBLISHED or not found.successor_id:
        raise RefusedError(f"{revision} is not on an object that was revoked in favour of another.")
    return found.successor_id


def _back(request: HttpRequest, revision: Revision) -> HttpResponse:
    queue = request.POST.get("queue", "")
    if queue in TITLES:
        return HttpResponseRedirect(reverse("admin:take-queue", args=[queue]))
    return HttpResponseRedirect(reverse("admin:analysis_take_change", args=[revision.take_id]))
