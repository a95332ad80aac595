"""Redirects that keep what an address asks for."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


def redirect(request: HttpRequest, path: str, *, permanent: bool) -> HttpResponse:
    """An answer that leads to a path, with the query of the request behind the path's own."""
    query = request.META.get("QUERY_STRING", "")
    joint = "&" if "?" in path else "?"
    response = HttpResponseRedirect(f"{path}{joint}{query}" if query else path)
    if permanent:
        response.status_code = HTTPStatus.MOVED_PERMANENTLY
    return response
