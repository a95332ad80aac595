"""What a Take consists of, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.utils.safestring import SafeString

# In the order of the page: the name of each section, its title, and whether it is a list.
SECTIONS: Final = (
    ("summary", "Summary", False),
    ("executive_priority", "Executive priority", False),
    ("technical_view", "Technical view", False),
    ("likely_telemetry", "Likely telemetry", True),
    ("detection_direction", "Detection direction", True),
    ("mitigation_priorities", "Mitigation priorities", True),
    ("analyst_notes", "Analyst notes", False),
    ("limits", "Limits", False),
)


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a Take, as HTML that is safe to show: paragraphs, or entries of a list."""

    name: str
    title: str
    is_list: bool
    parts: tuple[SafeString, ...]
    is_prose: bool = False
    """Whether each part is HTML of paragraphs already."""


@dataclass(frozen=True, slots=True)
class ShownTake:
    """A Take as a page shows it."""

    sections: tuple[Section, ...] = ()
    confidence: str = "Not rated"
    confidence_why: str = ""
    byline: str = ""
    is_derived: bool = True


@dataclass
class SectionMaker:
    """The sections of a Take while they are put together: what is empty is left out."""

    parts: dict[str, list[SafeString]] = field(default_factory=dict)

    def add(self, name: str, *said: SafeString | None) -> None:
        """Add paragraphs, or entries of a list, to a section; nothing where there is nothing."""
        self.parts.setdefault(name, []).extend(part for part in said if part)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that say something, in the order of the page."""
        return tuple(
            Section(name, title, is_list, tuple(self.parts[name]))
            for name, title, is_list in SECTIONS
            if self.parts.get(name)
        )
