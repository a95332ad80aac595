"""What the process table says about PostgreSQL's processes.

Only command lines are read: unlike all else about a process, every user may see them, also root
in a container that is not allowed to trace.
"""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_LINUX = sys.platform == "linux"
_GAP = "\0" if _LINUX else " "
_PS = ("/bin/ps", "-ww", "-o", "pid=,command=")


def title(cluster: Path) -> str:
    """What the parts of this data folder's server call themselves in the process table."""
    return f"glexia-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]}"


def is_postmaster(pid: int, cluster: Path) -> bool:
    """True if `pid` is the server of this data folder: no zombie, no number used again."""
    return _is_started_in(cluster, _command_line(pid))


def is_on_its_way(cluster: Path) -> bool:
    """True if a server of this data folder was started, though it may not have said so yet."""
    return any(_is_started_in(cluster, line) for _, line in _all())


def is_postgres(pid: int) -> bool:
    """True if `pid` is any server of PostgreSQL's, or a part of one."""
    line = _command_line(pid)
    return line.startswith("postgres: ") or line.partition(f"{_GAP}-")[0].endswith("postgres")


def kill_orphans(cluster: Path) -> None:
    """Kill what outlived the server of this data folder; only for callers who know it is dead.

    Most parts of a server notice its death within moments. One that computes does not, and while
    it is attached to the shared memory no new server may start.
    """
    for pid, line in _all():
        if line.startswith(f"postgres: {title(cluster)}: "):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _is_started_in(cluster: Path, line: str) -> bool:
    return f"/bin/postgres{_GAP}-D{_GAP}{cluster}{_GAP}" in line


def _command_line(pid: int) -> str:
    if not _LINUX:
        return next((line for _, line in _ps("-p", str(pid))), "")
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return ""


def _all() -> Iterator[tuple[int, str]]:
    if not _LINUX:
        return _ps("-ax")
    pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return ((pid, _command_line(pid)) for pid in pids)


def _ps(*which: str) -> Iterator[tuple[int, str]]:
    printed = subprocess.run((*_PS, *which), capture_output=True, text=True, check=False).stdout  # noqa: S603
    for line in printed.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command
