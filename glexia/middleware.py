"""What every answer goes through beside Django's own middleware."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

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


def with_closed_doors(answer: Answer) -> Answer:
    """Answers that other sites cannot take in and that ask for nothing of the reader's device.

    Beside the headers of Django's SecurityMiddleware: Cross-Origin-Resource-Policy (Fetch, 3.6)
    and Permissions-Policy.
    """
    headers = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in settings.FEATURES_OFF),
    }

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        for name, value in headers.items():
            response.setdefault(name, value)
        return response

    return respond
