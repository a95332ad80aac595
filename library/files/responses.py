"""Files as answers to requests: their types, names and notices."""

from collections.abc import Iterable
from typing import IO, Final

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from library.contexts.page import Page

# The content type and the ending of each form of file, by its name in addresses.
FORMS: Final = {
    "json": ("application/json", "json"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "stix": ("application/stix+json", "stix.json"),
    "navigator": ("application/json", "layer.json"),
    "markdown": ("text/markdown; charset=utf-8", "md"),
}
_LONGEST_NAME: Final = 60


def file_response(
    form: str, content: Iterable[bytes] | IO[bytes], name: str, page: Page
) -> HttpResponseBase:
    """A file to be saved; its notice is named in a header, since some forms have no place for it.

    Pieces are sent as they are made.
    """
    content_type, ending = FORMS[form]
    response: HttpResponseBase
    if hasattr(content, "read"):
        response = FileResponse(content, content_type=content_type)
    else:
        response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{ending}") or ""
    response["Link"] = f'<{page.canonical}#licence>; rel="license"'
    response["X-Robots-Tag"] = "noindex"
    return response


def file_name(*parts: str) -> str:
    """A name for a file, without ending: "M1037-filter-network-traffic-18.1"."""
    return "-".join(filter(None, parts))


def name_part(text: str) -> str:
    """A text as part of a file's name: letters, digits and hyphens, of whole words."""
    slug = slugify(text.replace("ATT&CK", "ATTACK").replace("&", ""))
    if len(slug) <= _LONGEST_NAME:
        return slug.strip("-")
    return (slug[: _LONGEST_NAME + 1].rpartition("-")[0] or slug[:_LONGEST_NAME]).strip("-")


def filter_part(text: str) -> str:
    """What a reader filtered by as part of a file's name; empty where nothing was."""
    return (name_part(text) or "filtered") if text else ""
