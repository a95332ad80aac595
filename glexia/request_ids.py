"""A name for each request, by which its lines in the logs are found again."""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Request-ID"
# What may stand in a log and in a header as it is: UUIDs and the ids of the usual proxies.
SAFE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{6,62}[A-Za-z0-9])")
# The request that this thread is answering; empty between requests and outside of them.
current: ContextVar[str] = ContextVar("request_id", default="")


def with_request_id(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers that carry their request's id, in a header and in every line logged meanwhile."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        name = _given(request) or uuid.uuid4().hex
        current.set(name)
        response = answer(request)
        response[HEADER] = name
        return response

    return respond


def _given(request: HttpRequest) -> str:
    """What a trusted proxy calls the request; nothing where there is none, or in another form."""
    name = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
    return name if SAFE.fullmatch(name) else ""


def _forget(**_: Any) -> None:
    current.set("")


# Sent when the whole answer is out: a stream's lines, and the web server's own, still have the id.
request_finished.connect(_forget, dispatch_uid="glexia.request_ids")
