"""The pages of authoring. Each asks whether the user may, then shows or does one thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from analysis.authoring.acts import (
    demand,
    held_here,
    named,
    offers,
    snapshots_shown,
    user_of,
)
from analysis.authoring.comparison import became, differences
from analysis.authoring.form import WritingForm, writing_of
from analysis.authoring.queues import (
    MISSING,
    PAGE_SIZE,
    PURPOSES,
    TITLES,
    counts,
    kinds_offered,
    object_of_id,
    unwritten,
    waiting,
)
from analysis.derivation import derivation
from analysis.models import Revision, State, Take
from analysis.published import resolver, sections_html
from analysis.roles import WRITE
from analysis.sheet import OF_SAMPLE, sheet_of
from analysis.take import ShownTake
from analysis.workflow import ConflictError, RefusedError, save
from analysis.writing import SeenVersion, Subject, problems
from library.conditional import Shelf, current_shelf
from library.contexts.held import HeldObject, find_by_stix_id
from library.parameters import offset


def _page(request: HttpRequest, title: str, **shown: Any) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title, **shown}


def queue_links() -> list[tuple[str, str, int]]:
    """The queues: address, title, and how many wait in each."""
    numbers = counts(current_shelf())
    return [
        (reverse("admin:take-queue", args=[name]), title, numbers[name])
        for name, title in TITLES.items()
    ]


def choose(request: HttpRequest) -> HttpResponse:
    """Which object to write on: by its ATT&CK ID or its STIX id."""
    demand(request, WRITE)
    asked = request.POST.get("asked", "")[:200] if request.method == "POST" else ""
    shelf = current_shelf()
    found = object_of_id(shelf, asked) if asked else []
    if len(found) == 1:
        return HttpResponseRedirect(reverse("admin:take-write", args=found))
    choices = [held_here(shelf, stix_id) for stix_id in found]
    error = f"The release that readers see holds no “{asked}”." if asked and not found else ""
    shown = _page(request, "Write a Take", asked=asked, choices=choices, error=error)
    return render(request, "analysis/authoring/choose.html", shown)


def write(request: HttpRequest, stix_id: str) -> HttpResponse:
    """The form of a Take beside its preview and evidence; sent, a new revision."""
    demand(request, WRITE)
    shelf = current_shelf()
    held = held_here(shelf, stix_id)
    subject = Subject.of(held)
    known = Revision.objects.of_objects([stix_id])
    newest = known.order_by("-number").first()
    based_on = newest.number if newest else 0
    seen = named(row.snapshot.pk for row in held.rows)
    attempt = Attempt(WritingForm.of(known.to_go_on_from(), based_on, subject.version, seen))
    if request.method == "POST":
        attempt = _save(request, subject, seen)
        if attempt.made is not None:
            return HttpResponseRedirect(
                reverse("admin:analysis_take_change", args=[attempt.made.take_id])
            )
    form, theirs = attempt.form, attempt.theirs
    shown = _page(
        request,
        f"Write: {held.attack_id} {held.name}",
        held=held,
        form=form,
        newest=newest,
        theirs=theirs,
        seen=attempt.seen,
        became=became(subject, attempt.seen) if attempt.seen else None,
        conflict=differences(writing_of(theirs), form.writing) if theirs else [],
        **_preview(shelf, form),
        derived=_derived(shelf, held),
    )
    status = 409 if theirs or attempt.seen else 400 if form.problems else 200
    return render(request, "analysis/authoring/write.html", shown, status=status)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form as it stands after it was sent, and what came of it."""

    form: WritingForm
    made: Revision | None = None
    theirs: Revision | None = None
    """What somebody else saved after the form was opened."""

    seen: SeenVersion | None = None
    """The version that the author had before them, where readers see another, or
    another release of it, by now."""


def _save(request: HttpRequest, subject: Subject, shown: str) -> Attempt:
    """Save what an author sent, or say why it was not and keep it in the form."""
    form = WritingForm.sent(request.POST)
    if found := problems(form.writing, subject.stix_id):
        messages.error(request, "Nothing was saved: what is wrong is said beside each field.")
        return Attempt(replace(form, problems=tuple(found)))
    if form.against != subject.version:
        messages.error(request, "Nothing was saved: readers see another version of the object.")
        return Attempt(replace(form, against=subject.version, shown=shown), seen=form.against)
    if form.shown != shown:
        messages.error(request, "Nothing was saved: readers see another release of the object.")
        return Attempt(replace(form, shown=shown), seen=form.against)
    try:
        made = save(subject, form.writing, user_of(request), form.based_on)
    except ConflictError as conflict:
        messages.error(request, str(conflict))
        theirs = conflict.newest
        return Attempt(replace(form, based_on=theirs.number), theirs=theirs)
    except RefusedError as refused:
        messages.error(request, str(refused))
        return Attempt(form)
    # By this word the browser knows that it need not keep the text.
    messages.success(request, f"Saved as revision {made.number}.", extra_tags="saved")
    return Attempt(form, made)


