"""The cache of finished pages within a process: so many bytes of them, and no more."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache


class Sized(Protocol):
    """Something that knows how many bytes of memory it takes."""

    @property
    def size(self) -> int:
        """How many they are."""


@dataclass
class _Room:
    """What is kept under one name: what was asked for last stands at the end."""

    held: OrderedDict[str, Sized] = field(default_factory=OrderedDict)
    size: int = 0
    lock: Lock = field(default_factory=Lock)


_rooms: dict[str, _Room] = {}


class PageMemory(BaseCache):
    """Values that never change, handed out as they are; what nobody asked for longest makes room.

    OPTIONS has MAX_BYTES and MAX_ENTRIES. Nothing leaves before there is no room: timeouts count
    for nothing.
    """

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._room = _rooms.setdefault(name, _Room())
        self._most_bytes: int = params["OPTIONS"]["MAX_BYTES"]
        self._most_entries: int = params["OPTIONS"]["MAX_ENTRIES"]

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:  # noqa: ARG002
        """The value of a key."""
        room = self._room
        with room.lock:
            found = room.held.get(key)
            if found is None:
                return default
            room.held.move_to_end(key)
            return found

    def set(
        self,
        key: str,
        value: Sized,
        timeout: float | None = DEFAULT_TIMEOUT,  # noqa: ARG002
        version: int | None = None,  # noqa: ARG002
    ) -> None:
        """Keep a value, unless it alone would take all the room."""
        room, size = self._room, value.size
        with room.lock:
            self._let_go(key)
            if size > self._most_bytes:
                return
            room.held[key] = value
            room.size += size
            while room.size > self._most_bytes or len(room.held) > self._most_entries:
                self._let_go(next(iter(room.held)))

    def clear(self) -> None:
        """Let everything go."""
        with self._room.lock:
            self._room.held.clear()
            self._room.size = 0

    @property
    def size(self) -> int:
        """How many bytes are held."""
        return self._room.size

    def _let_go(self, key: str) -> None:
        gone = self._room.held.pop(key, None)
        if gone is not None:
            self._room.size -= gone.size
