"""A page's numbered references, from the external references of the objects on it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# ATT&CK's own entry among an object's external references: an identity, not a source. The same
# names as `library.identifiers.ATTACK_SOURCES`, which knows the database; texts do not.
IDENTITY_NAMES: Final = frozenset(
    {"mitre-attack", "mitre-mobile-attack", "mitre-attack-mobile", "mitre-ics-attack"}
)

# Shorter beginnings of a name are too weak a ground for taking one source for another.
_SHORTEST_PREFIX: Final = 8

_WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'\\^`{|}]+\Z", re.IGNORECASE)
_CITATION: Final = re.compile(r"\(\s{0,8}Citations?\s{0,8}:", re.IGNORECASE)
_CITED: Final = re.compile(r"\(\s{0,8}Citations?\s{0,8}:[^()]{0,300}\)?", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:\#\d{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Control characters mean nothing here (and mark our own spans); lone surrogates, which JSON can
# carry, cannot be encoded.
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def readable(text: str) -> str:
    """Return the text with what no page can show replaced by U+FFFD, lines ended by a newline."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return _UNREADABLE.sub("\ufffd", text)


def decode_entities(text: str) -> str:
    """Return the text with its HTML entities (those that end in a semicolon) as characters."""
    if "&" not in text:
        return text
    return readable(_ENTITY.sub(lambda found: html.unescape(found[0]), text))


class Source(NamedTuple):
    """One external reference of a STIX object."""

    name: str
    """`source_name`: what `(Citation: …)` calls it."""

    description: str
    """Author, date and title; the `external_id` where a catalogue's entry has nothing else."""

    url: str
    """An http or https address, or nothing."""

    @property
    def is_note(self) -> bool:
        """Whether this is no source but ATT&CK's note on an alias (`name`) with its citations.

        Groups, software and campaigns keep those among their external references: 1,175 in
        release 18.1.
        """
        return not self.url and _CITATION.search(self.description) is not None


def sources(external_references: object) -> tuple[Source, ...]:
    """Return an object's external references in their order, malformed ones left out.

    Accepts what JSON can hold and never fails; an entry counts once it has a name.
    """
    if not isinstance(external_references, list | tuple):
        return ()
    found = [_source(entry) for entry in external_references if isinstance(entry, dict)]
    return tuple([source for source in found if source.name])


def _source(entry: dict[object, object]) -> Source:
    name, url = _text(entry, "source_name"), _text(entry, "url")
    description = _text(entry, "description") or _text(entry, "external_id")
    if not _WEB_ADDRESS.match(url):
        # A few entries carry the address as their description.
        url = description if _WEB_ADDRESS.match(description) else ""
    return Source(name, description, url)


def _text(entry: dict[object, object], key: str) -> str:
    value = entry.get(key)
    return readable(value).strip() if isinstance(value, str) else ""


def citations_of(text: str) -> str:
    """The citations of a text without its words, in their order."""
    return "".join(_CITED.findall(text))


def may_cite(text: str) -> bool:
    """Whether there is anything in a text that begins a citation."""
    return _CITATION.search(text) is not None


class Citation(NamedTuple):
    """One use of a reference in a text."""

    number: int
    name: str
    anchor: str
    """The id of this use on the page, for the way back; empty where the page keeps none."""

    resolved: bool


@dataclass(slots=True)
class Reference:
    """One entry of a page's list of references. `text` is plain, to be escaped by the template."""

    number: int
    name: str
    text: str
    url: str
    resolved: bool
    """False where no object on the page gives a source for the name."""

    uses: list[str] = field(default_factory=list)
    """The ids of the places that cite it, in their order."""

    @property
    def anchor(self) -> str:
        """The id that citations link to."""
        return f"ref-{self.number}"


