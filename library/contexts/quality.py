"""Source quality: what is wrong or missing in what MITRE published about an object."""

from library.changes import phases_of
from library.contexts.subject import Subject
from library.identifiers import ATTACK_CHAINS
from library.kinds import STATED_TACTICS
from library.lookups import findings_of
from library.tactics import tactics_by_name
from library.text.references import Reference


def source_quality(subject: Subject, references: list[Reference]) -> list[str]:
    """A sentence for each thing that a reader should know of the source; one query."""
    versions = {row.version_id for row in subject.held.rows}
    said = [f"{field}: {reason}" for field, reason in findings_of(versions)]
    unresolved = sum(1 for reference in references if not reference.resolved)
    if unresolved:
        cited = "citation names" if unresolved == 1 else "citations name"
        said.append(f"{unresolved} {cited} no source that MITRE lists.")
    for name in _adrift(subject):
        said.append(f"The tactic “{name}” that it states is not in the release.")
    if not subject.held.text("description").strip():
        said.append("There is no definition.")
    return said


def _adrift(subject: Subject) -> list[str]:
    """The kill chain phases that lead to no tactic of a release; one query where there are any."""
    phases = set(phases_of(subject.held.properties))
    if len(subject.graph.reached(subject.places, STATED_TACTICS)) >= len(phases):
        return []
    known = tactics_by_name(subject.shelf.snapshot_ids).values()
    return sorted(
        name
        for chain, name in phases
        if chain not in ATTACK_CHAINS or not any(name in tactics for tactics in known)
    )
