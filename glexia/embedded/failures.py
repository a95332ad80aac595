"""What a failed PostgreSQL program means to the person who started it, told from its log."""

import re

from glexia.embedded.errors import EmbeddedError
from glexia.embedded.place import Place, disk_full
from glexia.embedded.reach import EXIT_UNREACHABLE

_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_NO_MEMORY = ("Cannot allocate memory", "could not map anonymous shared memory", "out of memory")
# Another server on its way up or down, or backends that have not noticed their server's death.
_PASSING = ("pre-existing shared memory block", '.lock" already exists', '.pid" already exists')
_SEVERE = re.compile(r"(?:FATAL|PANIC|error|ERROR):\s+(.*)")
_PREFIX = re.compile(r"^\S+ \S+ \S+ \[\d+\] \w+:\s+")
# Lines that do not say what went wrong, among them the answers to clients that came too early.
_BESIDE = ("HINT:", "DETAIL:", "CONTEXT:", "the database system is ", "initdb: removing")


def explain(place: Place, printed: str, exit_code: int | None) -> EmbeddedError:
    """One sentence for a program that ended with `exit_code` after it `printed` that to the log."""
    line = last_words(printed)
    if exit_code == EXIT_UNREACHABLE:
        return EmbeddedError(f"{line}.")
    if any(words in printed for words in _NO_SPACE):
        return disk_full(place.data)
    if any(words in printed for words in _NO_MEMORY):
        return EmbeddedError(
            f"PostgreSQL does not get the memory it needs ({line}): "
            "end other programs, or allow this one more memory."
        )
    return EmbeddedError(
        f"PostgreSQL does not start in {place.cluster} ({line}): read {place.log}, and if the "
        "folder is damaged move it away to begin anew, or restore it from a backup."
    )


def may_pass(printed: str) -> bool:
    """True if trying again in a moment can help."""
    return any(words in printed for words in _PASSING)


def last_words(printed: str) -> str:
    """The last line that says what went wrong, without its time and process."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    lines = [line for line in lines if not any(words in line for words in _BESIDE)]
    severe = [found[1] for line in lines if (found := _SEVERE.search(line))]
    plain = [_PREFIX.sub("", line) for line in lines]
    return next(iter([*severe[-1:], *plain[-1:]]), "it printed nothing").rstrip(".:")
