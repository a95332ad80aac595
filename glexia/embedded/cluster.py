"""A process's use of the embedded PostgreSQL of a data directory."""

import atexit
import os
import sys
import threading
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote
from weakref import WeakSet

from glexia.embedded import initialise, locks
from glexia.embedded.errors import EmbeddedError, StillStartingError
from glexia.embedded.place import PORT, Place
from glexia.embedded.postmaster import Postmaster
from glexia.embedded.programs import Programs, find_account, find_folders


class Server:
    """One use of a data directory's server, shared with every other use in any process.

    The server runs as long as somebody uses it: the last one to stop, or to end, stops it. Killed
    users leave it running for the next. A forked child does not inherit the use.
    """

    user = initialise.ROLE
    name = initialise.DATABASE
    port = PORT

    def __init__(self, data_dir: Path | str) -> None:
        self._place = Place.at(data_dir)
        self._postmaster = Postmaster(self._place)
        self._use: int | None = None
        self._lock = threading.Lock()
        _servers.add(self)

    @property
    def host(self) -> str:
        """The folder of the server's socket."""
        return str(self._place.sockets)

    @property
    def dsn(self) -> str:
        """The address of the app's database, to be handed to children as DATABASE_URL."""
        host = quote(os.fsencode(self.host), safe="")
        return f"postgresql://{self.user}@:{self.port}/{self.name}?host={host}"

    @property
    def pid(self) -> int | None:
        """The process of the server, None before the first start."""
        return self._postmaster.pid

    def is_running(self) -> bool:
        """True while the server's process lives; costs microseconds on Linux."""
        return self._postmaster.is_alive()

    def ensure(self) -> None:
        """Return once the server accepts connections; costs microseconds if it already did.

        Makes the data folder on the first start ever (about a second), heals after a crash, and
        starts the server again if it died while in use. Raises `EmbeddedError`.
        """
        with self._lock:
            if self._use is not None and self.is_running():
                return
            try:
                self._place.data.mkdir(parents=True, exist_ok=True)
                with locks.alone(self._place.guard) as guard:
                    self._join(guard)
            except OSError as error:
                raise self._place.refusal(error) from error

    def stop(self) -> None:
        """End this use, and the server with it if this was the last; again does nothing.

        Waits until the server has stopped. Raises `EmbeddedError` if it does not.
        """
        with self._lock:
            if self._use is None:
                return
            # Where the data directory was deleted meanwhile, nobody else can mean this server.
            exists = self._place.data.exists()
            with locks.alone(self._place.guard) if exists else nullcontext():
                self._leave()

    def __enter__(self) -> Self:
        self.ensure()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _join(self, guard: int) -> None:
        before, self._use = self._use, locks.share(self._place.users)
        if before is None:
            atexit.register(self._at_exit)
        else:
            locks.release(before)  # of a file that may have been deleted and made anew since
        try:
            programs = Programs(self._place, find_account(), find_folders())
            initialise.prepare(programs, guard)
            self._postmaster.run(programs)
        except StillStartingError:
            self._leave(stop=False)
            raise
        except BaseException:
            self._leave()
            raise

    def _leave(self, *, stop: bool = True) -> None:
        assert self._use is not None
        use, self._use = self._use, None
        atexit.unregister(self._at_exit)
        try:
            if stop and locks.is_last(use):
                self._postmaster.shut_down()
        finally:
            self._postmaster.leave()
            locks.release(use)

    def _at_exit(self) -> None:
        try:
            self.stop()
        except (EmbeddedError, OSError) as error:
            print(error, file=sys.stderr)
        except KeyboardInterrupt:
            pass  # the server was told to stop already, and does so without being watched

    def _forget(self) -> None:
        """In a forked child: the use remains the parent's."""
        self._lock = threading.Lock()
        self._postmaster.leave()
        use, self._use = self._use, None
        if use is not None:
            with suppress(OSError):
                os.close(use)


def start(data_dir: Path | str) -> Server:
    """The running server of `data_dir`, to be stopped with `stop()` or left as a context.

    Makes the data folder on the first start ever, which takes about a second; joins the server if
    it runs already. A process that ends without `stop()` stops it then. Raises `EmbeddedError`.
    """
    server = Server(data_dir)
    server.ensure()
    return server


def shared(data_dir: Path | str) -> Server:
    """The running server of `data_dir`, in one use for all of this process that ends with it.

    Costs microseconds where the server runs, so it may be asked before every connection: after a
    fork the child gets a use of its own that way. Raises `EmbeddedError`.
    """
    key = os.fspath(data_dir)
    with _shared_lock:
        server = _shared.get(key) or _shared.setdefault(key, Server(key))
    server.ensure()
    return server


_servers: WeakSet[Server] = WeakSet()
_shared: dict[str, Server] = {}
_shared_lock = threading.Lock()


def _after_fork_in_child() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()
    for server in list(_servers):
        server._forget()


os.register_at_fork(after_in_child=_after_fork_in_child)
