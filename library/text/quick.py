"""The short way for texts that Markdown would change little in: links, code, citations, paragraphs.

Nearly all texts are such: 19 in 20 of those of releases 17.1 to 18.1. Reading them with one pattern
takes a fraction of the time that a parser takes, and a page may have six hundred of them. What
this returns is what the parser would: a test holds it to that over every text of the real bundles.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from library.text.links import SITE, parse_attack_url
from library.text.renderer import citation_mark, link_start, text_html
from library.text.spans import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from library.text.renderer import Page
    from library.text.spans import Span

# A run of words, with the mark of what they are: an address, "`" for code, "(" for the name of a
# source that is cited, or nothing.
type Piece = tuple[str, str]

# Characters that mean nothing to Markdown within a line, whatever stands around them; parentheses
# and braces that begin nothing of ATT&CK's own; and an underscore within a word.
_PLAIN: Final = r"[^\n\t\xa0\\`*_\[\]<>!&|({]"
_OPENING: Final = r"[({](?!\s{0,8}(?i:Citation|LinkById))"
_IN_WORD: Final = r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])"
_ADDRESS: Final = rf"{re.escape(SITE)}/[a-z]{{4,20}}/[A-Z0-9/]{{2,12}}/?"
_CODE_MARK: Final = "`"
CITATION_MARK: Final = "("
_MARKED: Final = (
    rf"\[((?:{_PLAIN}|{_OPENING}|{_IN_WORD}){{1,100}})\]\(({_ADDRESS})\)"
    rf"|`((?! )(?:[^\n\t\xa0`\x02({{]|{_OPENING}){{1,200}}(?<! ))`(?!`)"
    # As nearly all citations stand; `spans` takes apart what is written otherwise.
    r"|\(Citation: ([^\n`<:()]{1,250})\)"
)
_PIECE: Final = re.compile(_MARKED)
# Not what begins a heading, quote, list or fence. Possessive, so that nothing is read twice.
_QUICK: Final = re.compile(
    rf"(?![#>+\-=~•‣▪●`]|[0-9]{{1,9}}[.)])(?:{_PLAIN}++|{_MARKED}|{_OPENING}|{_IN_WORD})++"
)
# Words before a citation that Markdown could take for the mark of an entry with nothing else in it.
_LIST_MARK: Final = re.compile(r" *(?:[-+]|[0-9]{1,9}[.)]) *")


def pieces(text: str, spans: Sequence[Span] = ()) -> list[list[Piece]] | None:
    """The paragraphs of a text whose only markup is links to attack.mitre.org, code and citations.

    None for any other text. It may have been lifted, into `spans`, or stand as it was written.
    """
    if " - " in text:
        return None
    found = []
    for part in text.strip().split("\n\n"):
        paragraph = part.strip()
        if not _QUICK.fullmatch(paragraph) or _is_code(paragraph, spans):
            return None
        made = _pieces(paragraph)
        if made is None:
            return None
        found.append(made)
    return found


def _is_code(text: str, spans: Sequence[Span]) -> bool:
    """Whether a paragraph is nothing but code, which makes a block of it."""
    only = PLACEHOLDER.fullmatch(text) if text[0] == "\x02" else None
    return only is not None and spans[int(only[1])].kind == "code"


def _pieces(text: str) -> list[Piece] | None:
    found = []
    done = 0
    for marked in _PIECE.finditer(text):
        before = text[done : marked.start()]
        words, address, code, name = marked.groups()
        if name and _LIST_MARK.fullmatch(before):
            return None
        if name:
            found += [(before.rstrip(" "), ""), (name.strip(), CITATION_MARK)]
        else:
            found += [(before, ""), (code, _CODE_MARK) if code else (words, address)]
        done = marked.end()
    found.append((text[done:], ""))
    return found


def quick_words(found: list[list[Piece]]) -> list[str]:
    """The words of each paragraph of such a text, without citations."""
    return ["".join([words for words, mark in part if mark != CITATION_MARK]) for part in found]


def quick_html(found: list[list[Piece]], page: Page) -> str:
    """The HTML of such a text: nothing in it but words that are escaped, and our own marks."""
    return "\n".join([f"<p>{_paragraph(paragraph, page)}</p>" for paragraph in found])


def _paragraph(found: list[Piece], page: Page) -> str:
    made = []
    for words, mark in found:
        if not mark:
            made.append(text_html(words, page))
        elif mark == CITATION_MARK:
            made.append(citation_mark(words, page))
        elif mark == _CODE_MARK:
            made.append(f"<code>{escape(words, quote=False)}</code>")
        else:
            page.in_link = True
            start = link_start(mark, parse_attack_url(mark), page)
            made.append(f"{start}{text_html(words, page)}</a>")
            made += page.after_link
            page.after_link.clear()
            page.in_link = False
    return "".join(made)
