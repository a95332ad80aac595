"""Purging: a shared cache in front of the site is told when readers should see other pages."""

import logging
import threading

import requests
from django.conf import settings

from library.conditional import EVERY_PAGE

logger = logging.getLogger(__name__)
# Until the cache is reached, and until it has answered.
SECONDS = (3.0, 5.0)


def purge(**_kwargs: object) -> threading.Thread | None:
    """Ask the cache at PURGE_URL, beside the work at hand, to let all pages of the library go.

    By the surrogate key that every page has. The thread that asks; None where no cache is named.
    A cache that does not do as asked is logged: it holds what it has for SHARED_CACHE_SECONDS.
    """
    if not settings.PURGE_URL:
        return None
    # Not a daemon: a command that has imported a release waits for it.
    asking = threading.Thread(target=_ask, args=(settings.PURGE_URL, settings.PURGE_HEADER))
    asking.start()
    return asking


def _ask(url: str, header: str) -> None:
    headers = {"Surrogate-Key": EVERY_PAGE}
    if header:
        name, _, value = header.partition(":")
        headers[name.strip()] = value.strip()
    try:
        answer = requests.post(url, headers=headers, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        logger.error("The shared cache was not purged: %s.", type(error).__name__)
        return
    if not 200 <= answer.status_code < 300:
        logger.error("The shared cache was not purged: it answered %s.", answer.status_code)
