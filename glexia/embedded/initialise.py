"""The data folder of the server: made where there is none, judged where there is one."""

import os
import shutil
import signal
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from glexia.embedded import failures
from glexia.embedded.errors import EmbeddedError
from glexia.embedded.place import owner_name
from glexia.embedded.programs import MAJOR, Account, Programs

ROLE = "glexia"
DATABASE = "glexia"
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# In one go with the folder, by a server nobody else can reach: the superuser never logs in.
_BOOTSTRAP = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB;
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""
_NOTICE = "# Written at every start; what is changed here is lost.\n"


def prepare(programs: Programs, guard: int) -> None:
    """Make sure of a data folder that a server can start in. The caller holds the guard lock.

    Costs a second where it has to be made. Raises `EmbeddedError` where the folder belongs to
    another user or another version, or is no data folder at all.
    """
    place, account = programs.place, programs.account
    _make_folder(place.sockets, account)
    if not _is_filled(place.cluster):
        _create(programs, guard)
    _judge(place.cluster)
    _claim_folder(place.cluster, account)
    _write_access(place.cluster, account)


def _is_filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        raise _damaged(folder, "it is not a folder") from None


def _create(programs: Programs, guard: int) -> None:
    """Make the folder under another name, so that an interrupted attempt is never mistaken for it.

    The tools inherit the guard lock: where this process is killed, the next one waits until they
    have ended before it clears away what they left.
    """
    place = programs.place
    if place.unfinished.exists():
        shutil.rmtree(place.unfinished)
    _make_folder(place.unfinished, programs.account)
    _run(
        programs,
        guard,
        "initdb",
        *("-D", str(place.unfinished)),
        *("--username=postgres", "--auth=reject", "--encoding=UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--text-search-config=english", "--no-instructions"),
        *(f"--set={name}={value}" for name, value in _SETTINGS.items()),
    )
    _run(
        programs,
        guard,
        "postgres",
        *("--single", "-D", str(place.unfinished), "-c", "exit_on_error=on", "postgres"),
        script=_BOOTSTRAP,
    )
    place.unfinished.rename(place.cluster)
    _sync(place.data)


def _run(programs: Programs, guard: int, name: str, *arguments: str, script: str = "") -> None:
    place = programs.place
    mark = place.mark_log()
    process = programs.spawn(
        name, *arguments, own=[place.unfinished], stdin=subprocess.PIPE, pass_fds=(guard,)
    )
    try:
        process.communicate(script.encode())
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode != 0:
        printed = place.read_log(mark)
        shutil.rmtree(place.unfinished, ignore_errors=True)
        raise failures.explain(place, printed, process.returncode)


def _judge(folder: Path) -> None:
    try:
        version = (folder / "PG_VERSION").read_text(errors="replace").strip()
    except FileNotFoundError:
        raise _damaged(folder, "it has no file PG_VERSION") from None
    if not version.isdigit():
        raise _damaged(folder, "its PG_VERSION holds no version")
    if version != MAJOR:
        raise EmbeddedError(
            f"{folder} was made by PostgreSQL {version} and this is PostgreSQL {MAJOR}: dump it "
            "with the other version, move the folder away, and restore the dump after a new start."
        )


def _damaged(folder: Path, why: str) -> EmbeddedError:
    return EmbeddedError(
        f"{folder} is not a data folder of PostgreSQL ({why}): "
        "move it away to begin anew, or restore it from a backup."
    )


def _make_folder(folder: Path, account: Account) -> None:
    """A folder that is the server's alone; one that root made and did not hand over is handed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.is_other and folder.stat().st_uid == os.geteuid():
        os.chown(folder, account.uid, account.gid)
    _claim_folder(folder, account)


def _claim_folder(folder: Path, account: Account) -> None:
    """Close a folder of the server's to others; refuse one that is not the server's."""
    found = folder.stat()
    if found.st_uid != account.uid:
        owner = owner_name(folder)
        raise EmbeddedError(
            f"{folder} belongs to {owner}, but PostgreSQL runs as {account.name} here: start this "
            f"as {owner}, give the folder to {account.name}, or set GLEXIA_DATA_DIR to another one."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _write_access(folder: Path, account: Account) -> None:
    """Let the users that run the app and the server in as the app's role, and nobody else."""
    users = dict.fromkeys((account.app, account.name))
    _replace(folder / "pg_hba.conf", f"local all {ROLE} peer map={ROLE}\n", account)
    _replace(folder / "pg_ident.conf", "".join(f'{ROLE} "{u}" {ROLE}\n' for u in users), account)


def _replace(path: Path, text: str, account: Account) -> None:
    text = _NOTICE + text
    with suppress(OSError):
        if path.read_text() == text:
            return
    # The folder is another user's: root follows no link that may have been put there.
    fresh = path.with_suffix(".fresh")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if account.is_other:
            os.fchown(descriptor, account.uid, account.gid)
        file.write(text)
    fresh.replace(path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
