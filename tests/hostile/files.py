"""What takes files: the importer by its three ways in, Takes, and backups; and their replays."""

from __future__ import annotations

import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.core.management import CommandError, call_command

from tests.importer.test_commands import SOUND

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

REPLAYED: Final[dict[str, Callable[[], bytes]]] = {
    "the same bytes": lambda: SOUND,
    "the same bytes once more": lambda: SOUND,
    "gzip": lambda: gzip.compress(SOUND),
    "gzip, packed less": lambda: gzip.compress(SOUND, 1, mtime=0),
    "gzip in two members": lambda: gzip.compress(SOUND[:99]) + gzip.compress(SOUND[99:]),
    "gzip in many members": lambda: b"".join(
        gzip.compress(SOUND[at : at + 99]) for at in range(0, len(SOUND), 99)
    ),
    "xz": lambda: lzma.compress(SOUND),
    "xz, packed less": lambda: lzma.compress(SOUND, preset=0),
    "xz with another check": lambda: lzma.compress(SOUND, check=lzma.CHECK_CRC32),
    "xz in two streams": lambda: lzma.compress(SOUND[:99]) + lzma.compress(SOUND[99:]),
    "zstd": lambda: zstd.compress(SOUND),
    "zstd, packed more": lambda: zstd.compress(SOUND, 19),
}


def ended(command: str, *arguments: str | Path, **options: object) -> tuple[int, str]:
    """How a command ended: its exit status, and what it said on stderr."""
    error = io.StringIO()
    try:
        call_command(command, *map(str, arguments), stdout=io.StringIO(), stderr=error, **options)
    except SystemExit as status:
        return int(status.code or 0), error.getvalue()
    except CommandError as refused:
        return 1, str(refused)
    return 0, error.getvalue()


def sentence(said: str) -> str:
    """The one line that a command says, which ends."""
    (line,) = said.splitlines()
    assert line.endswith("."), line
    assert "Traceback" not in line
    assert len(line) < 2000, line
    return line
