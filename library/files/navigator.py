"""Layers for the ATT&CK Navigator: the techniques of a page or list, one layer a domain."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from library.conditional import Shelf
from library.contexts.charted import Way
from library.contexts.graph import Graph
from library.contexts.held import HeldObject
from library.contexts.matrix import Matrix
from library.contexts.object_page import ObjectPage
from library.contexts.tables import Row
from library.identifiers import TECHNIQUE, Domain
from library.text.words import words

# The versions of the format and of the Navigator that first wrote it.
LAYER_VERSION: Final = "4.5"
NAVIGATOR_VERSION: Final = "5.1.0"
_COLOURS: Final = ["#cfe3e6", "#0d4a5c"]


@dataclass(slots=True)
class Mark:
    """One technique of a layer."""

    technique_id: str
    score: int = 1
    comment: str = ""
    colour: str = ""
    """A colour of its own, in place of that of its score."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a layer says of itself."""

    name: str
    description: str
    domain: str
    attack_version: str
    url: str


def page_marks(detail: ObjectPage, domain: str) -> list[Mark]:
    """The techniques of a page in one domain, each with MITRE's notes on it."""
    label = Domain(domain).label
    marks: dict[str, Mark] = {}
    if detail.held.kind is TECHNIQUE and label in detail.held.domains:
        marks[detail.held.attack_id] = Mark(detail.held.attack_id)
    for row in detail.charted_rows:
        if label in row.domains:
            _mark(marks, row, label)
    return list(marks.values())


def _mark(marks: dict[str, Mark], row: Row, domain: str) -> None:
    """Mark the technique of a row, or those that stand beside its object in a domain."""
    if row.object.kind is TECHNIQUE:
        marked, note = [row.object], words(row.use.html)
    else:
        marked, note = row.beside_in(domain), f"{row.object.attack_id} {row.object.name}"
    for named in marked:
        mark = marks.setdefault(named.attack_id, Mark(named.attack_id))
        mark.comment = "\n".join(filter(None, (mark.comment, note)))


def matrix_marks(matrix: Matrix) -> list[Mark]:
    """Every technique of a matrix."""
    cells = [cell for column in matrix.columns for cell in column.every_cell]
    return [Mark(attack_id) for attack_id in {cell.technique.attack_id for cell in cells}]


def list_marks(shelf: Shelf, ways: Iterable[Way], held: Sequence[HeldObject]) -> list[Mark]:
    """The techniques of a list, or those that its objects have to do with, scored by how many do.

    All of one domain; `ways` lead to them. Two queries for each step; none for techniques.
    """
    if held and held[0].kind is TECHNIQUE:
        return [Mark(found.attack_id) for found in held]
    graph = Graph(shelf)
    counts: Counter[str] = Counter()
    for way in ways:
        at = {found.object_id for found in held}
        for step in way:
            graph.fetch([(at, step)])
            at = graph.ends(at, step)
            graph.meet(at)
    for found in held:
        place = found.rows[0].snapshot_id, found.object_id
        ends = {end for way in ways for end in graph.walk({place}, way)}
        counts.update({graph.members[end].attack_id for end in ends})
    return [Mark(attack_id, score) for attack_id, score in counts.items()]


def layer(
    heading: Heading, marks: Iterable[Mark], legend: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A layer in the Navigator's format, the marked techniques by ID and in view.

    `legend` says what colours mean, by what they mean.
    """
    every = sorted(marks, key=lambda mark: mark.technique_id)
    parents = {mark.technique_id.partition(".")[0] for mark in every if "." in mark.technique_id}
    scores = {mark.technique_id: mark for mark in every}
    techniques = [_technique(scores[found], found in parents) for found in sorted(scores)]
    # A technique that is not marked itself opens for the sub-techniques that are.
    techniques += [
        {"techniqueID": parent, "showSubtechniques": True}
        for parent in sorted(parents - scores.keys())
    ]
    most = max((mark.score for mark in every), default=1)
    named = [{"label": says, "color": colour} for says, colour in (legend or {}).items()]
    return {
        "name": heading.name,
        "versions": {
            "attack": heading.attack_version.partition(".")[0],
            "navigator": NAVIGATOR_VERSION,
            "layer": LAYER_VERSION,
        },
        "domain": f"{heading.domain}-attack",
        "description": heading.description,
        "sorting": 0,
        "hideDisabled": False,
        "techniques": techniques,
        "gradient": {"colors": _COLOURS, "minValue": 0, "maxValue": most},
        "links": [{"label": "Glexia ATT&CK Library", "url": heading.url}],
    } | ({"legendItems": named} if named else {})


def _technique(mark: Mark, opens: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "techniqueID": mark.technique_id,
        **({"color": mark.colour} if mark.colour else {"score": mark.score}),
        "enabled": True,
        "showSubtechniques": opens,
    }
    return made | ({"comment": mark.comment} if mark.comment else {})
