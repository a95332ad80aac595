"""What an analyst hands in: the text of a revision, and the object that it is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import orjson

from analysis.models import Confidence
from analysis.take import SECTIONS
from library import models
from library.contexts.held import HeldObject
from library.documents import ALIASES

type Sections = Mapping[str, str | list[str]]

# Characters of a section or an entry, entries of a list, characters of a line.
LONGEST_TEXT: Final = 10_000
MOST_ENTRIES: Final = 40
LONGEST_LINE: Final = 300
# As ATT&CK numbers its objects; matrices have no number.
ATTACK_ID: Final = re.compile(
    r"(?<![\w.])(?:(?:TA|DS|DC|DET|AN|[MGSCTA])\d{4}(?:\.\d{3})?)(?!\w|\.\d)"
)
# Code of Markdown, in a line or fenced: as many back-ticks before as behind.
CODE: Final = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
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
        """The sections without those of which a text, or the list, is too long."""
        return {
            name: said
            for name, said in self.sections.items()
            if len(said) <= (MOST_ENTRIES if isinstance(said, list) else LONGEST_TEXT)
            and all(len(entry) <= LONGEST_TEXT for entry in said)
        }

    @property
    def texts(self) -> Iterator[tuple[str, int | None, str]]:
        """Every text in the page's order: its field, its number in a list, what it says."""
        for name, _, is_list in SECTIONS:
            said = self.sections.get(name)
            if is_list and isinstance(said, list):
                yield from ((name, at, entry) for at, entry in enumerate(said))
            elif isinstance(said, str):
                yield name, None, said
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


def problems(writing: Writing, stix_id: str) -> list[Problem]:
    """What is wrong with a text on an object, in the order of the page.

    One query for the IDs it names, one more where one is not known.
    """
    return shape_problems(writing) or id_problems(writing, stix_id, known_ids(named_ids(writing)))


def shape_problems(writing: Writing) -> list[Problem]:
    """What is wrong with a text whatever releases are held; no query."""
    return list(_shape(writing))


def attack_ids(text: str) -> list[str]:
    """The ATT&CK IDs that a text names outside code, each once, in its order."""
    return list(dict.fromkeys(ATTACK_ID.findall(CODE.sub(" ", text))))


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


def _shape(writing: Writing) -> Iterator[Problem]:
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
        limit = LONGEST_LINE if name in {"confidence_why", "change_note"} else LONGEST_TEXT
        if len(text) > limit:
            yield Problem(name, f"{len(text):,} characters: at most {limit:,}", at)
        if name in titles and not text.strip():
            yield Problem(name, "nothing is said: leave it out", at)
        if UNREADABLE.search(text):
            yield Problem(
                name, "there is a control character in it, or one that cannot be seen", at
            )
