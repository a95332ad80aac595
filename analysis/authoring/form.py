"""The form in which a Take is written."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from analysis.models import Confidence, Revision
from analysis.take import SECTIONS
from analysis.writing import Problem, SeenVersion, Writing, unix_lines

# What each section is for, beside its field.
HINTS = {
    "summary": "Two to four sentences: what it means in an organisation, and why it matters.",
    "executive_priority": "How much attention, against what alternative, and what to ask.",
    "technical_view": "For architects and the SOC: what carries the weight, how it is got round.",
    "likely_telemetry": "Named sources, and what to look for in each.",
    "detection_direction": "What to build first, with its likely false positives.",
    "mitigation_priorities": "Concrete acts, in their order.",
    "analyst_notes": "What an experienced analyst would add.",
    "limits": "What this Take cannot say.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One section in the form: its entries (a text has one), with what is wrong with them."""

    name: str
    title: str
    hint: str
    is_list: bool
    entries: list[str]
    problems: list[str]

    @property
    def text(self) -> str:
        """The text of a section that is no list."""
        return self.entries[0] if self.entries else ""


@dataclass(frozen=True, slots=True)
class WritingForm:
    """What an author has before them."""

    writing: Writing
    based_on: int
    against: SeenVersion
    """The version of the object that the author has before them."""

    problems: tuple[Problem, ...] = ()
    shown: str = ""
    """The snapshots in which they see it: what relates to it may change in any domain."""

    @classmethod
    def of(
        cls, revision: Revision | None, based_on: int, against: SeenVersion, shown: str
    ) -> WritingForm:
        """The form for going on from the text of a revision; an empty one without."""
        words = Writing({}, Confidence.MODERATE) if revision is None else writing_of(revision)
        return cls(words, based_on, against, shown=shown)

    @classmethod
    def sent(cls, data: QueryDict) -> WritingForm:
        """What an author sent: entries that say nothing are left out."""
        sections: dict[str, str | list[str]] = {}
        for name, _, is_list in SECTIONS:
            entries = [said for text in data.getlist(name) if (said := tidy(text))]
            if entries:
                sections[name] = entries if is_list else entries[0]
        writing = Writing(
            sections,
            data.get("confidence", ""),
            tidy(data.get("confidence_why", "")),
            tidy(data.get("change_note", "")),
        )
        number = data.get("based_on", "")
        known = number.isascii() and number.isdigit() and len(number) < 7
        against = SeenVersion(data.get("release", ""), data.get("content_sha256", ""))
        shown = data.get("shown", "")
        return cls(writing, int(number) if known else -1, against, shown=shown)

    @property
    def words(self) -> int:
        """How many words the text has."""
        return sum(len(text.split()) for _, _, text in self.writing.texts)

    @property
    def fields(self) -> list[Field]:
        """The sections in the order of the page."""
        made = []
        for name, title, is_list in SECTIONS:
            said = self.writing.sections.get(name, [])
            entries = said if isinstance(said, list) else [said]
            made.append(Field(name, title, HINTS[name], is_list, entries, self.problems_of(name)))
        return made

    @property
    def confidences(self) -> list[tuple[str, str]]:
        """What may be chosen for the analyst's confidence."""
        return Confidence.choices

    @property
    def confidence_problems(self) -> list[str]:
        """What is wrong with the confidence and its reason."""
        return self.problems_of("confidence") + self.problems_of("confidence_why")

    @property
    def note_problems(self) -> list[str]:
        """What is wrong with the change note."""
        return self.problems_of("change_note")

    def problems_of(self, name: str) -> list[str]:
        """What is wrong with a field, an entry of a list by its number."""
        return [
            found.message if found.entry is None else f"Entry {found.entry + 1}: {found.message}"
            for found in self.problems
            if found.field == name
        ]


def writing_of(revision: Revision) -> Writing:
    """The text of a revision, to go on from: the next one has a change note of its own."""
    return Writing(revision.sections, revision.confidence, revision.confidence_why)


def tidy(text: str) -> str:
    """A text as it is kept: lines end as everywhere, nothing blank before or behind."""
    return unix_lines(text).strip()
