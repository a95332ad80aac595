"""The list of published Takes: filters, entries, pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from analysis.landscape import landscape_of
from analysis.models import Confidence, Revision
from analysis.published import words_said
from analysis.reading.filters import KINDS, TakeFilters
from analysis.reading.listed import ListedTake, published_takes
from analysis.reading.tactics import serves, tactics_of
from analysis.staleness import standings
from analysis.standing import Freshness, Standing
from library.conditional import Shelf
from library.contexts.page import Crumb, Page, way_up
from library.contexts.pager import PageLink, clamped, page_at, page_links
from library.identifiers import Domain, type_of
from library.parameters import PAGE_SIZE

PURPOSE: Final = (
    "What Glexia’s analysts make of ATT&CK’s entries: what each means, what to ask, how sure we"
    " are."
)
# Of a summary as many sentences as fit; of a sentence that is longer by itself, so much.
EXCERPT_LENGTH: Final = 320
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+(?=[^a-z\s])")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a reader must know of a Take, in a word or two, with the name of its style."""

    words: str
    style: str


STALE: Final = {
    Freshness.MUST_REVIEW: Mark("Must be reviewed", "review"),
    Freshness.RETIRE: Mark("Move or retire", "review"),
    Freshness.AROUND: Mark("Changed around it", "changed"),
    Freshness.INCOMPARABLE: Mark("Cannot be compared", "changed"),
}
EARLIER: Final = Mark("For a newer release", "changed")
STARTER: Final = Mark("Starter content", "starter")


@dataclass(frozen=True, slots=True)
class TakeEntry:
    """One Take of the list."""

    take: ListedTake
    standing: Standing

    @property
    def excerpt(self) -> str:
        """The first sentences of its summary, in plain words."""
        said = " ".join(words_said(self.take.revision).get("summary", ()))
        return first_sentences(" ".join(said.split()))

    @property
    def marks(self) -> list[Mark]:
        """What a reader must know before relying on it."""
        stale = EARLIER if self.standing.is_earlier else STALE.get(self.standing.freshness)
        starter = STARTER if self.take.revision.is_unconfirmed_starter else None
        return [mark for mark in (stale, starter) if mark]


@dataclass(frozen=True, slots=True)
class TakeList:
    """What the page shows, or its part."""

    page: Page
    purpose: str
    path: str
    filters: TakeFilters
    domains: list[tuple[str, str]]
    kinds: list[tuple[str, str]]
    confidences: list[tuple[str, str]]
    tactics: list[tuple[str, str]]
    entries: list[TakeEntry]
    total: int
    published: int
    """How many Takes the list has without filters."""

    absent: int
    """How many more fit, as far as is known, on objects that the release does not hold."""

    is_any_absent: bool
    """Whether there is any such Take, be it one that fits or not."""

    previous: str
    following: str
    page_links: list[PageLink]

    @property
    def first(self) -> int:
        """The place of the first entry shown among all; 0 where there is none."""
        return self.filters.offset + 1 if self.entries else 0

    @property
    def last(self) -> int:
        """The place of the last entry shown."""
        return self.filters.offset + len(self.entries)

    @property
    def address(self) -> str:
        """The address of exactly this view of the list."""
        return self.path + self.filters.query


def take_list(shelf: Shelf, filters: TakeFilters) -> TakeList:
    """The list that a reader asks for.

    The same queries whatever it holds: those of `standings`, once epoch and release are known.
    """
    landscape, known = landscape_of(shelf.snapshot_ids), published_takes(shelf)
    tactics = tactics_of(landscape)
    if filters.tactic and filters.tactic not in dict(tactics):
        # One of another release, which no Take of this one serves.
        tactics = [*tactics, (filters.tactic, filters.tactic)]
    found = [take for take in _narrowed(known.takes, filters) if _is_read(take, filters)]
    if filters.tactic:
        found = [take for take in found if serves(landscape, take.object_id, filters.tactic)]
    filters = filters.at(clamped(filters.offset, len(found)))
    path = reverse("analysis:takes")

    def at(start: int) -> str:
        return path + filters.at(start).query

    return TakeList(
        page=_frame(shelf, path, filters),
        purpose=PURPOSE,
        path=path,
        filters=filters,
        domains=[(domain.value, domain.label) for domain in Domain],
        kinds=[(path, kind.plural) for path, kind in KINDS.items()],
        confidences=[(value, Confidence(value).label) for value in reversed(Confidence.values)],
        tactics=tactics,
        entries=_entries(shelf, found[filters.offset :][:PAGE_SIZE]),
        total=len(found),
        published=len(known.takes),
        absent=sum(_fits_absent(revision, filters) for revision in known.absent),
        is_any_absent=bool(known.absent),
        previous=page_at(at, filters.offset - PAGE_SIZE, len(found)),
        following=page_at(at, filters.offset + PAGE_SIZE, len(found)),
        page_links=page_links(at, filters.offset, len(found)),
    )


def _narrowed(takes: tuple[ListedTake, ...], filters: TakeFilters) -> Iterator[ListedTake]:
    for take in takes:
        if (
            (not filters.domain or any(e.domain == filters.domain for e in take.entries))
            and filters.kind in {"", take.kind.path}
            and filters.confidence in {"", take.revision.confidence}
        ):
            yield take


def _fits_absent(revision: Revision, filters: TakeFilters) -> bool:
    """Whether a Take fits whose object the release does not hold.

    Its domain is that which it was written against; which tactics it served is not known.
    """
    return (
        not filters.tactic
        and filters.domain in {"", revision.domain}
        and filters.kind in {"", type_of(revision.take.stix_id.partition("--")[0]).path}
        and filters.confidence in {"", revision.confidence}
        and _has_words(revision, (revision.attack_id, revision.name), filters.text)
    )


def _is_read(take: ListedTake, filters: TakeFilters) -> bool:
    return _has_words(take.revision, (take.attack_id, take.name), filters.text)


def _has_words(revision: Revision, called: tuple[str, str], text: str) -> bool:
    """Whether all these words stand in the ID and name it goes by or the sections of a Take."""
    if not text:
        return True
    parts = (part for said in words_said(revision).values() for part in said)
    read = " ".join([*called, *parts]).casefold()
    return all(word in read for word in text.casefold().split())


def _entries(shelf: Shelf, takes: list[ListedTake]) -> list[TakeEntry]:
    known = standings(shelf, [take.revision for take in takes]) if takes else {}
    return [TakeEntry(take, known[take.revision.pk]) for take in takes]


def _frame(shelf: Shelf, path: str, filters: TakeFilters) -> Page:
    lasting = TakeFilters(domain=filters.domain, kind=filters.kind, offset=filters.offset)
    return Page(
        shelf=shelf,
        title="Takes",
        description=PURPOSE,
        crumbs=(*way_up(shelf), Crumb("Takes")),
        canonical=path + lasting.query,
        indexed=not (filters.text or filters.confidence or filters.tactic),
        section="takes",
    )


def first_sentences(text: str) -> str:
    """As many sentences of a line as are short enough; a first one that is not ends with "…"."""
    sentences = _SENTENCE_END.split(text)
    said = sentences[0]
    for sentence in sentences[1:]:
        if len(said) + 1 + len(sentence) > EXCERPT_LENGTH:
            break
        said = f"{said} {sentence}"
    if len(said) <= EXCERPT_LENGTH:
        return said
    cut = said[: EXCERPT_LENGTH - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
