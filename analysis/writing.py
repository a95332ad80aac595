"""What an analyst hands in: the text of a revision, and the object that it is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import orjson

from analysis.markdown import attack_ids
from analysis.mentions import ATTACK_ID
from analysis.models import Baseline, Confidence
from analysis.take import SECTIONS
from library import models
from library.contexts.held import HeldObject
from library.documents import ALIASES

type Sections = Mapping[str, str | list[str]]

# Characters of all sections together, of one, of an entry of a list, and of a line; entries of a
# list. The longest Take that comes with the library has 4,300 characters. What was stored before
# there were the first and the third may go beyond them, and files carry it from place to place.
LONGEST_TAKE: Final = 30_000
LONGEST_TEXT: Final = 10_000
LONGEST_ENTRY: Final = 2_000
LONGEST_LINE: Final = 300
MOST_ENTRIES: Final = 40
LINES: Final = frozenset({"confidence_why", "change_note"})
# Control characters other than the ends of lines and tabs; what turns a line around, has no width,
# or is a tag, which a reviewer would not see.
UNREADABLE: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a text: in which field (the entry of a list by its number), and what."""

    field: str
    message: str
    entry: int | None = None

    def __str__(self) -> str:
        place = self.field if self.entry is None else f"{self.field}, entry {self.entry + 1}"
        return f"{place}: {self.message}"

    @property
    def said(self) -> str:
        """The same with the title of the section, as an author knows it."""
        title = next((title for name, title, _ in SECTIONS if name == self.field), self.field)
        return str(replace(self, field=title.replace("_", " ").capitalize()))


@dataclass(frozen=True, slots=True)
class Writing:
    """The text of a revision: Markdown by section, empty sections left out."""

    sections: Sections
    confidence: str
    confidence_why: str = ""
    change_note: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """The same as columns of a revision, with the line ends that are kept."""
        return {
            "sections": {
                name: [unix_lines(entry) for entry in said]
                if isinstance(said, list)
                else unix_lines(said)
                for name, said in self.sections.items()
            },
            "confidence": self.confidence,
            "confidence_why": unix_lines(self.confidence_why),
            "change_note": unix_lines(self.change_note),
        }

    @property
    def within_limits(self) -> Sections:
        """The sections without those of which a text, or the list, is too long.

        None where the others are too long together.
        """
        kept = {
            name: said
            for name, said in self.sections.items()
            if not (isinstance(said, list) and len(said) > MOST_ENTRIES)
            and all(len(text) <= longest(name, at) for at, text in texts_of(said))
        }
        return {} if is_too_long(kept) else kept

    @property
    def texts(self) -> Iterator[tuple[str, int | None, str]]:
        """Every text in the page's order: its field, its number in a list, what it says."""
        for name, _, is_list in SECTIONS:
            said = self.sections.get(name)
            if said is not None and (is_list or isinstance(said, str)):
                yield from ((name, at, text) for at, text in texts_of(said))
        yield "confidence_why", None, self.confidence_why
        yield "change_note", None, self.change_note


class SeenVersion(NamedTuple):
    """Which version of an object, of which release, somebody has before them."""

    release: str
    content_sha256: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that a Take is about, as it stands where the Take is written."""

    stix_id: str
    attack_id: str
    name: str
    baseline: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The object version's SHA-256 in hexadecimal."""
        return bytes(self.baseline["content_sha256"]).hex()

    @property
    def version(self) -> SeenVersion:
        """Which version of which release it is."""
        return SeenVersion(self.baseline["attack_version"], self.sha256)

    def is_of(self, baseline: Baseline) -> bool:
        """Whether a baseline names this version, in this release and, if any, this snapshot."""
        named = (baseline.domain, baseline.attack_version, baseline.sha256)
        snapshot = self.baseline["snapshot"]
        return named == (self.baseline["domain"], *self.version) and (
            None in (baseline.snapshot_id, snapshot) or baseline.snapshot_id == snapshot.pk
        )

    @classmethod
    def of(cls, held: HeldObject, domain: str = "") -> Subject:
        """An object in the release that is read: in a domain, else in the first that holds it."""
        row = next((row for row in held.rows if row.snapshot.domain == domain), held.rows[0])
        return cls(
            stix_id=held.stix_id,
            attack_id=held.attack_id,
            name=held.name,
            baseline={
                "domain": row.snapshot.domain,
                "attack_version": row.snapshot.attack_version,
                "content_sha256": bytes(row.version.content_sha256),
                "snapshot": row.snapshot,
            },
        )


def texts_of(said: str | list[str]) -> Iterator[tuple[int | None, str]]:
    """The texts of a section: its one, or its entries with their numbers."""
    yield from enumerate(said) if isinstance(said, list) else [(None, said)]


