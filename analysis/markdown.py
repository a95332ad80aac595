"""The Markdown of Takes: plain CommonMark, ATT&CK IDs as links, safe whatever is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, override

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt, rules_block
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from analysis.mentions import MENTION, Wording, meant_in, mentions
from library.text.words import words

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.utils import EnvType, OptionsDict

# Headings would stand among those of the page; HTML is shown as it was written.
_LEFT_OUT: Final = ("heading", "lheading", "hr", "html_block", "html_inline", "autolink")
_CLEANER: Final = nh3.Cleaner(
    tags={"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"},
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
)
# Deeper than any author nests, and shallow enough for any parser: six lists, of two levels each.
_DEEPEST: Final = 12
# The parser stops at its own bound and drops what follows; a list begins two levels at once.
_NEVER_REACHED: Final = _DEEPEST + 2
# A bracket that begins no link costs the parser as much as a hundred letters; other marks do not.
_LINKS: Final = ("link", "image", "reference")
_LINK: Final = re.compile(r"\[[^\[\]]*\]\([^\s()]*\)")
_MOST_BRACKETS: Final = 40
_LETTERS_A_BRACKET: Final = 32
_DIGIT: Final = re.compile(r"\d")
_PARAGRAPH_ENDS: Final = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an ATT&CK ID leads."""

    href: str
    name: str


type Resolve = Callable[[str], Target | None]


class TakeMarkdown(MarkdownIt):
    """The parser. It keeps no state between texts, so one serves all threads."""

    def __init__(self, *, has_links: bool = True) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": _NEVER_REACHED})
        self.disable(_LEFT_OUT if has_links else (*_LEFT_OUT, *_LINKS))
        self.block.ruler.before("blockquote", "deepest", _deepest)
        self.core.ruler.push("attack_ids", _link_ids)
        # A picture would be loaded from elsewhere: what it is called stands for it.
        self.add_render_rule("image", _alternative)

    @override
    def validateLink(self, url: str) -> bool:
        """Whether an address that an author wrote may be a link: another site's, or by mail."""
        return url.lower().startswith(("http://", "https://", "mailto:"))


def html_of(text: str, resolve: Resolve, *, as_it_stands: bool = False) -> SafeString:
    """A text as paragraphs and lists; about a millisecond for a section.

    `resolve` says where an ATT&CK ID leads; one that leads nowhere stays text. A text full of
    stray brackets has no other links. What is to be shown as it stands is set without Markdown.
    """
    if as_it_stands:
        return _plain_html(text, resolve)
    rendered = _parser_for(text).render(text, {"resolve": resolve})
    return SafeString(_CLEANER.clean(rendered).strip())


def entry_of(text: str, resolve: Resolve, *, as_it_stands: bool = False) -> SafeString:
    """The same for an entry of a list: without the paragraph, where it is but one."""
    html = html_of(text, resolve, as_it_stands=as_it_stands)
    inside = html.removeprefix("<p>").removesuffix("</p>")
    return SafeString(inside) if html.startswith("<p>") and "</p>" not in inside else html


def plain_of(text: str, *, as_it_stands: bool = False) -> str:
    """The words of a text without markup, a line for each paragraph, entry and break."""
    if as_it_stands:
        return "\n".join(line for paragraph in _plain_lines(text) for line in paragraph)
    return words(html_of(text, lambda _: None))


def attack_ids(text: str) -> list[str]:
    """The ATT&CK IDs that a text names outside code and addresses, each once, in its order.

    As Markdown reads it: among its words, those of links and pictures too, and in their titles.
    """
    if not _DIGIT.search(text):
        return []
    blocks = _parser_for(text).parse(text, {"resolve": lambda _: None})
    said = (words for block in blocks for words in _words_of(block.children or ()))
    named = (found for words in said for found in mentions(words))
    return list(dict.fromkeys(found.attack_id for found in named if not found.is_address))


