"""Purging: a shared cache in front of the site is told when readers should see other pages.

Whoever changes something asks at once. That alone would not do: other web processes may show the
pages before for a second more, or for as long as their database is slow, away or lags behind, and
a cache that was just purged takes them back and holds them. So each web process looks, once a
second, at what it shows, and asks again when that has become something else: at once, and when
what was still on its way has arrived.
"""

import logging
import threading
import time
from dataclasses import dataclass, field

import requests
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from glexia.replicas import read_as_readers_do
from library.conditional import EVERY_PAGE, Shelf, current_shelf

logger = logging.getLogger(__name__)
# Until the cache is reached, and until it has answered.
SECONDS = (3.0, 5.0)
# When a process asks once it shows something else: at once, when small pages that it had begun to
# send have arrived, and when any have (gunicorn ends what takes longer, glexia.serving).
ROUNDS = (0.0, 2.0, 30.0)
# When it asks once more where the cache did not do as asked.
RETRY_SECONDS = 60.0


def purge(**_kwargs: object) -> threading.Thread | None:
    """Ask the cache at PURGE_URL, beside the work at hand, to let all pages of the library go.

    By the surrogate key that every page has. The thread that asks; None where no cache is named.
    A cache that does not do as asked is logged: the web processes will ask it again.
    """
    if not settings.PURGE_URL:
        return None
    # Not a daemon: a command that has imported a release waits for it.
    asking = threading.Thread(target=_ask, args=(settings.PURGE_URL, settings.PURGE_HEADER))
    asking.start()
    return asking


@dataclass
class Watch:
    """What a web process was seen to show, and when it is to ask for a purge because of it."""

    shown: Shelf | None = None
    due: list[float] = field(default_factory=list)

    def look(self, now: float) -> None:
        """Look at what is shown, and ask for what is due.

        What a process begins with counts as a change: other pages than an older version made.
        """
        try:
            shelf = current_shelf()
        except DatabaseError:
            # Nothing was ever read, so no page was handed out.
            return
        if shelf != self.shown:
            self.shown, self.due = shelf, [now + pause for pause in ROUNDS]
        if self.due and self.due[0] <= now:
            self.due.pop(0)
            if not _ask(settings.PURGE_URL, settings.PURGE_HEADER) and not self.due:
                self.due.append(now + RETRY_SECONDS)


def watch() -> None:
    """Have this web process look at what it shows for as long as it lives, where a cache is named.

    A query a second, which spares readers the same.
    """
    if settings.PURGE_URL:
        threading.Thread(target=_watch, name="purging", daemon=True).start()


def _watch() -> None:
    read_as_readers_do()
    watched = Watch()
    while True:
        try:
            watched.look(time.monotonic())
        except Exception:  # nobody else would look
            logger.exception("The shared cache may hold pages that are out of date.")
        close_old_connections()
        time.sleep(settings.EPOCH_SECONDS)


def _ask(url: str, header: str) -> bool:
    """Ask for a purge; whether it was done."""
    headers = {"Surrogate-Key": EVERY_PAGE}
    if header:
        name, _, value = header.partition(":")
        headers[name.strip()] = value.strip()
    try:
        answer = requests.post(url, headers=headers, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        logger.error("The shared cache was not purged: %s.", type(error).__name__)
        return False
    if not 200 <= answer.status_code < 300:
        logger.error("The shared cache was not purged: it answered %s.", answer.status_code)
        return False
    return True
