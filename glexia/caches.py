"""Where finished pages and counters are kept: in each process, in PostgreSQL, or in Redis."""

import re
from typing import Any

from glexia.env import SettingError

IN_PROCESS = "django.core.cache.backends.locmem.LocMemCache"
# Finished pages, by the room that they take.
IN_MEMORY = "glexia.page_memory.PageMemory"
IN_DATABASE = "django.core.cache.backends.db.DatabaseCache"
IN_REDIS = "django.core.cache.backends.redis.RedisCache"
NOWHERE = "django.core.cache.backends.dummy.DummyCache"
# The migration `library.kept` makes it.
TABLE = "library_kept"
# Pages that nobody asks for any more leave after a day; the others when there is no room.
DAY = 86_400
# Counters of who asks how often; an address more is some 200 bytes. Not in PostgreSQL, which they
# are there to spare.
COUNTERS = {"BACKEND": IN_PROCESS, "LOCATION": "limits", "OPTIONS": {"MAX_ENTRIES": 100_000}}
# A Redis server that does not answer so soon is done without.
REDIS_SECONDS = 0.2


def caches(address: str, pages: int, megabytes: int) -> dict[str, dict[str, Any]]:
    """Django's CACHES: `limits` for counters, `pages` for so many finished pages (0 for none).

    Within a process these take so many megabytes at most.
    `address` is empty for caches within each process, "database", or that of a Redis server.
    Raises SettingError for any other, without repeating it: there may be a password in it.
    """
    kept: dict[str, Any] = {"TIMEOUT": DAY, "OPTIONS": {"MAX_ENTRIES": pages}, "KEY_PREFIX": "page"}
    limits: dict[str, Any] = COUNTERS
    if not address:
        default, kept_in = {"BACKEND": IN_PROCESS}, {"BACKEND": IN_MEMORY, "LOCATION": "pages"}
        kept["OPTIONS"] = {"MAX_ENTRIES": pages, "MAX_BYTES": megabytes * 1_000_000}
    elif address == "database":
        default = kept_in = {"BACKEND": IN_DATABASE, "LOCATION": TABLE}
    elif address.startswith(("redis://", "rediss://", "unix://")):
        _demand_readable(address)
        default = kept_in = limits = {
            "BACKEND": IN_REDIS,
            "LOCATION": address,
            "OPTIONS": dict.fromkeys(("socket_timeout", "socket_connect_timeout"), REDIS_SECONDS),
        }
        # A Redis server itself says how much it holds.
        kept = {"TIMEOUT": DAY, "KEY_PREFIX": "page"}
    else:
        raise SettingError(
            "CACHE_URL names no cache that is known here: leave it empty, or use database or"
            " redis://host:6379/0."
        )
    finished = {**kept_in, **kept} if pages else {"BACKEND": NOWHERE}
    return {"default": default, "limits": limits, "pages": finished}


def _demand_readable(address: str) -> None:
    """Go on where every server of a Redis address can be read as its client will read it."""
    # Only who uses Redis waits for its client.
    from redis.connection import parse_url

    try:
        # As Django's cache does: the first of several is written to.
        for server in re.split("[;,]", address):
            parse_url(server)  # type: ignore[no-untyped-call]
    except ValueError:
        raise SettingError(
            "CACHE_URL is not an address that can be read: percent-encode what is special in its"
            " user and password, and give the port as a number, as in redis://host:6379/0."
        ) from None
