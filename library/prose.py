"""Texts of objects in two versions: whether they read alike, what they came to cite and link to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from library.text.links import find_attack_links
from library.text.markdown import cited, plain


def read_words(text: Any) -> Any:
    """What a reader reads of a text; None where it is nothing."""
    return (plain(text) if isinstance(text, str) else text) or None


def is_read_alike(before: Any, after: Any) -> bool:
    """Whether a reader reads the same words in two texts, whatever they cite and link to."""
    return bool(read_words(before) == read_words(after))


def cited_otherwise(before: Any, after: Any) -> tuple[list[str], list[str]]:
    """The names of the citations that came to a text and of those that left it.

    One that is cited twice counts twice; where in the text it is does not count.
    """
    old, new = (
        Counter(cited(text)) if isinstance(text, str) else Counter[str]()
        for text in (before, after)
    )
    return sorted((new - old).elements()), sorted((old - new).elements())


def linked_otherwise(before: str, after: str) -> tuple[list[str], list[str]]:
    """The IDs of the ATT&CK objects that a text came to link to, and of those that it left.

    None where its words are not the same: then these tell.
    """
    if plain(before) != plain(after):
        return [], []
    old, new = (
        {(link.kind, link.attack_id) for link in find_attack_links(text)}
        for text in (before, after)
    )
    come, gone = (sorted(attack_id for _, attack_id in side) for side in (new - old, old - new))
    return come, gone
