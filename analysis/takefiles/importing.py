"""From the files of a folder into the library: all of them, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from analysis.models import Revision, Take
from analysis.takefiles.additions import Addition
from analysis.takefiles.checks import Checks
from analysis.takefiles.entries import entry_of, held_revisions
from analysis.takefiles.folder import name_problems, read_folder
from analysis.takefiles.history import Continuation, HistoryError, continuation
from analysis.takefiles.named import Named, named_by
from analysis.takefiles.problems import BadTakesError, FileProblem
from analysis.takefiles.reading import ReadFile
from analysis.takefiles.shape import RevisionKeys, TakeFile
from analysis.takefiles.shipped import Shipped, is_shipped, shipped_among
from analysis.takefiles.storing import store
from analysis.writing import id_problems, known_ids, named_ids
from library.identifiers import Domain, is_sample

UNCHANGED: Final = "unchanged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: "new", "revised" or "unchanged", and how."""

    file: str
    word: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.word}{f', {self.detail}' if self.detail else ''}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of all files, and the domains whose IDs nothing real is held to check by."""

    outcomes: tuple[Outcome, ...]
    unchecked: tuple[str, ...]


def import_folder(folder: Path, actor: str = "import_takes") -> Imported:
    """Bring the Takes of a folder in, in one transaction; some 10 ms a file.

    Raises BadTakesError with everything that is wrong with any of them; then nothing is written.
    """
    files = read_folder(folder)
    wrong = [problem for file in files for problem in file.problems]
    return import_files(files, shipped_among(files), actor, [*wrong, *name_problems(files)])


@transaction.atomic
def import_files(
    files: Sequence[ReadFile], shipped: Shipped, actor: str, wrong: Iterable[FileProblem] = ()
) -> Imported:
    """The same for files that were read, of which this much is known to be wrong.

    What is shipped with the library may name what no release here holds. The audit log has an
    entry for each file that adds anything, by `actor`.
    """
    problems = list(wrong)
    takes = {file.take.stix_id: (file, file.take) for file in files if file.take is not None}
    rows = _locked(takes)
    held = held_revisions(takes)
    additions = []
    for stix_id, (file, take) in takes.items():
        try:
            additions.append((file, _addition(rows[stix_id], take, held.get(stix_id, []))))
        except HistoryError as error:
            problems.append(file.problem(file.path_of(error.revision), str(error)))
    named = named_by([addition for _, addition in additions])
    checks = Checks(named, shipped, timezone.now())
    problems += [wrong for file, made in additions for wrong in checks.problems(file, made)]
    ours = [(file, made.take) for file, made in additions if _is_ours(made, shipped)]
    unchecked = _unchecked((take for _, take in ours), named)
    problems += _id_problems(ours, unchecked)
    if problems:
        raise BadTakesError(problems)
    store([addition for _, addition in additions], named)
    outcomes = tuple(_outcome(file.name, made) for file, made in additions)
    for outcome, (_, made) in zip(outcomes, additions, strict=True):
        if outcome.word != UNCHANGED:
            _record(actor, outcome, made)
    return Imported(outcomes, unchecked)


def _record(actor: str, outcome: Outcome, made: Addition) -> None:
    named = " ".join(filter(None, (made.take.attack_id, made.take.name)))
    told = {"file": outcome.file, "became": f"{outcome.word}, {outcome.detail}"}
    record(actor, "Take imported", named, stix_id=made.row.stix_id, **told)


def _locked(stix_ids: Iterable[str]) -> dict[str, Take]:
    """The rows of these Takes, made where there were none, so that no one else moves them on."""
    # In one order, so that two imports wait for each other instead of both failing.
    wanted = sorted(stix_ids)
    Take.objects.bulk_create([Take(stix_id=found) for found in wanted], ignore_conflicts=True)
    rows = Take.objects.filter(stix_id__in=wanted).order_by("stix_id").select_for_update()
    return {take.stix_id: take for take in rows}


def _addition(row: Take, take: TakeFile, held: list[Revision]) -> Addition:
    found = continuation(take.revisions, [entry_of(revision) for revision in held])
    return Addition(row, take, held, found)


def _is_ours(addition: Addition, shipped: Shipped) -> bool:
    """Whether its newest text is new here, and not one that comes with the library."""
    is_new = any(revision is addition.take for revision, _ in addition.found.added)
    return is_new and not is_shipped(addition.take, addition.take, shipped)


def _unchecked(takes: Iterable[TakeFile], named: Named) -> tuple[str, ...]:
    """The domains of these Takes of which the library holds no more than a sample."""
    real = {domain for domain, release in named.releases if not is_sample(release)}
    written = {take.written_against.domain for take in takes}
    return tuple(domain for domain in Domain if domain in written and domain not in real)


def _id_problems(
    takes: Sequence[tuple[ReadFile, TakeFile]], unchecked: Sequence[str]
) -> Iterator[FileProblem]:
    """Where texts name an ID that no release held has; one query for all, one for each wrong."""
    checked = [pair for pair in takes if pair[1].written_against.domain not in unchecked]
    known = known_ids(named for _, take in checked for named in named_ids(take.writing))
    for file, take in checked:
        for problem in id_problems(take.writing, take.stix_id, known):
            inner = () if problem.entry is None else (problem.entry,)
            yield file.problem((problem.field, *inner), problem.message)


def _outcome(name: str, addition: Addition) -> Outcome:
    found, take, held = addition.found, addition.take, addition.held
    if not held:
        count = len(found.added)
        revisions = f"{count} revisions, the newest " if count > 1 else ""
        return Outcome(name, "new", f"{revisions}{take.state}")
    changes = [*_added(found.added, held), *_done(found)]
    if changes:
        return Outcome(name, "revised", "; ".join(changes))
    here = next(r for r in held if entry_of(r).identity == take.identity)
    # A state alone is moved on by what people do, not by a word in a file.
    return Outcome(name, UNCHANGED, f"{here.state} here" if here.state != take.state else "")


def _added(added: Sequence[tuple[RevisionKeys, object]], held: Sequence[Revision]) -> Iterator[str]:
    for at, (revision, _) in enumerate(added):
        yield f"revision {held[-1].number + at + 1} {revision.state}"


def _done(found: Continuation) -> Iterator[str]:
    count = sum(map(len, found.done.values()))
    if count:
        yield f"{count} act{'' if count == 1 else 's'} added"
