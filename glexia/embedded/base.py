"""Django's database engine `glexia.embedded`: PostgreSQL, started when it is first needed."""

import atexit
import os
from functools import cache
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from glexia.embedded import cluster
from glexia.embedded.client import DatabaseClient


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the server of `settings.DATA_DIR`, which it starts where it does not run."""

    client_class = DatabaseClient
    _connection_pools: dict[str, Any] = {}

    def get_connection_params(self) -> dict[str, Any]:
        """Where to connect to, once something answers there.

        Django asks before every connection, with and without a pool, for test databases and for
        the one to `postgres` that makes them. Raises `EmbeddedError`.
        """
        server = cluster.shared(settings.DATA_DIR)
        _close_pools_at_exit()
        self.settings_dict.update(HOST=server.host, PORT=str(server.port), USER=server.user)
        return super().get_connection_params()


@cache
def _close_pools_at_exit() -> None:
    """Hang up before the server stops, which would log each connection as broken off.

    Runs before the server's own handler, which was registered earlier. A forked child keeps its
    hands off: the connections are its parent's.
    """
    atexit.register(_close_pools, os.getpid())


def _close_pools(process: int) -> None:
    if os.getpid() == process:
        for pool in DatabaseWrapper._connection_pools.values():
            pool.close(timeout=1)
