"""What changed of an object from release to release, told newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from library.addresses import difference_query
from library.changes import Linked
from library.history.fields import differing
from library.history.links import Compared, Course, Step, course_of
from library.history.naming import LinkedObject, Namer
from library.history.succession import Successions, passed, successions
from library.history.timeline import Place, Timeline
from library.identifiers import release_order
from library.substance import amount

# Releases whose changes a page tells; earlier ones are on the next.
MOST_TOLD: Final = 9
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


def _window(lines: Sequence[Timeline], before: str) -> tuple[list[str], str]:
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
    object_id: int, lines: Sequence[Timeline], before: str, namer: Namer
) -> tuple[list[Chapter], str]:
    """What happened to an object, domain by domain, and the release that a next page begins with.

    With `before` from that release on; the newest nine releases, or fewer where much was edited.
    Five queries.
    """
    releases, rest = _window(lines, before)
    pairs = [
        [
            (older, newer)
            for newer, older in pairwise(_since_first(line))
            if newer.release in releases
        ]
        for line in lines
    ]
    rows = [[_step(pair, releases) for pair in row if _hold(pair)] for row in pairs]
    course = course_of(object_id, rows)
    left = {step.round for row in rows for step in row if step not in course.steps}
    if left:
        releases, rest = releases[: min(left)], releases[min(left)]
    told = [[pair for pair in row if pair[1].release in releases] for row in pairs]
    heirs = successions(
        object_id, {place.snapshot_id for row in told for pair in row for place in pair}
    )
    return [
        _chapter(line, row, _Course(course, heirs, namer), rest)
        for line, row in zip(lines, told, strict=True)
    ], rest


def _hold(pair: tuple[Place, Place]) -> bool:
    return all(place.holds for place in pair)


def _step(pair: tuple[Place, Place], releases: Sequence[str]) -> Step:
    before, after = pair
    assert before.version_id is not None
    assert after.version_id is not None
    return Step(
        before.snapshot_id,
        before.version_id,
        after.snapshot_id,
        after.version_id,
        releases.index(after.release),
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """What an object, its links and its succession went through, and how others are called."""

    links: Course
    successions: Successions
    namer: Namer


def _chapter(
    line: Timeline, pairs: Sequence[tuple[Place, Place]], course: _Course, rest: str
) -> Chapter:
    steps = {(step.before, step.after): found for step, found in course.links.steps.items()}
    passages = [
        _passage(
            line.domain,
            pair,
            steps.get((pair[0].snapshot_id, pair[1].snapshot_id)),
            course,
        )
        for pair in pairs
    ]
    first = line.first
    is_whole = first is not None and (
        not rest or release_order(first.release) > release_order(rest)
    )
    return Chapter(line, tuple(_folded(passages)), is_whole)


def _passage(
    domain: str, pair: tuple[Place, Place], compared: Compared | None, course: _Course
) -> Passage:
    before, after = pair
    if compared is None:
        said = ABSENT
        if before.holds or after.holds:
            said = "no longer held" if before.holds else "held again"
        return Passage(before.release, after.release, said=said)
    query = difference_query(before.release, after.release, domain)
    told = list(_told(compared, pair, course))
    # What replaced it stands beside the word that it is revoked, which comes first of all.
    at = int(bool(compared.changes) and compared.changes[0].about == "revoked")
    told[at:at] = told_succession(course.successions, pair, course.namer)
    said = "" if told else _noise(compared)
    return Passage(before.release, after.release, query, tuple(told), said)


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


def _told(compared: Compared, pair: tuple[Place, Place], course: _Course) -> Iterable[Told]:
    """Each change in its words; those of links with the first of what is at the other end."""
    links = {found.change: found for found in compared.link_changes}
    for change in compared.changes:
        phrase = change.phrase[:1].upper() + change.phrase[1:]
        found = links.get(change)
        if found is None:
            yield Told(phrase, change.material)
            continue
        named = [named_link(link, pair, course.links, course.namer) for link in found.links]
        yield _naming(phrase, named, material=change.material)


def told_succession(found: Successions, pair: tuple[Place, Place], namer: Namer) -> Iterable[Told]:
    """What came to replace an object or was replaced by it, and what no longer does or is."""
    before, after = pair
    for phrase, is_now, others in passed(found, before.snapshot_id, after.snapshot_id):
        place = after if is_now else before
        yield _naming(phrase, [namer.linked(place, other) for other in others])


def _naming(phrase: str, named: Iterable[LinkedObject], *, material: bool = False) -> Told:
    ordered = sorted(named)
    return Told(phrase, material, tuple(ordered[:MOST_NAMED]), len(ordered[MOST_NAMED:]))


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
