"""Where the bundles of a run come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from importer.acquire import Acquired, bundle_paths, read_bundle


@dataclass(frozen=True, slots=True)
class Source:
    """Where a bundle of a run is to be read from; `read` may be called more than once."""

    origin: str
    read: Callable[[], Acquired]


def file_sources(paths: Sequence[Path]) -> list[Source]:
    """The bundles in files and directories, known by their paths."""
    return [Source(_shown(path), partial(read_bundle, path)) for path in bundle_paths(list(paths))]


def _shown(path: Path) -> str:
    """A path as a report can show it: a file's name may hold line ends and bytes of no text."""
    text = str(path)
    return text if text.isprintable() else ascii(text)[1:-1]
