"""The pages of what is refused or cannot be had, made without the database."""

import sys
from http import HTTPStatus

import psycopg
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from glexia import request_ids

# When to come back after the database was away: it starts again, or another takes over, by then.
DATABASE_SECONDS = 5


def refused(
    request: HttpRequest, status: HTTPStatus, title: str, said: str, retry_after: int = 0
) -> HttpResponse:
    """A page of one sentence that nobody may keep; with the seconds to wait, where there are."""
    response = render(request, "refused.html", {"title": title, "said": said}, status=status)
    response["Cache-Control"] = "no-store"
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429 for a client that asked for too much within a minute."""
    when = f"{seconds} second{'' if seconds == 1 else 's'}"
    said = f"Your address has asked for a great deal within a minute: try again in {when}."
    return refused(request, HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", said, seconds)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """413 for a request that is too large in any way, 400 for one that cannot be read."""
    match exception:
        case RequestDataTooBig():
            said = "The form holds more than is read here: send less of it."
        case TooManyFieldsSent():
            said = "The address or the form has more fields than are read here: send fewer."
        case TooManyFilesSent():
            said = "The form has more files than are read here: send fewer."
        case _:
            said = "What your browser sent could not be read: check the address, or send it again."
            return refused(request, HTTPStatus.BAD_REQUEST, "The request is not understood", said)
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return refused(request, status, "The request is too large", said)


def _fault() -> HttpResponse:
    """The page of a fault, which needs nothing that may have failed; its id is that of the log."""
    shown = {"request_id": request_ids.current.get()}
    response = HttpResponse(loader.render_to_string("500.html", shown), status=500)
    response["Cache-Control"] = "no-store"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """503 where the database gave up or is away, 500 for every other failure."""
    error = sys.exception()
    if not isinstance(error, OperationalError | InterfaceError):
        return _fault()
    said = "The library’s database does not answer just now: try again in a few seconds."
    if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
        said = "The page took longer than a page may take: ask for less, or try again later."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return refused(request, status, "The page cannot be had now", said, DATABASE_SECONDS)
