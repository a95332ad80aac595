"""The words in which `library.kinds` declares pages: facts, tables, passages and steps."""

from dataclasses import dataclass
from typing import Final, Literal

from library.identifiers import ObjectType


@dataclass(frozen=True, slots=True)
class Step:
    """A way from an object to others: along links of a kind, or against them.

    With `to`, only to objects of these kinds.
    """

    link: str
    forward: bool = True
    to: tuple[ObjectType, ...] = ()
    dead_too: bool = False
    """Whether it goes along links as well of which an end is revoked or deprecated."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that MITRE states in a property: text, a list of it, or yes and no."""

    label: str
    property: str
    joint: str = ", "
    """What stands between the parts of a list."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A fact that is a link to other objects."""

    label: str
    step: Step


@dataclass(frozen=True, slots=True)
class Seen:
    """A month with the citations that MITRE gives for it."""

    label: str
    property: str
    citation: str


@dataclass(frozen=True, slots=True)
class Catalogued:
    """The object's IDs in another catalogue, from its external references."""

    label: str
    source: str


type FactSpec = Stated | Linked | Seen | Catalogued


@dataclass(frozen=True, slots=True)
class Relation:
    """A table of related objects: a row for each relationship, or object at the end of a path."""

    slug: str
    title: str
    path: tuple[Step, ...]
    column: str = "Use"
    absent: str = ""
    """What the section says where there is no row; without it the section is left out."""

    describes: Literal["", "lead", "whole"] = ""
    """How much of its object's description a row shows, for links that carry no note."""

    shown: tuple[FactSpec, ...] = ()
    """What each row says of its object beside the name."""

    beside: tuple[str, Step] | None = None
    """Further objects that each row lists, and what they are called."""

    tells_beside: bool = False
    """Whether those further objects say their platforms and how their descriptions begin."""

    grouped: bool = False
    """Whether rows stand under the kinds of their objects."""

    anchored: bool = False
    """Whether each row has its object's ID for an anchor, as attack.mitre.org has it."""

    nested: bool = False
    """Whether rows are techniques, and so stand under their parents."""

    charted: bool = False
    """Whether Navigator layers mark its techniques, or those beside its rows, as if nested."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of a property that holds a list of JSON objects: a column for each (title, key)."""

    slug: str
    title: str
    property: str
    columns: tuple[tuple[str, str], ...]
    step: Step | None = None
    """The way to the objects whose STIX ids stand in it."""


@dataclass(frozen=True, slots=True)
class Aliases:
    """The other names of an object with what MITRE says of each."""

    slug: str
    title: str
    property: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A property that holds prose."""

    slug: str
    title: str
    property: str


type SectionSpec = Relation | Listing | Aliases | Passage


NOT_OF_A_PROPERTY: Final = (Linked, Catalogued, Relation)


@dataclass(frozen=True, slots=True)
class PageKind:
    """What the list and the pages of one kind of object show."""

    purpose: str
    usage: str
    facts: tuple[FactSpec, ...] = ()
    sections: tuple[SectionSpec, ...] = ()
    filters: tuple[str, ...] = ()
    """Filters of the list beside domain, text and status: "tactic", "platform"."""

    explored: str = ""
    """The slug of the relation whose techniques are shown by tactic as well."""

    foremost: str = ""
    """The slug of the table that readers come for, where it is not the first."""

    @property
    def relations(self) -> list[Relation]:
        """The tables of related objects."""
        return [section for section in self.sections if isinstance(section, Relation)]

    @property
    def charted(self) -> list[Relation]:
        """The tables whose techniques a Navigator layer of the page marks."""
        return [relation for relation in self.relations if relation.nested or relation.charted]

    @property
    def main(self) -> str:
        """The slug of the table that an address means which names none; empty where none is."""
        return self.foremost or (self.relations[0].slug if self.relations else "")

    @property
    def linked(self) -> list[Step]:
        """The steps to objects that facts and listings link to."""
        facts = [fact.step for fact in self.facts if isinstance(fact, Linked)]
        listings = [s.step for s in self.sections if isinstance(s, Listing) and s.step]
        return facts + listings

    @property
    def stated(self) -> set[str]:
        """The properties that facts and sections show."""
        shown = [*self.facts, *self.sections]
        found = {each.property for each in shown if not isinstance(each, NOT_OF_A_PROPERTY)}
        return found | {each.citation for each in shown if isinstance(each, Seen)}
