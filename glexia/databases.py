"""How processes use PostgreSQL: a copy to read from, and how long a web process waits for it."""

from typing import Any

# Nothing is ever written to a copy, whatever asks for it.
READ_ONLY = "-c default_transaction_read_only=on"
# How long a connection to a copy is waited for: another server is asked then.
COPY_SECONDS = 2


def replica(address: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """Django's settings of the copy at an address, used as the first database is."""
    return {
        "ENGINE": "glexia.standby",
        **address,
        "OPTIONS": {
            **address.get("OPTIONS", {}),
            "pool": first["OPTIONS"]["pool"] | {"timeout": COPY_SECONDS},
            "options": f"{first['OPTIONS']['options']} {READ_ONLY}",
        },
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"MIRROR": "default"},
    }


def one_for_each(threads: int) -> None:
    """Let this web process have a connection for each of its threads, to each of its databases.

    Before the first connection is made. A thread has one of each database at most; the first one's
    serve for a copy's as well, where that is away.
    """
    from django.db import DEFAULT_DB_ALIAS, connections

    databases = len(list(connections))
    for alias in connections:
        options = connections.settings[alias]["OPTIONS"]
        most = threads * (databases if alias == DEFAULT_DB_ALIAS else 1)
        options["pool"] = options["pool"] | {"max_size": most}


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
