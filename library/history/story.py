"""What changed of an object from release to release, told newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from library.addresses import difference_query
from library.changes import Change, LinkChange, Linked, link_changes
from library.history.fields import differing
from library.history.links import Compared, Course, Step, course_of
from library.history.naming import LinkedObject, Namer
from library.history.timeline import Place, Timeline
from library.identifiers import release_order
from library.substance import amount

# Releases whose changes a page tells; earlier ones are on the next.
MOST_TOLD: Final = 12
UNCHANGED: Final = "nothing changed"
NO_SUBSTANCE: Final = "no change in substance"
ABSENT: Final = "not held"
# Objects that a change names; of more it names the first, and the diff has all.
MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Told:
    """One change in words, with the objects that came, went or were edited by it."""

    phrase: str
    material: bool
    named: tuple[LinkedObject, ...] = ()
    more: int = 0
    """How many others there are."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What happened from one release to the next; or, folded, from one to a later one."""

    before: str
    after: str
    query: str = ""
    """The query of the comparison; empty where one of the two does not hold the object."""

    told: tuple[Told, ...] = ()
    said: str = ""
    """What is said where no change is told."""

    quiet: tuple[Passage, ...] = ()
    """The passages that this one folds."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """The passages of one domain, newest first."""

    timeline: Timeline
    passages: tuple[Passage, ...]
    is_whole: bool
    """Whether it ends where the object is first held."""


def window(lines: Sequence[Timeline], before: str) -> tuple[list[str], str]:
    """The releases that a page tells of, newest first, and the one that the next page begins with.

    With `before`, from that release on; an empty string where nothing is left for a next page.
    """
    every = {place.release for line in lines for place in _since_first(line)}
    ordered = sorted(every, key=release_order, reverse=True)
    if before:
        ordered = [r for r in ordered if release_order(r) <= release_order(before)]
    rest = ordered[MOST_TOLD:]
    return ordered[:MOST_TOLD], rest[0] if rest else ""


def _since_first(line: Timeline) -> Sequence[Place]:
    """The releases of a domain since the first that holds the object, newest first."""
    first = line.first
    return line.releases[: line.releases.index(first) + 1] if first else ()


def story(
    object_id: int, lines: Sequence[Timeline], releases: Sequence[str], namer: Namer
) -> list[Chapter]:
    """What happened to an object in these releases, domain by domain; three queries."""
    pairs = {
        line.domain: [
            (older, newer)
            for newer, older in pairwise(_since_first(line))
            if newer.release in releases
        ]
        for line in lines
    }
    rows = [[_step(*pair) for pair in pairs[line.domain] if _hold(pair)] for line in lines]
    course = course_of(object_id, rows, every_note=False)
    return [_chapter(line, pairs[line.domain], course, releases, namer) for line in lines]


def _hold(pair: tuple[Place, Place]) -> bool:
    return all(place.holds for place in pair)


def _step(before: Place, after: Place) -> Step:
    assert before.version_id is not None
    assert after.version_id is not None
    return Step(before.snapshot_id, before.version_id, after.snapshot_id, after.version_id)


def _chapter(
    line: Timeline,
    pairs: Sequence[tuple[Place, Place]],
    course: Course,
    releases: Sequence[str],
    namer: Namer,
) -> Chapter:
    passages = [_passage(line.domain, pair, course, namer) for pair in pairs]
    first = line.first
    is_whole = first is not None and first.release in releases
    return Chapter(line, tuple(_folded(passages)), is_whole)


def _passage(domain: str, pair: tuple[Place, Place], course: Course, namer: Namer) -> Passage:
    before, after = pair
    if not before.holds and not after.holds:
        return Passage(before.release, after.release, said=ABSENT)
    if not after.holds:
        return Passage(before.release, after.release, said=f"{after.release} no longer has it.")
    if not before.holds:
        return Passage(before.release, after.release, said=f"{after.release} has it again.")
    compared = course.steps[_step(before, after)]
    query = difference_query(before.release, after.release, domain)
    told = tuple(_told(compared, pair, course, namer))
    return Passage(before.release, after.release, query, told, "" if told else _noise(compared))


def _noise(compared: Compared) -> str:
    """What is said of two versions between which nothing is told to have changed."""
    names = differing(compared.before, compared.after)
    links = sum(bool(link.before and link.after) and not link.is_tactic for link in compared.links)
    if not (names or links):
        return UNCHANGED
    return f"{NO_SUBSTANCE}: {in_form_alone(len(names), links)}"


def in_form_alone(fields: int, links: int) -> str:
    """What is said of differences that say nothing: "3 fields differ in form alone"."""
    counted = [amount(fields, "field", "fields")] if fields else []
    counted += [amount(links, "relationship", "relationships")] if links else []
    verb = "differs" if fields + links == 1 else "differ"
    return f"{' and '.join(counted)} {verb} in form alone"


def _told(
    compared: Compared, pair: tuple[Place, Place], course: Course, namer: Namer
) -> Iterable[Told]:
    """Each change in its words; those of links with the objects at the other end."""
    own_type = str(compared.after.get("type", ""))
    found = {
        (change.kind, change.phrase): change for change in link_changes(own_type, compared.links)
    }
    for change in compared.changes:
        links = found.get((change.about, change.phrase))
        named = _named(links, pair, course, namer) if links else ()
        yield Told(
            _sentence(change), change.material, named, len(links.links) - len(named) if links else 0
        )


def _sentence(change: Change) -> str:
    return change.phrase[:1].upper() + change.phrase[1:]


def _named(
    change: LinkChange, pair: tuple[Place, Place], course: Course, namer: Namer
) -> tuple[LinkedObject, ...]:
    """The first of the objects that a change is about, by ID, as the later release names them."""
    found = [named_link(link, pair, course, namer) for link in change.links]
    return tuple(sorted(found)[:MOST_NAMED])


def named_link(
    link: Linked, pair: tuple[Place, Place], course: Course, namer: Namer
) -> LinkedObject:
    """What is at the other end of a link: as the later of two releases has it that has the link."""
    place = pair[1] if link.after else pair[0]
    return namer.linked(place, course.others[place.snapshot_id, link.other_id])


def _folded(passages: Sequence[Passage]) -> Iterable[Passage]:
    """The passages with neighbours in which nothing is told folded into one."""
    for quiet, group in groupby(
        passages, key=lambda passage: not passage.told and _is_mild(passage)
    ):
        found = list(group)
        if quiet and len(found) > 1:
            yield _fold(found)
        else:
            yield from found


def _is_mild(passage: Passage) -> bool:
    """Whether both releases hold the object, or neither does."""
    return bool(passage.query) or passage.said == ABSENT


def _fold(found: Sequence[Passage]) -> Passage:
    formal = sum(passage.said not in {UNCHANGED, ABSENT} for passage in found)
    said = NO_SUBSTANCE if formal else found[0].said
    return Passage(found[-1].before, found[0].after, said=said, quiet=tuple(found))
