"""Rendering in tests: a page's references, and what sound HTML is."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from library.text.links import AttackLink
from library.text.markdown import Rendered, render
from library.text.references import References, Source

if TYPE_CHECKING:
    pass

REPORT = Source("Report A", "Doe, J. (2020). A report.", "https://example.org/a")
PAPER = Source("Paper (B-1)", "Roe, R. (2021). A paper.", "https://example.org/b")
ODD = Source("vendor_blog_*2020* [x] `y` <z> & :)", "Poe, E.", "https://example.org/c")
SCOPES = ((REPORT, PAPER, ODD),)

CITE_1 = (
    '<sup class="cite" id="cite-1-1">'
    '<a href="#ref-1" aria-label="Reference 1: Report A">[1]</a></sup>'
)


def ours(link: AttackLink) -> str | None:
    """Resolve every link but those of T9999."""
    return None if link.attack_id == "T9999" else f"/learn/{link.kind}/{link.attack_id}"


def rendered(text: str, references: References | None = None, **options: Any) -> Rendered:
    options = {"scopes": SCOPES, "resolve": ours, **options}
    return render(text, references=references or References(), **options)


def html(text: str) -> str:
    return str(rendered(text).html)


class Reader(HTMLParser):
    """What a reader gets: the text; and what the browser gets: elements, attributes, balance."""

    VOID = frozenset({"br", "hr"})

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.balanced = True
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.balanced &= tag != "a" or "a" not in self.open
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.balanced &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


ELEMENTS = frozenset({"a", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "sup", "ul"})
ATTRIBUTES = {
    ("a", "href"): r"(https?://|mailto:|/learn/|[^:]*#ref-\d+\Z)",
    ("a", "rel"): r"noopener noreferrer\Z",
    ("a", "aria-label"): r"(?s)Reference \d+: .+\Z",
    ("ol", "start"): r"\d+\Z",
    ("p", "class"): r"md-(heading|lead|plain)\Z",
    ("sup", "class"): r"cite\Z",
    ("sup", "id"): r"cite-\d+-\d+\Z",
}


def assert_sound(markup: str) -> Reader:
    """Check that HTML is balanced and of the allowed elements and attributes."""
    reader = Reader(markup)
    assert reader.balanced
    assert not reader.open
    assert set(reader.elements) <= ELEMENTS
    for element, attribute, value in reader.attributes:
        assert re.match(ATTRIBUTES[element, attribute], value), (element, attribute, value)
    return reader
