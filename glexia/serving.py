"""Gunicorn as this product runs it; `gunicorn.conf.py` puts it together."""

import logging
import os
import time
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from glexia import env

CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
# Twelve processes of four threads are well within PostgreSQL's usual hundred connections.
FEWEST_WORKERS, MOST_WORKERS = 2, 12
FORWARDED = "X-FORWARDED-FOR"
# How long a stop waits for answers under way: within the 30 seconds that Kubernetes gives.
GRACEFUL_SECONDS = 20


def cores(limit: Path = CPU_LIMIT) -> int:
    """How many processors this process may keep busy, at least 1: as the container allows."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = limit.read_text().split()
        return max(1, min(here, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no control groups here, or "max": no limit
        return here


def usual_workers() -> int:
    """One web process a core: making a page keeps one busy, and waits little."""
    return max(FEWEST_WORKERS, min(cores(), MOST_WORKERS))


def ports() -> tuple[int, int]:
    """The port for readers, and that for figures alone: 0 for none. Raises SettingError."""
    readers, figures = env.port("PORT", 8000), env.port("METRICS_PORT", 0)
    if figures == readers:
        raise env.SettingError(f"METRICS_PORT is {figures}, as PORT is: readers would be shut out.")
    return readers, figures


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads; one that stops answers whoever already waits, and refuses the rest.

    Gunicorn's own leaves its listening socket open until its last answer is out: who connects
    meanwhile is never answered. Here they are refused at once, so that a proxy asks elsewhere.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; when stopping, take what waits and close the door."""
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            if listener.sock is not None:
                self._take_what_waits(listener)
                listener.close()

    def _take_what_waits(self, listener: Any) -> None:
        before = None
        while self.nr_conns != before:
            before = self.nr_conns
            self.accept(listener)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what cannot be read, or has failed past everything, and write its line."""
        # Not above: it needs Django's settings, which gunicorn's parent process goes without.
        from glexia import unreadable

        begun = time.perf_counter()
        response = unreadable.answer_to(exc)
        if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("a request failed past everything", exc_info=exc)
        else:
            self.log.warning("a request could not be read: %s", type(exc).__name__)
        try:
            util.write_nonblock(client, unreadable.as_sent(response))
        except OSError:
            self.log.debug("who sent a request that could not be read is gone")
        sent = SimpleNamespace(status=response.status_code, sent=len(response.content))
        environ = _known(req or getattr(exc, "req", None), addr)
        taken = timedelta(seconds=time.perf_counter() - begun)
        self.log.access(sent, req, environ, taken)
        response.close()


def _known(request: Any, address: Any) -> dict[str, Any]:
    """What of a request goes into the line of one that could not be read: as far as it was."""
    headers = getattr(request, "headers", None) or ()
    return {
        "HTTP_X_FORWARDED_FOR": ",".join(said for name, said in headers if name == FORWARDED),
        "REQUEST_METHOD": getattr(request, "method", None) or "-",
        "PATH_INFO": util.unquote_to_wsgi_str(getattr(request, "path", None) or "-"),
        # None for a socket of the file system.
        "REMOTE_ADDR": str(address[0]) if address else "",
    }


class Log(Logger):  # type: ignore[misc]
    """Gunicorn's log with an access log in fields, without queries.

    A query can hold what a reader looks for, or a code to sign in with: only paths are kept. The
    request's id is known still: its answer has not been closed (`glexia.request_ids`).
    """

    def access(self, resp: Any, _req: Any, environ: dict[str, Any], taken: timedelta) -> None:
        """Write the line of one answer."""
        if not self.access_log.isEnabledFor(logging.INFO):
            return
        path = environ["PATH_INFO"].encode("latin-1", "replace").decode("utf-8", "replace")
        status = int(str(resp.status).split(None, 1)[0])
        fields = {
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "status": status,
            "bytes": resp.sent,
            "seconds": round(taken.total_seconds(), 6),
            "client": _client(environ),
            "user_agent": str(environ.get("HTTP_USER_AGENT", ""))[:300],
        }
        self.access_log.info("%s %s %d", fields["method"], path, status, extra=fields)


def _client(environ: dict[str, Any]) -> str:
    # Not above: it needs Django's settings, which gunicorn's parent process goes without.
    from glexia.clients import client_address

    request = HttpRequest()
    request.META = environ
    return client_address(request)
