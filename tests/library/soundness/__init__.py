"""What must hold of what every page says: each check yields a sentence for each thing wrong.

Its structure is checked where pages are read, by `tests.library.pages.read_page`.
"""

from collections.abc import Iterator

from tests.library.pages import Element
from tests.library.soundness.counts import wrong_counts
from tests.library.soundness.markup import wrong_markup
from tests.library.soundness.matrices import wrong_matrices
from tests.library.soundness.references import wrong_references

CHECKS = (wrong_counts, wrong_matrices, wrong_references, wrong_markup)


def problems(page: Element) -> Iterator[str]:
    """Everything that is wrong with what a page says, each sentence once."""
    return iter(dict.fromkeys(said for check in CHECKS for said in check(page)))
