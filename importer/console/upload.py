"""An upload on its way to disk: streamed into the spool, bounded, and gone unless it is used."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from importer.runs import spool

FIELD: Final = "bundle"
LONGEST_NAME: Final = 200


class SpoolHandler(FileUploadHandler):
    """Takes the one file of the form; the name it had is shown, and used for nothing else."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.name = ""
        self.shown_name = ""
        self.size = 0
        self.is_whole = False
        self.too_large = False
        self._file: IO[bytes] | None = None

    def new_file(self, field_name: str, file_name: str, *rest: Any, **more: Any) -> None:
        """Begin the file in the spool; further files of the request are passed over."""
        super().new_file(field_name, file_name, *rest, **more)
        if field_name != FIELD or self.name:
            raise SkipFile
        self.name = spool.fresh_name()
        # Django has left its folders out, and what cannot be seen.
        self.shown_name = file_name[:LONGEST_NAME]
        self._file = spool.create(spool.place(self.name))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write what has come; what goes beyond the limit ends the upload."""
        self.size = start + len(raw_data)
        if self.size > settings.IMPORT_MAX_BYTES:
            self.too_large = True
            raise StopUpload
        assert self._file is not None
        self._file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """The file is whole: it stands in the spool, and the form gets a stand-in for it."""
        self._close()
        self.is_whole = True
        return UploadedFile(BytesIO(), self.shown_name, size=file_size)

    def upload_interrupted(self) -> None:
        """The sender went away, or what came last was passed over."""
        if not self.is_whole:
            self.discard()

    def hand_over(self) -> None:
        """The file belongs to a run from now on."""
        self.name = ""

    def discard(self) -> None:
        """Delete the file, unless it belongs to a run."""
        self._close()
        spool.discard(self.name)
        self.name = ""

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
