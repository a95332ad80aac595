"""The matrix of the later release, with what is new, moved, changed and gone marked in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from library.contexts.graph import Named
from library.contexts.matrix import Matrix, MatrixCell, MatrixColumn, matrices_of, matrix_of
from library.contexts.page import Page
from library.identifiers import TECHNIQUE, Link, type_of
from library.releases.asked import Pair
from library.releases.compared import ReleaseDifference, Weight
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from library.releases.summary import page_of

if TYPE_CHECKING:
    from library.conditional import Shelf
    from library.parameters import MatrixFilters

NEW: Final = "new"
BACK: Final = "back"
MOVED: Final = "moved"
CHANGED: Final = "changed"
GONE: Final = "gone"
MEANINGS: Final = {
    NEW: "not in the earlier release",
    BACK: "live again: revoked or deprecated in the earlier release",
    MOVED: "under another tactic than before",
    CHANGED: "another name, definition or platforms, or other mitigations",
    GONE: "no longer live: revoked, deprecated or no longer in the bundle",
}


@dataclass(frozen=True, slots=True)
class MatrixDifference:
    """The matrices of the later release, marked."""

    page: Page
    pair: Pair
    matrices: list[Matrix]
    counts: tuple[tuple[str, int, str], ...]
    """Each mark with how many techniques have it and what it means."""

    filters: MatrixFilters

    @property
    def platforms(self) -> list[str]:
        """The platforms of all of them."""
        return sorted({platform for matrix in self.matrices for platform in matrix.platforms})


def matrix_difference(shelf: Shelf, pair: Pair, filters: MatrixFilters) -> MatrixDifference:
    """The matrices of the later release; three queries a domain, two a matrix."""
    matrices = []
    counts: Counter[str] = Counter()
    for compared in pair.shown:
        marks = technique_marks(compared)
        counts.update(marks.values())
        later = replace(shelf, release=pair.after, pinned=(compared.after,))
        for held in matrices_of(later):
            matrix = matrix_of(later, held, filters, frozenset(marks))
            for column in matrix.columns:
                _mark(pair, compared, column, marks, filters)
            matrices.append(matrix)
    page = page_of(shelf, pair, "Matrix", f"/matrix{pair.query}")
    told = tuple((mark, counts[mark], meaning) for mark, meaning in MEANINGS.items())
    return MatrixDifference(page, pair, matrices, told, filters)


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


def _mark(
    pair: Pair,
    compared: ReleaseDifference,
    column: MatrixColumn,
    marks: Mapping[int, str],
    filters: MatrixFilters,
) -> None:
    """Put the marks on a tactic's techniques, and those behind them that are gone."""
    subs = [sub for head in column.cells for sub in head.subs]
    for cell in [*column.cells, *subs]:
        if cell.marked:
            cell.mark = marks[cell.technique.object_id]
            href = pair.history(compared, cell.technique.object_id, cell.technique.stix_id)
            cell.technique = cell.technique._replace(href=href)
    if not filters.platform:
        column.cells.extend(_gone(pair, compared, column.tactic.object_id, marks, filters))


def _gone(
    pair: Pair,
    compared: ReleaseDifference,
    tactic: int,
    marks: Mapping[int, str],
    filters: MatrixFilters,
) -> Iterator[MatrixCell]:
    for link in compared.links:
        is_here = link.kind == Link.TACTIC and link.target_id == tactic
        if not is_here or link.change is not LinkFate.REMOVED:
            continue
        if marks.get(link.source_id) == GONE:
            end = compared.ends[link.source_id]
            href = pair.history(compared, end.object_id, end.stix_id)
            named = Named(link.source_id, TECHNIQUE, end.attack_id, end.name, href, end.stix_id)
            found = filters.finds(end.attack_id, end.name)
            yield MatrixCell(technique=named, marked=True, found=found, mark=GONE)
