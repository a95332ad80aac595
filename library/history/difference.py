"""Two releases of one object side by side: its fields, its texts, its relationships, its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import orjson
from django.utils.safestring import SafeString

from library.changes import Change, LinkChange, Linked, paired
from library.history.fields import (
    NO_NAMES,
    FieldDifference,
    NamesBySide,
    differing,
    field_differences,
)
from library.history.links import Compared, Course, Step, course_of
from library.history.naming import LinkedObject, Namer, names_in
from library.history.story import Told, in_form_alone, named_link, told_succession
from library.history.succession import successions
from library.history.timeline import Place
from library.identifiers import Link
from library.prose import linked_otherwise
from library.substance import Properties, told
from library.text.difference import Line, line_difference, prose_difference, word_difference
from library.text.markdown import render
from library.text.references import Reference, References, sources

# Letters of edited notes and texts that one page compares word by word; what comes after them is
# shown as it was and as it is.
MOST_COMPARED: Final = 200_000
# Properties that carry links: what came and went of those is told as relationships.
CARRIED: Final = frozenset(link for link in Link if "_" in link)
VERBS: Final = {"added": "Added", "removed": "Removed", "edited": "Edited"}


@dataclass(frozen=True, slots=True)
class Prose:
    """A text of which something changed, word by word."""

    name: str
    words: str
    html: SafeString
    verb: str = ""
    """The word "added" or "removed" where one of the two has no such text."""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One relationship that came, went or was edited, with what became of its note."""

    verb: str
    object: LinkedObject
    note: SafeString
    further: tuple[FieldDifference, ...] = ()
    """What else differs of the relationship."""


