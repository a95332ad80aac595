"""How high a printed matrix is reckoned to be."""

import pytest

from library.contexts.graph import Named
from library.contexts.matrix import Matrix, MatrixCell, MatrixColumn
from library.identifiers import TACTIC, TECHNIQUE, ObjectType
from library.paper import sheet_of
from library.parameters import MatrixFilters


def column(name: str, *techniques: str, marked: bool) -> MatrixColumn:
    cells = [MatrixCell(named(TECHNIQUE, each), marked=marked, found=False) for each in techniques]
    return MatrixColumn(named(TACTIC, name), cells)


def named(kind: ObjectType, name: str) -> Named:
    return Named(1, kind, "", name, "", "")


@pytest.mark.parametrize("marked", [False, True])
def test_name_takes_a_line_more_where_its_words_do_not_fill_the_lines(marked: bool) -> None:
    # Of 18 letters a line: two lines' worth of letters, and three words of which no two fit.
    names = ["Cloud Infrastructure Discovery"] * 38
    others = [column(f"Tactic {n}", marked=marked) for n in range(13)]
    long = column("Discovery", *names, marked=marked)
    made = Matrix("Grid", "Enterprise", [*others, long], [], MatrixFilters(), marked)
    *_, breaks = sheet_of(made).breaks
    assert len(breaks) == 1
