"""The Markdown of ATT&CK's texts: markdown-it's CommonMark, less what does harm here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, override

from markdown_it import MarkdownIt
from markdown_it.token import Token

from library.text.links import parse_attack_url
from library.text.renderer import Renderer
from library.text.spans import PLACEHOLDER

if TYPE_CHECKING:
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

    from library.text.renderer import Page

# A line that introduces the list or code below it; longer ones are sentences.
_LONGEST_LEAD: Final = 60
_LONGEST_HEADING: Final = 80

_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9:/._#?=&%+~@,;!$*-]+\Z")
_SAFE_ADDRESS: Final = re.compile(r"https?://[^/?#]|mailto:[^@]+@", re.IGNORECASE)

_ESCAPABLE: Final = frozenset("*_`[]{}()<>#+-!|~&")
# Behind a path, the backslash before one of these is the path's: "C:\Users\*", "(D:\, E:\)".
_AFTER_PATH: Final = frozenset("*[](){<#+-!|~&")
_UNC_START: Final = re.compile(r"[\w.*<\[%?{$]")
_EMPHASIS_STARTS: Final = {"em_open", "strong_open"}
_EMPHASIS_ENDS: Final = {"em_close", "strong_close"}
_LIST_STARTS: Final = {"bullet_list_open", "ordered_list_open", "fence"}


_IMAGE: Final = re.compile(r"!\[[^\[\]\n]{0,300}\]\(")
_LEFT_OUT: Final = (
    *("code", "lheading", "reference", "blockquote", "html_block"),
    *("html_inline", "autolink", "image"),
)


class AttackMarkdown(MarkdownIt):
    """The parser. It keeps no state between texts, so one serves all threads.

    Left out, with their reasons: indented code (texts are indented at random), headings by
    underlining (dashes stand alone), reference definitions, quotes (a text may begin with ">50"),
    raw HTML and <address> links (shown as written), images (nothing is loaded from elsewhere: a
    link to it stays).
    """

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False}, renderer_cls=Renderer)
        self.disable(_LEFT_OUT)
        self.inline.ruler.at("escape", _escape)
        self.inline.ruler.before("link", "image_as_link", _image_as_link)
        self.core.ruler.push("attack_blocks", _mark_blocks)

    @override
    def normalizeLink(self, url: str) -> str:
        """Return the address percent-encoded; nothing where a span has got into it."""
        if _PLAIN_ADDRESS.match(url):
            return url
        return "" if "\x02" in url else super().normalizeLink(url)

    @override
    def validateLink(self, url: str) -> bool:
        """Whether the address may be a link: http, https, mailto, or an ATT&CK object's path."""
        return _SAFE_ADDRESS.match(url) is not None or parse_attack_url(url) is not None


def _escape(state: StateInline, silent: bool) -> bool:
    r"""Read a backslash as an escape only where it is no part of a path.

    Texts have both: "HKEY_LOCAL_MACHINE\\SYSTEM" and "\* a \*" are escaped, "C:\Windows\.",
    "%TEMP%\*" and "\\host\share" are meant as they stand.
    """
    source, at = state.src, state.pos
    if source[at] != "\\" or at + 1 >= state.posMax:
        return False
    char = source[at + 1]
    is_path = at > 0 and (source[at - 1].isalnum() or source[at - 1] in "\\%:)]}>$_")
    shown = char
    if char == "\\":
        following = source[at + 2 : at + 3]
        if not is_path and _UNC_START.match(following):
            shown = "\\\\"
    elif char not in _ESCAPABLE:
        return False
    elif is_path and char == "*":
        shown = "\\*"
    elif is_path and char in _AFTER_PATH and char != "]":
        return False
    if not silent:
        state.append_pending(shown)
    state.pos += 2
    return True


def _image_as_link(state: StateInline, _silent: bool) -> bool:
    """Pass over an image's exclamation mark, so that what follows is read as a link."""
    if state.src[state.pos] != "!" or not _IMAGE.match(state.src, state.pos, state.posMax):
        return False
    state.pos += 1
    return True


