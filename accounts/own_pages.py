"""What somebody does about their own sign-in: a password of their own, an end of other sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from accounts import passwords, sessions
from accounts.second_factor_pages import for_signed_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from accounts.site import StaffSite


@sensitive_post_parameters()
@for_signed_in
def first_password(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001
    """Where a password that somebody else has given is changed, before anything else."""
    if not passwords.is_owed(request):
        return HttpResponseRedirect(reverse("admin:index"))
    answer: HttpResponse = _site().password_change(request, {"is_first": True})
    if answer.status_code == 302:
        del request.session[passwords.OWED]
        messages.success(request, "Your password is changed.")
        return HttpResponseRedirect(reverse("admin:index"))
    return answer


@sensitive_post_parameters("password")
def own_sessions(request: HttpRequest) -> HttpResponse:
    """The sign-ins of who asks; sent with the password, all but this one end."""
    user = cast("User", request.user)
    error = ""
    asks = sessions.asks_again(request)
    if request.method == "POST":
        given = request.POST.get("password", "")
        if not asks or sessions.is_password(request, given):
            ended = sessions.end_others(request, user)
            said = f"{ended} other sign-in{'' if ended == 1 else 's'} ended."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("admin:own-sessions"))
        error = "Nothing was ended: that is not your password."
    shown = {
        **_site().each_context(request),
        "title": "Where you are signed in",
        "open": sessions.open_sessions(request, user),
        "asks": asks,
        "error": error,
    }
    return render(request, "accounts/sessions.html", shown, status=400 if error else 200)


def _site() -> StaffSite:
    return cast("StaffSite", admin.site)
