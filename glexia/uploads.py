"""The bound of what a form may upload where its own page sets none."""

from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Refuses every file before a byte of it is kept: forms take none, save where a page does.

    Otherwise whoever reaches the sign-in form could fill the disk. A page that takes files sets
    `request.upload_handlers` to its own, which know how much it takes.
    """

    def new_file(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse the first file."""
        raise RequestDataTooBig("This page takes no file.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """No file comes as far as this."""

    def file_complete(self, file_size: int) -> None:
        """No file comes as far as this."""
