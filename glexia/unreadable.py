"""What the web server answers by itself: to requests that nobody can read, or past all failing.

Such a request never comes to Django's middleware, so its answer gets the headers of all others
here. It is one plain sentence of ours: nothing that was sent is repeated, and nothing of it is
believed, not even that it came over TLS (so there is no HSTS).
"""

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from gunicorn import util
from gunicorn.http import errors

from glexia.middleware import with_every_header
from glexia.request_ids import with_request_id

SAID: Final = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read.",
    HTTPStatus.FORBIDDEN: "The request is not taken from here.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is longer than is read here.",
    HTTPStatus.EXPECTATION_FAILED: "What the request expects is not done here.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers hold more than is read here.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something failed on our side.",
    HTTPStatus.NOT_IMPLEMENTED: "The form is sent in a way that is not read here.",
}


def status_of(error: Exception) -> HTTPStatus:
    """What an error of gunicorn's reading, or of what it has run, is to whoever asked."""
    match error:
        # Both are errors of reading by their class, and the product's own by their cause.
        case errors.InvalidResponseHeader() | errors.InvalidResponseHeaderName():
            return HTTPStatus.INTERNAL_SERVER_ERROR
        case errors.LimitRequestLine():
            return HTTPStatus.REQUEST_URI_TOO_LONG
        case errors.LimitRequestHeaders():
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        case errors.ExpectationFailed():
            return HTTPStatus.EXPECTATION_FAILED
        case errors.UnsupportedTransferCoding():
            return HTTPStatus.NOT_IMPLEMENTED
        case errors.ForbiddenProxyRequest():
            return HTTPStatus.FORBIDDEN
        case errors.ConfigurationProblem():
            return HTTPStatus.INTERNAL_SERVER_ERROR
        case errors.ParseException():
            return HTTPStatus.BAD_REQUEST
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


def answer_to(error: Exception) -> HttpResponse:
    """The answer to a request that ended in an error, with the headers of every answer."""
    status = status_of(error)
    said = f"{SAID[status]}\n"
    response = HttpResponse(said, status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    response["Connection"] = "close"
    response["Date"] = util.http_date()
    with_every_header(with_request_id(lambda _request: response))(HttpRequest())
    return response


def as_sent(response: HttpResponse) -> bytes:
    """An answer as it goes over the wire."""
    line = f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n".encode("ascii")
    return line + response.serialize_headers() + b"\r\n\r\n" + response.content
