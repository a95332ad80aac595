"""What a person wants to know first of a comparison: new, renamed, moved, revoked, deprecated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from library.identifiers import ASSET, OBJECT_TYPES, Domain, ObjectType, type_of
from library.releases.asked import ChangesAsked, Pair
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from library.releases.novelty import held_after, held_before
from library.releases.object_rows import Place, place_of

if TYPE_CHECKING:
    from library.releases.compared import ReleaseDifference
    from library.releases.members import ChangedObject
    from library.releases.names import LinkEnd

# Names that are listed at once; of more there is the list.
MOST_NAMED: Final = 12
# Kinds of which a person wants the names; of the others the number says enough.
NAMED_KINDS: Final = (*OBJECT_TYPES[:7], ASSET)


@dataclass(frozen=True, slots=True)
class Mention:
    """One object that is named, with what is said of it."""

    domain: str
    attack_id: str
    name: str
    href: str
    said: str = ""
    then: tuple[Place, ...] = ()
    """What replaced it, hop by hop."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """One thing to know: so many objects of a kind, the first of them by name."""

    kind: ObjectType
    count: int
    href: str
    mentions: tuple[Mention, ...]

    @property
    def label(self) -> str:
        """What they are called, one or many."""
        return self.kind.label if self.count == 1 else self.kind.plural

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.mentions) if self.mentions else 0


@dataclass(frozen=True, slots=True)
class Highlights:
    """What is told first, each part empty where there is nothing to tell."""

    added: tuple[Highlight, ...]
    spread: tuple[Highlight, ...]
    """What came to one domain and was held in another one before."""

    renamed: tuple[Mention, ...]
    moved: tuple[Mention, ...]
    revoked: tuple[Highlight, ...]
    deprecated: tuple[Highlight, ...]
    gone: tuple[Highlight, ...]
    left: tuple[Highlight, ...]
    """What left one domain and is held in another one still."""

    live_again: tuple[Highlight, ...]
    """What was revoked or deprecated in the earlier release and is so no longer."""

    @property
    def any(self) -> bool:
        """Whether there is anything to tell."""
        return any(
            (
                self.added,
                self.spread,
                self.renamed,
                self.moved,
                self.revoked,
                self.deprecated,
                self.gone,
                self.left,
                self.live_again,
            )
        )


def highlights(pair: Pair) -> Highlights:
    """What is told first of a comparison; two queries, and at most two a domain, for names."""
    known, kept = held_before(pair), held_after(pair)
    return Highlights(
        added=tuple(_of_kind(pair, ChangeKind.ADDITIONS, apart=known)),
        spread=tuple(_of_kind(pair, ChangeKind.ADDITIONS, apart=known, is_whole=False)),
        renamed=tuple(_renamed(pair)),
        moved=tuple(_moved(pair)),
        revoked=tuple(_of_kind(pair, ChangeKind.REVOCATIONS, named=OBJECT_TYPES)),
        deprecated=tuple(_of_kind(pair, ChangeKind.DEPRECATIONS)),
        gone=tuple(_of_kind(pair, ChangeKind.DELETIONS, apart=kept)),
        left=tuple(_of_kind(pair, ChangeKind.DELETIONS, apart=kept, is_whole=False)),
        live_again=tuple(_live_again(pair)),
    )


def kinds_of(compared: Iterable[ReleaseDifference]) -> list[ObjectType]:
    """The kinds of entry that any of the releases holds: the known first, then by name."""
    held = {type_of(stix_type) for one in compared for stix_type in one.by_type}
    others = sorted((kind for kind in held if not kind.is_known), key=lambda kind: kind.label)
    return [*(kind for kind in OBJECT_TYPES if kind in held), *(k for k in others if k.has_list)]


def of_kind(
    compared: ReleaseDifference, kind: ObjectType, change: ChangeKind
) -> Iterator[ChangedObject]:
    """The objects of a kind of entry, whatever their STIX type, that changed in one way."""
    for stix_type in kind.stix_types:
        yield from compared.by_type.get(stix_type, {}).get(change, ())


def _of_kind(
    pair: Pair,
    change: ChangeKind,
    *,
    named: tuple[ObjectType, ...] = NAMED_KINDS,
    apart: frozenset[int] = frozenset(),
    is_whole: bool = True,
) -> Iterator[Highlight]:
    """What changed in one way by kind, each object once whatever its domains.

    Without those with the keys in `apart`, which another domain holds all the while; those alone
    where it is asked for what came to or left not the whole of ATT&CK.
    """
    for kind in kinds_of(pair.shown):
        found = [
            (one, changed)
            for one in pair.shown
            for changed in of_kind(one, kind, change)
            if (changed.object_id in apart) != is_whole
        ]
        asked = ChangesAsked(of_type=kind.slug, kind=change, is_whole=is_whole if apart else None)
        if change is ChangeKind.ADDITIONS and not all(each.shown.live for _, each in found):
            # What came and was let go of in between is nothing new to a reader.
            found = [(one, each) for one, each in found if each.shown.live]
            asked = replace(asked, live=True)
        told = of_objects(pair, kind, found, asked, is_named=kind in named)
        if told:
            yield told


def _live_again(pair: Pair) -> Iterator[Highlight]:
    """What is live again by kind, each object once whatever its domains."""
    for kind in kinds_of(pair.shown):
        found = [
            (one, changed)
            for one in pair.shown
            for changed in one.objects
            if changed.lives_again and changed.stix_type in kind.stix_types
        ]
        asked = ChangesAsked(of_type=kind.slug, lives_again=True)
        told = of_objects(pair, kind, found, asked, is_named=kind in NAMED_KINDS)
        if told:
            yield told


def of_objects(
    pair: Pair,
    kind: ObjectType,
    found: Sequence[tuple[ReleaseDifference, ChangedObject]],
    asked: ChangesAsked,
    *,
    is_named: bool = True,
) -> Highlight | None:
    """Objects of a kind with the address of their list, each once whatever its domains.

    The first by name, where they are to be named or the kind is unknown. None where there is none.
    """
    if not found:
        return None
    each = {changed.object_id: (one, changed) for one, changed in reversed(found)}
    ordered = sorted(
        each.values(), key=lambda at: (at[1].shown.name.casefold(), at[1].shown.attack_id)
    )
    mentions: tuple[Mention, ...] = ()
    if is_named or not kind.is_known:
        mentions = tuple(_mention(pair, *at) for at in ordered[:MOST_NAMED])
    return Highlight(kind, len(each), f"{pair.path}/changes{asked.query(pair.domain)}", mentions)


def _mention(
    pair: Pair, compared: ReleaseDifference, changed: ChangedObject, said: str = ""
) -> Mention:
    shown = changed.shown
    return Mention(
        domain=Domain(compared.domain).label,
        attack_id=shown.attack_id,
        name=shown.name or changed.stix_id,
        href=pair.history(compared, changed.object_id, changed.stix_id),
        said=said,
        then=tuple(map(place_of, compared.replaced_by(changed.object_id)))
        if changed.kind is ChangeKind.REVOCATIONS
        else (),
    )


def _renamed(pair: Pair) -> Iterator[Mention]:
    for compared in pair.shown:
        for changed in compared.renamed:
            if changed.before and type_of(changed.stix_type).has_list:
                yield _mention(pair, compared, changed, f"was “{changed.before.name}”")


def _moved(pair: Pair) -> Iterator[Mention]:
    for compared in pair.shown:
        for object_id, ends in compared.moved.items():
            end = compared.ends[object_id]
            yield Mention(
                domain=Domain(compared.domain).label,
                attack_id=end.attack_id,
                name=end.name,
                href=pair.history(compared, end.object_id, end.stix_id),
                said=told_move(ends),
            )


def told_move(tactics: Mapping[LinkFate, Sequence[LinkEnd]]) -> str:
    """Between which tactics a technique was moved, in words: "from Impact to Stealth"."""
    gone, come = (
        " and ".join(sorted(end.name for end in tactics.get(change, ())))
        for change in (LinkFate.REMOVED, LinkFate.ADDED)
    )
    if gone and come:
        return f"from {gone} to {come}"
    return f"now also under {come}" if come else f"no longer under {gone}"
