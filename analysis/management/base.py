"""What the commands for files of Takes share."""

from collections import Counter
from collections.abc import Iterable

from analysis.takefiles.problems import BadTakesError
from library.management.base import LibraryCommand


class TakesCommand(LibraryCommand):
    """A command that lists everything wrong with its input: exit status 2; 1 on other failures."""

    refuses = BadTakesError

    def total(self, words: Iterable[str]) -> None:
        """Print how many files there were, and of how many which word holds."""
        counts = Counter(words)
        files = sum(counts.values())
        told = "".join(f", {count} {word}" for word, count in counts.items())
        self.stdout.write(f"{files} file{'' if files == 1 else 's'}{told}")
