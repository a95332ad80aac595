"""The preview of a run: what its dry run found, as the run keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any, Final

from django.db import connection

from importer.previews import import_previews
from importer.report import IMPORTED, Report
from importer.runs.control import LIBRARY_STATE, state_for
from importer.runs.wording import in_console
from library.identifiers import is_sample
from library.models import Edition, Snapshot
from library.releases.kinds import ChangeKind
from library.releases.members import ChangedObject, changed_objects

# What a bundle is compared with.
SEEN_NOW, NAMESAKE, BEFORE = "seen now", "namesake", "before"
# Of what is revoked, deprecated or gone readers lose something: so many are named.
NAMED: Final = (ChangeKind.REVOCATIONS, ChangeKind.DEPRECATIONS, ChangeKind.DELETIONS)
MOST_NAMED: Final = 50
RELATIONSHIP: Final = "relationship"


def kept_report(report: Report) -> dict[str, Any]:
    """A report as a run keeps it: its numbers, and its lines in the console's words.

    Findings are left out: they stand in the library, and there may be very many.
    """
    lines = [in_console(line) for line in report.lines()]
    kept = asdict(report) | {"findings": len(report.finding_details), "lines": lines}
    del kept["finding_details"]
    return kept


def final_report(report: Report) -> dict[str, Any]:
    """The report of an import as its run keeps it, with the number of the edition that it made.

    To be asked in the import's transaction: the snapshot is new in it, and so is whatever edition
    shows it.
    """
    made = Edition.objects.current() if report.status == IMPORTED and report.current else None
    return kept_report(report) | {"edition": made.pk if made else None}


def preview_of(report: Report, library: str) -> dict[str, Any]:
    """What a dry run found; to be called inside its transaction.

    `library` is the state of its domain outside of it (`library_state`). About 0.2 seconds for each
    comparison, and what the apps of IMPORT_PREVIEWS take.
    """
    fresh = report.status == IMPORTED
    if not fresh:
        # Then this is all that is to be said: there is no import to follow.
        report = replace(report, dry_run=False, current=_is_current(report.snapshot))
    shown = fresh and _is_current(report.snapshot)
    return {
        "report": kept_report(report),
        "namesakes": [other.said(report.release) for other in report.namesakes],
        "comparisons": _comparisons(report, shown=shown) if fresh else [],
        "would_be_current": shown,
        "others": import_previews(report.snapshot) if fresh else [],
        "library": library,
    }


def library_state(domain: str, release: str) -> str:
    """What tells whether a domain is as a dry run saw it: what it holds and what readers see of it.

    Samples count for the dry run of a sample alone. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(LIBRARY_STATE, state_for(domain, release))
        (state,) = cursor.fetchone()
        return str(state)


def has_changed_since(
    preview: dict[str, Any] | None, state_now: Callable[[str, str], str] = library_state
) -> bool:
    """Whether the run's domain is another than the dry run saw; one query, made by `state_now`.

    A dry run that compared with the release before alone, as they once did, is to be run again.
    """
    if preview is None:
        return False
    state = state_now(preview["report"]["domain"], preview["report"]["release"])
    return "comparisons" not in preview or preview["library"] != state


def _is_current(snapshot: int) -> bool:
    edition = Edition.objects.current()
    return edition is not None and snapshot in {held.pk for held in edition.snapshots}


def _comparisons(report: Report, *, shown: bool) -> list[dict[str, Any]]:
    """What would change for readers; besides, against the release before where that is another.

    Where readers would go on seeing what they see, a bundle of the same release comes first.
    """
    found: dict[int, tuple[str, Snapshot]] = {}
    before = Snapshot.objects.before(report.domain, report.release)
    first = (SEEN_NOW, _seen_now(report)) if shown else (NAMESAKE, _namesake(report))
    for against, snapshot in (first, (BEFORE, before)):
        if snapshot is not None:
            found.setdefault(snapshot.pk, (against, snapshot))
    return [_comparison(report, against, snapshot) for against, snapshot in found.values()]


def _seen_now(report: Report) -> Snapshot | None:
    """What readers see of a domain, as this transaction has not yet changed it; no sample."""
    edition = Edition.objects.exclude(**{report.domain: report.snapshot}).current()
    held: Snapshot | None = getattr(edition, report.domain, None)
    if held is None or is_sample(held.attack_version) != is_sample(report.release):
        return None
    return held


def _namesake(report: Report) -> Snapshot | None:
    """The bundle that stands for the same release already."""
    first = next(iter(report.namesakes), None)
    return Snapshot.objects.get(pk=first.snapshot) if first else None


def _comparison(report: Report, against: str, snapshot: Snapshot) -> dict[str, Any]:
    """How the bundle differs from one that is held; of the same release all objects are named."""
    changed = list(changed_objects(snapshot.pk, report.snapshot))
    is_namesake = snapshot.attack_version == report.release
    return {
        "against": against,
        "release": snapshot.attack_version,
        "sha256": snapshot.sha256,
        "differing": len(changed),
        "changes": _counts(changed),
        "named": _named(changed, tuple(ChangeKind) if is_namesake else NAMED),
    }


def _counts(changes: Iterable[ChangedObject]) -> list[dict[str, Any]]:
    """How many objects and relationships there would be of each kind of change that there is."""
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
        if objects[kind] or links[kind]
    ]


def _named(changes: Iterable[ChangedObject], kinds: Iterable[ChangeKind]) -> list[dict[str, Any]]:
    """The objects that would change in these ways, MOST_NAMED of each by their IDs."""
    found: dict[ChangeKind, list[str]] = {kind: [] for kind in kinds}
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
