"""A PostgreSQL with the database and the two roles that compose.yaml has, for whoever rehearses.

The very script that the database's container runs makes them, as the superuser.
"""

import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from glexia.embedded import Server
from glexia.embedded.place import Place
from glexia.embedded.programs import program

SCRIPT = Path(__file__).with_name("database_role.sh")
OWNER, PRODUCT = "glexia_owner", "glexia"
# In place of the embedded server's own rules: roles come in by their passwords alone.
ACCESS = f"""\
local all postgres trust
local all {OWNER},{PRODUCT} scram-sha-256
"""
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Roles:
    """The two roles of a server, and how to come in as either."""

    host: str
    port: int
    owner_password: str
    password: str

    def owner(self, database: str = PRODUCT) -> str:
        """The address of the owner, as whom migrations run."""
        return self._address(f"{OWNER}:{self.owner_password}", database)

    def product(self, database: str = PRODUCT) -> str:
        """The address of the role that the product serves as."""
        return self._address(f"{PRODUCT}:{self.password}", database)

    def superuser(self, database: str = PRODUCT) -> str:
        """The address of the superuser, whom the product does not know."""
        return self._address("postgres", database)

    def make(self, database: str = PRODUCT) -> None:
        """Run the script: make what is not there, and change what is there."""
        environment = {
            "PATH": f"{program('psql').parent}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "DATABASE_NAME": database,
            "DATABASE_PASSWORD": self.password,
            "OWNER_PASSWORD": self.owner_password,
        }
        subprocess.run(["sh", str(SCRIPT)], env=environment, check=True)  # noqa: S603, S607

    def _address(self, who: str, database: str) -> str:
        return f"postgresql://{who}@:{self.port}/{database}?host={quote(self.host, safe='')}"


def open_up(server: Server, data: Path) -> Roles:
    """Let the superuser and both roles of the script into a server that nobody else uses."""
    # Not replaced: it stays the file of the user whom the server runs as.
    (Place.at(data).cluster / "pg_hba.conf").write_text(ACCESS)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGHUP)
    roles = Roles(server.host, server.port, secrets.token_hex(24), secrets.token_hex(24))
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(roles.superuser("postgres")).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return roles


def as_new(server: Server, data: Path) -> Roles:
    """The roles and their database on a server that had neither, as a new volume has not."""
    roles = open_up(server, data)
    with psycopg.connect(roles.superuser("postgres"), autocommit=True) as superuser:
        superuser.execute(f"DROP DATABASE {PRODUCT}".encode())
        superuser.execute(f"DROP ROLE {PRODUCT}".encode())
    roles.make()
    return roles
