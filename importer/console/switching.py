"""What readers see and what the library holds: making current, going back, deleting."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from importer import acts
from importer.console.page import actor_of, demand, shown
from importer.deletion import would_go
from importer.errors import RefusedError
from importer.roles import DELETE, SWITCH
from library.models import Edition, Snapshot


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
    """Show readers again what they saw before."""
    demand(request, SWITCH)
    try:
        messages.success(request, _told(acts.go_back(actor_of(request))))
    except RefusedError as refused:
        messages.error(request, str(refused))
    return _overview()


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, snapshot_id: int) -> HttpResponse:
    """What would go with a snapshot; with its name typed, it goes."""
    demand(request, DELETE)
    snapshot = get_object_or_404(Snapshot, pk=snapshot_id)
    phrase = f"{snapshot.domain} {snapshot.attack_version}"
    problem = ""
    if request.method == "POST":
        typed = " ".join(request.POST.get("typed", "").split())
        if typed == phrase:
            return _delete(request, snapshot)
        problem = f"Nothing was deleted: type “{phrase}” to say that you mean it."
    context = shown(
        request,
        f"Delete {phrase}",
        snapshot=snapshot,
        phrase=phrase,
        gone=would_go(snapshot),
        problem=problem,
    )
    return render(request, "importer/delete.html", context, status=400 if problem else 200)


def _delete(request: HttpRequest, snapshot: Snapshot) -> HttpResponse:
    named = f"{snapshot.domain} {snapshot.attack_version}"
    try:
        gone = acts.delete(actor_of(request), snapshot)
    except RefusedError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            f"{named} is deleted, with {gone.versions:,} object versions and"
            f" {gone.editions:,} past editions.",
        )
    return _overview()


def _told(edition: Edition | None) -> str:
    if edition is None:
        return "Nothing to change: readers see it already."
    seen = ", ".join(f"{held.domain} {held.attack_version}" for held in edition.snapshots)
    return f"Readers now see {seen or 'nothing'}."


def _overview() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:import-overview"))
