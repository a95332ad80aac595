"""Counts in a matrix: techniques of each tactic, sub-techniques, marks, and what is found."""

import re
from collections.abc import Iterator

from tests.library.pages import Element
from tests.library.soundness.counts import number

MARKED = re.compile(r"\d+ of \d+ techniques?\b.*")
SUBS = re.compile(r"(?:(\d+) of )?(\d+) (sub-techniques?) of .+")
TOTAL = re.compile(
    r"(?:[\d,]+ of )?[\d,]+ techniques?\b(?:, (?:[\d,]+ of )?[\d,]+ sub-techniques?\b)?"
)
FOUND = re.compile(r"([\d,]+) hold “")


def wrong_matrices(page: Element) -> Iterator[str]:
    """Every count in the matrices of a page that is not that of its cells."""
    for grids in page.all("div", id="matrix-grids"):
        counts, tables = grids.all("p", css="count"), grids.all("table", css="matrix")
        if len(counts) != len(tables):
            yield f"{len(counts)} counts stand above {len(tables)} matrices"
        for count, table in zip(counts, tables, strict=False):
            yield from _wrong_matrix(count.words, table)


def _wrong_matrix(words: str, table: Element) -> Iterator[str]:
    heads = table.one("thead").all("th")
    rows = [row.all("td") for row in table.one("tbody").all("tr")]
    if any(len(row) != len(heads) for row in rows):
        yield "a row of the matrix has not as many cells as there are tactics"
        return
    columns = [[row[at] for row in rows if row[at].has("a")] for at in range(len(heads))]
    for head, cells in zip(heads, columns, strict=True):
        yield from _wrong_column(head.one(css="matrix-count").words, cells)
    distinct = {entry["href"]: entry for entry in _counted(table)}
    stated, found = TOTAL.search(words), FOUND.search(words)
    expected = _tally(list(distinct.values()), marks=bool(stated and MARKED.fullmatch(stated[0])))
    if stated is None or stated[0] != expected:
        yield f"“{words}” stands above {expected}"
    shown = len(table.all("a", css="matrix-found"))
    if found and number(found[1]) != shown:
        yield f"“{words}” stands above {shown} that are found"


def _counted(within: Element) -> list[Element]:
    """The entries that counts are of: not what heads sub-techniques without being there itself."""
    entries = within.all("a", css="matrix-entry")
    return [entry for entry in entries if "matrix-heads-only" not in entry.classes]


def _tally(entries: list[Element], *, marks: bool) -> str:
    """How many techniques and sub-techniques these are, each by its ID, and how many are marked."""
    said = []
    for noun, is_sub in (("technique", False), ("sub-technique", True)):
        some = [e for e in entries if ("." in e.one(css="attack-id").words) is is_sub]
        count = f"{len(some)} {noun}{'' if len(some) == 1 else 's'}"
        marked = sum("matrix-marked" in entry.classes for entry in some)
        if some or not is_sub:
            said.append(f"{marked} of {count}" if marks else count)
    return ", ".join(said)


def _wrong_column(words: str, cells: list[Element]) -> Iterator[str]:
    entries = [entry for cell in cells for entry in _counted(cell)]
    expected = _tally(entries, marks=bool(MARKED.fullmatch(words)))
    if words != expected:
        yield f"the head of a tactic says “{words}” above {expected}"
    for cell in cells:
        yield from _wrong_subs(cell)


def _wrong_subs(cell: Element) -> Iterator[str]:
    for details in cell.all("details"):
        words = details.one("summary").words
        subs, marked = details.all("li"), details.all("a", css="matrix-marked")
        stated = SUBS.fullmatch(words)
        noun = "sub-technique" if len(subs) == 1 else "sub-techniques"
        told = stated and (int(stated[1] or 0), int(stated[2]), stated[3])
        if told != (len(marked), len(subs), noun):
            yield f"“{words}” unfolds to {len(subs)}, {len(marked)} of them marked"
