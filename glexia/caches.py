"""Where finished pages and counters are kept: in each process, in PostgreSQL, or in Redis."""

from typing import Any

from glexia.env import SettingError

IN_PROCESS = "django.core.cache.backends.locmem.LocMemCache"
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


def caches(address: str, pages: int) -> dict[str, dict[str, Any]]:
    """Django's CACHES: `limits` for counters, `pages` for so many finished pages (0 for none).

    `address` is empty for caches within each process, "database", or that of a Redis server.
    Raises SettingError for any other.
    """
    kept = {"TIMEOUT": DAY, "OPTIONS": {"MAX_ENTRIES": pages}, "KEY_PREFIX": "page"}
    limits: dict[str, Any] = COUNTERS
    if not address:
        default, kept_in = {"BACKEND": IN_PROCESS}, {"BACKEND": IN_PROCESS, "LOCATION": "pages"}
    elif address == "database":
        default = kept_in = {"BACKEND": IN_DATABASE, "LOCATION": TABLE}
    elif address.startswith(("redis://", "rediss://", "unix://")):
        default = kept_in = limits = {"BACKEND": IN_REDIS, "LOCATION": address}
        # A Redis server itself says how much it holds.
        kept = {"TIMEOUT": DAY, "KEY_PREFIX": "page"}
    else:
        raise SettingError(
            f"CACHE_URL is {address.split('@')[-1]!r}: leave it empty, or use database or"
            " redis://host:6379/0."
        )
    finished = {**kept_in, **kept} if pages else {"BACKEND": NOWHERE}
    return {"default": default, "limits": limits, "pages": finished}
