"""The links in a list of changes: which fit what is asked for, and what each says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from library.changes import Linked, paired
from library.comparison import contents_of
from library.identifiers import Domain
from library.releases.compared import ReleaseDifference
from library.releases.links import ChangedLink, LinkFate
from library.releases.names import LinkEnd
from library.releases.object_rows import Place
from library.substance import told
from library.text.difference import word_difference
from library.text.markdown import plain

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from library.releases.asked import ChangesAsked, Pair
    from library.substance import Properties

type Found = tuple[ReleaseDifference, ChangedLink]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link that changed, with what its relationship says and said."""

    domain: str
    source: Place
    target: Place
    change: LinkFate
    note: SafeString | str
    further: tuple[str, ...]
    """What else changed of an edited one, in phrases: "1 reference added"."""


def fitting_links(pair: Pair, asked: ChangesAsked) -> Mapping[LinkFate, Sequence[Found]]:
    """The links of the kind that is asked for, by what became of them, by name of their ends."""
    return {
        fate: sorted(
            (
                (one, link)
                for one in pair.shown
                for link in one.links_by_words.get(asked.links, {}).get(fate, ())
                if _fits(one, link, asked)
            ),
            key=_by_ends,
        )
        for fate in LinkFate
    }


def _fits(compared: ReleaseDifference, link: ChangedLink, asked: ChangesAsked) -> bool:
    is_added, end = link.change is LinkFate.ADDED, asked.end
    if is_added and asked.is_whole not in {None, compared.is_newly_told(link)}:
        return False
    ends = compared.ends_of(link)
    return all(ends) and (not end or end in {found.stix_id for found in ends if found})


def _by_ends(found: Found) -> tuple[str, str, str]:
    source, target = _ends(found)
    return target.name.casefold(), source.name.casefold(), found[1].kind


def _ends(found: Found) -> tuple[LinkEnd, LinkEnd]:
    """What a link that fits starts from and leads to."""
    one, link = found
    source, target = one.ends_of(link)
    assert source
    assert target
    return source, target


def link_rows(pair: Pair, some: Sequence[Found]) -> Iterator[LinkRow]:
    """What is told of these links; one query."""
    held = contents_of({v for _, link in some for v in (*link.before, *link.after) if v})
    for one, link in some:
        source, target = _ends((one, link))
        old, new = (tuple(held[v] for v in side if v) for side in (link.before, link.after))
        yield LinkRow(
            domain=Domain(one.domain).label,
            source=_place(pair, one, source),
            target=_place(pair, one, target),
            change=link.change,
            note=_note(link, old, new),
            further=tuple(_further(old, new)) if link.change is LinkFate.EDITED else (),
        )


def _place(pair: Pair, compared: ReleaseDifference, end: LinkEnd) -> Place:
    """An end of a link, which leads to what changed in it."""
    href = pair.history(compared, end.object_id, end.stix_id)
    return Place(end.attack_id, end.name or end.stix_id, href)


def _note(
    link: ChangedLink, old: Sequence[Properties], new: Sequence[Properties]
) -> SafeString | str:
    before, after = (" ".join(_notes(side)) for side in (old, new))
    return word_difference(before, after) if link.change is LinkFate.EDITED else after or before


def _notes(side: Iterable[Properties]) -> Iterator[str]:
    for properties in side:
        text = properties.get("description")
        if isinstance(text, str):
            yield plain(text)


def _further(old: tuple[Properties, ...], new: tuple[Properties, ...]) -> Iterator[str]:
    for before, after in paired(Linked("", True, "", "", old, new)):
        if before and after:
            # Of the note itself its words tell, unless they are the same.
            is_told = [*_notes([before])] != [*_notes([after])]
            for name, phrase in told(before, after):
                if name != "description" or not is_told:
                    yield phrase
        else:
            yield "another relationship between the two " + ("added" if after else "removed")
