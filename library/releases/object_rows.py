"""The objects in a list of changes: which fit what is asked for, and what is told of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from library.addresses import Addresses
from library.comparison import contents_of
from library.identifiers import Domain, type_of
from library.releases.compared import RELATIONSHIP, ReleaseDifference, Weight, heaviest
from library.releases.kinds import ChangeKind, versions
from library.releases.novelty import held_after, held_before
from library.releases.told import phrases, with_property
from library.text.markdown import plain

if TYPE_CHECKING:
    from library.releases.asked import ChangesAsked, Pair
    from library.releases.members import ChangedObject
    from library.releases.names import LinkEnd
    from library.substance import Properties

LEAD_LENGTH: Final = 160
_ORDER: Final = [*ChangeKind, None]

type Found = tuple[ReleaseDifference, ChangedObject]


@dataclass(frozen=True, slots=True)
class Place:
    """An object that a row leads to."""

    attack_id: str
    name: str
    href: str
    status: str = ""
    """The word "revoked" or "deprecated" of what replaced another and is itself one of these."""


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """An object that changed."""

    domain: str
    object: Place
    kind: ChangeKind | None
    """None where its relationships alone changed."""

    version: str
    """The object's own version: "1.0 to 1.1"."""

    in_both: bool
    """Whether both releases hold it."""

    changes: tuple[str, ...]
    """What changed of one that both hold."""

    lead: str
    """How the description begins of one that came or went."""

    then: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Fitting:
    """The objects that fit what is asked for."""

    listed: Sequence[Found]
    noise: int
    """How many more fit and changed in noise alone."""

    distinct: int
    """How many objects all of these are, whatever their domains."""

    counts: Mapping[ChangeKind | None, int]
    """How many there are of each kind of change, whichever is asked for."""

    live_again: int
    """How many of them are live again, whichever kind of change that is."""


def fitting_objects(pair: Pair, asked: ChangesAsked) -> Fitting:
    """The objects that fit, by kind of change, then the weightier first, then by name.

    Those whose relationships alone changed fit where they are asked for, or a weight is. An object
    weighs the same in all domains: as the weightiest of its changes.
    """
    every = [
        (one, changed)
        for one in pair.shown
        for changed in (*one.objects, *one.relinked)
        if asked.of_type in _slugs(changed)
    ]
    if asked.about:
        differing = with_property((changed for _, changed in every), asked.about)
        every = [found for found in every if found[1].object_id in differing]
    weights = heaviest(found for found in every if _is_weighed(found[1]))

    def weight(found: Found) -> Weight | None:
        return weights.get(found[1].object_id) if _is_weighed(found[1]) else None

    every = [found for found in every if asked.weight in {None, weight(found)}]
    fitting = [found for found in every if _fits(found[1], asked)]
    if asked.is_whole is not None:
        known = held_before(pair) if asked.kind is ChangeKind.ADDITIONS else held_after(pair)
        fitting = [found for found in fitting if (found[1].object_id in known) != asked.is_whole]
    is_folded = [asked.weight is None and weight(found) is Weight.NOISE for found in fitting]
    listed = [found for found, folded in zip(fitting, is_folded, strict=True) if not folded]
    listed.sort(key=lambda found: _place_of(found, weight(found)))
    return Fitting(
        listed,
        sum(is_folded),
        len({changed.object_id for _, changed in fitting}),
        Counter(changed.kind for _, changed in every),
        sum(changed.lives_again for _, changed in every),
    )


def _slugs(changed: ChangedObject) -> tuple[str, ...]:
    """Under which types an object is listed: its own, and with all where it is an entry."""
    kind = type_of(changed.stix_type)
    return (kind.slug, "") if kind.has_list else (changed.stix_type,)


def _is_weighed(changed: ChangedObject) -> bool:
    """Whether it matters how much a change says: all others say it themselves."""
    return changed.stix_type != RELATIONSHIP and changed.is_weighed


def _fits(changed: ChangedObject, asked: ChangesAsked) -> bool:
    if asked.lives_again and not changed.lives_again:
        return False
    if asked.live and not changed.shown.live:
        return False
    if changed.kind is None:
        return asked.relinked or (asked.kind is None and asked.weight is not None)
    return not asked.relinked and asked.kind in {None, changed.kind}


def _place_of(found: Found, weight: Weight | None) -> tuple[int, bool, str, str, str]:
    _, changed = found
    shown = changed.shown
    name = shown.name.casefold(), shown.attack_id, changed.stix_id
    return _ORDER.index(changed.kind), weight is Weight.AROUND, *name


def object_rows(pair: Pair, some: Sequence[Found]) -> Iterator[ChangedRow]:
    """What is told of these objects; three queries, and two a domain."""
    told = {one.domain: phrases(one, [c for of, c in some if of is one]) for one in pair.shown}
    one_sided = [c.shown.version_id for _, c in some if not (c.before and c.after)]
    held = contents_of(one_sided) if one_sided else {}
    for one, changed in some:
        is_revoked = changed.kind is ChangeKind.REVOCATIONS
        chain = one.replaced_by(changed.object_id) if is_revoked else ()
        href = pair.history(one, changed.object_id, changed.stix_id)
        yield ChangedRow(
            domain=Domain(one.domain).label,
            object=Place(changed.shown.attack_id, one.name_of(changed), href),
            kind=changed.kind,
            version=versions(changed.before, changed.after),
            in_both=bool(changed.before and changed.after),
            changes=told[one.domain].get(changed.object_id, ()),
            lead=_lead(held.get(changed.shown.version_id, {})),
            then=tuple(place_of(end) for end in chain),
        )


def place_of(end: LinkEnd) -> Place:
    """The page of an object that a link leads to, whatever else has its ID."""
    href = Addresses().by_stix_id(end.stix_id)
    return Place(end.attack_id, end.name or end.stix_id, href, end.status)


def _lead(properties: Properties) -> str:
    text = properties.get("description")
    return plain(text, LEAD_LENGTH) if isinstance(text, str) else ""
