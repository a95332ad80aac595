"""The pages of a list: which rows each shows, and where the others are."""

from collections.abc import Callable
from dataclasses import dataclass

from library.parameters import PAGE_SIZE

type AddressAt = Callable[[int], str]
"""The address of the page of a list that begins at a row."""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link to one page of a list; without an address where it is the page at hand."""

    label: str
    href: str


def clamped(offset: int, total: int) -> int:
    """The row at which a page begins: that of the last page, where a list ends before."""
    return min(offset, max(0, (total - 1) // PAGE_SIZE * PAGE_SIZE))


def page_at(address: AddressAt, start: int, total: int) -> str:
    """The address of the page that begins at a row; empty where there is none."""
    return address(start) if 0 <= start < total else ""


def page_links(address: AddressAt, offset: int, total: int) -> list[PageLink]:
    """A link to each page of a list, shown from a row on."""
    return [
        PageLink(
            label=str(start // PAGE_SIZE + 1),
            href="" if start == offset else page_at(address, start, total),
        )
        for start in range(0, total, PAGE_SIZE)
    ]
