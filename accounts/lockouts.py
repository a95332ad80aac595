"""Lock-out after failed sign-ins: by user name and address together, and by user name alone.

One address is let try five times. A name that is tried from many addresses is locked after more
tries, whoever makes them, except where it has been signed in from of late: so nobody is kept out
of their account by others who do not know its password.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_failure_limit
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import AuditEntry
from glexia.clients import client_address

KNOWN_FOR: Final = timedelta(days=30)
_tidying: ContextVar[bool] = ContextVar("tidying", default=False)


def is_tidying() -> bool:
    """Whether counts of failures go by themselves, with their time or after a sign-in."""
    return _tidying.get()


@contextmanager
def _by_itself() -> Iterator[None]:
    token = _tidying.set(True)
    try:
        yield
    finally:
        _tidying.reset(token)


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes' own, that counts the failures of a name from all addresses as well."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Those by name and address; as many as lock out where the name has had too many."""
        together: int = super().get_failures(request, credentials)
        limit: int = get_failure_limit(request, credentials)
        name = get_client_username(request, credentials)
        if together >= limit or not name or not _is_tried_too_often(name):
            return together
        return together if _has_signed_in_from(name, client_address(request)) else limit

    def clean_expired_user_attempts(self, *arguments: Any, **options: Any) -> int:
        """How many counts went whose time was over; nobody has lifted anything."""
        with _by_itself():
            return int(super().clean_expired_user_attempts(*arguments, **options))

    def reset_user_attempts(self, *arguments: Any, **options: Any) -> int:
        """How many counts went since who they are of has signed in; nobody has lifted anything."""
        with _by_itself():
            return int(super().reset_user_attempts(*arguments, **options))


def _is_tried_too_often(name: str) -> bool:
    """Whether a name has failed too often lately, wherever from; one query, of an index."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    lately = AccessAttempt.objects.filter(username=name, attempt_time__gte=since)
    failures = lately.aggregate(failures=Sum("failures_since_start"))["failures"] or 0
    return bool(failures >= settings.LOCKOUT_NAME_FAILURES)


def _has_signed_in_from(name: str, address: str) -> bool:
    """Whether a name has signed in from an address in the last 30 days; one query."""
    since = timezone.now() - KNOWN_FOR
    entries = AuditEntry.objects.filter(actor=name, action="signed in", at__gte=since)
    return entries.filter(details__address=address).exists()


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
