"""A comparison for those who decide: the figures that matter, and what to ask about them.

All of it follows from the two releases by rule; every figure leads to the list that it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from library.contexts.page import Page
from library.identifiers import (
    CAMPAIGN,
    DATA_SOURCE,
    DETECTION_STRATEGY,
    GROUP,
    SOFTWARE,
    TACTIC,
    TECHNIQUE,
    Domain,
    ObjectType,
    type_of,
)
from library.panels import Panel
from library.releases.asked import ChangesAsked, Pair
from library.releases.compared import ReleaseDifference, Weight, heaviest
from library.releases.highlights import Highlight, Highlights, Mention, highlights
from library.releases.kinds import WEIGHED, ChangeKind
from library.releases.links import LinkFate
from library.releases.names import PROCEDURES
from library.releases.panels import release_panels
from library.releases.summary import page_of

if TYPE_CHECKING:
    from datetime import datetime

    from library.conditional import Shelf

# What is told in figures, in this order; the rest stands in the comparison.
TOLD_NEW: Final = (TACTIC, TECHNIQUE, GROUP, SOFTWARE, CAMPAIGN, DETECTION_STRATEGY)
MOST_REPORTED: Final = 5
DETECTIONS: Final = "Detections of techniques"
MITIGATIONS: Final = "Mitigations of techniques"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it counts and where that is listed."""

    count: int
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A technique that was newly seen in use, and how often."""

    mention: Mention
    count: int
    href: str
    """Where these examples are listed."""


@dataclass(frozen=True, slots=True)
class ReleaseBrief:
    """What the brief of two releases shows."""

    page: Page
    pair: Pair
    dates: tuple[tuple[str, datetime | None, datetime | None], ...]
    """Each domain with the dates of both releases."""

    figures: tuple[Figure, ...]
    weights: tuple[Figure, ...]
    """How many of the entries that both hold changed in substance, around it, and in noise."""

    told: Highlights
    reported: tuple[Reported, ...]
    detections: tuple[Figure, ...]
    mitigations: tuple[Figure, ...]
    panels: tuple[Panel, ...]
    backwards: bool
    """Whether the first of the releases is the later one."""

    @property
    def new_techniques(self) -> Highlight | None:
        """The techniques that are new."""
        return _first(self.told.added, TECHNIQUE)

    @property
    def new_groups(self) -> Highlight | None:
        """The groups that are new."""
        return _first(self.told.added, GROUP)

    @property
    def let_go(self) -> tuple[Highlight, ...]:
        """What was revoked, deprecated or left out, of the kinds that plans are written in."""
        return tuple(
            line
            for line in (*self.told.revoked, *self.told.deprecated, *self.told.gone)
            if line.kind is not DATA_SOURCE
        )

    @property
    def data_sources(self) -> Highlight | None:
        """The data sources that were deprecated."""
        return _first(self.told.deprecated, DATA_SOURCE)


def _first(lines: Sequence[Highlight], kind: ObjectType) -> Highlight | None:
    return next((line for line in lines if line.kind is kind), None)


def release_brief(shelf: Shelf, pair: Pair) -> ReleaseBrief:
    """The brief of two releases; at most seven queries a domain, beside those of the panels."""
    told = highlights(pair)
    return ReleaseBrief(
        page=page_of(shelf, pair, "Brief", f"/brief{pair.query}"),
        pair=pair,
        dates=tuple(
            (Domain(one.domain).label, one.before.released_at, one.after.released_at)
            for one in pair.shown
        ),
        figures=tuple(
            Figure(line.count, f"new {line.label.lower()}", line.href)
            for line in told.added
            if line.kind in TOLD_NEW
        ),
        weights=tuple(_weights(pair)),
        told=told,
        reported=tuple(_reported(pair)),
        detections=tuple(_links(pair, DETECTIONS)),
        mitigations=tuple(_links(pair, MITIGATIONS)),
        panels=tuple(release_panels(shelf, pair.shown)),
        backwards=pair.is_backwards,
    )


def _weights(pair: Pair) -> Iterator[Figure]:
    """How many entries changed that both releases hold and neither let go of, by weight.

    Each counts once, by the weightiest of its changes where several domains hold it.
    """
    entries = (
        (one, changed)
        for one in pair.shown
        for changed in (*one.objects, *one.relinked)
        if changed.kind in {*WEIGHED, None} and type_of(changed.stix_type).has_list
    )
    counts = Counter(heaviest(entries).values())
    for weight in Weight:
        href = f"{pair.path}/changes{ChangesAsked(weight=weight).query(pair.domain)}"
        yield Figure(counts[weight], weight.value, href)


def _links(pair: Pair, words: str) -> Iterator[Figure]:
    for change in LinkFate:
        count = sum(len(one.links_by_words.get(words, {}).get(change, ())) for one in pair.shown)
        asked = ChangesAsked(links=words, link_change=change)
        if count:
            yield Figure(count, change.value, f"{pair.path}/changes{asked.query(pair.domain)}")


def _reported(pair: Pair) -> Iterator[Reported]:
    """The techniques with most new procedure examples, those that were there before alone."""
    counts: Counter[tuple[ReleaseDifference, int]] = Counter()
    for one in pair.shown:
        for link in one.links_by_words.get(PROCEDURES, {}).get(LinkFate.ADDED, ()):
            changed = one.of_object.get(link.target_id)
            if changed is None or changed.kind is not ChangeKind.ADDITIONS:
                counts[one, link.target_id] += 1
    by_count = sorted(
        ((count, one, key) for (one, key), count in counts.items()),
        key=lambda each: (-each[0], each[1].ends[each[2]].attack_id),
    )
    for count, one, key in by_count[:MOST_REPORTED]:
        end = one.ends[key]
        href = pair.history(one, end.object_id, end.stix_id)
        label = Domain(one.domain).label
        asked = ChangesAsked(links=PROCEDURES, link_change=LinkFate.ADDED, end=end.stix_id)
        listed = f"{pair.path}/changes{asked.query(one.domain)}"
        yield Reported(Mention(label, end.attack_id, end.name, href), count, listed)