@require_POST
def preview(request: HttpRequest, stix_id: str) -> HttpResponse:
    """What readers would see of a text, as it is being written."""
    demand(request, WRITE)
    form = WritingForm.sent(request.POST)
    shown = {
        **_preview(current_shelf(), form),
        "problems": problems(form.writing, stix_id),
    }
    return render(request, "analysis/authoring/_preview.html", shown)


def _preview(shelf: Shelf, form: WritingForm) -> dict[str, Any]:
    """What readers would see, how many words it has, and what of it paper leaves out."""
    resolve = resolver(shelf.snapshot_ids, "")
    # What is too long is said to be so, and not rendered: that could take seconds.
    take = ShownTake(sections_html(form.writing.within_limits, resolve), is_derived=False)
    # Sooner or later readers are told that MITRE has changed the object.
    above = (
        *(OF_SAMPLE if shelf.sample else ()),
        form.writing.confidence_why,
        "A notice to readers",
    )
    return {"take": take, "words": form.words, "paper": sheet_of(take.sections, above)}


def _derived(shelf: Shelf, held: HeldObject) -> ShownTake | None:
    made = derivation(shelf, held)
    return made.take if made else None


@require_safe
def take(request: HttpRequest, take_id: str) -> HttpResponse:
    """The page of a Take: its revisions, what was done to them, what may be done now."""
    demand(request, "analysis.view_take")
    if not take_id.isascii() or not take_id.isdigit() or len(take_id) > 9:
        raise Http404("no such Take")
    found = get_object_or_404(Take, pk=int(take_id))
    revisions = list(found.revisions.prefetch_related("acts"))
    shelf = current_shelf()
    held = find_by_stix_id(shelf, found.stix_id)
    newest = revisions[0] if revisions else None
    current = [r for r in revisions if r.state in (State.DRAFT, State.IN_REVIEW, State.PUBLISHED)]
    resolve = resolver(shelf.snapshot_ids, "")
    snapshots = snapshots_shown(shelf, current)
    shown = _page(
        request,
        f"Take: {newest}" if newest else str(found),
        found=found,
        held=held,
        revisions=revisions,
        current=[
            (
                revision,
                ShownTake(sections_html(revision.sections, resolve)),
                offers(shelf, user_of(request), revision, snapshots),
            )
            for revision in current
        ],
        may_write=request.user.has_perm(WRITE) and held is not None,
    )
    return render(request, "analysis/authoring/take.html", shown)


@require_safe
def compare(request: HttpRequest, take_id: int) -> HttpResponse:
    """What became of the text between any two revisions of a Take."""
    demand(request, "analysis.view_take")
    found = get_object_or_404(Take, pk=take_id)
    numbers = [request.GET.get(name, "") for name in ("from", "to")]
    chosen = [
        get_object_or_404(Revision, take=found, number=int(number))
        for number in numbers
        if number.isascii() and number.isdigit() and len(number) < 7
    ]
    if len(chosen) < 2:
        raise Http404("name two revisions: ?from=1&to=2")
    before, after = chosen
    shown = _page(
        request,
        f"{after.attack_id} {after.name}: revisions {before.number} and {after.number}",
        found=found,
        before=before,
        after=after,
        differences=differences(writing_of(before), writing_of(after)),
    )
    return render(request, "analysis/authoring/compare.html", shown)


@require_safe
def queue(request: HttpRequest, queue: str) -> HttpResponse:
    """What waits for somebody."""
    demand(request, "analysis.view_take")
    if queue not in TITLES:
        raise Http404("no such queue")
    shelf = current_shelf()
    shown = _page(
        request,
        TITLES[queue],
        queue=queue,
        purpose=PURPOSES[queue],
        may_write=request.user.has_perm(WRITE),
    )
    if queue == MISSING:
        kind = request.GET.get("type", "")
        found = unwritten(shelf, kind)
        start = min(offset(request.GET.get("offset", "")), max(0, len(found) - 1))
        start -= start % PAGE_SIZE
        shown |= {
            "kinds": kinds_offered(),
            "kind": kind,
            "total": len(found),
            "start": start,
            "entries": found[start : start + PAGE_SIZE],
            "following": start + PAGE_SIZE if start + PAGE_SIZE < len(found) else None,
            "previous": start - PAGE_SIZE if start else None,
        }
        return render(request, "analysis/authoring/missing.html", shown)
    entries = waiting(shelf, queue)
    snapshots = snapshots_shown(shelf, [entry.revision for entry in entries])
    shown["entries"] = [
        (entry, offers(shelf, user_of(request), entry.revision, snapshots, queue))
        for entry in entries
    ]
    return render(request, "analysis/authoring/queue.html", shown)
