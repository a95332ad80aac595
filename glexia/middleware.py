"""What every answer goes through beside Django's own middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def without_body_for_head(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answers to HEAD with the headers of GET and nothing else: the web server wants it so."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if request.method == "HEAD" and not response.streaming:
            response.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response

    return respond
