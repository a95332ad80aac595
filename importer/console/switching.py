"""What readers see and what the library holds: making current, going back, deleting."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sessions
from importer import acts
from importer.console.page import actor_of, demand, shown
from importer.deletion import others_of_release, would_go
from importer.errors import RefusedError
from importer.roles import DELETE, SWITCH
from library.models import Edition, Snapshot

LONGEST_NUMBER: Final = 19


@require_POST
def make_current(request: HttpRequest, snapshot_id: int) -> HttpResponse:
    """Show a snapshot to readers."""
    demand(request, SWITCH)
    snapshot = get_object_or_404(Snapshot, pk=snapshot_id)
    try:
        edition = acts.make_current(actor_of(request), snapshot)
    except RefusedError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _told(edition))
    return _overview()


@require_POST
def go_back(request: HttpRequest) -> HttpResponse:
    """Show readers again what they saw before, as the page named it."""
    demand(request, SWITCH)
    shown_then, target = (_number(request.POST.get(name, "")) for name in ("from", "to"))
    try:
        messages.success(request, _told(acts.go_back(actor_of(request), shown_then, target)))
    except RefusedError as refused:
        messages.error(request, str(refused))
    return _overview()


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, snapshot_id: int) -> HttpResponse:
    """What would go with a snapshot; with its name typed, it goes.

    Who signed in a while ago gives the password as well.
    """
    demand(request, DELETE)
    snapshot = get_object_or_404(Snapshot, pk=snapshot_id)
    phrase = _phrase(snapshot)
    problem, asks = "", sessions.asks_again(request)
    if request.method == "POST":
        typed = " ".join(request.POST.get("typed", "").split())
        if typed != phrase:
            problem = f"Nothing was deleted: type “{phrase}” to say that you mean it."
        elif asks and not sessions.is_password(request, request.POST.get("password", "")):
            problem = "Nothing was deleted: that is not your password."
        else:
            return _delete(request, snapshot)
    context = shown(
        request,
        f"Delete {phrase}",
        snapshot=snapshot,
        phrase=phrase,
        gone=would_go(snapshot),
        problem=problem,
        asks=asks,
    )
    return render(request, "importer/delete.html", context, status=400 if problem else 200)


def _delete(request: HttpRequest, snapshot: Snapshot) -> HttpResponse:
    named = _phrase(snapshot)
    try:
        gone = acts.delete(actor_of(request), snapshot)
    except RefusedError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            f"{named} is deleted, with {gone.versions:,} object versions, {gone.findings:,}"
            f" findings and {gone.editions:,} past editions.",
        )
    return _overview()


def _phrase(snapshot: Snapshot) -> str:
    """What to type for it: its release, and of several snapshots of that which one it is."""
    named = f"{snapshot.domain} {snapshot.attack_version}"
    return f"{named} {snapshot.sha256[:8]}" if others_of_release(snapshot).exists() else named


def _number(sent: str) -> int:
    """The number of an edition; 0, which is none, for what is not one."""
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < LONGEST_NUMBER else 0


def _told(edition: Edition | None) -> str:
    if edition is None:
        return "Nothing to change: readers see it already."
    seen = ", ".join(f"{held.domain} {held.attack_version}" for held in edition.snapshots)
    return f"Readers now see {seen or 'nothing'}."


def _overview() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:import-overview"))
