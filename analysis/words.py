"""Sentences with figures in them, put together so that they read well for none, one and many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from library import substance

# Nouns whose plural is not the singular with an s.
_PLURALS = {
    "piece of software": "pieces of software",
    "other piece of software": "other pieces of software",
    "strategy": "strategies",
    "detection strategy": "detection strategies",
}


def plural(noun: str) -> str:
    """The plural of a noun."""
    return _PLURALS.get(noun, f"{noun}s")


def amount(count: int, noun: str) -> str:
    """A number with its noun: "no techniques", "1 technique", "49 techniques"."""
    return substance.amount(count, noun, plural(noun)) if count else f"no {plural(noun)}"


def listed(phrases: Sequence[str], most: int) -> str:
    """Changes in a row, "a, b and 2 other changes": the first of them, and how many more."""
    shown, more = ", ".join(phrases[:most]), len(phrases) - most
    return f"{shown} and {amount(more, 'other change')}" if more > 0 else shown


def joined(parts: Iterable[str | SafeString], last: str = "and") -> SafeString:
    """Parts as a list in a sentence: "a", "a and b", "a, b and c"; text is escaped."""
    safe: Sequence[SafeString] = [conditional_escape(part) for part in parts]
    if len(safe) < 2:
        return safe[0] if safe else SafeString()
    return format_html("{} {} {}", SafeString(", ".join(safe[:-1])), last, safe[-1])


def paragraph(sentences: Iterable[SafeString | str | None]) -> SafeString:
    """Sentences one after the other; those that say nothing are left out."""
    return SafeString(" ".join(conditional_escape(said) for said in sentences if said))
