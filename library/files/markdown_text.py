"""Text as part of a Markdown document, whatever is in it."""

import re
from typing import Final

from django.utils.encoding import iri_to_uri

# What Markdown, or one of its dialects, takes for markup in the middle of a line: emphasis, code,
# links, images, HTML, tables, mathematics, mentions, entities, and addresses that become links.
_MARKUP: Final = re.compile(
    r"([\\`*_{}\[\]<>#|~^!$@]|&(?=#?\w+;)|:(?=\S)|(?<=www)\.)", re.IGNORECASE
)
_LONGEST: Final = 300


def escaped(text: str) -> str:
    """A text in one line in which nothing is markup; cut where it is longer than any of MITRE's."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(printable.split())
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return _MARKUP.sub(r"\\\1", line)


def link(text: str, address: str) -> str:
    """A link, whatever is in its text and its address."""
    return f"[{escaped(text)}]({_target(address)})"


def bare_link(address: str) -> str:
    """An address that is its own text."""
    return f"<{_target(address)}>"


def _target(address: str) -> str:
    """An address without a character that could end a link."""
    found = iri_to_uri(address) or ""
    return found.translate({ord(letter): f"%{ord(letter):02X}" for letter in "()<>\\"})
