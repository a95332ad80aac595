"""Caches that may fail: what cannot be had from one is as if it had not been kept.

For all that is asked of a cache, whichever it is. One that failed is left alone for some seconds:
a server that does not answer would hold up every reader for as long as it may take to connect.
"""

import logging
import time
from collections.abc import Callable

from django.core.cache import BaseCache, caches

# How long a cache that failed is not asked.
REST_SECONDS = 5.0
log = logging.getLogger(__name__)
# Until when each of the caches that failed rests, by its name in the settings.
resting: dict[str, float] = {}


def ask[T](name: str, what: Callable[[BaseCache], T], otherwise: T) -> T:
    """What a cache answers; `otherwise` where it fails, which is logged, or has just failed."""
    if resting and time.monotonic() < resting.get(name, 0.0):
        return otherwise
    try:
        return what(caches[name])
    except Exception:  # each cache fails by errors of its own
        resting[name] = time.monotonic() + REST_SECONDS
        log.exception("the cache of %s failed and is not asked for some seconds", name)
        return otherwise
