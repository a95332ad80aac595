"""Where the embedded PostgreSQL keeps its things inside the data directory."""

import errno
import os
import pwd
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glexia.embedded.errors import EmbeddedError

PORT = 5432
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
LOG_LIMIT = 8 * 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM}


@dataclass(frozen=True)
class Place:
    """The paths that belong to the server of one data directory."""

    data: Path

    @classmethod
    def at(cls, data_dir: Path | str) -> "Place":
        """The place in `data_dir`, links followed, so that every process means the same files.

        Raises `EmbeddedError` where a Unix socket in there could not be reached.
        """
        place = cls(Path(os.path.realpath(data_dir)))
        socket = os.fsencode(place.sockets / f".s.PGSQL.{PORT}")
        if len(socket) > SOCKET_PATH_LIMIT:
            raise EmbeddedError(
                f"The data directory {place.data} has a path too long for a Unix socket "
                f"({len(socket)} bytes with the socket's name, at most {SOCKET_PATH_LIMIT}): "
                "set GLEXIA_DATA_DIR to a folder with a shorter path."
            )
        if b"," in socket:
            raise EmbeddedError(
                f"The data directory {place.data} has a comma in its path, which PostgreSQL "
                "would read as two hosts: set GLEXIA_DATA_DIR to a folder without one."
            )
        return place

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder; it exists only once it is complete."""
        return self.data / "postgres"

    @property
    def unfinished(self) -> Path:
        """The data folder while it is being made; renamed to `cluster` when complete."""
        return self.data / "postgres.new"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: the host that clients connect to."""
        return self.data / "run"

    @property
    def log(self) -> Path:
        """What the server and its tools print."""
        return self.data / "postgres.log"

    @property
    def guard(self) -> Path:
        """Locked exclusively by the one process that starts or stops the server."""
        return self.data / "postgres.lock"

    @property
    def users(self) -> Path:
        """Locked in common by every process that uses the server."""
        return self.data / "postgres.users"

    @property
    def alive(self) -> Path:
        """Locked by the server itself and every part of it, wherever it runs."""
        return self.data / "postgres.alive"

    def open_log(self) -> int:
        """A descriptor that appends to the log."""
        return os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def mark_log(self) -> int:
        """Where the log ends now; a log grown long is first set aside as `postgres.log.1`."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size <= LOG_LIMIT:
            return size
        self.log.replace(self.log.with_suffix(".log.1"))
        return 0

    def read_log(self, mark: int) -> str:
        """What was printed since the log was marked."""
        with self.log.open("rb") as file:
            file.seek(mark)
            return file.read().decode(errors="replace")

    def refusal(self, error: OSError) -> EmbeddedError:
        """What to tell the user after the operating system refused something in here."""
        if error.errno in _FULL:
            return disk_full(self.data)
        at = Path(os.fsdecode(error.filename)) if error.filename else self.data
        if error.errno in _REFUSED:
            with suppress(OSError):  # it may lie where this user may not even look
                if at.stat().st_uid != os.geteuid():
                    return EmbeddedError(
                        f"{at} belongs to another user ({owner_name(at)}): run this as that user, "
                        "or set GLEXIA_DATA_DIR to a folder of your own."
                    )
        return EmbeddedError(
            f"PostgreSQL cannot use {at} ({error.strerror}): "
            "set GLEXIA_DATA_DIR to a folder that can be written to."
        )


def disk_full(folder: Path) -> EmbeddedError:
    """The sentence for a disk without room."""
    return EmbeddedError(f"The disk that holds {folder} is full: free some space and try again.")


def owner_name(path: Path) -> str:
    """The name of the user that owns `path`, or the number where it has no name."""
    owner = path.stat().st_uid
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"user id {owner}"
