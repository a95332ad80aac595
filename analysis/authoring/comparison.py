"""Two texts of a Take side by side: what became of each section."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from analysis.take import SECTIONS
from analysis.writing import Writing
from library.text.difference import word_difference


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one section; without HTML where nothing did."""

    title: str
    html: SafeString


def differences(before: Writing, after: Writing) -> list[Difference]:
    """The sections that differ, in the order of the page, then confidence and its reason."""
    pairs = [(title, _text(before, name), _text(after, name)) for name, title, _ in SECTIONS]
    pairs += [
        ("Analyst confidence", before.confidence, after.confidence),
        ("Why this confidence", before.confidence_why, after.confidence_why),
    ]
    return [Difference(title, word_difference(old, new)) for title, old, new in pairs if old != new]


def _text(writing: Writing, name: str) -> str:
    said = writing.sections.get(name, "")
    return "\n".join(f"• {entry}" for entry in said) if isinstance(said, list) else said
