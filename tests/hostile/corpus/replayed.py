"""Requests that are sent again, or were somebody else's: by a thief, by another site, too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http.response import HttpResponseBase
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

TOKEN: Final = "t" * 32
FIELD: Final = "csrfmiddlewaretoken"


@dataclass(frozen=True, slots=True)
class Request:
    """A form as its user sends it."""

    client: Client
    path: str
    sent: dict[str, Any]
    who: User | None
    device: TOTPDevice | None = None

    def post(self, **more: Any) -> HttpResponseBase:
        """Send it as it is meant, with its token."""
        return self.client.post(self.path, self.sent | {FIELD: TOKEN}, **more)

    def raw(self, method: str, content_type: str, body: bytes, **more: Any) -> HttpResponseBase:
        """Send something else to where it goes."""
        return self.client.generic(method, self.path, body, content_type, **more)


type Replay = Callable[[Request], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Manner:
    """A way to send a form that has been sent."""

    send: Replay
    needs: str = ""
    """Means nothing for a form that anybody may send (`session`), that every member of staff may
    (`role`), or that may be sent as often as its user likes (`once`)."""


IN_HEADER: Final = {"x-csrftoken": TOKEN}
URLENCODED: Final = "application/x-www-form-urlencoded"


def new_client(who: User | None, token: str = TOKEN, device: TOTPDevice | None = None) -> Client:
    """A browser with a token, and signed in where somebody is given, with a code where a device."""
    client = Client(enforce_csrf_checks=True)
    if who is not None:
        # As they are by now: with the password that a form may have given them.
        client.force_login(User.objects.get(pk=who.pk))
    if device is not None:
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    if token:
        client.cookies["csrftoken"] = token
    return client


def _form(request: Request, **more: Any) -> bytes:
    return urlencode(request.sent | more, doseq=True).encode()


def _by(who: User | None, request: Request, device: TOTPDevice | None = None) -> HttpResponseBase:
    return Request(new_client(who, device=device), request.path, request.sent, who).post()


def _signed_out(request: Request) -> HttpResponseBase:
    """By a thief's browser, which has kept the cookie that signing out takes from its owner's."""
    thief = new_client(None)
    thief.cookies["sessionid"] = request.client.cookies["sessionid"].value
    # For those as well who owe a code or a password of their own, whom the site knows not yet.
    left = request.client.post("/admin/second-factor/leave/", {FIELD: TOKEN})
    assert "sessionid" in left.cookies, "nobody was signed out"
    return Request(thief, request.path, request.sent, request.who).post()


def _deactivated(request: Request) -> HttpResponseBase:
    assert request.who is not None
    User.objects.filter(pk=request.who.pk).update(is_active=False)
    try:
        return request.post()
    finally:
        User.objects.filter(pk=request.who.pk).update(is_active=True)


def _no_longer_staff(request: Request) -> HttpResponseBase:
    assert request.who is not None
    User.objects.filter(pk=request.who.pk).update(is_staff=False)
    try:
        return request.post()
    finally:
        User.objects.filter(pk=request.who.pk).update(is_staff=True)


def _ended_session(request: Request) -> HttpResponseBase:
    Session.objects.filter(session_key=request.client.cookies["sessionid"].value).delete()
    return request.post()


def _made_up_session(request: Request) -> HttpResponseBase:
    client = new_client(None)
    client.cookies["sessionid"] = "a" * 32
    return Request(client, request.path, request.sent, None).post()


MANNERS: Final[Mapping[str, Manner]] = {
    "again": Manner(lambda r: r.post(), "once"),
    "again by another browser": Manner(lambda r: _by(r.who, r, r.device), "once"),
    "without its token": Manner(lambda r: r.client.post(r.path, r.sent)),
    "with another session's token": Manner(
        lambda r: r.client.post(r.path, r.sent | {FIELD: "u" * 32})
    ),
    "with no cookie of the token": Manner(
        lambda r: Request(new_client(r.who, "", r.device), r.path, r.sent, r.who).post()
    ),
    "from another site": Manner(lambda r: r.post(headers={"origin": "https://attacker.example"})),
    "from a site like this": Manner(lambda r: r.post(headers={"origin": "http://testserver.x"})),
    "from nowhere": Manner(lambda r: r.post(headers={"origin": "null"})),
    "by its address": Manner(lambda r: r.client.get(r.path, r.sent | {FIELD: TOKEN})),
    "as a PUT": Manner(lambda r: r.raw("PUT", URLENCODED, _form(r), headers=IN_HEADER)),
    "as a PATCH": Manner(lambda r: r.raw("PATCH", URLENCODED, _form(r), headers=IN_HEADER)),
    "as a DELETE": Manner(lambda r: r.raw("DELETE", URLENCODED, b"", headers=IN_HEADER)),
    "as a GET that says POST": Manner(
        lambda r: r.client.get(r.path, r.sent, headers={"x-http-method-override": "POST"})
    ),
    "as JSON": Manner(
        lambda r: r.raw("POST", "application/json", orjson.dumps(r.sent, default=str))
    ),
    "as text that a form may send": Manner(
        lambda r: r.raw("POST", "text/plain", _form(r, **{FIELD: TOKEN}))
    ),
    "by a stranger": Manner(lambda r: _by(None, r), "session"),
    "by who may not": Manner(lambda r: _by(User.objects.get(username="idle"), r), "role"),
    "with a session made up": Manner(_made_up_session, "session"),
    "once the account is deactivated": Manner(_deactivated, "session"),
    "once the account is staff no more": Manner(_no_longer_staff, "session"),
    "once the session has ended": Manner(_ended_session, "session"),
    "once signed out": Manner(_signed_out, "session"),
}

READ_AGAIN: Final[Mapping[str, dict[str, str]]] = {
    "as before": {},
    "if it is another": {"if-none-match": '"x"'},
    "if it is anything": {"if-none-match": "*"},
    "with a tag that breaks off": {"if-none-match": '"'},
    "with very many tags": {"if-none-match": ", ".join(f'"{n}"' for n in range(900))},
    "if it has changed since a day that never was": {"if-modified-since": "32 Foo 2024"},
    "if it has changed since ever": {"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    "a part of it": {"range": "bytes=0-1"},
    "parts of it that overlap": {"range": "bytes=" + ",".join("0-" for _ in range(300))},
    "with somebody's cookie": {"cookie": "sessionid=" + "a" * 32},
    "with a cookie of other characters": {"cookie": 'sessionid="\\"; csrftoken=<script>; =x'},
    "as a POST in disguise": {"x-http-method-override": "DELETE"},
    "as a part, from a page that is none": {
        "hx-request": "true",
        "hx-request-type": "partial",
        "hx-current-url": "javascript:alert(1)//\x01[",
    },
    "for another address": {"x-original-url": "/admin/", "x-rewrite-url": "/admin/"},
    "for another host behind": {
        "x-forwarded-host": "attacker.example",
        "x-forwarded-proto": "https",
    },
    "from where nobody is": {"x-forwarded-for": "'; --, 999.1.1.1, [", "forwarded": "for=_x"},
    "in a language of other characters": {"accept-language": "\x01;q=9," * 99},
    "in an encoding that is none": {"accept-encoding": "br;q=x, gzip;q=-1, *;q="},
    "with an id of its own": {"x-request-id": "x\x01<script>" * 50},
}
