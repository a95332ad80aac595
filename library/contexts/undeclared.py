"""What `library.kinds` declares nothing of: shown plainly, as MITRE states it, and never dropped.

Of a kind without declaration that is all there is. Of the others it is what a release brings that
none has had until now: a property, a type of relationship, an end that one has not led to.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, count
from typing import Final, NamedTuple

import orjson
from django.utils.safestring import SafeString

from library.contexts.held import HeldObject
from library.contexts.prose import Prose
from library.declarations import PageKind, Relation, SectionSpec, Step
from library.identifiers import TECHNIQUE, Link, ObjectType, type_of
from library.kinds import page_kind
from library.models import SnapshotEdge
from library.substance import NOISE
from library.text.words import words

# What every page shows in its own place.
SHOWN_ELSEWHERE: Final = {
    *("id", "name", "description", "external_references", "created", "modified"),
}
# What pages of known kinds show as their status, their domains and their links; and that a piece of
# malware is a family, which ATT&CK says of each.
SHOWN_OTHERWISE: Final = SHOWN_ELSEWHERE | {
    *("revoked", "x_mitre_deprecated", "x_mitre_domains", "x_mitre_is_subtechnique", "is_family"),
    *("kill_chain_phases", "x_mitre_analytic_refs", "x_mitre_data_source_ref", "tactic_refs"),
}
# Links that pages tell of otherwise: what replaced what is said at the head of both, and a matrix
# has its tactics for columns.
TOLD_ELSEWHERE: Final = {Link.REVOKED_BY, Link.MATRIX_TACTIC}
CITATION: Final = "(Citation:"
# Names of properties have it, types of relationships never.
CARRIED_BY_PROPERTY: Final = "_"


class Shape(NamedTuple):
    """A kind of link that snapshots hold, with the STIX types at its ends."""

    link: str
    source: str
    target: str


@lru_cache(maxsize=128)
def link_shapes(snapshots: tuple[int, ...]) -> frozenset[Shape]:
    """The kinds of live link in these snapshots; kept, since snapshots never change.

    One query the first time, 30 to 60 ms; there are some twenty.
    """
    ends = ("kind", "source__stix_type", "target__stix_type")
    rows = SnapshotEdge.objects.live_in(snapshots).values_list(*ends).distinct()
    return frozenset(Shape(*row) for row in rows)


def of_the_dead(kind: PageKind, status: str) -> PageKind:
    """The same for an object that is let go: links that properties state, no relationships."""
    unlisted = f"Relationships of {status.lower()} entries are not listed."

    def of_dead(section: SectionSpec) -> SectionSpec:
        if not isinstance(section, Relation):
            return section
        first, *further = section.path
        if CARRIED_BY_PROPERTY not in first.link:
            return replace(section, absent=unlisted) if section.absent else section
        return replace(section, path=(replace(first, dead_too=True), *further))

    return replace(kind, sections=tuple(map(of_dead, kind.sections)))


def whole_kind(kind: ObjectType, stix_type: str, shapes: Iterable[Shape]) -> PageKind:
    """What the page of an object of a type shows: what is declared, then its every other link."""
    declared = page_kind(kind)
    taken = {section.slug for section in declared.sections}
    relations = []
    for step in undeclared_steps(declared, stix_type, shapes):
        relation = _relation(step)
        # Types may differ in their hyphens alone.
        numbered = (f"{relation.slug}-{number}" for number in count(2))
        slug = next(slug for slug in chain([relation.slug], numbered) if slug not in taken)
        taken.add(slug)
        # A layer of a technique is of itself and its parts.
        charted = kind is not TECHNIQUE and TECHNIQUE in step.to
        relations.append(replace(relation, slug=slug, charted=charted))
    return replace(declared, sections=(*declared.sections, *relations)) if relations else declared


def undeclared_steps(declared: PageKind, stix_type: str, shapes: Iterable[Shape]) -> Iterator[Step]:
    """The steps from objects of a type, either way, that none of its page's own goes."""
    own = [*(relation.path[0] for relation in declared.relations), *declared.linked]
    ends: dict[tuple[str, bool], set[ObjectType]] = defaultdict(set)
    for link, source, target in shapes:
        for end, other, forward in ((source, target, True), (target, source, False)):
            if end == stix_type and link not in TOLD_ELSEWHERE:
                ends[link, forward].add(type_of(other))
    for (link, forward), found in sorted(ends.items(), key=lambda item: item[0]):
        along = [step for step in own if (step.link, step.forward) == (link, forward)]
        left = {end for end in found if not any(not s.to or end in s.to for s in along)}
        if left:
            yield Step(link, forward, to=tuple(sorted(left, key=lambda end: end.path)))


def _relation(step: Step) -> Relation:
    return Relation(
        slug=f"{re.sub('[^a-z0-9]+', '-', step.link)}-{'to' if step.forward else 'from'}",
        title=f"{'Linked to' if step.forward else 'Linked from'}: {step.link}",
        path=(step,),
        column="Note",
    )


@dataclass(frozen=True, slots=True)
class WrittenFact:
    """A property and its value, as JSON where it is not text; citations in it have their marks."""

    property: str
    value: str
    cited: SafeString | str = ""
    """The value as the page has it, where it cites."""


def as_written(held: HeldObject, prose: Prose) -> list[WrittenFact]:
    """The properties that the page shows nowhere else: of a kind without declaration nearly all."""
    known = SHOWN_ELSEWHERE
    if held.kind.is_known:
        known = SHOWN_OTHERWISE | NOISE.keys() | page_kind(held.kind).stated
    found = sorted(held.properties.items())
    return [_written(held, prose, name, value) for name, value in found if name not in known]


def as_text(value: object) -> str:
    """A value as MITRE states it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _written(held: HeldObject, prose: Prose, name: str, value: object) -> WrittenFact:
    said = as_text(value)
    if CITATION not in said:
        return WrittenFact(name, said)
    rendered = prose.render(said, [held.sources])
    return WrittenFact(name, words(rendered.html), rendered.html)
