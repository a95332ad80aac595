"""No markup reaches a reader as words, and no element stands in a page that is not ours.

A text of ATT&CK may speak of `<script>` or `<username>` in so many words, which are then rightly
shown. So what counts as left over is what MITRE writes for markup and never as a word: the tags
that its texts are set with, character references, links and emphasis of Markdown. Within code
everything is a word.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.library.pages import Element

# What the templates and texts of the library are made of.
ELEMENTS = re.compile(
    "a|article|aside|br|button|caption|circle|code|dd|del|details|div|dl|dt|em|form|h[1-4]|header"
    "|hr|input|ins|label|li|main|mark|meter|nav|ol|option|p|polyline|pre|section|select|span|strong"
    "|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|time|tr|ul"
)
# And what a text of MITRE's may become.
PROSE = re.compile("a|br|code|em|hr|li|ol|p|pre|strong|sup|ul")
# What MITRE's texts are set with, or might be.
TAGS = (
    "a|b|blockquote|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|sub|sup|table|td|tr|u|ul"
)
LEFT_OVER = {
    "a tag": re.compile(rf"</?(?:{TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE),
    "a character reference": re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d+|#x[0-9a-f]+);"),
    "a placeholder": re.compile("[\x00-\x08\x0b-\x1f]"),
    "a citation": re.compile(r"\(\s?Citation:|\bLinkById\b", re.IGNORECASE),
}
# Names and addresses are no Markdown: there a back-tick is a back-tick.
LEFT_OVER_IN_PROSE = {
    "a link": re.compile(r"\]\((?:https?:|/|#)"),
    "emphasis": re.compile(r"(?<![*\w])\*\*\w[^*]*\*\*(?!\w)"),
    "code": re.compile(r"(?<!`)`[^`\n]+`(?!`)|```"),
}
CODE = {"code", "pre"}
AROUND = 30


def wrong_markup(page: Element) -> Iterator[str]:
    """Markup among the words of a page, elements that are not ours, and addresses of no kind."""
    main = page.one("main")
    for element in main.walk():
        if not ELEMENTS.fullmatch(element.tag):
            yield f"<{element.tag}> stands in the page"
        if element.tag == "a" and not _is_address(element["href"]):
            yield f"a link leads to “{element['href']}”"
        if "prose" in element.classes:
            yield from _wrong_prose(element)
    yield from _left_over(LEFT_OVER, " ".join(_words(main)))
    for meta in [*page.all("title"), *page.all("meta", name="description")]:
        yield from _left_over(LEFT_OVER, meta.words + meta.attributes.get("content", ""))


def _wrong_prose(text: Element) -> Iterator[str]:
    for element in text.all():
        if not PROSE.fullmatch(element.tag):
            yield f"<{element.tag}> stands in a text"
    yield from _left_over(LEFT_OVER_IN_PROSE, " ".join(_words(text)))


def _left_over(patterns: dict[str, re.Pattern[str]], words: str) -> Iterator[str]:
    """Each piece of markup among words, with what stands around it."""
    for what, pattern in patterns.items():
        for found in pattern.finditer(words):
            around = words[max(0, found.start() - AROUND) : found.end() + AROUND]
            yield f"{what} stands among the words: {around!r}"


def _words(element: Element) -> Iterator[str]:
    """Each run of words below an element that stands in no code."""
    for part in element.content:
        if isinstance(part, str):
            yield part
        elif part.tag not in CODE:
            yield from _words(part)


def _is_address(href: str) -> bool:
    if href.startswith("/"):
        return not href.startswith("//")
    return href.startswith("#") or urlsplit(href).scheme in {"http", "https", "mailto"}
