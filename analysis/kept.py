"""What a process keeps of what it worked out, so much at most."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock


class Kept[Key, Value]:
    """The values asked for last, for all threads of a process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """The value of a key; None where it is not kept."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def add(self, pairs: Iterable[tuple[Key, Value]]) -> None:
        """Keep these, in place of what was asked for longest ago."""
        with self._lock:
            self._values.update(pairs)
            while len(self._values) > self.most:
                self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)
