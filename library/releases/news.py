"""What releases changed of one type of object, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from library.addresses import Addresses
from library.changes import states_tactics
from library.comparison import contents_of
from library.identifiers import Link
from library.releases.compared import Weight, silent_links, touched_by, weight_of
from library.releases.kinds import WEIGHED, ChangeKind
from library.releases.steps import (
    Step,
    changed_links_of_types,
    changed_of_types,
    named_of_types,
)
from library.tactics import tactics_by_name

if TYPE_CHECKING:
    from library.identifiers import ObjectType
    from library.releases.members import ChangedObject
    from library.releases.names import LinkEnd
    from library.substance import Properties

_ONE_FATE: Final = {
    "Revoked": ChangeKind.REVOCATIONS,
    "Deprecated": ChangeKind.DEPRECATIONS,
    "No longer in the bundle": ChangeKind.DELETIONS,
}


class NewsItem(NamedTuple):
    """An object that is named, and where it is told what became of it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class TypeNews:
    """What a release changed of a type of object."""

    groups: Mapping[str, Sequence[NewsItem]]
    """By what became of them, those of which there are any, by name."""

    around: int
    """How many more changed in a way that is not material: in themselves, or in their links."""


def news_of_type(steps: Sequence[Step], kind: ObjectType) -> Mapping[Step, TypeNews]:
    """What releases changed of a type, where that is more than noise.

    At most six queries; 0.5 ms for each object that changed. Weighed as a comparison does: by what
    objects say themselves, and by their links, with which one may be news that is the same to the
    byte.
    """
    changed = changed_of_types(steps, kind.stix_types)
    linked = _linked(changed, kind)
    weights = _Weights(changed)
    made = {step: _news(step, found, weights, linked[step]) for step, found in changed.items()}
    return {step: news for step, news in made.items() if news.groups or news.around}


@dataclass(frozen=True, slots=True)
class _Linked:
    """The objects whose links changed at a step."""

    touched: Mapping[Weight, set[int]]
    """All of them by their keys, whatever their type: of links that are material, and of any."""

    alike: Sequence[LinkEnd]
    """Those of the type that say the same themselves."""

    def weigh(self, object_id: int, own: Weight = Weight.NOISE) -> Weight:
        """How much the changes say of an object, its own and those of its links together."""
        linked = (weight for weight, held in self.touched.items() if object_id in held)
        return min(own, next(linked, own), key=list(Weight).index)


def _linked(
    changed: Mapping[Step, Sequence[ChangedObject]], kind: ObjectType
) -> Mapping[Step, _Linked]:
    """What became of the links of a type; three queries at most."""
    links = changed_links_of_types(list(changed), kind.stix_types)
    silent = silent_links(link for found in links.values() for link in found)
    touched = {}
    for step, found in links.items():
        touched[step] = touched_by(link for link in found if link not in silent)
        # A technique under other tactics than before is another one in substance.
        touched[step][Weight.MATERIAL].update(
            link.source_id for link in found if link.kind == Link.TACTIC
        )
    differing = {step: {found.object_id for found in every} for step, every in changed.items()}
    alike = named_of_types(
        {step: held[Weight.AROUND] - differing[step] for step, held in touched.items()},
        kind.stix_types,
    )
    return {step: _Linked(held, alike[step]) for step, held in touched.items()}


class _Weights:
    """How much the changes of objects say by themselves; two queries at most."""

    def __init__(self, changed: Mapping[Step, Sequence[ChangedObject]]) -> None:
        weighed = [(step, c) for step, every in changed.items() for c in every if c.kind in WEIGHED]
        sides = (side for _, c in weighed for side in (c.before, c.after) if side)
        self._held = contents_of({side.version_id for side in sides}) if weighed else {}
        stating = [step for step, c in weighed if states_tactics(*self._sides(c))]
        self._tactics = tactics_by_name(
            {each.pk for step in stating for each in (step.before, step.after) if each}
        )

    def of(self, step: Step, changed: ChangedObject) -> Weight:
        """How much one says, which both releases hold."""
        sides = (each.pk if each else 0 for each in (step.before, step.after))
        before, after = (self._tactics.get(key, {}) for key in sides)
        return weight_of(*self._sides(changed), (before, after))

    def _sides(self, changed: ChangedObject) -> tuple[Properties, Properties]:
        assert changed.before
        assert changed.after
        return self._held[changed.before.version_id], self._held[changed.after.version_id]


def _news(
    step: Step,
    changed: Sequence[ChangedObject],
    weights: _Weights,
    linked: _Linked,
) -> TypeNews:
    groups: dict[str, list[NewsItem]] = {}
    added = [c for c in changed if c.kind is ChangeKind.ADDITIONS and c.shown.live]
    groups["Added"] = [_item(step, c) for c in added]
    again = {c.object_id: c for c in changed if c.lives_again}
    weighed = [c for c in changed if c.kind in WEIGHED and c.object_id not in again]
    found = [(linked.weigh(c.object_id, weights.of(step, c)), _item(step, c)) for c in weighed]
    found += [(linked.weigh(end.object_id), _of_end(step, end)) for end in linked.alike]
    groups["Changed materially"] = [item for weight, item in found if weight is Weight.MATERIAL]
    groups["Live again"] = [_item(step, c) for c in again.values()]
    for title, kind in _ONE_FATE.items():
        groups[title] = [_item(step, c) for c in changed if c.kind is kind]
    told = {title: _by_name(items) for title, items in groups.items() if items}
    return TypeNews(told, sum(weight is Weight.AROUND for weight, _ in found))


def _by_name(found: Sequence[NewsItem]) -> Sequence[NewsItem]:
    return sorted(found, key=lambda item: (item.text.partition(" ")[2].casefold(), item))


def _item(step: Step, changed: ChangedObject) -> NewsItem:
    shown = changed.shown
    text = f"{shown.attack_id} {shown.name or changed.stix_id}".strip()
    if changed.before and changed.after:
        return NewsItem(text, step.pair.comparison(changed.stix_id, step.after.domain))
    release = step.pair.after if changed.after else step.pair.before
    return NewsItem(text, Addresses(release).by_stix_id(changed.stix_id))


def _of_end(step: Step, end: LinkEnd) -> NewsItem:
    text = f"{end.attack_id} {end.name or end.stix_id}".strip()
    return NewsItem(text, step.pair.comparison(end.stix_id, step.after.domain))
