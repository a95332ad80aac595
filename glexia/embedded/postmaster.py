"""The running server: found, started until it is ready, and shut down."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from glexia.embedded import failures, locks, processes
from glexia.embedded.errors import EmbeddedError, StillStartingError
from glexia.embedded.place import PORT, Place
from glexia.embedded.programs import Programs

if TYPE_CHECKING:
    import subprocess

# Recovery after a crash replays the log since the last checkpoint; stopping writes one.
READY_WITHIN = 120.0
STOPPED_WITHIN = 120.0
_POLL = 0.01
_RETRY = 0.2
_READY = "ready"
_STATUS_LINE = 7


class Postmaster:
    """The server of one place. Callers hold the guard lock, save for `is_alive`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.pid: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._log_mark = 0

    def is_alive(self) -> bool:
        """True while the server last found or started still runs; costs microseconds."""
        return self.pid is not None and processes.is_postmaster(self.pid, self.place.cluster)

    def find(self) -> str | None:
        """The status of the server that runs here, whoever started it; None if none does."""
        try:
            lines = self._pid_file.read_text(errors="replace").splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return None
        if not processes.is_postmaster(pid, self.place.cluster):
            return None
        self.pid = pid
        return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""

    def run(self, programs: Programs) -> None:
        """Return once the server is ready: at once if it runs, after recovery if it crashed.

        Raises `EmbeddedError` with what its log says where it cannot start, and
        `StillStartingError` where it is not ready after two minutes.
        """
        self._bury_child()
        limit = time.monotonic() + READY_WITHIN
        while (status := self.find()) != _READY:
            failure = self._failure() if status is None else None
            if time.monotonic() > limit:
                raise failure or self._late(status)
            if status is None and not self._child_runs():
                self._launch(programs)
            time.sleep(_RETRY if failure else _POLL)

    def shut_down(self) -> None:
        """Stop the server, closing its connections, and wait until it is gone."""
        pid = self.pid if self.find() is not None else self._child_pid()
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        limit = time.monotonic() + STOPPED_WITHIN
        while processes.is_postmaster(pid, self.place.cluster) or self._child_runs():
            if time.monotonic() > limit:
                raise EmbeddedError(
                    f"PostgreSQL (process {pid}) has not stopped within {STOPPED_WITHIN:.0f} "
                    f"seconds and goes on running: read {self.place.log}."
                )
            time.sleep(_POLL)

    def leave(self) -> None:
        """Keep no hold on a server that goes on running for others."""
        if self._child is not None and self._child_runs():
            self._child.returncode = 0  # or it warns, when collected, that it still runs
        self._child = None

    @property
    def _pid_file(self) -> Path:
        return self.place.cluster / "postmaster.pid"

    def _child_pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def _child_runs(self) -> bool:
        return self._child_pid() is not None

    def _bury_child(self) -> None:
        """Forget a server that was ready and died since: its end says nothing about a new start."""
        if self._child is not None and self.find() is None:
            self._child.wait()
            self._child = None

    def _failure(self) -> EmbeddedError | None:
        """Why the last launch failed, if trying again may help; raises it if it cannot help."""
        if self._child is None or self._child_runs():
            return None
        printed = self.place.read_log(self._log_mark)
        failure = failures.explain(self.place, printed, self._child.returncode)
        if not failures.may_pass(printed):
            raise failure
        return failure

    def _late(self, status: str | None) -> EmbeddedError:
        if status is None and not self._child_runs():
            return EmbeddedError(
                f"{self.place.cluster} is in use by a server that was started elsewhere, such as "
                "in another container: stop that one, or reach it through DATABASE_URL."
            )
        line = failures.last_words(self.place.read_log(self._log_mark))
        return StillStartingError(
            f"PostgreSQL is not ready after {READY_WITHIN:.0f} seconds and goes on starting "
            f"({line}): wait and try again, or read {self.place.log}."
        )

    def _launch(self, programs: Programs) -> None:
        alive = locks.take(self.place.alive)
        if alive is None:
            if not processes.is_on_its_way(self.place.cluster):
                processes.kill_orphans(self.place.cluster)
            return
        try:
            self._clear_leftovers()
            self._spawn(programs, alive)
        finally:
            os.close(alive)

    def _spawn(self, programs: Programs, alive: int) -> None:
        self._log_mark = self.place.mark_log()
        folders = str(self.place.sockets).replace('"', '""')
        self._child = programs.spawn(
            "postgres",
            *("-D", str(self.place.cluster)),
            *("-c", f"port={PORT}"),
            *("-c", "listen_addresses="),
            *("-c", f"cluster_name={processes.title(self.place.cluster)}"),
            *("-c", f'unix_socket_directories="{folders}"'),
            own=[self.place.cluster, self.place.sockets],
            pass_fds=(alive,),
        )

    def _clear_leftovers(self) -> None:
        """Remove what a killed server left and a new one would stumble over. None runs now.

        PostgreSQL takes a lock file seriously if any process has the number in it, even one that
        was given the number after a restart of the machine or the container.
        """
        socket = self.place.sockets / f".s.PGSQL.{PORT}"
        lock = socket.with_name(f"{socket.name}.lock")
        socket.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            first = self._pid_file.read_text(errors="replace").partition("\n")[0]
            if not (first.isdigit() and processes.is_postgres(int(first))):
                self._pid_file.unlink()
