"""From the bytes of a Take's file to the Take, or to everything that is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from analysis.models import OPEN_STATES, State
from analysis.take import SECTIONS
from analysis.takefiles.problems import FileProblem, Path, field_at
from analysis.takefiles.shape import RevisionKeys, TakeFile
from analysis.takefiles.tree import Tree, YamlError, read_tree
from analysis.writing import Writing, shape_problems, unix_lines

LISTS: Final = frozenset(name for name, _, is_list in SECTIONS if is_list)
# What pydantic calls what can be wrong, in words for whoever wrote the file.
MESSAGES: Final = {
    "missing": "this key is missing",
    "extra_forbidden": "there is no such key",
    "string_type": "a text is needed",
    "list_type": "a list is needed",
    "bool_parsing": "use true, or leave it out",
    "bool_type": "use true, or leave it out",
    "too_short": "nothing is filled in",
    "model_type": "keys and values are needed",
    "model_attributes_type": "keys and values are needed",
    "enum": "use one of {expected}",
}


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file: the Take it carries where it has the shape of one, and what is wrong with it."""

    name: str
    """Its path inside the folder, with slashes."""

    tree: Tree
    take: TakeFile | None
    problems: tuple[FileProblem, ...] = ()

    @classmethod
    def unread(cls, problem: FileProblem) -> ReadFile:
        """A file of which nothing can be read."""
        return cls(problem.file, Tree(), None, (problem,))

    def problem(self, path: Path, message: str) -> FileProblem:
        """Something wrong at a place of it."""
        line = self.tree.line(path) if path else 0
        return FileProblem(self.name, line, field_at(path), message)

    def path_of(self, revision: RevisionKeys) -> Path:
        """Where one of its revisions stands."""
        if self.take is None or revision is self.take:
            return ()
        at = next(i for i, earlier in enumerate(self.take.earlier) if earlier is revision)
        return ("earlier", at)


def read_take(name: str, content: bytes) -> ReadFile:
    """A file's Take, and everything that is wrong with the file by itself; no query."""
    try:
        tree = read_tree(content)
    except YamlError as error:
        return ReadFile.unread(FileProblem(name, error.line, "", error.message))
    take: TakeFile | None = None
    found = [(path, "this key is there twice") for path in tree.repeated]
    try:
        take = TakeFile.model_validate(tree.data)
    except ValidationError as error:
        found += [(tuple(wrong["loc"]), _message(wrong)) for wrong in error.errors()]
    # What is wrong in its kind needs no second complaint about what it says.
    wrong_kind = {path for path, _ in found}
    found += [(path, said) for path, said in _texts(tree.data) if path not in wrong_kind]
    file = ReadFile(name, tree, None if found else take)
    if file.take is not None:
        found += _states(file)
    return ReadFile(name, tree, file.take, tuple(file.problem(*wrong) for wrong in found))


def _message(wrong: ErrorDetails) -> str:
    context = wrong.get("ctx", {})
    if wrong["type"] == "value_error":
        return str(context["error"])
    if wrong["type"] == "string_pattern_mismatch":
        return "this does not have the form that is needed"
    if wrong["type"] == "enum" and wrong["input"] == "":
        return f"nothing is filled in: use one of {context['expected']}"
    return MESSAGES.get(wrong["type"], wrong["msg"]).format(**context)


def _texts(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong with the texts of the newest revision and of the earlier ones."""
    yield from _text(data, ())
    earlier = data.get("earlier")
    for at, entry in enumerate(earlier if isinstance(earlier, list) else ()):
        if isinstance(entry, dict):
            yield from _text(entry, ("earlier", at))


def _text(data: Mapping[str, Any], place: Path) -> Iterator[tuple[Path, str]]:
    sections: dict[str, str | list[str]] = {}
    for name, _, is_list in SECTIONS:
        said = data.get(name)
        if is_list and isinstance(said, list) and all(isinstance(e, str) for e in said) and said:
            sections[name] = [unix_lines(entry) for entry in said]
        elif not is_list and isinstance(said, str) and said:
            sections[name] = unix_lines(said)
    lines = (data.get(name) for name in ("confidence", "confidence_why", "change_note"))
    texts = [unix_lines(line) if isinstance(line, str) else "" for line in lines]
    # How long a text may be in all depends on what is held, which `checks` knows.
    for problem in shape_problems(Writing(sections, *texts), is_kept=True):
        inner = () if problem.entry is None else (problem.entry,)
        # Whether these two are given the shape tells.
        if problem.field in data and not (problem.field == "confidence" and texts[0] == ""):
            yield (*place, problem.field, *inner), problem.message


def _states(file: ReadFile) -> Iterator[tuple[Path, str]]:
    """What is wrong with the states of the revisions together, and revisions there twice."""
    take = file.take
    assert take is not None
    newest_first = [*reversed(take.revisions)]
    seen: set[object] = set()
    for what, states in (("published", (State.PUBLISHED,)), ("open", OPEN_STATES)):
        for revision in [found for found in newest_first if found.state in states][1:]:
            place = (*file.path_of(revision), "state")
            yield place, f"there is a newer {what} revision, so this is superseded or withdrawn"
    if take.state == State.SUPERSEDED:
        yield ("state",), "the newest revision has nothing that supersedes it"
    for revision in newest_first:
        if revision.identity in seen:
            yield file.path_of(revision), "the same revision is there twice"
        seen.add(revision.identity)
