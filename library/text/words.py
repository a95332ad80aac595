"""The words of rendered texts, for files that hold no HTML."""

import re
import unicodedata
from html import unescape
from typing import Final

import nh3

_MARKS: Final = re.compile(r"[\u0300-\u036f]")
_LINE_ENDS: Final = re.compile(r"</(?:p|li|pre)>|<br ?/?>")
_ITEM: Final = re.compile(r"<li\b")
_CITED: Final = re.compile(r'href="[^"#]*#ref-([0-9]+)"')


def words(html: str) -> str:
    """The words of a rendered text, a line for each paragraph, entry and break; some 20 µs.

    Citations keep their marks, "[3]": `cited` says which they are.
    """
    broken = _LINE_ENDS.sub("\n", _ITEM.sub("- <li", html))
    bare = unescape(nh3.clean(broken, tags=set()))
    lines = (" ".join(line.split()) for line in bare.split("\n"))
    return "\n".join(line for line in lines if line)


def cited(html: str) -> list[int]:
    """The numbers of the references that a rendered text cites, in the order of first use."""
    return [int(number) for number in dict.fromkeys(_CITED.findall(html))]


def unaccented(text: str) -> str:
    """A text as filters compare it: without case, and letters without their accents."""
    folded = text.casefold()
    return folded if folded.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", folded))
