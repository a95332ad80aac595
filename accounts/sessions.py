"""How long a sign-in lasts: it ends when nobody uses it, after hours in any case, and when told to.

The session says when it began and when it was last used, the latter to the minute, so that not
every request writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY, authenticate
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.actors import current_address
from accounts.audit import record

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

type Held = SessionBase | dict[str, Any]

BEGUN, SEEN, ADDRESS = "signed_in_at", "seen_at", "address"
SAVED_SECONDS: Final = 60
# How long after signing in the password need not be given again.
FRESH_SECONDS: Final = 600
LONGEST_SENT: Final = 4096
# Of all that are open, so many are looked at.
MOST: Final = 10_000


class StaffSessions(SessionMiddleware):
    """Sessions of the staff, whose cookie stands below the admin site: readers are answered alike.

    Django takes a cookie back that can be none of its own, from whatever page it is sent to.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The answer, with the cookie of the session where it is one of the admin site."""
        if not request.path_info.startswith(settings.SESSION_COOKIE_PATH):
            return response
        return super().process_response(request, response)


@dataclass(frozen=True, slots=True)
class Open:
    """A sign-in that has not ended."""

    key: str
    begun: datetime
    seen: datetime
    address: str
    is_own: bool
    """Whether it is the one that asks."""


def begin(request: HttpRequest) -> None:
    """Note on a new session that it begins."""
    now = int(time.time())
    request.session.update({BEGUN: now, SEEN: now, ADDRESS: current_address()})


def bounded(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that ends what is over before anybody goes by it; nothing is read for readers."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(settings.SESSION_COOKIE_PATH) and SESSION_KEY in request.session:
            _look(request)
        return answer(request)

    return respond


def asks_again(request: HttpRequest) -> bool:
    """Whether who asks must give the password again for what cannot be undone.

    Who signed in within the last ten minutes need not, nor who has none: they come by the provider.
    """
    is_fresh = 0 <= time.time() - request.session.get(BEGUN, 0) < FRESH_SECONDS
    return not is_fresh and request.user.has_usable_password()  # type: ignore[union-attr]


def is_password(request: HttpRequest, given: str) -> bool:
    """Whether this is the password of who asks; wrong ones count towards a lock-out."""
    name = request.user.get_username()
    return authenticate(request, username=name, password=given[:LONGEST_SENT]) == request.user


def open_sessions(request: HttpRequest, user: User) -> list[Open]:
    """The sign-ins of a user that have not ended, the one that asks first, then the newest."""
    own = request.session.session_key
    found = [
        Open(
            key=row.session_key,
            begun=_moment(held.get(BEGUN, 0)),
            seen=_moment(held.get(SEEN, 0)),
            address=str(held.get(ADDRESS, "")),
            is_own=row.session_key == own,
        )
        for row, held in _of(user)
        if not _over(held, time.time())
    ]
    return sorted(found, key=lambda one: (not one.is_own, -one.seen.timestamp()))


def end_others(request: HttpRequest, user: User) -> int:
    """How many other sign-ins of a user there were, all of which end here."""
    own = request.session.session_key
    keys = [row.session_key for row, _ in _of(user) if row.session_key != own]
    Session.objects.filter(session_key__in=keys).delete()
    record(user.get_username(), "other sessions ended", user.get_username(), sessions=len(keys))
    return len(keys)


def _of(user: User) -> Iterator[tuple[Session, Held]]:
    """The sessions of a user with what they hold; one query, of all that are open."""
    rows = Session.objects.filter(expire_date__gt=timezone.now()).order_by("-expire_date")
    for row in rows[:MOST]:
        held = row.get_decoded()
        if held.get(SESSION_KEY) == str(user.pk):
            yield row, held


def _look(request: HttpRequest) -> None:
    session, now = request.session, int(time.time())
    if reason := _over(session, now):
        name = request.user.get_username()
        session.flush()
        request.user = AnonymousUser()
        # Nobody's, where the user is gone or has another password: it was over before.
        if name:
            record(name, "session ended", name, after=reason)
        return
    if BEGUN not in session:
        begin(request)
    # A page that asks by itself, again and again, is used by nobody.
    elif abs(now - session[SEEN]) >= SAVED_SECONDS and not _asks_by_itself(request):
        session[SEEN] = now


def _over(held: Held, now: float) -> str:
    """Why a session is over; empty for one that goes on."""
    begun, seen = (int(held.get(name, now)) for name in (BEGUN, SEEN))
    if now - begun >= settings.SESSION_COOKIE_AGE:
        return f"{settings.SESSION_COOKIE_AGE // 3600} hours"
    idle: int = settings.SESSION_IDLE_SECONDS
    return f"{idle // 60} minutes without use" if idle and now - seen >= idle else ""


def _asks_by_itself(request: HttpRequest) -> bool:
    return request.method == "GET" and request.headers.get("HX-Request-Type") == "partial"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
