"""Two texts of a Take side by side: what became of each section."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from analysis.sensing import compare_sensed
from analysis.take import SECTIONS
from analysis.writing import SeenVersion, Subject, Writing
from library.comparison import Transition
from library.models import SnapshotObject
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


def became(subject: Subject, seen: SeenVersion) -> list[str] | None:
    """What became of an object since the version that an author has seen, the weightiest first.

    None where that version is not held. Two queries, and those of `compare_sensed`.
    """
    end = subject.baseline["snapshot"]
    rows = SnapshotObject.objects.filter(
        object__stix_id=subject.stix_id, snapshot__domain=end.domain
    ).select_related("object", "snapshot", "version")
    after = next((row for row in rows if row.snapshot_id == end.pk), None)
    before = next(
        (row for row in rows if (row.snapshot.attack_version, row.version.sha256) == seen),
        None,
    )
    if before is None or after is None:
        return None
    transition = Transition(
        after.object_id, before.snapshot_id, before.version_id, end.pk, after.version_id
    )
    types = {after.object_id: after.object.stix_type}
    return [change.phrase for change in compare_sensed({transition}, types)[transition]]


def _text(writing: Writing, name: str) -> str:
    said = writing.sections.get(name, "")
    return "\n".join(f"• {entry}" for entry in said) if isinstance(said, list) else said
