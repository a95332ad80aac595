"""The matrix of the later release, with what is new, moved, changed and gone marked in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from library.contexts.matrix import (
    Grid,
    Matrix,
    MatrixCell,
    MatrixColumn,
    matrices_of,
    platforms_of,
)
from library.contexts.page import Page
from library.identifiers import TECHNIQUE, Domain, type_of
from library.releases.asked import Pair
from library.releases.compared import ReleaseDifference, Weight
from library.releases.kinds import ChangeKind
from library.releases.summary import page_of

if TYPE_CHECKING:
    from library.conditional import Shelf
    from library.contexts.graph import Named
    from library.parameters import MatrixFilters

NEW: Final = "new"
BACK: Final = "back"
MOVED: Final = "moved"
CHANGED: Final = "changed"
GONE: Final = "gone"
# Of a technique that stands over sub-techniques that are gone, in a tactic that it has left.
LEFT: Final = "no longer here itself"
MEANINGS: Final = {
    NEW: "not in the earlier release",
    BACK: "live again: revoked or deprecated in the earlier release",
    MOVED: "under another tactic than before",
    CHANGED: "another name, definition or platforms, or other mitigations",
    GONE: "no longer live: revoked, deprecated or no longer in the bundle",
}


class NotPlaced(NamedTuple):
    """A technique that changed and stands in no matrix that is shown."""

    domain: str
    attack_id: str
    name: str
    mark: str
    href: str


@dataclass(frozen=True, slots=True)
class MatrixDifference:
    """The matrices of the later release, marked."""

    page: Page
    pair: Pair
    matrices: list[Matrix]
    counts: tuple[tuple[str, int, str], ...]
    """Each mark with how many techniques have it and what it means."""

    not_placed: list[NotPlaced]
    """What has a mark and no place in any of them; not told where a platform is chosen."""

    platforms: list[str]
    """Those of all of the matrices."""

    filters: MatrixFilters
    """With the platform as it is spelt there, and without one that is none of them."""


def matrix_difference(shelf: Shelf, pair: Pair, filters: MatrixFilters) -> MatrixDifference:
    """The matrices of the later release; four queries a domain, two a matrix of either release."""
    matrices: list[Matrix] = []
    counts: Counter[str] = Counter()
    not_placed: list[NotPlaced] = []
    every = [_Grids.of(shelf, compared) for compared in pair.shown]
    platforms = platforms_of(grid for grids in every for grid in (*grids.later, *grids.gone))
    filters = filters.among(platforms)
    for compared, grids in zip(pair.shown, every, strict=True):
        marks = grids.marks
        shown = [_marked(pair, compared, m, marks) for m in _matrices(grids, filters)]
        cells = (cell for m in shown for column in m.columns for cell in column.every_cell)
        marked = {cell.technique.object_id: cell.mark for cell in cells if cell.mark}
        counts.update(marked.values())
        matrices += shown
        if shown and not filters.platform:
            elsewhere = {key: mark for key, mark in marks.items() if key not in marked}
            not_placed += _not_placed(pair, compared, elsewhere)
    counts.update(each.mark for each in not_placed)
    page = page_of(shelf, pair, "Matrix", f"/matrix{pair.query}")
    told = tuple((mark, counts[mark], meaning) for mark, meaning in MEANINGS.items())
    return MatrixDifference(page, pair, matrices, told, not_placed, platforms, filters)


def _not_placed(
    pair: Pair, compared: ReleaseDifference, marks: Mapping[int, str]
) -> list[NotPlaced]:
    """These techniques by ID, each with where its changes are told."""
    found = []
    for key, mark in marks.items():
        changed = compared.of_object.get(key)
        end = changed.shown if changed else compared.ends[key]
        stix_id = changed.stix_id if changed else compared.ends[key].stix_id
        href = pair.history(compared, key, stix_id)
        domain = Domain(compared.domain).label if len(pair.shown) > 1 else ""
        found.append(NotPlaced(domain, end.attack_id, end.name or stix_id, mark, href))
    return sorted(found, key=lambda each: (each.attack_id, each.name))


def technique_marks(compared: ReleaseDifference) -> Mapping[int, str]:
    """The mark of each technique that has one, by its key; the first that holds of MEANINGS.

    What changed around a technique alone leaves no mark: in 18.0 all of them would have it.
    """
    techniques = [c for c in compared.objects if type_of(c.stix_type) is TECHNIQUE]
    weights = compared.weigh(techniques)
    alike = compared.relinked_materially
    found = {end.object_id: CHANGED for end in alike if end.kind is TECHNIQUE}
    for changed in techniques:
        before, after = changed.before, changed.after
        if changed.kind is ChangeKind.ADDITIONS:
            found |= {changed.object_id: NEW} if changed.shown.live else {}
        elif before is not None and before.live and not (after and after.live):
            found[changed.object_id] = GONE
        elif changed.lives_again:
            found[changed.object_id] = BACK
        elif after is not None and after.live and weights[changed.object_id] is Weight.MATERIAL:
            found[changed.object_id] = CHANGED
    return found | dict.fromkeys(compared.moved, MOVED)


@dataclass(frozen=True, slots=True)
class _Grids:
    """The matrices of a domain in both releases, and the marks of its techniques."""

    marks: Mapping[int, str]
    later: list[Grid]
    earlier: Mapping[int, Grid]
    """Those of the earlier release by the keys of their matrices."""

    @classmethod
    def of(cls, shelf: Shelf, compared: ReleaseDifference) -> _Grids:
        earlier, later = (
            [Grid.of(side, held) for held in matrices_of(side)]
            for side in (
                replace(shelf, release=side.attack_version, pinned=(side,))
                for side in (compared.before, compared.after)
            )
        )
        by_key = {grid.held.object_id: grid for grid in earlier}
        return cls(technique_marks(compared), later, by_key)

    @property
    def gone(self) -> list[Grid]:
        """The matrices that are gone with techniques that are."""
        stay = {grid.held.object_id for grid in self.later}
        gone = {key for key, mark in self.marks.items() if mark == GONE}
        left = [grid for key, grid in self.earlier.items() if key not in stay]
        return [grid for grid in left if not gone.isdisjoint(grid.techniques)]


def _matrices(grids: _Grids, filters: MatrixFilters) -> Iterator[Matrix]:
    """The matrices of a domain with what is gone put in; last those that are gone themselves."""
    marks, marked = grids.marks, frozenset(grids.marks)
    for grid in grids.later:
        matrix = grid.matrix(filters, marked)
        was = grids.earlier.get(grid.held.object_id)
        # Of a matrix that lacked the platform no tactic is told to be gone.
        if was and (not filters.platform or filters.platform in was.platforms):
            _put_gone(matrix.columns, was.matrix(filters, marked).columns, marks)
        yield matrix
    for grid in grids.gone:
        matrix = grid.matrix(filters, marked)
        columns: list[MatrixColumn] = []
        _put_gone(columns, matrix.columns, marks)
        yield replace(matrix, name=f"{matrix.name}, {GONE}", columns=columns)


def _put_gone(
    columns: list[MatrixColumn], earlier: list[MatrixColumn], marks: Mapping[int, str]
) -> None:
    """Put what is gone where it stood: under its technique, its tactic, in the matrix's order."""
    place = 0
    for was in earlier:
        at = next((n for n, c in enumerate(columns) if _is_same(c.tactic, was.tactic)), None)
        if at is None:
            at = place
            columns.insert(at, MatrixColumn(was.tactic, [], mark=GONE))
        place = at + 1
        for cell in was.cells:
            _put_cell(columns[at], cell, marks)
        columns[at].cells.sort(key=_by_name)


