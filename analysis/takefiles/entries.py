"""Revisions of the database as a Take's file has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from analysis.models import Act, ActKind, Baseline, Confidence, Revision, State
from analysis.take import SECTIONS
from analysis.takefiles.shape import (
    ActEntry,
    Against,
    EarlierRevision,
    RevisionKeys,
    TakeFile,
)
from library.identifiers import Domain


def held_revisions(stix_ids: Iterable[str] | None = None) -> dict[str, list[Revision]]:
    """The revisions of the Takes on these objects, or of all, oldest first; two queries."""
    rows = Revision.objects.all() if stix_ids is None else Revision.objects.of_objects(stix_ids)
    rows = rows.select_related("take").prefetch_related("acts")
    found: dict[str, list[Revision]] = {}
    for revision in rows.order_by("take__stix_id", "number"):
        found.setdefault(revision.take.stix_id, []).append(revision)
    return found


def take_file(revisions: Sequence[Revision]) -> TakeFile:
    """The file of a Take of which these are all revisions, oldest first."""
    newest = revisions[-1]
    return TakeFile.model_construct(
        stix_id=newest.take.stix_id,
        attack_id=newest.attack_id,
        name=newest.name,
        earlier=[_earlier(revision, newest) for revision in reversed(revisions[:-1])],
        **_keys(newest),
    )


def entry_of(revision: Revision) -> RevisionKeys:
    """A revision by itself."""
    return RevisionKeys.model_construct(**_keys(revision))


def _earlier(revision: Revision, newest: Revision) -> EarlierRevision:
    return EarlierRevision.model_construct(
        attack_id=None if revision.attack_id == newest.attack_id else revision.attack_id,
        name=None if revision.name == newest.name else revision.name,
        **_keys(revision),
    )


def _keys(revision: Revision) -> dict[str, Any]:
    # Taken as it is: what is held is written whole, even what a file could not bring in.
    sections = {name: revision.sections.get(name) for name, _, _ in SECTIONS}
    return {
        "state": State(revision.state),
        "starter": revision.is_starter,
        "author": revision.author_name,
        "written_at": revision.written_at,
        "change_note": revision.change_note,
        "written_against": _against(revision),
        "confidence": Confidence(revision.confidence),
        "confidence_why": revision.confidence_why,
        **{name: said for name, said in sections.items() if said},
        "acts": [_act(act) for act in revision.acts.all()],
    }


def _act(act: Act) -> ActEntry:
    return ActEntry.model_construct(
        act=ActKind(act.kind),
        by=act.actor_name,
        at=act.at,
        note=act.note,
        against=_against(act) if act.content_sha256 else None,
    )


def _against(baseline: Baseline) -> Against:
    return Against.model_construct(
        domain=Domain(baseline.domain),
        release=baseline.attack_version,
        content_sha256=baseline.sha256,
    )
