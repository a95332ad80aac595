"""The locks that decide who starts and who stops the server.

All are `flock` locks: the kernel drops them with the process that holds them, however it ends,
so there is no list of users to repair. A lock belongs to the open file, which a forked child
shares: save for one made to be inherited, it is dropped explicitly, by the process that took it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


@contextmanager
def alone(path: Path) -> Iterator[int]:
    """Only one process at a time is inside; waits for its turn. Yields the descriptor."""
    descriptor = _open(path)
    try:
        flock(descriptor, LOCK_EX)
        yield descriptor
    finally:
        release(descriptor)


def share(path: Path) -> int:
    """A descriptor that counts its process among the users until `release`."""
    descriptor = _open(path)
    flock(descriptor, LOCK_SH)
    return descriptor


def is_last(descriptor: int) -> bool:
    """True if no other process holds the lock; this one then holds it alone, else not at all."""
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take(path: Path) -> int | None:
    """A descriptor that holds a lock to be handed to a child, None while another process does.

    Closing it leaves the lock to the child; it ends with the last process that inherited it.
    """
    descriptor = _open(path)
    if is_last(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def release(descriptor: int) -> None:
    """Drop the lock, for forked children that still hold the open file as well."""
    flock(descriptor, LOCK_UN)
    os.close(descriptor)
