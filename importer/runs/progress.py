"""The progress of a run, told to whoever looks at its page, and where a cancellation is noticed."""

import time

from importer.runs.control import Control

# How often a run says how far it is, and looks whether it is cancelled.
TELL_SECONDS = 0.3


class CancelledError(Exception):
    """Somebody has cancelled the run; whatever it did is undone."""


class RunProgress:
    """Tells the run's row of stages and parts, at most every TELL_SECONDS.

    Each call may raise CancelledError.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._stage = ""
        self._done = self._parts = 0
        self._told = 0.0

    def stage(self, origin: str, name: str, parts: int) -> None:  # noqa: ARG002
        """A stage begins; the log says so."""
        self._stage, self._done, self._parts = name, 0, parts
        self._control.note(name[:1].upper() + name[1:])
        self._tell()

    def advance(self, parts: int) -> None:
        """So many parts of the stage are done."""
        self.reach(self._done + parts, self._parts)

    def reach(self, done: int, parts: int) -> None:
        """The stage is at a place; `parts` is 0 where the whole is not known."""
        self._done, self._parts = done, parts
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._tell()

    def _tell(self) -> None:
        goes_on = self._control.tell(self._stage, self._done, self._parts)
        self._told = time.monotonic()
        if not goes_on:
            raise CancelledError