def _mark_blocks(state: StateCore) -> None:
    """Make blocks of code out of paragraphs that hold nothing else; class headings and leads."""
    page: Page = state.env["page"]
    for token in state.tokens:
        if token.children and "*" in token.content:
            _keep_globs(token.children)
    tokens = _with_code_blocks(state.tokens, page)
    for at, token in enumerate(tokens):
        if token.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            token.tag = "p"
            if token.nesting == 1:
                token.attrs["class"] = "md-heading"
        elif token.type == "paragraph_open" and token.level == 0:
            _class_paragraph(token, tokens[at + 1], tokens[at + 3 : at + 4])
    state.tokens = tokens


def _keep_globs(children: list[Token]) -> None:
    """Turn what Markdown took for emphasis back into asterisks where they are wild cards.

    Analytics name files by patterns ("*.env, *secret*", "/tmp/*, /var/tmp/*"): 14 of 22
    pairs in releases 17.1 to 18.1. A single asterisk emphasises here only from one word's start to
    another's end: a lone word between two of them may as well be a pattern, and keeps both.
    """
    spaces = 0
    opened: list[tuple[int, int]] = []
    for at, token in enumerate(children):
        spaces += " " in token.content or token.type == "softbreak"
        if token.type in _EMPHASIS_STARTS:
            opened.append((at, spaces))
        elif token.type in _EMPHASIS_ENDS and opened:
            start, spaces_before = opened.pop()
            is_phrase = token.type == "strong_close" or spaces > spaces_before
            if token.markup[0] == "*" and not (is_phrase and _is_worded(children, start, at)):
                _make_literal(children[start])
                _make_literal(token)


def _is_worded(children: list[Token], start: int, end: int) -> bool:
    """Whether an emphasis begins where a word may begin, and ends where one may end."""
    before = children[start - 1].content[-1:] if start else ""
    first, last = children[start + 1].content[:1], children[end - 1].content[-1:]
    return (
        not (before.isalnum() or before in set("/\\._*-"))
        and first not in set("/\\.,_")
        and last not in set("/\\_")
    )


def _make_literal(token: Token) -> None:
    token.content, token.type, token.tag, token.nesting = token.markup, "text", "", 0


def _with_code_blocks(tokens: list[Token], page: Page) -> list[Token]:
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        code = _only_code(token, tokens[at + 1], page) if token.type == "paragraph_open" else None
        if code is None:
            kept.append(token)
            at += 1
        else:
            kept.append(Token("fence", "code", 0, content=code, level=token.level, block=True))
            at += 3
    return kept


def _only_code(paragraph: Token, inline: Token, page: Page) -> str | None:
    """Return the code that is all there is in a paragraph (in a list: code of several lines)."""
    children = inline.children or []
    if len(children) != 1:
        return None
    only = children[0]
    if only.type == "code_inline":
        return only.content if paragraph.level == 0 else None
    found = PLACEHOLDER.fullmatch(only.content.strip()) if only.type == "text" else None
    span = page.spans[int(found[1])] if found else None
    if span is None or span.kind != "code":
        return None
    return span.text if paragraph.level == 0 or span.is_block else None


def _class_paragraph(paragraph: Token, inline: Token, following: list[Token]) -> None:
    children = inline.children or []
    if len(children) == 3 and children[0].type in _EMPHASIS_STARTS and children[1].type == "text":
        label = children[1].content
        if len(label) <= _LONGEST_HEADING and not label.endswith((".", "!", "?")):
            inline.children = [children[1]]
            paragraph.attrs["class"] = "md-heading"
            return
    introduces = bool(following) and following[0].type in _LIST_STARTS
    if introduces and _is_short(children):
        paragraph.attrs["class"] = "md-lead"


def _is_short(children: list[Token]) -> bool:
    text = "".join(child.content for child in children)
    return (
        len(text) <= _LONGEST_LEAD
        and ". " not in text
        and not text.endswith(".")
        and all(child.type != "softbreak" for child in children)
    )
