"""What a reader gives to be checked: a text that is pasted, a file that is uploaded, or both.

Nothing of it is kept: an upload stays in memory, and never in a temporary file.
"""

import codecs
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 5 * MEGABYTE
MOST_PASTED: Final[int] = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MOST_BYTES
# What a form has around a text and a file: field names, boundaries, the other fields.
AROUND: Final = 64 * 1024

# How files begin that are no text, and what to do with them.
_OTHERWISE: Final = {
    b"PK\x03\x04": "a ZIP archive or an Office document: unpack it, or copy its text",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"\xfd7zXZ\x00": "compressed with xz: unpack it first",
    b"BZh": "compressed with bzip2: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard: unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it first",
    b"%PDF-": "a PDF: copy its text",
    b"\xd0\xcf\x11\xe0": "an Office document: copy its text",
}
# UTF-32 first: its mark begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Text has next to none of those; what is compressed or a program has one in ten.
_MOST_CONTROLS: Final = 0.01


class CheckError(Exception):
    """What cannot be checked: a sentence for the reader, and the status of the answer."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


@dataclass(frozen=True, slots=True)
class Given:
    """The texts that were given, and what was asked of them."""

    texts: tuple[str, ...]
    before: str = ""
    after: str = ""
    domain: str = ""
    form: str = ""

    @property
    def text(self) -> str:
        """All of it as one text."""
        return "\n".join(self.texts)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return not any(text.strip() for text in self.texts)


def read(request: HttpRequest) -> Given:
    """What a form sent; raises CheckError where it cannot be read or is too much."""
    _demand_that_it_fits(request)
    handler = _InMemory(request)
    request.upload_handlers = [handler]
    try:
        fields, files = request.POST, request.FILES
    except RequestDataTooBig:
        raise CheckError(
            f"Pasted text may have {_size(MOST_PASTED)}:"
            f" upload it as a file, which may have {_size(MOST_BYTES)}.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ) from None
    except (MultiPartParserError, SuspiciousOperation, BadRequest, OSError):
        raise CheckError("What your browser sent could not be read: send the form again.") from None
    if handler.is_too_large:
        raise CheckError(
            f"The file has more than {_size(MOST_BYTES)}, which is the most that is read.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    uploaded = files.get("file")
    texts = [*fields.getlist("text"), *([decoded(uploaded.read())] if uploaded else [])]
    return Given(
        tuple(texts),
        *(fields.get(name, "") for name in ("from", "to", "domain", "form")),
    )


def _demand_that_it_fits(request: HttpRequest) -> None:
    """Go on where a form says that it has no more than it may: else nothing of it is read.

    The answer reaches who is still sending: the web server goes on reading a little (gunicorn a
    megabyte, or five seconds), and ends the connection in order.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_PASTED + MOST_BYTES + AROUND:
        raise CheckError(
            f"That is more than is read: a file may have {_size(MOST_BYTES)}, and pasted text"
            f" {_size(MOST_PASTED)}.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )


def decoded(content: bytes) -> str:
    """The text of a file; raises CheckError where it is none.

    What does not say how it is encoded is UTF-8, else UTF-16 where every other byte is zero, else
    a code page in which IDs, being ASCII, are what they are in all others.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    for start, what in _OTHERWISE.items():
        if content.startswith(start):
            raise CheckError(f"The file is {what}.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    for encoding, zeros in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
        if content and zeros.count(0) > 0.4 * len(content) / 2:
            return content.decode(encoding, errors="replace")
    if len(_CONTROLS.findall(content)) > _MOST_CONTROLS * len(content):
        raise CheckError(
            "The file is not text: a list, JSON, CSV, YAML or any other text can be read.",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


class _InMemory(FileUploadHandler):
    """Keeps one file in memory; what is longer than the bound is read to its end and left out."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.pieces: list[bytes] = []
        self.size = 0
        self.is_taken = self.is_too_large = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.is_taken:
            raise SkipFile
        self.is_taken = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 -- Django's
        self.size += len(raw_data)
        if self.size > MOST_BYTES:
            self.pieces.clear()
            self.is_too_large = True
            raise SkipFile
        self.pieces.append(raw_data)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:  # noqa: ARG002 -- Django's
        return SimpleUploadedFile(self.file_name or "file", b"".join(self.pieces))


def _size(count: int) -> str:
    return f"{count / MEGABYTE:g} MB"
