"""The Markdown of Takes: plain CommonMark, ATT&CK IDs as links, safe whatever is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, override

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from analysis.writing import ATTACK_ID
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
# Deeper than any author nests, and shallow enough for any parser.
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Target:
    """Where an ATT&CK ID leads."""

    href: str
    name: str


type Resolve = Callable[[str], Target | None]


class TakeMarkdown(MarkdownIt):
    """The parser. It keeps no state between texts, so one serves all threads."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": _DEEPEST})
        self.disable(_LEFT_OUT)
        self.core.ruler.push("attack_ids", _link_ids)
        # A picture would be loaded from elsewhere: what it is called stands for it.
        self.add_render_rule("image", _alternative)

    @override
    def validateLink(self, url: str) -> bool:
        """Whether an address that an author wrote may be a link: another site's, or by mail."""
        return url.lower().startswith(("http://", "https://", "mailto:"))


def html_of(text: str, resolve: Resolve) -> SafeString:
    """A text as paragraphs and lists; about a millisecond for a section.

    `resolve` says where an ATT&CK ID leads; one that leads nowhere stays text.
    """
    return SafeString(_CLEANER.clean(_MARKDOWN.render(text, {"resolve": resolve})).strip())


def entry_of(text: str, resolve: Resolve) -> SafeString:
    """The same for an entry of a list: without the paragraph, where it is but one."""
    html = html_of(text, resolve)
    inside = html.removeprefix("<p>").removesuffix("</p>")
    return SafeString(inside) if "<p>" not in inside and html.startswith("<p>") else html


def plain_of(text: str) -> str:
    """The words of a text without markup, a line for each paragraph, entry and break."""
    return words(html_of(text, lambda _: None))


def _alternative(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    return escapeHtml(renderer.renderInlineAsText(tokens[at].children or [], options, env))


def _link_ids(state: StateCore) -> None:
    resolve: Resolve = state.env["resolve"]
    for block in state.tokens:
        if block.children and ATTACK_ID.search(block.content):
            block.children = list(_linked(block.children, resolve))


def _linked(children: list[Token], resolve: Resolve) -> Iterator[Token]:
    """The tokens of a text, IDs outside links and code as links."""
    links = 0
    for token in children:
        links += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type == "text" and not links:
            yield from _split(token.content, resolve)
        else:
            yield token


def _split(text: str, resolve: Resolve) -> Iterator[Token]:
    done = 0
    for found in ATTACK_ID.finditer(text):
        target = resolve(found[0])
        if target is None:
            continue
        yield Token("text", "", 0, content=text[done : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": target.href, "title": target.name})
        yield Token("text", "", 0, content=found[0])
        yield Token("link_close", "a", -1)
        done = found.end()
    yield Token("text", "", 0, content=text[done:])


_MARKDOWN: Final = TakeMarkdown()
