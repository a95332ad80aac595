"""Source quality: what is wrong or missing in what MITRE published about an object."""

from library.contexts.subject import Subject
from library.lookups import findings_of
from library.text.references import Reference


def source_quality(subject: Subject, references: list[Reference]) -> list[str]:
    """A sentence for each thing that a reader should know of the source; one query."""
    versions = {row.version_id for row in subject.held.rows}
    said = [f"{field}: {reason}" for field, reason in findings_of(versions)]
    unresolved = sum(1 for reference in references if not reference.resolved)
    if unresolved:
        cited = "citation names" if unresolved == 1 else "citations name"
        said.append(f"{unresolved} {cited} no source that MITRE lists.")
    if not subject.held.text("description").strip():
        said.append("There is no definition.")
    return said
