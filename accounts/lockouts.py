"""Lock-out after failed sign-ins, by user name and address together."""

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from glexia.clients import client_address


def address_of(request: HttpRequest) -> str | None:
    """Where a request comes from, as the database can keep it; None where that is unknown."""
    said = client_address(request)
    return None if said == "unknown" else said


def is_exempt(request: HttpRequest, credentials: dict[str, Any] | None) -> bool:  # noqa: ARG001
    """Whether a sign-in counts towards no lock-out: one by the provider, who counts them."""
    return "nonce" in (credentials or {})


def locked_out(
    request: HttpRequest,
    _response: HttpResponse | None = None,
    _credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page that says so, with when to try again."""
    wait = settings.AXES_COOLOFF_TIME
    shown = {
        **admin.site.each_context(request),
        "title": "Locked out",
        "minutes": int(wait.total_seconds()) // 60,
    }
    answer = render(request, "accounts/locked_out.html", shown, status=429)
    answer["Retry-After"] = str(int(wait.total_seconds()))
    answer["Cache-Control"] = "no-store"
    return answer


def lift(username: str) -> int:
    """How many lock-outs and counts of failed sign-ins a user name had, which are now gone."""
    _, deleted = AccessAttempt.objects.filter(username=username).delete()
    return int(deleted.get(AccessAttempt._meta.label, 0))
