"""The short way for texts that Markdown would change nothing in but their links.

Most notes on relationships are one paragraph of plain words with links and citations: three in
four of the texts of release 18.1. Reading them with one pattern takes a tenth of the time that a
parser takes, and a page may have six hundred of them. What this returns is what the parser would:
a test holds it to that over every text of the real bundles.
"""

from __future__ import annotations

import re
from typing import Final

from markdown_it.token import Token

from library.text.links import SITE

# Characters that mean nothing to Markdown within a line, whatever stands around them.
_PLAIN: Final = r"[^\n\t\\`*_\[\]<>!&|]"
_ADDRESS: Final = rf"{re.escape(SITE)}/[a-z]{{4,20}}/[A-Z0-9/]{{2,12}}/?"
_LINK: Final = re.compile(rf"\[({_PLAIN}{{1,100}})\]\(({_ADDRESS})\)")
# Not what begins a heading, quote, list or fence, nor a lifted span, which may be a block of code.
_QUICK: Final = re.compile(
    rf"(?![\s#>+\-=~•‣▪●\x02]|[0-9]{{1,9}}[.)])(?:{_PLAIN}|\[{_PLAIN}{{1,100}}\]\({_ADDRESS}\))+"
)


def quick_tokens(lifted: str) -> list[Token] | None:
    """The parsed form of a text whose only markup is links to attack.mitre.org; else None."""
    if " - " in lifted or not _QUICK.fullmatch(lifted):
        return None
    children: list[Token] = []
    done = 0
    text = lifted.rstrip()
    for found in _LINK.finditer(text):
        _add_text(children, text[done : found.start()])
        children.append(Token("link_open", "a", 1, attrs={"href": found[2]}))
        _add_text(children, found[1])
        children.append(Token("link_close", "a", -1))
        done = found.end()
    _add_text(children, text[done:])
    return [
        Token("paragraph_open", "p", 1, block=True),
        Token("inline", "", 0, content=text, children=children, level=1, block=True),
        Token("paragraph_close", "p", -1, block=True),
    ]


def _add_text(children: list[Token], text: str) -> None:
    if text:
        children.append(Token("text", "", 0, content=text))
