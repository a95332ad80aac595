"""`make run`: database, import, worker and web server, started in order and stopped in order.

`python -m glexia.run` owns everything it starts. Ctrl-C or SIGTERM ends all of it with exit status
0; what cannot work ends it with one sentence and exit status 1.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from types import FrameType

import django
from django.core.exceptions import ImproperlyConfigured

from glexia import embedded, env, production
from glexia.serving import GRACEFUL_SECONDS, ports

HOST = "127.0.0.1"
STOP_SECONDS = GRACEFUL_SECONDS + 5
READY_SECONDS = 30
WATCH_SECONDS = 1
FINISH_SECONDS = 3
RESTART_SECONDS = 3
# Loaded beforehand: little is safe to do between fork and exec.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


class RunError(Exception):
    """The product cannot run; the text says why and what to do, in one sentence."""


def main() -> int:
    """The exit status of a whole run."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with contextlib.ExitStack() as stack:
            _run(stack)
    except KeyboardInterrupt:
        _say("Stopped.")
        return 0
    except (RunError, embedded.EmbeddedError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(stack: contextlib.ExitStack) -> None:
    begun = time.monotonic()
    production.wanted()
    port, _ = ports()
    _check_port(port)
    database = _use_database(stack)
    os.environ["DJANGO_SETTINGS_MODULE"] = "glexia.settings"
    django.setup()
    _prepare()
    worker = stack.enter_context(_Worker())
    server = stack.enter_context(_web_server(port))
    _wait_until_ready(server, port)
    _say(f"Ready after {time.monotonic() - begun:.1f} s: http://{HOST}:{port}/learn/attack")
    _say("Ctrl-C stops everything.")
    status = _watch(server, database, worker)
    raise RunError(
        f"The web server ended by itself with status {status}; its messages stand above."
    )


def _watch(
    server: subprocess.Popen[bytes], database: embedded.Server | None, worker: "_Worker"
) -> int:
    """The web server's exit status; the database and the worker are started again if they die."""
    while True:
        try:
            return server.wait(WATCH_SECONDS)
        except subprocess.TimeoutExpired:
            if database is not None:
                database.ensure()
            worker.ensure()


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: what follows must not be interrupted while it stops things in order.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise RunError(f"Port {port} needs more rights: choose one, as in PORT=8080.") from None
        except OSError:
            raise RunError(
                f"Port {port} is in use: stop what uses it or choose another, as in"
                f" PORT={port + 1 if port < 65535 else 8000}."
            ) from None


def _use_database(stack: contextlib.ExitStack) -> embedded.Server | None:
    """The embedded PostgreSQL, where no other is given; children find it by DATABASE_URL."""
    if env.text("DATABASE_URL"):
        return None
    server = embedded.start(env.data_dir())
    stack.callback(server.stop)
    os.environ["DATABASE_URL"] = server.dsn
    return server


def _prepare() -> None:
    """Migrate, import, load Takes, collect static files: what the first page needs."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from analysis.starters import load_starters
    from analysis.takefiles.problems import BadTakesError
    from importer.database import DATABASE_FAILURES, bring_up_to_date, check_reachable, failure
    from importer.errors import BundleError, DatabaseNotReadyError
    from importer.filling import fill_library
    from importer.progress import ProgressBar
    from importer.validate import ValidatorError

    try:
        check_reachable()
        bring_up_to_date()
        sample = settings.BASE_DIR / "fixtures" / "bundles"
        fill_library(settings.ATTACK_BUNDLES, sample, _say, ProgressBar())
        loaded = load_starters(settings.BASE_DIR / "fixtures" / "takes")
        if loaded:
            _say(f"Loaded {loaded} starter Takes, which your organisation has not reviewed.")
    except (BundleError, ValidatorError) as error:
        raise RunError(f"Nothing was imported: {error}") from None
    except BadTakesError as error:
        raise RunError(f"The starter Takes are damaged: {error.problems[0]}") from None
    except DatabaseNotReadyError as error:
        raise RunError(str(error)) from None
    except DATABASE_FAILURES as error:
        raise RunError(failure(error)) from None
    finally:
        connections.close_all()
    try:
        call_command("collectstatic", verbosity=0, interactive=False)
    except OSError as error:
        raise RunError(
            f"{settings.STATIC_ROOT} cannot be written ({error.strerror}): delete it and run again."
        ) from None


def _end_with_parent() -> None:
    """In the child: have Linux end it when we are killed, so that it does not keep the port."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class _Worker:
    """The process that imports in the background; a context manager, which ends it.

    Asked to end, it finishes what it is at; asked again, it breaks that off in order.
    """

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "manage.py", "db_worker", "--no-reload", "--verbosity", "0"]
        self._begun = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603  (our own words)
            command, cwd=env.BASE_DIR, start_new_session=True, preexec_fn=_end_with_parent
        )

    def ensure(self) -> None:
        """Start it again where it has died, but not at every turn."""
        if self._process.poll() is not None and time.monotonic() - self._begun > RESTART_SECONDS:
            _say(f"The worker ended with status {self._process.returncode}: it is started again.")
            self._start()

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *_how: object) -> None:
        for patience in (FINISH_SECONDS, STOP_SECONDS):
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
                return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def _web_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Gunicorn in a session of its own, so that a Ctrl-C reaches it through us alone."""
    settings = str(env.BASE_DIR / "gunicorn.conf.py")
    server = subprocess.Popen(  # noqa: S603  (our own words)
        [sys.executable, "-m", "gunicorn", "--config", settings],
        env=os.environ | {"PORT": str(port), "WEB_HOST": HOST},
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RunError(f"The web server did not start (status {server.returncode}).")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise RunError(f"The web server did not answer within {READY_SECONDS} seconds.")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
