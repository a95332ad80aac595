"""What every answer goes through beside Django's own middleware."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csp import ContentSecurityPolicyMiddleware
from django.middleware.security import SecurityMiddleware

# The header that is added first, by the innermost: what has it has them all.
MARK = "X-Frame-Options"
FAILED = "The page cannot be had now: something failed on our side.\n"
log = logging.getLogger(__name__)

type Answer = Callable[[HttpRequest], HttpResponseBase]


def without_body_for_head(answer: Answer) -> Answer:
    """Answers to HEAD with the headers of GET and nothing else: the web server wants it so."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = ()
            elif isinstance(response, HttpResponse):
                response.setdefault("Content-Length", str(len(response.content)))
                response.content = b""
        return response

    return respond


def with_every_header(answer: Answer) -> Answer:
    """Answers that have the headers of all others wherever they come from: the outermost of all.

    What fails outside of the middleware that adds them ends here, and so does what fails while the
    page of a failure is made. Kept pages have theirs, and 304s need none: they pass untouched.
    """
    adding = (
        SecurityMiddleware(answer),
        ContentSecurityPolicyMiddleware(answer),
        XFrameOptionsMiddleware(answer),
    )
    closing = _closing()

    def respond(request: HttpRequest) -> HttpResponseBase:
        try:
            response = answer(request)
        except Exception:  # what Django could not make an answer of
            log.exception("a request failed, and so did the page that says so")
            response = HttpResponseServerError(FAILED, content_type="text/plain; charset=utf-8")
        if MARK in response.headers or response.status_code == HTTPStatus.NOT_MODIFIED:
            return response
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            response.headers.setdefault("Cache-Control", "no-store")
        for name, value in closing.items():
            response.headers.setdefault(name, value)
        for middleware in adding:
            middleware.process_response(request, response)  # type: ignore[arg-type]
        return response

    return respond


def with_closed_doors(answer: Answer) -> Answer:
    """Answers that other sites cannot take in and that ask for nothing of the reader's device.

    Beside the headers of Django's SecurityMiddleware: Cross-Origin-Resource-Policy (Fetch, 3.6)
    and Permissions-Policy.
    """
    headers = _closing()

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        for name, value in headers.items():
            response.setdefault(name, value)
        return response

    return respond


def _closing() -> dict[str, str]:
    return {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in settings.FEATURES_OFF),
    }