@dataclass(frozen=True, slots=True)
class LinkTable:
    """The relationships of one kind that differ."""

    kind: str
    title: str
    counts: str
    rows: tuple[LinkRow, ...]
    has_notes: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs of an object between two releases, all of it."""

    before: Place
    after: Place
    changes: tuple[Change, ...]
    succession: tuple[Told, ...]
    """What came to replace the object or was replaced by it, and what no longer does or is."""

    fields: list[FieldDifference]
    prose: list[Prose]
    noise: list[FieldDifference]
    noise_prose: list[Prose]
    links: list[LinkTable]
    formal_links: int
    """How many relationships differ in nothing that says something."""

    references: list[Reference]
    lines: list[Line] | None
    """Those of the canonical JSON; None where there are too many."""

    @property
    def places(self) -> tuple[Place, Place]:
        """Both snapshots."""
        return self.before, self.after

    @property
    def noise_count(self) -> int:
        """How many differences say nothing."""
        return len(self.noise) + len(self.noise_prose) + self.formal_links

    @property
    def noise_words(self) -> str:
        """Their number in words: "3 fields and 12 relationships differ in form alone"."""
        return in_form_alone(len(self.noise) + len(self.noise_prose), self.formal_links)

    @property
    def is_equal(self) -> bool:
        """Whether nothing at all differs."""
        return not (self.changes or self.succession or self.noise_count)


def difference_of(object_id: int, before: Place, after: Place, namer: Namer) -> Difference:
    """What differs of an object between two snapshots that hold it; six queries."""
    assert before.version_id is not None
    assert after.version_id is not None
    step = Step(before.snapshot_id, before.version_id, after.snapshot_id, after.version_id)
    course = course_of(object_id, [[step]], whole=True)
    pair = before, after
    found = successions(object_id, {place.snapshot_id for place in pair})
    succession = tuple(told_succession(found, pair, namer))
    return _Comparison(course, course.steps[step], pair, namer, succession).made


@dataclass
class _Comparison:
    """One comparison in the making; texts share their references and what may be compared."""

    course: Course
    compared: Compared
    pair: tuple[Place, Place]
    namer: Namer
    succession: tuple[Told, ...]
    references: References = field(default_factory=References)
    letters: int = 0

    @property
    def made(self) -> Difference:
        """All of it, in the order of the page, so that references are numbered by first use."""
        changed = self.compared.link_changes
        # A change that is not of links is the property's own, such as that of its order.
        own = set(self.compared.changes) - {change.change for change in changed}
        carried = CARRIED & {change.kind for change in changed} - {change.about for change in own}
        is_stated = any(change.stated for change in self.compared.changes)
        if self.tactics and not is_stated:
            carried |= {Link.TACTIC}
        # Properties whose links have a table are told there.
        about = {change.about for change in self.compared.changes} - carried
        substance, noise = field_differences(
            self.compared.before, self.compared.after, about, self.names
        )
        noise = [each for each in noise if each.name not in carried]
        prose = [self.prose(each) for each in substance if each.is_prose]
        tables = self.tables()
        return Difference(
            *self.pair,
            changes=self.compared.changes,
            succession=self.succession,
            fields=[each for each in substance if not each.is_prose],
            prose=prose,
            noise=[each for each in noise if not each.is_prose],
            noise_prose=[self.prose(each) for each in noise if each.is_prose],
            links=tables,
            formal_links=self.formal_links,
            references=self.references.entries,
            lines=_lines(self.compared),
        )

    @cached_property
    def names(self) -> NamesBySide:
        """What STIX ids in properties that differ stand for."""
        both = (self.compared.before, self.compared.after)
        values = [side.get(name) for name in differing(*both) for side in both]
        found = names_in(values, [place.snapshot_id for place in self.pair])
        before, after = (found[place.snapshot_id] for place in self.pair)
        return before, after

    @property
    def formal_links(self) -> int:
        """The relationships that both have and that differ, but not in what they say."""
        edited = {id(link) for change in self.compared.link_changes for link in change.links}
        return sum(
            bool(link.before and link.after) and not link.is_tactic and id(link) not in edited
            for link in self.compared.links
        )

    def prose(self, each: FieldDifference) -> Prose:
        html = self.text(
            each.before.text, each.after.text, self.compared.before, self.compared.after
        )
        verb = (
            ""
            if each.before.text and each.after.text
            else "added"
            if each.after.text
            else "removed"
        )
        return Prose(each.name, each.words, html, verb)

    def text(
        self, before: str, after: str, old: Properties | None, new: Properties | None
    ) -> SafeString:
        """What became of a text; its citations are counted among the page's references."""
        rendered = [
            self._rendered(text, of) for text, of in ((before, old or {}), (after, new or {}))
        ]
        if before and after:
            self.letters += len(before) + len(after)
            if self.letters > MOST_COMPARED:
                return prose_difference(rendered[0], "") + prose_difference("", rendered[1])
        html = prose_difference(*rendered)
        come, gone = linked_otherwise(before, after)
        if come or gone:
            was, now = (f"Links to {', '.join(ids)}." if ids else "" for ids in (gone, come))
            html = SafeString(f"{html}\n") + word_difference(was, now)
        return html

    def _rendered(self, text: str, of: Properties) -> str:
        scopes = [
            sources(side.get("external_references"))
            for side in (of, self.compared.after, self.compared.before)
        ]
        made = render(
            text,
            references=self.references,
            scopes=scopes,
            resolve=lambda _link: None,
            reference_base="#",
        )
        return made.html

    def tables(self) -> list[LinkTable]:
        """A table for each kind of relationship that differs, tactics first."""
        made: dict[tuple[str, tuple[str, str]], list[LinkChange]] = {}
        for change in self.compared.link_changes:
            made.setdefault((change.kind, change.nouns), []).append(change)
        tables = [self._table(found) for found in made.values()]
        return [self.tactics, *tables] if self.tactics else tables

    @cached_property
    def tactics(self) -> LinkTable | None:
        """The tactics that a technique came to serve or no longer does."""
        is_told = any(change.about == Link.TACTIC for change in self.compared.changes)
        links = [link for link in self.compared.links if link.is_tactic]
        rows = []
        for link in links:
            if bool(link.before) != bool(link.after):
                verb = "added" if link.after else "removed"
                rows.append(LinkRow(VERBS[verb], self._named(link), SafeString()))
            elif link.names[0] != link.names[1]:
                note = word_difference(*link.names)
                rows.append(LinkRow("Renamed", self._named(link), note))
        if not (is_told and rows):
            return None
        rows.sort(key=lambda row: (row.verb, row.object))
        has_notes = any(row.note for row in rows)
        return LinkTable(Link.TACTIC, "Tactics", _counts(rows), tuple(rows), has_notes)

    def _table(self, changes: Sequence[LinkChange]) -> LinkTable:
        first = changes[0]
        rows = [row for change in changes for row in self._rows(change)]
        title = first.nouns[1][:1].upper() + first.nouns[1][1:]
        has_notes = any(row.note or row.further for row in rows)
        return LinkTable(first.kind, title, _counts(rows), tuple(rows), has_notes)

    def _rows(self, change: LinkChange) -> Iterable[LinkRow]:
        for link in sorted(change.links, key=self._named):
            for before, after in paired(link):
                if not (before and after) or any(True for _ in told(before, after)):
                    yield self._row(link, before, after)

    def _row(self, link: Linked, before: Properties | None, after: Properties | None) -> LinkRow:
        verb = "edited" if before and after else "added" if link.after else "removed"
        note = self.text(_note(before), _note(after), before, after)
        further: list[FieldDifference] = []
        if before and after:
            about = {name for name, _ in told(before, after)}
            # A note that was edited has its references with it.
            about -= {"description", "external_references"} if "description" in about else set()
            further, _ = field_differences(before, after, about, NO_NAMES)
        return LinkRow(VERBS[verb], self._named(link), note, tuple(further))

    def _named(self, link: Linked) -> LinkedObject:
        return named_link(link, self.pair, self.course, self.namer)


def _note(statement: Properties | None) -> str:
    text = statement.get("description") if statement else ""
    return text if isinstance(text, str) else ""


def _counts(rows: Sequence[LinkRow]) -> str:
    """How many rows there are of each sort: "2 added, 1 edited"."""
    verbs = [row.verb for row in rows]
    return ", ".join(f"{verbs.count(verb)} {verb.lower()}" for verb in dict.fromkeys(verbs))


def _lines(compared: Compared) -> list[Line] | None:
    return line_difference(_pretty(compared.before), _pretty(compared.after))


def _pretty(properties: Any) -> str:
    """The canonical JSON, a line for each value."""
    return orjson.dumps(properties, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
