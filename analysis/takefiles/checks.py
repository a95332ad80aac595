"""What must hold of what files add before it is stored, beyond the shape of each file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings

from analysis.models import ActKind, State
from analysis.takefiles.additions import Addition
from analysis.takefiles.entries import entry_of
from analysis.takefiles.named import Named, release_of
from analysis.takefiles.order import out_of_order, place_of, starts_of_held, starts_of_new
from analysis.takefiles.problems import FileProblem, Path
from analysis.takefiles.reading import ReadFile
from analysis.takefiles.shape import ActEntry, Against, RevisionKeys, TakeFile
from analysis.takefiles.shipped import Shipped, gives_way, is_shipped
from analysis.writing import shape_problems
from library.identifiers import Domain

# Clocks of two machines may differ, and so may what people call today.
AHEAD: Final = timedelta(days=1)
# What a file calls the object, as `TakeFile.names_of` has it.
NAMES: Final = ("attack_id", "name")
BEFORE: Final = "the text was written, or what stands above was done"
# States in which readers see a text, or are on the way to.
LIVE: Final = (State.DRAFT, State.IN_REVIEW, State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Checks:
    """What is wrong with additions, by what is known here; no query.

    A text that the library comes with is vouched for by whoever ships it: what it names is not
    checked, as the release it was written against need not be the one held here.
    """

    named: Named
    shipped: Shipped
    now: datetime

    def problems(self, file: ReadFile, addition: Addition) -> Iterator[FileProblem]:
        """What is wrong with what one file adds, each with its line and field."""
        for path, message in self._problems(file, addition):
            yield file.problem(path, message)

    def _problems(self, file: ReadFile, addition: Addition) -> Iterator[tuple[Path, str]]:
        stix_id = addition.take.stix_id
        for place, act, before in _acts(file, addition):
            yield from self._time((*place, "at"), act.at)
            if act.at < before:
                yield (*place, "at"), f"this is before {_moment(before)}, when {BEFORE}"
            if act.against is not None:
                yield from self._version((*place, "against"), stix_id, act.against)
            elif act.act == ActKind.CONFIRMED:
                yield (*place, "act"), "a confirmation says against which version of the object"
        for revision, acts in addition.found.added:
            place = file.path_of(revision)
            shipped = is_shipped(addition.take, revision, self.shipped)
            if not shipped:
                yield from self._text(place, stix_id, revision)
                yield from self._names(place, addition.take, revision)
                if revision is addition.take and addition.held:
                    yield from _size(revision)
            is_due = shipped and gives_way(addition.held[-1] if addition.held else None)
            wrong: list[tuple[Path, str]] = []
            if revision.state == State.PUBLISHED and not is_due:
                wrong = [*self._publication(file, addition, revision, acts)]
            if revision.state in LIVE and not (is_due or wrong):
                wrong = [*self._judged(file, addition, revision, acts)]
            yield from wrong or out_of_order(file, revision, acts, starts_of_new(revision))
        yield from self._moves(file, addition)

    def _text(
        self, place: Path, stix_id: str, revision: RevisionKeys
    ) -> Iterator[tuple[Path, str]]:
        """What a text that did not come with the library says of itself."""
        yield from self._time((*place, "written_at"), revision.written_at)
        yield from self._version((*place, "written_against"), stix_id, revision.written_against)
        if revision.starter and revision.state in LIVE:
            said = "this is not the text that comes with the library: leave this key out"
            yield (*place, "starter"), said

    def _names(
        self, place: Path, take: TakeFile, revision: RevisionKeys
    ) -> Iterator[tuple[Path, str]]:
        """What the object is called is what the version named calls it, where that is held."""
        against = revision.written_against
        held = self.named.names.get((take.stix_id, against.content_sha256))
        if held is None:
            return
        for key, said, known in zip(NAMES, take.names_of(revision), held, strict=True):
            if said != known:
                told = f"“{known}”" if known else "none"
                yield (*place, key), f"in the version named, {take.stix_id} has {told}"

    def _time(self, path: Path, at: datetime) -> Iterator[tuple[Path, str]]:
        if at > self.now + AHEAD:
            yield path, "this is in the future"

    def _version(self, path: Path, stix_id: str, against: Against) -> Iterator[tuple[Path, str]]:
        """The object version named must be one of its release, where that is held."""
        if release_of(against) not in self.named.releases:
            return
        held = self.named.versions(stix_id, against)
        release = f"ATT&CK {against.release} as held here"
        if not held:
            domain = Domain(against.domain).label
            yield ("stix_id",), f"{release} has no object {stix_id} in the domain {domain}"
        elif against.content_sha256 not in held:
            known = " or ".join(held)
            yield (*path, "content_sha256"), f"{release} has another content of it: {known}"

    def _moves(self, file: ReadFile, addition: Addition) -> Iterator[tuple[Path, str]]:
        """What was further done to revisions held, and their publication by the file."""
        filed = {revision.identity: revision for revision in addition.take.revisions}
        for at, row in enumerate(addition.held):
            held, further = entry_of(row), addition.found.done.get(at, [])
            wrong: list[tuple[Path, str]] = []
            if addition.found.states.get(at) == State.PUBLISHED:
                acts = [*held.acts, *further]
                wrong = [*self._publication(file, addition, filed[held.identity], acts)]
            elif further:
                wrong = [*self._judged(file, addition, filed[held.identity], further)]
            if further and not wrong:
                revision = filed[held.identity]
                wrong = [*out_of_order(file, revision, further, starts_of_held(held), held.acts)]
            yield from wrong

    def _judged(
        self, file: ReadFile, addition: Addition, revision: RevisionKeys, acts: list[ActEntry]
    ) -> Iterator[tuple[Path, str]]:
        """Who approves or confirms a text is not who wrote it, as `analysis.workflow` has it."""
        if not settings.TAKES_NEED_SECOND_PERSON:
            return
        for act in acts:
            if act.act in (ActKind.APPROVED, ActKind.CONFIRMED) and any(
                self._same(act.by, writer) for writer in _writers(addition, revision)
            ):
                said = f"who {act.act} this text wrote it, or words that it may keep"
                yield (*place_of(file, revision, act), "by"), said

    def _publication(
        self, file: ReadFile, addition: Addition, revision: RevisionKeys, acts: list[ActEntry]
    ) -> Iterator[tuple[Path, str]]:
        """A published text went the way to its readers, as `analysis.workflow` has it."""
        decided = [act for act in acts if act.act != ActKind.CONFIRMED]
        path = (*file.path_of(revision), "state")
        follow = (
            "set “state: draft”, and it goes through review here"
            if revision is file.take
            else "set “state: superseded”"
        )
        if [act.act for act in decided[-2:]] != [ActKind.APPROVED, ActKind.PUBLISHED]:
            yield path, f"its acts do not say that this text was approved and published: {follow}"
        elif settings.TAKES_NEED_SECOND_PERSON and any(
            self._same(decided[-2].by, writer) for writer in _writers(addition, revision)
        ):
            yield path, f"who approved this text wrote it, or words that it may keep: {follow}"

    def _same(self, one: str, other: str) -> bool:
        """Whether two names are of one person, as far as it is known here."""
        users = self.named.users
        return users.get(one, one) == users.get(other, other)


def _size(revision: RevisionKeys) -> Iterator[tuple[Path, str]]:
    """A text that is written now, in the file of a Take held, is no longer than one in a form.

    That of a Take that is new here may come from a library of before there was that bound.
    """
    for problem in shape_problems(revision.writing):
        inner = () if problem.entry is None else (problem.entry,)
        yield (problem.field, *inner), problem.message


def _writers(addition: Addition, revision: RevisionKeys) -> Iterator[str]:
    """Who wrote a text, or one since the last publication that it may have kept."""
    known = [entry_of(held) for held in addition.held]
    known += [added for added, _ in addition.found.added]
    at = next(i for i, found in enumerate(known) if found.identity == revision.identity)
    yield revision.author
    for before in reversed(known[:at]):
        if any(act.act == ActKind.PUBLISHED for act in before.acts):
            return
        yield before.author


def _acts(file: ReadFile, addition: Addition) -> Iterator[tuple[Path, ActEntry, datetime]]:
    """Each act that is not held yet, where it stands, and the moment that it is not before."""
    further = {id(act) for act in addition.further_acts}
    for revision in addition.take.revisions:
        before = revision.written_at
        for act in revision.acts:
            if id(act) in further:
                yield place_of(file, revision, act), act, before
            # Who edits a published text in its file leaves below it what was done to that before.
            before = max(before, act.at)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
