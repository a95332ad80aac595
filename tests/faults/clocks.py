"""Processes whose clock a test sets, by libfaketime (Debian's package `faketime`)."""

from dataclasses import dataclass
from pathlib import Path

import pytest

# Python sleeps by clock_nanosleep until an absolute monotonic time, which libfaketime 0.9.10
# refuses while it leaves the monotonic clock alone. To wait for a lock is as good.
SLEEP = "import threading, time\ntime.sleep = lambda seconds: threading.Event().wait(seconds)\n"
LIBRARIES = ("/usr/lib", "/usr/local/lib", "/usr/lib64")


def library() -> Path | None:
    """Where libfaketime for processes with threads is, if it is here."""
    for folder in LIBRARIES:
        for pattern in ("faketime/libfaketimeMT.so.1", "*/faketime/libfaketimeMT.so.1"):
            for found in Path(folder).glob(pattern):
                return found
    return None


@dataclass(frozen=True)
class Clock:
    """A clock that shows the time of day so far from the real one; none for lengths of time."""

    file: Path

    def jump(self, offset: str) -> None:
        """Show another time from now on, as in `-1d`, `+10y` or `+0`; at once, in every process."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset}\n")
        fresh.replace(self.file)

    @property
    def environment(self) -> dict[str, str]:
        """What processes are given to go by this clock."""
        found = library()
        if found is None:
            pytest.skip("libfaketime is not installed")
        (self.file.parent / "sitecustomize.py").write_text(SLEEP)
        return {
            "PYTHONPATH": str(self.file.parent),
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            # A clock that is set leaves these alone.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
