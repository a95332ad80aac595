"""An import's progress as a bar on standard error."""

import sys
from pathlib import PurePath
from typing import Any

from tqdm import tqdm


class ProgressBar:
    """One bar at a time, for the stage at hand; nothing where nobody watches."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._bar: tqdm[Any] | None = None

    def stage(self, origin: str, name: str, parts: int) -> None:
        """A bar for one stage takes the place of the last one's."""
        self.close()
        if self._shown:
            title = f"{PurePath(origin).name}: {name}" if origin else name
            self._bar = tqdm(total=parts, desc=title, unit="", leave=False, file=sys.stderr)

    def advance(self, parts: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(parts)

    def reach(self, done: int, parts: int) -> None:
        """Move the bar to a place; `parts` is 0 where the whole is not known."""
        if self._bar is not None:
            self._bar.total = parts or None
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
