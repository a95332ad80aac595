"""A comparison for those who decide: the figures that matter, and what to ask about them.

All of it follows from the two releases by rule; every figure leads to the list that it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from library.contexts.page import Page
from library.identifiers import (
    DATA_COMPONENT,
    DATA_SOURCE,
    GROUP,
    TECHNIQUE,
    Domain,
    ObjectType,
    type_of,
)
from library.panels import Panel
from library.releases.asked import ChangesAsked, Pair
from library.releases.brief_lines import News, news_of
from library.releases.compared import ReleaseDifference, Weight, heaviest
from library.releases.highlights import (
    Highlight,
    Highlights,
    Mention,
    highlights,
    kinds_of,
    of_objects,
)
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from library.releases.names import PROCEDURES
from library.releases.panels import release_panels
from library.releases.summary import page_of
from library.releases.told import with_property

if TYPE_CHECKING:
    from datetime import datetime

    from library.conditional import Shelf

# The property of a data component that names what a SOC collects.
LOG_SOURCES: Final = "x_mitre_log_sources"
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

    substance: tuple[Figure, ...]
    """The first of these by type."""

    log_sources: Highlight | None
    """The data components whose log sources changed."""

    told: Highlights
    news: News
    """What of that there is room for."""

    reported: tuple[Reported, ...]
    detections: tuple[Figure, ...]
    mitigations: tuple[Figure, ...]
    panels: tuple[Panel, ...]
    backwards: bool
    """Whether the first of the releases is the later one."""

    @property
    def turned(self) -> str:
        """The address of the brief of the same the other way round."""
        return f"{self.pair.turned_path}/brief{self.pair.query}"

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
    def asks(self) -> bool:
        """Whether there is a question to ask: there is one wherever the substance changed."""
        return any(
            (
                *(self.new_techniques, self.new_groups, self.data_sources, self.log_sources),
                *(self.reported, self.let_go, self.told.renamed, self.told.moved),
                *(self.detections, self.mitigations, self.substance),
            )
        )

    @property
    def data_sources(self) -> Highlight | None:
        """The data sources that were deprecated."""
        return _first(self.told.deprecated, DATA_SOURCE)


def _first(lines: Sequence[Highlight], kind: ObjectType) -> Highlight | None:
    return next((line for line in lines if line.kind is kind), None)


def release_brief(shelf: Shelf, pair: Pair) -> ReleaseBrief:
    """The brief of two releases; at most nine queries a domain, beside those of the panels."""
    told = highlights(pair)
    weights, substance = _weights(pair)
    return ReleaseBrief(
        page=page_of(shelf, pair, "Brief", f"/brief{pair.query}"),
        pair=pair,
        dates=tuple(
            (Domain(one.domain).label, one.before.released_at, one.after.released_at)
            for one in pair.shown
        ),
        figures=tuple(
            Figure(line.count, f"new {line.label.lower()}", line.href) for line in told.added
        ),
        weights=weights,
        substance=substance,
        log_sources=_log_sources(pair),
        told=told,
        news=news_of(pair, told),
        reported=tuple(_reported(pair)),
        detections=tuple(_links(pair, DETECTIONS)),
        mitigations=tuple(_links(pair, MITIGATIONS)),
        panels=tuple(release_panels(shelf, pair.shown)),
        backwards=pair.is_backwards,
    )


def _weights(pair: Pair) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """How many entries changed that both releases hold in the same status, by weight.

    Each counts once, by the weightiest of its changes where several domains hold it. Then those
    that changed in substance by type.
    """
    entries = [
        (one, changed)
        for one in pair.shown
        for changed in (*one.objects, *one.relinked)
        if changed.is_weighed and type_of(changed.stix_type).has_list
    ]
    kinds = {changed.object_id: type_of(changed.stix_type) for _, changed in entries}
    weights = heaviest(entries)
    counts = Counter(weights.values())
    material = Counter(kinds[key] for key, held in weights.items() if held is Weight.MATERIAL)

    def figure(count: int, words: str, asked: ChangesAsked) -> Figure:
        return Figure(count, words, f"{pair.path}/changes{asked.query(pair.domain)}")

    return (
        tuple(figure(counts[each], each.value, ChangesAsked(weight=each)) for each in Weight),
        tuple(
            figure(
                material[kind],
                (kind.label if material[kind] == 1 else kind.plural).lower(),
                ChangesAsked(of_type=kind.slug, weight=Weight.MATERIAL),
            )
            for kind in kinds_of(pair.shown)
            if material[kind]
        ),
    )


def _log_sources(pair: Pair) -> Highlight | None:
    """The data components whose log sources changed."""
    held = [
        (one, changed)
        for one in pair.shown
        for changed in one.objects
        if changed.stix_type in DATA_COMPONENT.stix_types
    ]
    differing = with_property((changed for _, changed in held), LOG_SOURCES)
    found = [each for each in held if each[1].object_id in differing]
    asked = ChangesAsked(of_type=DATA_COMPONENT.slug, about=LOG_SOURCES)
    return of_objects(pair, DATA_COMPONENT, found, asked)


def _links(pair: Pair, words: str) -> Iterator[Figure]:
    for change in LinkFate:
        count = sum(len(one.links_by_words.get(words, {}).get(change, ())) for one in pair.shown)
        asked = ChangesAsked(links=words, link_change=change)
        if count:
            yield Figure(count, change.value, f"{pair.path}/changes{asked.query(pair.domain)}")


def _reported(pair: Pair) -> Iterator[Reported]:
    """The techniques with most new procedure examples, those that were there before alone.

    An example that another technique had before was not newly reported.
    """
    counts: Counter[tuple[ReleaseDifference, int]] = Counter()
    for one in pair.shown:
        for link in one.links_by_words.get(PROCEDURES, {}).get(LinkFate.ADDED, ()):
            changed = one.of_object.get(link.target_id)
            is_known = changed is None or changed.kind is not ChangeKind.ADDITIONS
            if is_known and one.is_newly_told(link):
                counts[one, link.target_id] += 1
    by_count = sorted(
        ((count, one, key) for (one, key), count in counts.items()),
        key=lambda each: (-each[0], each[1].ends[each[2]].attack_id),
    )
    for count, one, key in by_count[:MOST_REPORTED]:
        end = one.ends[key]
        href = pair.history(one, end.object_id, end.stix_id)
        label = Domain(one.domain).label
        added = ChangesAsked(links=PROCEDURES, link_change=LinkFate.ADDED, is_whole=True)
        asked = replace(added, end=end.stix_id)
        listed = f"{pair.path}/changes{asked.query(one.domain)}"
        yield Reported(Mention(label, end.attack_id, end.name, href), count, listed)
