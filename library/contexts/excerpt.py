"""The part of a description that a search result shows: where the words stand, with a mark each."""

import re
from functools import lru_cache
from html import escape
from typing import Final, NamedTuple

from django.utils.safestring import SafeString

from library.documents import fold
from library.search import SYNONYMS
from library.text.markdown import plain

AROUND: Final = 110
# Of so few letters a word says little as the beginning of another.
SHORT: Final = 3
# What PostgreSQL's search in English passes over.
PASSED_OVER: Final = frozenset(
    re.findall(
        r"\w+",
        """
    i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she
    her hers herself it its itself they them their theirs themselves what which who whom this that
    these those am is are was were be been being have has had having do does did doing a an the
    and but if or because as until while of at by for with about against between into through
    during before after above below to from up down in out on off over under again further then
    once here there when where why how all any both each few more most other some such no nor not
    only own same so than too very s t can will just don should now
        """,
    )
)


class _Tier(NamedTuple):
    """Words that are looked for together: what each begins with, and what finds them."""

    begun: tuple[str, ...]
    pattern: re.Pattern[str]

    def may_be_in(self, text: str) -> bool:
        """Whether a text in lower case may hold one: a tenth of the time that finding it takes."""
        return any(start in text for start in self.begun)


def telling(description: str, text: str) -> SafeString:
    """What a description says of a text that was looked for; else how it begins, without markup.

    Of the first paragraph with a word of it, or with one that the search takes for the same.
    """
    paragraphs = [paragraph for paragraph in description.split("\n") if paragraph.strip()]
    folded = [paragraph.lower() for paragraph in paragraphs]
    for tier in _tiers(_sought(text)):
        for paragraph, lower in zip(paragraphs, folded, strict=True):
            # To read the markup of all paragraphs of a page's results takes longer than the search;
            # a word may stand in a citation or in an address alone.
            if tier.may_be_in(lower) and tier.pattern.search(paragraph):
                shown = plain(paragraph)
                if tier.pattern.search(shown):
                    return _marked(shown, tier.pattern)
    return _marked(plain(paragraphs[0]), None) if paragraphs else SafeString()


def _marked(text: str, pattern: re.Pattern[str] | None) -> SafeString:
    """The part of a text around the first word that a pattern finds, all such words marked."""
    found = pattern.search(text) if pattern else None
    at = found.start() if found else 0
    start = text.rfind(" ", 0, max(0, at - AROUND)) + 1 if at > AROUND else 0
    end = text.find(" ", at + AROUND)
    shown = text[start:] if end < 0 else text[start:end]
    pieces = pattern.split(shown) if pattern else [shown]
    marked = "".join(
        f"<mark>{escape(piece)}</mark>" if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )
    before, after = "…" if start else "", "…" if end >= 0 else ""
    return SafeString(f"{before}{marked}{after}")


def _sought(text: str) -> tuple[str, ...]:
    """The words of a text that the search looks for, each with what it takes for the same."""
    words = [word for word in re.findall(r"\w+", fold(text)) if word not in PASSED_OVER]
    same = [SYNONYMS[word] for word in words if word in SYNONYMS]
    return (*same, *words)


@lru_cache(maxsize=16)
def _tiers(words: tuple[str, ...]) -> tuple[_Tier, ...]:
    """What finds these words: long ones however they end, short ones as they are or in the plural.

    Then, where nothing does, those of two and three letters with whatever ending; kept, since each
    result of a page asks for both.
    """
    short = {word: rf"{re.escape(word)}s?\b" for word in words if len(word) <= SHORT}
    stems = (word[: max(SHORT + 1, len(word) - 3)] for word in words if len(word) > SHORT)
    long = {stem: rf"{re.escape(stem)}\w*" for stem in stems}
    begun = {word: rf"{re.escape(word)}\w*" for word in short if len(word) > 1}
    return tuple(
        _Tier(tuple(tier), re.compile(rf"(\b(?:{'|'.join(tier.values())}))", re.IGNORECASE))
        for tier in (short | long, begun)
        if tier
    )
