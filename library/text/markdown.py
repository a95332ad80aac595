"""Descriptions and notes of ATT&CK, as the reader sees them.

references = References()
note = render(text, references=references, scopes=(own, wider), resolve=address_of)
{{ note.html }}, folded where note.is_long; then references.entries
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.safestring import SafeString
from markdown_it.token import Token

from library.text.layout import arrange
from library.text.quick import CITATION_MARK, pieces, quick_html, quick_words
from library.text.references import References, may_cite, readable
from library.text.renderer import Page, clean
from library.text.rules import AttackMarkdown
from library.text.spans import PLACEHOLDER, lift

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.utils import EnvType

    from library.text.quick import Piece
    from library.text.references import Source
    from library.text.renderer import Resolve
    from library.text.spans import Span

# The longest description in releases 17.1 to 18.1 has 5,724 characters. Markdown takes up to 20 s
# for a hostile megabyte; a longer text is set without it, line by line as it stands.
LONGEST_MARKDOWN: Final = 16_000
# A piece of such a text; nh3 takes its time for one run of text with many entities.
_PIECE: Final = re.compile("(?s).{1,8000}(?![0-9]*\x03)")

_MARKDOWN: Final = AttackMarkdown()

# A page folds a text that would take more lines than this at a reading measure.
_LONG_LINES: Final = 9
_WORDS_A_LINE: Final = 12
_LINE_STARTS: Final = re.compile("<p|<li|<br|\n(?!<)")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML."""

    html: SafeString

    words: int
    """About how many words it has."""

    @property
    def is_long(self) -> bool:
        """Whether it takes so many lines that a page should fold all but the first few."""
        return self._lines(_WORDS_A_LINE) > _LONG_LINES

    @property
    def is_long_on_a_phone(self) -> bool:
        """The same where there is room for half as many words in a line."""
        return self._lines(_WORDS_A_LINE // 2) > _LONG_LINES

    def _lines(self, words: int) -> int:
        """About how many lines it takes with so many words in each."""
        starts = len(_LINE_STARTS.findall(self.html)) if "\n" in self.html else 1
        return starts + self.words // words

    def __bool__(self) -> bool:
        return bool(self.html)


def render(
    text: str,
    *,
    references: References,
    scopes: Sequence[Sequence[Source]],
    resolve: Resolve,
    reference_base: str = "",
) -> Rendered:
    """Return a description or note as HTML of paragraphs, lists and code, safe to put in a page.

    Takes any string and never raises; about 40 µs for a note of 200 characters. `scopes` are the
    references that its citations may mean, nearest first. `resolve` returns our address of an
    object that attack.mitre.org has one for, or None: then the link keeps leading there.
    `reference_base` is for texts on another page than their references: citations link to it and
    carry no id.
    """
    page = Page(references, scopes, resolve, reference_base)
    lifted, found = _read(text, page)
    if found:
        words = sum([len(part.split()) for part in quick_words(found)])
        return Rendered(SafeString(quick_html(found, page)), words)
    env: EnvType = {"page": page}
    return Rendered(_html(_parse(lifted, env), env), len(lifted.split()))


def plain(text: str, limit: int | None = None) -> str:
    """Return a text in one line without markup or citations: for search, filters, `<meta>`.

    With a limit it ends at a word, with "…", within that many characters. Not escaped.
    """
    page = Page(References(), (), lambda _link: None)
    lifted, found = _read(text, page)
    parts = (
        [_without_spans(part, page) for part in quick_words(found)]
        if found
        else _plain_pieces(_parse(lifted, {"page": page}), page)
    )
    words = " ".join(" ".join(parts).split())
    if limit is None or len(words) <= limit:
        return words
    cut = words[: limit - 1]
    if not words[limit - 1].isspace() and " " in cut:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,;:.–-(") + "…"


def cited(text: str) -> list[str]:
    """Return what a text cites: the name in each citation, in the order of the text's markup."""
    if not may_cite(text):
        return []
    page = Page(References(), (), lambda _link: None)
    _, found = _read(text, page)
    marked = [name for part in found or () for name, mark in part if mark == CITATION_MARK]
    lifted = [span.text for span in page.spans if span.kind == "cite"]
    return [" ".join(name.split()) for name in (*marked, *lifted)]


def _read(text: str, page: Page) -> tuple[str, list[list[Piece]] | None]:
    """Return the text lifted into the page's spans, and its pieces where the short way will do.

    Such a text stays as it is where that can be told without lifting it.
    """
    text = readable(text)
    if "<" not in text and len(text) <= LONGEST_MARKDOWN and (found := pieces(text)):
        return text, found
    text, page.spans = lift(text, lambda name: page.references.knows(name, page.scopes))
    return text, pieces(text, page.spans) if len(text) <= LONGEST_MARKDOWN else None


def _parse(lifted: str, env: EnvType) -> list[Token]:
    page: Page = env["page"]
    if len(lifted) > LONGEST_MARKDOWN:
        return [token for piece in _PIECE.findall(lifted) for token in _as_it_stands(piece)]
    return _MARKDOWN.parse(arrange(lifted, page.spans), env)


def _as_it_stands(piece: str) -> Iterator[Token]:
    """Yield a paragraph whose style keeps its lines; of its markup, spans are all that counts."""
    yield Token("paragraph_open", "p", 1, attrs={"class": "md-plain"}, block=True)
    yield Token("inline", "", 0, level=1, children=[Token("text", "", 0, content=piece)])
    yield Token("paragraph_close", "p", -1, block=True)


def _html(tokens: Sequence[Token], env: EnvType) -> SafeString:
    if not tokens:
        return SafeString()
    return SafeString(clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env).strip()))


def _plain_pieces(tokens: Sequence[Token], page: Page) -> Iterator[str]:
    """Yield the words of each block."""
    for token in tokens:
        if token.type == "inline":
            yield "".join(_plain_inline(child, page) for child in token.children or ())
        elif token.type == "fence":
            yield _without_spans(token.content, page)


def _plain_inline(token: Token, page: Page) -> str:
    return " " if token.type in {"softbreak", "hardbreak"} else _without_spans(token.content, page)


def _without_spans(text: str, page: Page) -> str:
    if "\x02" not in text:
        return text
    return PLACEHOLDER.sub(lambda found: _plain_span(page.spans[int(found[1])], page), text)


def _plain_span(span: Span, page: Page) -> str:
    if span.kind in {"code", "link"}:
        return _without_spans(span.text, page)
    return " " if span.kind == "break" else ""
