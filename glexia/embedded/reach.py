"""Runs a PostgreSQL program as an unprivileged user, although root's folders are in the way.

Started as a script of its own by `glexia.embedded.programs`, as root. Where that user may not
enter a folder on the way, such as /root, the process moves to a mount namespace of its own; there
an empty folder that anybody may enter covers the closed one, and the few folders that PostgreSQL
needs are shown again at their old paths. Outside nothing changes. Then it drops all privileges
and becomes the program. Standard library only, imported before anything is covered.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

EXIT_UNREACHABLE = 97
_NOSUID, _NODEV, _BIND, _REC, _SLAVE = 0x2, 0x4, 0x1000, 0x4000, 0x80000
# Of each part of an installation one file: they come from one archive, under one umask.
_SAMPLES = (
    "bin/postgres",
    "bin/initdb",
    "lib/postgresql/plpgsql.so",
    "share/postgresql/postgres.bki",
)
_NOT_COPIED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


class UnreachableError(Exception):
    """The user may not get where it has to; the text is one sentence."""


@dataclass(frozen=True)
class Plan:
    """Who the program runs as, and which folders it needs."""

    uid: int
    gid: int
    user: str
    data: str
    own: list[str]
    programs: list[str]


def main(arguments: list[str]) -> int:
    """Become the program named by `arguments[1:]`, prepared as `arguments[0]` plans."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    plan, command = Plan(**json.loads(arguments[0])), arguments[1:]
    os.umask(0o022)
    try:
        open_way(plan)
        os.setgroups([])
        os.setgid(plan.gid)
        os.setuid(plan.uid)
        os.execv(command[0], command)  # noqa: S606
    except UnreachableError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(
            f"PostgreSQL cannot be run as the user {plan.user} here ({error.strerror}): "
            "run this as an ordinary user, or set DATABASE_URL to use another server.",
            file=sys.stderr,
        )
    return EXIT_UNREACHABLE


def open_way(plan: Plan) -> None:
    """Make every folder of the plan reachable for its user, in this process only."""
    if closed := _closed(plan):
        try:
            _privatise()
            _show_again(closed)
        except OSError:
            _open_data_folder(plan, closed)
    if hidden := _unreadable(plan):
        try:
            _privatise()
            for folder in hidden:
                _copy_over(folder)
        except OSError:
            raise _unreachable(plan, hidden[0], hidden[0]) from None
    for folder, obstacle in _closed(plan).items():
        raise _unreachable(plan, folder, obstacle)


@contextmanager
def _as_user(plan: Plan) -> Iterator[None]:
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(plan.gid)
    os.seteuid(plan.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def _closed(plan: Plan) -> dict[str, str]:
    """Each folder that the user cannot get to, with the first folder on the way that is closed."""
    with _as_user(plan):
        found = {folder: _obstacle(Path(folder)) for folder in (*plan.own, *plan.programs)}
    return {folder: obstacle for folder, obstacle in found.items() if obstacle}


def _obstacle(folder: Path) -> str | None:
    # Asking the kernel takes access lists into account; computing it from modes would not.
    for outer, inner in pairwise([*reversed(folder.parents), folder]):
        try:
            os.lstat(inner)
        except PermissionError:
            return str(outer)
    return None


def _unreadable(plan: Plan) -> list[str]:
    """The folders of programs whose files the user may not read: installed under a umask of 077."""
    with _as_user(plan):
        return [folder for folder in plan.programs if not _readable(Path(folder))]


def _readable(folder: Path) -> bool:
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        return False
    samples = [folder / name for name in _SAMPLES if (folder / name).exists()]
    return all(os.access(path, os.R_OK, effective_ids=True) for path in samples or folder.iterdir())


@cache
def _privatise() -> None:
    """Leave the common mount namespace: what is mounted from here on is seen by nobody else."""
    if sys.platform != "linux":
        raise OSError("no mount namespaces on this system")
    os.unshare(os.CLONE_NEWNS)
    _mount("none", "/", None, _REC | _SLAVE)


def _show_again(closed: dict[str, str]) -> None:
    handles = {folder: os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in closed}
    for obstacle in sorted(set(closed.values())):
        _mount("tmpfs", obstacle, "tmpfs", _NOSUID | _NODEV, "mode=0755")
    for folder, handle in handles.items():
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        _mount(f"/proc/self/fd/{handle}", folder, None, _BIND | _REC)
        os.close(handle)


def _copy_over(folder: str) -> None:
    """Cover a folder with a readable copy of itself, in memory."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    _mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV, "mode=0755")
    shutil.copytree(
        f"/proc/self/fd/{handle}", folder, ignore=_NOT_COPIED, symlinks=True, dirs_exist_ok=True
    )
    os.close(handle)
    for path in (Path(folder), *Path(folder).rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)


def _open_data_folder(plan: Plan, closed: dict[str, str]) -> None:
    """Without namespaces, the one remedy that touches nothing outside the data directory."""
    for folder, obstacle in closed.items():
        if obstacle != plan.data:
            raise _unreachable(plan, folder, obstacle)
    data = Path(plan.data)
    data.chmod(data.stat().st_mode & 0o7777 | 0o011)


def _unreachable(plan: Plan, folder: str, obstacle: str) -> UnreachableError:
    remedy = (
        "put the checkout in a folder that other users may enter"
        if folder in plan.programs
        else "set GLEXIA_DATA_DIR to a folder that other users may enter"
    )
    return UnreachableError(
        f"PostgreSQL runs as the user {plan.user}, who may not enter {obstacle} "
        f"on the way to {folder}: {remedy}, or run this as an ordinary user."
    )


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    library = ctypes.CDLL(None, use_errno=True)
    done = library.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
