"""The lists behind the numbers of a comparison: objects or links that changed, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from library.addresses import Addresses
from library.comparison import Transition, compare, contents_of
from library.contexts.page import Page
from library.contexts.pager import PageLink, clamped, page_at, page_links
from library.identifiers import Domain, type_of
from library.parameters import PAGE_SIZE
from library.releases.asked import ChangesAsked, Pair
from library.releases.compared import RELATIONSHIP, ReleaseDifference, Weight
from library.releases.highlights import kinds_of
from library.releases.kinds import ChangeKind, Side
from library.releases.links import ChangedLink, LinkChange
from library.releases.summary import RELATIONSHIPS, page_of
from library.text.difference import word_difference
from library.text.markdown import plain

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from library.conditional import Shelf
    from library.releases.members import ChangedObject
    from library.releases.names import LinkEnd
    from library.substance import Properties

LEAD_LENGTH: Final = 160
_ORDER: Final = list(ChangeKind)


@dataclass(frozen=True, slots=True)
class Place:
    """An object that a row leads to."""

    attack_id: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """An object that changed."""

    domain: str
    object: Place
    kind: ChangeKind
    version: str
    """The object's own version: "1.0 to 1.1"."""

    changes: tuple[str, ...]
    lead: str
    then: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link that changed, with what its relationship says and said."""

    domain: str
    source: Place
    target: Place
    change: LinkChange
    note: SafeString | str


@dataclass(frozen=True, slots=True)
class ChangeList:
    """What a list of changes shows."""

    page: Page
    pair: Pair
    asked: ChangesAsked
    title: str
    total: int
    noise: int
    """How many more changed in noise alone, which are listed when they are asked for."""

    noise_href: str
    rows: Sequence[ChangedRow]
    links: Sequence[LinkRow]
    choices: tuple[tuple[str, str, int, bool], ...]
    """The kinds of change there are: label, address, number, and whether it is the one shown."""

    path: str
    previous: str
    following: str
    page_links: list[PageLink]

    @property
    def first(self) -> int:
        """The number of the first row that is shown."""
        return self.asked.offset + 1

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.asked.offset + len(self.rows) + len(self.links)


def change_list(shelf: Shelf, pair: Pair, asked: ChangesAsked) -> ChangeList | None:
    """The list that is asked for; None where there is none of that name. Six queries a domain."""
    if asked.links:
        return _link_list(shelf, pair, asked)
    named = {kind.slug: kind.plural for kind in kinds_of(pair.shown)}
    named |= {RELATIONSHIP: RELATIONSHIPS, "": "All entries"}
    if asked.of_type not in named:
        return None
    every = [
        (one, changed)
        for one in pair.shown
        for changed in one.objects
        if asked.of_type in _slugs(changed)
    ]
    of_kind = [each for each in every if asked.kind in {None, each[1].kind}]
    weighed = list(_weighed(pair, of_kind))
    noise = sum(weight is Weight.NOISE for _, weight in weighed)
    wanted = asked.weight
    kept = [
        (each, weight)
        for each, weight in weighed
        if (weight is wanted if wanted else weight is not Weight.NOISE)
    ]
    kept.sort(key=_by_kind_and_weight)
    shown = [each for each, _ in kept]
    at = replace(asked, offset=clamped(asked.offset, len(shown)))
    some = shown[at.offset : at.offset + PAGE_SIZE]
    counts = {kind: sum(c.kind is kind for _, c in every) for kind in ChangeKind}
    noisy = replace(asked, weight=Weight.NOISE, offset=0)
    return _framed(
        shelf,
        pair,
        at,
        named[asked.of_type],
        len(shown),
        rows=list(_rows(pair, some)),
        noise=0 if wanted else noise,
        noise_href=f"{pair.path}/changes{noisy.query(pair.domain)}",
        choices=[
            (kind.label, ChangesAsked(of_type=asked.of_type, kind=kind), counts[kind])
            for kind in ChangeKind
        ],
    )


def _slugs(changed: ChangedObject) -> tuple[str, ...]:
    """Under which types an object is listed: its own, and with all where it is an entry."""
    kind = type_of(changed.stix_type)
    return (kind.slug, "") if kind.has_list else (changed.stix_type,)


def _weighed(
    pair: Pair, objects: Sequence[tuple[ReleaseDifference, ChangedObject]]
) -> Iterator[tuple[tuple[ReleaseDifference, ChangedObject], Weight | None]]:
    """Each with how much its change says; with None where the kind of change says all."""
    weights: dict[str, Mapping[int, Weight]] = {}
    for one in pair.shown:
        own = [changed for of, changed in objects if of is one and _is_weighed(changed)]
        weights[one.domain] = one.weigh(own)
    for one, changed in objects:
        weight = weights[one.domain][changed.object_id] if _is_weighed(changed) else None
        yield (one, changed), weight


def _is_weighed(changed: ChangedObject) -> bool:
    return changed.stix_type != RELATIONSHIP and changed.kind not in _SAID_BY_KIND


_SAID_BY_KIND: Final = frozenset(
    {ChangeKind.ADDITIONS, ChangeKind.DELETIONS, ChangeKind.REVOCATIONS, ChangeKind.DEPRECATIONS}
)


def _by_kind_and_weight(
    weighed: tuple[tuple[ReleaseDifference, ChangedObject], Weight | None],
) -> tuple[int, bool, str, str, str]:
    (_, changed), weight = weighed
    shown = changed.shown
    name = shown.name.casefold(), shown.attack_id, changed.stix_id
    return _ORDER.index(changed.kind), weight is Weight.AROUND, *name


def _rows(
    pair: Pair, some: Iterable[tuple[ReleaseDifference, ChangedObject]]
) -> Iterator[ChangedRow]:
    listed = list(some)
    transitions = {
        changed.object_id: Transition(
            changed.object_id,
            one.before.pk,
            changed.before.version_id,
            one.after.pk,
            changed.after.version_id,
        )
        for one, changed in listed
        if changed.before and changed.after and changed.stix_type != RELATIONSHIP
    }
    told = compare(transitions.values())
    added = [c.after.version_id for _, c in listed if c.after and c.kind is ChangeKind.ADDITIONS]
    held = contents_of(added) if added else {}
    for one, changed in listed:
        transition = transitions.get(changed.object_id)
        changes = told.get(transition, ()) if transition else ()
        yield ChangedRow(
            domain=Domain(one.domain).label,
            object=_object(pair, one, changed),
            kind=changed.kind,
            version=_version(changed.before, changed.after),
            changes=tuple(change.phrase for change in changes),
            lead=_lead(held.get(changed.shown.version_id, {})),
            then=tuple(map(_place, one.replaced_by(changed.object_id)))
            if changed.kind is ChangeKind.REVOCATIONS
            else (),
        )


def _object(pair: Pair, compared: ReleaseDifference, changed: ChangedObject) -> Place:
    href = pair.history(compared, changed.object_id, changed.stix_id)
    return Place(changed.shown.attack_id, compared.name_of(changed), href)


def _place(end: LinkEnd) -> Place:
    href = Addresses().by_stix_id(end.stix_id)
    return Place(end.attack_id, end.name or end.stix_id, href)


def _version(before: Side | None, after: Side | None) -> str:
    old, new = (side.x_mitre_version if side else "" for side in (before, after))
    return f"{old} to {new}" if old and new and old != new else new or old


def _lead(properties: Properties) -> str:
    text = properties.get("description")
    return plain(text, LEAD_LENGTH) if isinstance(text, str) else ""


def _link_list(shelf: Shelf, pair: Pair, asked: ChangesAsked) -> ChangeList | None:
    by_change: dict[LinkChange, list[tuple[ReleaseDifference, ChangedLink]]] = {
        change: [
            (one, link)
            for one in pair.shown
            for link in one.links_by_words.get(asked.links, {}).get(change, ())
        ]
        for change in LinkChange
    }
    if not any(by_change.values()):
        return None
    shown = [
        each
        for change, found in by_change.items()
        if asked.link_change in {None, change}
        for each in found
    ]
    shown.sort(key=_by_ends)
    at = replace(asked, offset=clamped(asked.offset, len(shown)))
    some = shown[at.offset : at.offset + PAGE_SIZE]
    choices = [
        (change.capitalize(), ChangesAsked(links=asked.links, link_change=change), len(found))
        for change, found in by_change.items()
    ]
    rows = list(_link_rows(pair, some))
    return _framed(shelf, pair, at, asked.links, len(shown), links=rows, choices=choices)


def _by_ends(each: tuple[ReleaseDifference, ChangedLink]) -> tuple[str, str, str, str]:
    one, link = each
    ends = [one.ends.get(key) for key in (link.target_id, link.source_id)]
    names = [end.name.casefold() if end else "" for end in ends]
    return names[0], names[1], link.kind, link.change


def _link_rows(
    pair: Pair, some: Sequence[tuple[ReleaseDifference, ChangedLink]]
) -> Iterator[LinkRow]:
    held = contents_of({v for _, link in some for v in (*link.before, *link.after) if v})
    for one, link in some:
        source, target = (one.ends.get(key) for key in (link.source_id, link.target_id))
        if source is None or target is None:
            continue
        yield LinkRow(
            domain=Domain(one.domain).label,
            source=Place(
                source.attack_id, source.name, pair.history(one, source.object_id, source.stix_id)
            ),
            target=Place(
                target.attack_id, target.name, pair.history(one, target.object_id, target.stix_id)
            ),
            change=link.change,
            note=_note(link, held),
        )


def _end(pair: Pair, compared: ReleaseDifference, end: LinkEnd) -> Place:
    """An end of a link, which leads to what changed in it."""
    return Place(end.attack_id, end.name, pair.history(compared, end.object_id, end.stix_id))


def _note(link: ChangedLink, held: Mapping[int, Properties]) -> SafeString | str:
    old, new = (" ".join(_notes(versions, held)) for versions in (link.before, link.after))
    return word_difference(old, new) if link.change is LinkChange.EDITED else new or old


def _notes(versions: Iterable[int], held: Mapping[int, Properties]) -> Iterator[str]:
    for version in versions:
        text = held.get(version, {}).get("description")
        if isinstance(text, str):
            yield plain(text)


def _framed(
    shelf: Shelf,
    pair: Pair,
    asked: ChangesAsked,
    title: str,
    total: int,
    *,
    choices: Iterable[tuple[str, ChangesAsked, int]],
    rows: Sequence[ChangedRow] = (),
    links: Sequence[LinkRow] = (),
    noise: int = 0,
    noise_href: str = "",
) -> ChangeList:
    path = f"{pair.path}/changes"

    def address(start: int) -> str:
        return path + asked.query(pair.domain, start)

    whole = ChangesAsked(of_type=asked.of_type, links=asked.links, weight=asked.weight)
    made = [(label, each, count) for label, each, count in choices if count]
    every = [("All changes", whole, sum(count for *_, count in made)), *made]
    is_shown = (asked.kind, asked.link_change)
    return ChangeList(
        page=page_of(shelf, pair, title, f"/changes{asked.query(pair.domain, asked.offset)}"),
        pair=pair,
        asked=asked,
        title=title,
        total=total,
        noise=noise,
        noise_href=noise_href,
        rows=rows,
        links=links,
        choices=tuple(
            (
                label,
                path + each.query(pair.domain),
                count,
                (each.kind, each.link_change) == is_shown,
            )
            for label, each, count in every
        ),
        path=path,
        previous=page_at(address, asked.offset - PAGE_SIZE, total),
        following=page_at(address, asked.offset + PAGE_SIZE, total),
        page_links=page_links(address, asked.offset, total),
    )
