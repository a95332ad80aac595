"""Sending the form, as a reader does and as a program does."""

from typing import Any

import orjson
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from tests.library.pages import LIBRARY, Element, Site, parse, read_page

CHECK = f"{LIBRARY}/id-check"


def sent(site: Site, text: str = "", **fields: str | bytes) -> HttpResponse:
    """The answer to a form, which nobody may keep; a field of bytes is a file."""
    given = {"text": text} | {
        name: SimpleUploadedFile("given.txt", value) if isinstance(value, bytes) else value
        for name, value in fields.items()
    }
    response = site.client.post(CHECK, given)
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    return response  # type: ignore[return-value]


def result(site: Site, text: str = "", **fields: str | bytes) -> Element:
    """The page of a check, after every check of a page."""
    response = sent(site, text, **fields)
    assert response.status_code == 200, parse(response.content.decode()).one(role="alert").words
    return read_page(response)


def body(response: HttpResponse) -> bytes:
    """What a file holds."""
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def checked(site: Site, text: str = "", **fields: str | bytes) -> Any:
    """The JSON file of a check."""
    response = sent(site, text, form="json", **fields)
    assert response.status_code == 200, trouble(response)
    return orjson.loads(body(response))


def verdicts(site: Site, text: str, **fields: str | bytes) -> dict[str, str]:
    """The verdict of each ID, in the order of the file."""
    return {row["attack_id"]: row["verdict"] for row in checked(site, text, **fields)["ids"]}


def row(site: Site, attack_id: str, **fields: str | bytes) -> Any:
    """What the JSON file says of one ID."""
    (only,) = checked(site, attack_id, **fields)["ids"]
    return only


def trouble(response: HttpResponse) -> str:
    """What the form says was wrong."""
    return read_page(response).one(id="check-trouble").words
