"""The preview of a run: what its dry run found, as the run keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, Final

from django.db import connection

from importer.previews import import_previews
from importer.report import IMPORTED, Report
from importer.runs.control import LIBRARY_STATE
from library.models import Edition, Snapshot
from library.releases.kinds import ChangeKind
from library.releases.members import ChangedObject, changed_objects

# Of what is revoked, deprecated or gone readers lose something: so many are named.
NAMED: Final = (ChangeKind.REVOCATIONS, ChangeKind.DEPRECATIONS, ChangeKind.DELETIONS)
MOST_NAMED: Final = 50
RELATIONSHIP: Final = "relationship"


def kept_report(report: Report) -> dict[str, Any]:
    """A report as a run keeps it: its numbers, and the lines that `import_attack` prints.

    Findings are left out: they stand in the library, and there may be very many.
    """
    kept = asdict(report) | {"findings": len(report.finding_details), "lines": report.lines()}
    del kept["finding_details"]
    return kept


def preview_of(report: Report, library: str) -> dict[str, Any]:
    """What a dry run found; to be called inside its transaction.

    `library` is the state of the library outside of it. About 0.2 seconds, and what the apps of
    IMPORT_PREVIEWS take.
    """
    fresh = report.status == IMPORTED
    if not fresh:
        # Then this is all that is to be said: there is no import to follow.
        report = replace(report, dry_run=False, current=_is_current(report.snapshot))
    before = Snapshot.objects.before(report.domain, report.release) if fresh else None
    changed = list(changed_objects(before.pk, report.snapshot)) if before else []
    return {
        "report": kept_report(report),
        "changes": _counts(changed) if before else [],
        "named": _named(changed),
        "would_be_current": fresh and _is_current(report.snapshot),
        "others": import_previews(report.snapshot) if fresh else [],
        "library": library,
    }


def library_state() -> str:
    """What tells whether the library is as it was: its snapshots and editions; one query."""
    with connection.cursor() as cursor:
        cursor.execute(LIBRARY_STATE)
        (state,) = cursor.fetchone()
        return str(state)


def _is_current(snapshot: int) -> bool:
    edition = Edition.objects.current()
    return edition is not None and snapshot in {held.pk for held in edition.snapshots}


def _counts(changes: Iterable[ChangedObject]) -> list[dict[str, Any]]:
    """How many objects and relationships there would be of each kind of change."""
    objects, links = Counter[ChangeKind](), Counter[ChangeKind]()
    for changed in changes:
        if changed.kind is not None:
            (links if changed.stix_type == RELATIONSHIP else objects)[changed.kind] += 1
    return [
        {
            "kind": kind.label,
            "explanation": kind.explanation,
            "objects": objects[kind],
            "relationships": links[kind],
        }
        for kind in ChangeKind
    ]


def _named(changes: Iterable[ChangedObject]) -> list[dict[str, Any]]:
    """The objects that would be revoked, deprecated or gone, MOST_NAMED of each by their IDs."""
    found: dict[ChangeKind, list[str]] = {kind: [] for kind in NAMED}
    for changed in changes:
        if changed.kind in found and changed.stix_type != RELATIONSHIP:
            shown = changed.shown
            name = f"{shown.attack_id} {shown.name}".strip() or changed.stix_id
            found[changed.kind].append(name)
    return [
        {
            "kind": kind.label,
            "names": sorted(names)[:MOST_NAMED],
            "more": max(0, len(names) - MOST_NAMED),
        }
        for kind, names in found.items()
        if names
    ]
