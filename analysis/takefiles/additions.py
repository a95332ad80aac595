"""What one file adds to a Take of which some may be held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.models import Revision, Take
from analysis.takefiles.history import Continuation
from analysis.takefiles.shape import ActEntry, Against, TakeFile


@dataclass(frozen=True, slots=True)
class Addition:
    """What one file adds to a Take of which these revisions are held, oldest first."""

    row: Take
    take: TakeFile
    held: list[Revision]
    found: Continuation

    @property
    def further_acts(self) -> Iterator[ActEntry]:
        """Everything done that is not held yet."""
        for _, acts in self.found.added:
            yield from acts
        for acts in self.found.done.values():
            yield from acts

    @property
    def baselines(self) -> Iterator[Against]:
        """The object versions that it names."""
        yield from (revision.written_against for revision, _ in self.found.added)
        yield from (act.against for act in self.further_acts if act.against)

    @property
    def people(self) -> Iterator[str]:
        """The names of those who wrote or did something."""
        yield from (revision.author for revision, _ in self.found.added)
        yield from (act.by for act in self.further_acts)
        # Who wrote and approved what is held matters where it moves on, or its words do.
        for revision in self.held:
            yield revision.author_name
            yield from (act.actor_name for act in revision.acts.all())
