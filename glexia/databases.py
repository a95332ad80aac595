"""How processes use PostgreSQL: a copy to read from, and how long a web process waits for it."""

from typing import Any

# Nothing is ever written to a copy, whatever asks for it.
READ_ONLY = "-c default_transaction_read_only=on"


def replica(address: dict[str, str], first: dict[str, Any]) -> dict[str, Any]:
    """Django's settings of the copy at an address, used as the first database is."""
    options = dict(first["OPTIONS"])
    options["options"] = f"{options['options']} {READ_ONLY}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        **address,
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"MIRROR": "default"},
    }


def bound_waiting(statement_seconds: int, lock_seconds: int) -> None:
    """Have this process's connections give up what takes longer; before the first of them is made.

    PostgreSQL ends a statement, or a wait for a lock, by an error that readers see as a 503, and a
    transaction that its process has forgotten. 0 seconds: statements take as long as they take.
    """
    from django.db import connections

    if not statement_seconds:
        return
    bounds = {
        "statement_timeout": statement_seconds,
        "lock_timeout": min(lock_seconds, statement_seconds),
        "idle_in_transaction_session_timeout": 2 * statement_seconds,
    }
    added = "".join(f" -c {name}={seconds}s" for name, seconds in bounds.items())
    for alias in connections:
        options = connections.settings[alias]["OPTIONS"]
        options["options"] += added
