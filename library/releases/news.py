"""What releases changed of one type of object, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from library.addresses import Addresses
from library.comparison import contents_of
from library.identifiers import MITIGATION, TECHNIQUE
from library.releases.compared import Weight, weight_of
from library.releases.kinds import WEIGHED, ChangeKind
from library.releases.steps import Step, changed_of_types, linked_otherwise

if TYPE_CHECKING:
    from library.identifiers import ObjectType
    from library.releases.members import ChangedObject
    from library.releases.names import LinkEnd

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
    """How many more changed in a way that is not material."""


def news_of_type(steps: Sequence[Step], kind: ObjectType) -> Mapping[Step, TypeNews]:
    """What releases changed of a type, where that is more than noise.

    Three queries; 0.5 ms for each object that changed. Weighed as a comparison does, and material
    as well where an object that is the same to the byte has other mitigations or techniques.
    """
    changed = changed_of_types(steps, kind.stix_types)
    linked: Mapping[Step, Sequence[LinkEnd]] = {}
    if kind in {TECHNIQUE, MITIGATION}:
        linked = linked_otherwise(list(changed), kind.stix_types)
    weighed = [c for found in changed.values() for c in found if c.kind in WEIGHED]
    sides = (side for c in weighed for side in (c.before, c.after) if side)
    weights = _Weights(contents_of({side.version_id for side in sides}) if weighed else {})
    made = {
        step: _news(step, found, weights, {end.object_id: end for end in linked.get(step, ())})
        for step, found in changed.items()
    }
    return {step: news for step, news in made.items() if news.groups or news.around}


class _Weights:
    """How much the changes of objects say by themselves."""

    def __init__(self, held: Mapping[int, Mapping[str, object]]) -> None:
        self._held = held

    def of(self, changed: ChangedObject) -> Weight:
        """How much one says, which both releases hold."""
        assert changed.before
        assert changed.after
        old, new = (self._held[side.version_id] for side in (changed.before, changed.after))
        return weight_of(old, new)


def _news(
    step: Step,
    changed: Sequence[ChangedObject],
    weights: _Weights,
    linked: Mapping[int, LinkEnd],
) -> TypeNews:
    groups: dict[str, list[NewsItem]] = {}
    added = [c for c in changed if c.kind is ChangeKind.ADDITIONS and c.shown.live]
    groups["Added"] = [_item(step, c) for c in added]
    again = {c.object_id: c for c in changed if c.lives_again}
    weighed = [c for c in changed if c.kind in WEIGHED and c.object_id not in again]
    own = {c.object_id: weights.of(c) for c in weighed}
    material = [
        _item(step, c)
        for c in weighed
        if own[c.object_id] is Weight.MATERIAL and c.object_id not in linked
    ]
    # What came, went or is dead has no links to compare; what is live again has all of them anew.
    elsewhere = {c.object_id for c in changed if c.object_id not in own}
    material += [_of_end(step, end) for key, end in linked.items() if key not in elsewhere]
    groups["Changed materially"] = material
    groups["Live again"] = [_item(step, c) for c in again.values()]
    for title, kind in _ONE_FATE.items():
        groups[title] = [_item(step, c) for c in changed if c.kind is kind]
    told = {title: _by_name(found) for title, found in groups.items() if found}
    around = sum(weight is Weight.AROUND and key not in linked for key, weight in own.items())
    return TypeNews(told, around)


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