def _put_cell(column: MatrixColumn, was: MatrixCell, marks: Mapping[int, str]) -> None:
    subs = [sub for sub in was.subs if marks.get(sub.technique.object_id) == GONE]
    if marks.get(was.technique.object_id) == GONE:
        column.cells.append(replace(was, subs=subs))
        return
    parent = next((c for c in column.cells if _is_same(c.technique, was.technique)), None)
    if parent is not None:
        parent.subs = sorted([*parent.subs, *subs], key=_by_name)
    elif subs:
        head = replace(was, subs=subs, marked=False, found=False, mark=LEFT, heads_only=True)
        column.cells.append(head)


def _is_same(one: Named, other: Named) -> bool:
    return one.object_id == other.object_id


def _by_name(cell: MatrixCell) -> tuple[str, str]:
    return cell.technique.name.casefold(), cell.technique.attack_id


def _marked(
    pair: Pair, compared: ReleaseDifference, matrix: Matrix, marks: Mapping[int, str]
) -> Matrix:
    """The matrix with the meaning of each mark, which leads to what changed."""
    for column in matrix.columns:
        for cell in column.every_cell:
            if cell.marked:
                cell.mark = marks[cell.technique.object_id]
                href = pair.history(compared, cell.technique.object_id, cell.technique.stix_id)
                cell.technique = cell.technique._replace(href=href)
    return matrix