class References:
    """The numbered references of one page, in the order of their first use.

    Make one for each page (or list card), hand it to every rendering in the page's order, list
    its entries last. Scopes are indexed once each: hand over the same tuple every time.
    """

    def __init__(self) -> None:
        self._entries: dict[Source | str, Reference] = {}
        # A scope is kept beside its index, so that its id() stays its own.
        self._indexes: dict[int, tuple[Sequence[Source], _Index]] = {}

    @property
    def entries(self) -> list[Reference]:
        """Every reference so far, by number."""
        return list(self._entries.values())

    def find(self, name: str, scopes: Sequence[Sequence[Source]]) -> Source | None:
        """Return the source that NAME means: the first scope that knows it decides.

        An exact name wins within its scope, then one that differs in case or white space. Where
        no scope has either, punctuation is left aside, and the only name will do that begins so
        or has the same letters in another order: ICS 17.1 and 18.1 cite "CISA Alert (TA17-163A)",
        listed without the parentheses and with a title behind; enterprise "Zscaler Cobain Aug
        2017", listed as "Cobian".
        """
        found = self._closely(name, scopes)
        if found is not None:
            return found
        loose = (self._index(scope).find_loosely(name) for scope in scopes)
        return next((found for found in loose if found is not None), None)

    def knows(self, name: str, scopes: Sequence[Sequence[Source]]) -> bool:
        """Whether a scope has this very name, case and white space aside."""
        return self._closely(name, scopes) is not None

    def _closely(self, name: str, scopes: Sequence[Sequence[Source]]) -> Source | None:
        for scope in scopes:
            found = self._index(scope).find(name)
            if found is not None:
                return found
        return None

    def cite(
        self, name: str, scopes: Sequence[Sequence[Source]], *, anchored: bool = True
    ) -> Citation:
        """Count one use of NAME and return its number and anchor.

        A NAME without a source gets a number and an entry too. `anchored=False` is for a page
        that links to another page's references.
        """
        source = self.find(name, scopes)
        entry = self._entry(source if source is not None else _fold(name), source, name)
        anchor = ""
        if anchored:
            anchor = f"cite-{entry.number}-{len(entry.uses) + 1}"
            entry.uses.append(anchor)
        return Citation(entry.number, entry.name, anchor, entry.resolved)

    def add_uncited(self, uncited: Iterable[Source]) -> None:
        """Append the references that no text cites, without ATT&CK's own and notes on aliases."""
        for source in uncited:
            if source.name not in IDENTITY_NAMES and not source.is_note:
                self._entry(source, source, source.name)

    def _entry(self, key: Source | str, source: Source | None, name: str) -> Reference:
        entry = self._entries.get(key)
        if entry is None:
            number = len(self._entries) + 1
            entry = (
                Reference(number, source.name, _citation_text(source), source.url, resolved=True)
                if source is not None
                else Reference(number, " ".join(name.split()), " ".join(name.split()), "", False)
            )
            self._entries[key] = entry
        return entry

    def _index(self, scope: Sequence[Source]) -> _Index:
        kept = self._indexes.get(id(scope))
        if kept is None:
            kept = self._indexes[id(scope)] = (scope, _Index(scope))
        return kept[1]


class _Index:
    """The sources of one scope by name; the tolerant look-ups are prepared when first needed."""

    __slots__ = ("_exact", "_folded", "_squeezed")

    def __init__(self, scope: Sequence[Source]) -> None:
        self._exact: dict[str, Source] = {}
        for source in scope:
            if not source.is_note:
                self._exact.setdefault(source.name, source)
        self._folded: dict[str, Source] | None = None
        self._squeezed: dict[str, Source] | None = None

    def find(self, name: str) -> Source | None:
        found = self._exact.get(name)
        if found is not None:
            return found
        if self._folded is None:
            self._folded = {_fold(known): source for known, source in self._exact.items()}
        return self._folded.get(_fold(name))

    def find_loosely(self, name: str) -> Source | None:
        if self._squeezed is None:
            self._squeezed = {_squeeze(known): source for known, source in self._exact.items()}
        wanted = _squeeze(name)
        if len(wanted) < _SHORTEST_PREFIX:
            return None
        if wanted in self._squeezed:
            return self._squeezed[wanted]
        close = [
            known
            for known in self._squeezed
            if known.startswith(wanted) or _is_transposed(known, wanted)
        ]
        return self._squeezed[close[0]] if len(close) == 1 else None


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def _squeeze(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _is_transposed(known: str, wanted: str) -> bool:
    """Whether two names differ in the order of letters alone, their digits in the same order."""
    return (
        len(known) == len(wanted)
        and sorted(known) == sorted(wanted)
        and [*filter(str.isdigit, known)] == [*filter(str.isdigit, wanted)]
    )


def _citation_text(source: Source) -> str:
    """Return a source's description as a reader should see it; its name if that is nothing."""
    text = _CITED.sub("", decode_entities(source.description))
    return " ".join(text.split()) or source.name
