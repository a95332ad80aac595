"""A Take as JSON, with where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from analysis.derivation import Derivation, derivation
from analysis.models import ActKind, Baseline, Revision
from analysis.published import published_on, words_said
from analysis.reading.listed import publication
from analysis.reading.shape import (
    AgainstVersion,
    Confirmation,
    CountedFigure,
    Notices,
    TakeFile,
    TakeSection,
    TakeStanding,
)
from analysis.staleness import standings
from analysis.standing import Standing
from analysis.take import SECTIONS
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.contexts.page import Page
from library.files.shape import LinkedObject, Membership
from library.models import ObjectVersion
from library.text.words import words

type Rated = Literal["low", "moderate", "high"]

AUTHORED: Final = (
    "This Take is Glexia’s analysis. It is not part of ATT&CK, and MITRE has neither written nor"
    " endorsed it."
)
DERIVED: Final = (
    "This Take was derived by Glexia’s rules from ATT&CK’s relationships; no analyst has written or"
    " reviewed it. It is not part of ATT&CK, and MITRE has neither written nor endorsed it."
)


def take_file(shelf: Shelf, held: HeldObject, address: str, base: str) -> TakeFile | None:
    """The Take on an object: the published one, else the derived one; None where there is neither.

    `address` is that of the object's page; all in it begin with `base`, a scheme and a host. For a
    published Take a query, and those of `standings`.
    """
    maker = _Maker(shelf, held, address, base)
    revision = published_on(shelf, held.stix_id)
    if revision is not None:
        return maker.authored(revision, standings(shelf, [revision])[revision.pk])
    made = derivation(shelf, held)
    return maker.derived(made) if made else None


@dataclass(frozen=True, slots=True)
class _Maker:
    shelf: Shelf
    held: HeldObject
    address: str
    base: str

    def authored(self, revision: Revision, standing: Standing) -> TakeFile:
        acts = revision.confirmations
        raw = self.raw_addresses([revision, *acts])
        published = publication(revision)
        return TakeFile(
            **self.object(),
            kind="authored",
            revision=revision.number,
            author=revision.author_name,
            written_at=_moment(revision.written_at),
            published_at=_moment(published.at) if published else "",
            approved_by=_approved_by(revision),
            is_starter=revision.is_starter,
            is_confirmed=bool(acts),
            confirmed=Confirmation(
                acts[-1].actor_name, _moment(acts[-1].at), _against(acts[-1], raw)
            )
            if acts
            else None,
            written_against=_against(revision, raw),
            confidence=cast("Rated", revision.confidence),
            confidence_why=revision.confidence_why,
            standing=_standing(standing),
            sections=_sections(revision),
            figures=[],
            notices=self.notices(AUTHORED),
        )

    def derived(self, made: Derivation) -> TakeFile:
        evidence = f"{self.base}{self.held.href}/evidence"
        return TakeFile(
            **self.object(),
            kind="derived",
            revision=None,
            author="",
            written_at="",
            published_at="",
            approved_by="",
            is_starter=False,
            is_confirmed=False,
            confirmed=None,
            written_against=None,
            confidence="",
            confidence_why="",
            standing=None,
            sections=[
                TakeSection(s.name, s.title, s.is_list, [], [words(part) for part in s.parts])
                for s in made.take.sections
            ],
            figures=[
                CountedFigure(f.key, f.title, len(f.nodes), f"{evidence}#{f.key}")
                for f in made.figures
            ],
            notices=self.notices(DERIVED),
        )

    def object(self) -> dict[str, Any]:
        """What is said of the object, and of the release shown."""
        held = self.held
        released = held.rows[0].snapshot.released_at
        page = self.base + self.address
        raw = f"{self.base}{held.lasting_href}/raw"
        return {
            "url": f"{page}/take",
            "object": LinkedObject(held.kind.label, held.attack_id, held.name, held.stix_id, page),
            "domains": [
                Membership(
                    row.snapshot.domain,
                    row.snapshot.attack_version,
                    row.version.sha256,
                    f"{raw}?sha256={row.version.sha256}",
                )
                for row in held.rows
            ],
            "released_at": _moment(released) if released else "",
            "is_sample": self.shelf.sample,
        }

    def raw_addresses(self, baselines: Iterable[Baseline]) -> dict[str, str]:
        """Where the object versions that are held can be read, by their SHA-256; one query."""
        digests = [bytes(b.content_sha256) for b in baselines if b.content_sha256]
        rows = ObjectVersion.objects.filter(content_sha256__in=digests, object=self.held.object_id)
        page = self.base + self.shelf.current.addresses.by_stix_id(self.held.stix_id)
        return {row.sha256: f"{page}/raw?sha256={row.sha256}" for row in rows}

    def notices(self, take: str) -> Notices:
        return Notices(take, Page(self.shelf, title="", description="").notice)


def _approved_by(revision: Revision) -> str:
    """Who approved what was then published; empty where nobody is recorded to have."""
    approved = [act for act in revision.acts.all() if act.kind == ActKind.APPROVED]
    return approved[-1].actor_name if approved else ""


def _against(baseline: Baseline, raw: dict[str, str]) -> AgainstVersion:
    return AgainstVersion(
        baseline.domain, baseline.attack_version, baseline.sha256, raw.get(baseline.sha256, "")
    )


def _standing(standing: Standing) -> TakeStanding:
    return TakeStanding(
        freshness=standing.freshness.value,
        against=standing.against,
        material=list(standing.material),
        around=list(standing.around),
        told=standing.told,
        replaced_by=standing.successor_id,
    )


def _sections(revision: Revision) -> list[TakeSection]:
    read = words_said(revision)
    made = []
    for name, title, is_list in SECTIONS:
        if name in read:
            said = revision.sections[name]
            markdown = list(said) if isinstance(said, list) else [said]
            made.append(TakeSection(name, title, is_list, markdown, list(read[name])))
    return made


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
