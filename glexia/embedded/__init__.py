"""PostgreSQL without a server to install: started in the data directory by whoever needs it.

`start` is for a supervisor, which hands `Server.dsn` to its children as DATABASE_URL; Django uses
the same server through the database engine `glexia.embedded`.
"""

from glexia.embedded.cluster import Server, shared, start
from glexia.embedded.errors import EmbeddedError

__all__ = ["EmbeddedError", "Server", "shared", "start"]