def longest(name: str, entry: int | None) -> int:
    """How many characters a text may have, in this field and as an entry of a list or not."""
    if name in LINES:
        return LONGEST_LINE
    return LONGEST_TEXT if entry is None else LONGEST_ENTRY


def length_of(sections: Sections) -> int:
    """How many characters the sections have together."""
    return sum(len(text) for said in sections.values() for _, text in texts_of(said))


def is_too_long(sections: Sections) -> bool:
    """Whether the sections have more characters together than a Take may have."""
    return length_of(sections) > LONGEST_TAKE


def problems(writing: Writing, stix_id: str) -> list[Problem]:
    """What is wrong with a text on an object, in the order of the page.

    One query for the IDs it names, one more where one is not known.
    """
    return shape_problems(writing) or id_problems(writing, stix_id, known_ids(named_ids(writing)))


def shape_problems(writing: Writing, *, is_kept: bool = False) -> list[Problem]:
    """What is wrong with a text whatever releases are held; no query.

    One that is kept may be as long, in an entry and in all, as a Take could once be.
    """
    return list(_shape(writing, is_kept=is_kept))


def named_ids(writing: Writing) -> set[str]:
    """The ATT&CK IDs that any of its texts names."""
    return {found for _, _, text in writing.texts for found in attack_ids(text)}


def known_ids(named: Iterable[str]) -> set[str]:
    """Those of these ATT&CK IDs that an object of some release held here has; one query."""
    found = models.ObjectVersion.objects.filter(attack_id__in=set(named))
    return set(found.values_list("attack_id", flat=True))


def own_ids(stix_id: str) -> set[str]:
    """What in an object's names and aliases looks like an ID, in any release held; one query.

    MITRE names some groups and software so: TA2541 is G1018, T9000 is S0098.
    """
    contents = models.ObjectContent.objects.filter(version__object__stix_id=stix_id)
    names = []
    for canonical in contents.values_list("canonical", flat=True):
        properties = orjson.loads(canonical)
        names.append(properties.get("name"))
        for key in ALIASES:
            aliases = properties.get(key)
            names += aliases if isinstance(aliases, list) else []
    return {found for name in names if isinstance(name, str) for found in ATTACK_ID.findall(name)}


def id_problems(writing: Writing, stix_id: str, known: Set[str]) -> list[Problem]:
    """Where a text on an object names an unknown ID that is no name of the object itself."""
    wrong = unknown_ids(writing, known)
    return unknown_ids(writing, known | own_ids(stix_id)) if wrong else []


def unknown_ids(writing: Writing, known: Collection[str]) -> list[Problem]:
    """Where a text names an ATT&CK ID that is not among the known ones; no query."""
    return [
        Problem(name, f"no release held here has an object {attack_id}", at)
        for name, at, text in writing.texts
        for attack_id in attack_ids(text)
        if attack_id not in known
    ]


def unix_lines(text: str) -> str:
    """The text with line ends as they are kept, whatever browser or file it came from."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shape(writing: Writing, *, is_kept: bool) -> Iterator[Problem]:
    titles = {name: (title, is_list) for name, title, is_list in SECTIONS}
    for name, said in writing.sections.items():
        if name not in titles:
            yield Problem(name, "there is no such section")
        elif titles[name][1] is not isinstance(said, list):
            yield Problem(name, "a list is needed" if titles[name][1] else "a text is needed")
        elif isinstance(said, list) and len(said) > MOST_ENTRIES:
            yield Problem(name, f"{len(said)} entries: at most {MOST_ENTRIES}")
    if not str(writing.sections.get("summary", "")).strip():
        yield Problem("summary", "a Take needs a summary")
    if writing.confidence not in Confidence.values:
        yield Problem("confidence", f"use one of {', '.join(Confidence.values)}")
    for name, at, text in writing.texts:
        limit = longest(name, None if is_kept else at)
        if len(text) > limit:
            yield Problem(name, f"{len(text):,} characters: at most {limit:,}", at)
        if name in titles and not text.strip():
            yield Problem(name, "nothing is said: leave it out", at)
        if UNREADABLE.search(text):
            yield Problem(
                name, "there is a control character in it, or one that cannot be seen", at
            )
    if not is_kept:
        yield from _length(writing)


def _length(writing: Writing) -> Iterator[Problem]:
    """Where the sections go beyond what a Take may have in all; not if one does so by itself."""
    read = 0
    for name, at, text in writing.texts:
        if len(text) > longest(name, at):
            return
        read += 0 if name in LINES else len(text)
        if read > LONGEST_TAKE:
            total = length_of(writing.sections)
            said = f"the Take goes beyond {LONGEST_TAKE:,} characters here: it has {total:,} in all"
            yield Problem(name, said, at)
            return
