"""The short way for texts that Markdown would change nothing in but their links.

Most notes on relationships are one paragraph of plain words with links and citations: three in
four of the texts of release 18.1. Reading them with one pattern takes a tenth of the time that a
parser takes, and a page may have six hundred of them. What this returns is what the parser would:
a test holds it to that over every text of the real bundles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from library.text.links import SITE, parse_attack_url
from library.text.renderer import link_start, text_html

if TYPE_CHECKING:
    from library.text.renderer import Page

# Characters that mean nothing to Markdown within a line, whatever stands around them.
_PLAIN: Final = r"[^\n\t\xa0\\`*_\[\]<>!&|]"
_ADDRESS: Final = rf"{re.escape(SITE)}/[a-z]{{4,20}}/[A-Z0-9/]{{2,12}}/?"
_LINK: Final = re.compile(rf"\[({_PLAIN}{{1,100}})\]\(({_ADDRESS})\)")
# Not what begins a heading, quote, list or fence, nor a lifted span, which may be a block of code.
_QUICK: Final = re.compile(
    rf"(?![\s#>+\-=~•‣▪●\x02]|[0-9]{{1,9}}[.)])(?:{_PLAIN}|\[{_PLAIN}{{1,100}}\]\({_ADDRESS}\))+"
)


def pieces(lifted: str) -> list[tuple[str, str]] | None:
    """The words of a text whose only markup is links to attack.mitre.org, each with its address.

    Empty where a piece is no link; None for any other text.
    """
    if " - " in lifted or not _QUICK.fullmatch(lifted):
        return None
    found: list[tuple[str, str]] = []
    done = 0
    text = lifted.rstrip()
    for link in _LINK.finditer(text):
        found.append((text[done : link.start()], ""))
        found.append((link[1], link[2]))
        done = link.end()
    found.append((text[done:], ""))
    return found


def quick_html(found: list[tuple[str, str]], page: Page) -> str:
    """The HTML of such a text: nothing in it but words that are escaped, and our own marks."""
    made = []
    for words, href in found:
        if not href:
            made.append(text_html(words, page))
            continue
        page.in_link = True
        made.append(f"{link_start(href, parse_attack_url(href), page)}{text_html(words, page)}</a>")
        made += page.after_link
        page.after_link.clear()
        page.in_link = False
    return f"<p>{''.join(made)}</p>"
