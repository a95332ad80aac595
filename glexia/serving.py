"""Gunicorn as this product runs it; `gunicorn.conf.py` puts it together."""

import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
# Twelve processes of four threads are well within PostgreSQL's usual hundred connections.
FEWEST_WORKERS, MOST_WORKERS = 2, 12
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