def _words_of(tokens: Iterable[Token]) -> Iterator[str]:
    """What the tokens of a paragraph say, a piece for each run of words."""
    for token in tokens:
        if token.type == "text":
            yield token.content
        if title := token.attrs.get("title"):
            yield str(title)
        yield from _words_of(token.children or ())


def _parser_for(text: str) -> MarkdownIt:
    return _UNLINKED if _has_strays(text) else _MARKDOWN


def _has_strays(text: str) -> bool:
    """Whether it has so many brackets beside those of links that looking for links costs much."""
    strays = text.count("[") - len(_LINK.findall(text))
    return strays > max(_MOST_BRACKETS, len(text) // _LETTERS_A_BRACKET)


def _deepest(state: rules_block.StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lists and quotes nested too deep are set as the words and marks that they are."""
    if state.level < _DEEPEST:
        return False
    done = len(state.tokens)
    rules_block.paragraph(state, start, end, silent)
    # Paragraphs of a tight list would run into each other: these are the lines of one.
    if state.tokens[done - 1].type == "paragraph_close":
        state.tokens[done - 2].content += f"\n{state.tokens[done + 1].content}"
        del state.tokens[done:]
    return True


def _plain_html(text: str, resolve: Resolve) -> SafeString:
    """A text as paragraphs and lines that say what was written, IDs as links."""
    links = {
        wording: _plain_link(wording, target)
        for wording, meant in meant_in(text).items()
        if meant and (target := resolve(meant))
    }
    paragraphs = (
        "<br>\n".join(_plain_line(line, links) for line in lines) for lines in _plain_lines(text)
    )
    return SafeString(_CLEANER.clean("\n".join(f"<p>{said}</p>" for said in paragraphs)))


def _plain_link(wording: Wording, target: Target) -> str:
    shown = escapeHtml(wording[0] or wording[1] or "")
    return f'<a href="{escapeHtml(target.href)}" title="{escapeHtml(target.name)}">{shown}</a>'


def _plain_line(line: str, links: Mapping[Wording, str]) -> str:
    """A line with its links; thousands of them are put in with few steps for each."""
    parts: list[str] = []
    done = 0
    for found in MENTION.finditer(line):
        if link := links.get(found.groups()):
            parts += escapeHtml(line[done : found.start()]), link
            done = found.end()
    return "".join((*parts, escapeHtml(line[done:])))


def _plain_lines(text: str) -> Iterator[list[str]]:
    """The lines of each paragraph of a text."""
    for paragraph in _PARAGRAPH_ENDS.split(text):
        lines = (" ".join(line.split()) for line in paragraph.split("\n"))
        if found := [line for line in lines if line]:
            yield found


def _alternative(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    return escapeHtml(renderer.renderInlineAsText(tokens[at].children or [], options, env))


def _link_ids(state: StateCore) -> None:
    resolve: Resolve = state.env["resolve"]
    for block in state.tokens:
        if block.children:
            block.children = list(_linked(block.children, resolve))


def _linked(children: list[Token], resolve: Resolve) -> Iterator[Token]:
    """The tokens of a text, what it names outside links and code as links."""
    links = 0
    for token in children:
        links += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type == "text" and not links:
            yield from _split(token.content, resolve)
        else:
            yield token


def _split(text: str, resolve: Resolve) -> Iterator[Token]:
    done = 0
    for found in mentions(text):
        target = resolve(found.attack_id)
        if target is None:
            continue
        yield Token("text", "", 0, content=text[done : found.start])
        yield Token("link_open", "a", 1, attrs={"href": target.href, "title": target.name})
        yield Token("text", "", 0, content=text[found.start : found.end])
        yield Token("link_close", "a", -1)
        done = found.end
    yield Token("text", "", 0, content=text[done:])


_MARKDOWN: Final = TakeMarkdown()
_UNLINKED: Final = TakeMarkdown(has_links=False)
