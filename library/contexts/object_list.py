"""A list of one kind of object: filters, cards, pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.db.models import Q
from django.utils.safestring import SafeString

from library import markup
from library.conditional import Shelf
from library.contexts.charted import charted_places
from library.contexts.held import HeldObject
from library.contexts.list_choices import among, offered
from library.contexts.page import Crumb, FeedLink, Page, way_up
from library.contexts.pager import PageLink, clamped, page_at, page_links
from library.contexts.prose import Prose
from library.documents import ALIASES
from library.identifiers import TECHNIQUE, Domain, ObjectType
from library.kinds import page_kind
from library.models import ObjectContent, SnapshotObject
from library.parameters import PAGE_SIZE, ListFilters
from library.querysets import SnapshotObjectQuerySet
from library.text.markdown import Rendered, plain
from library.text.words import unaccented

BATCH = 250
# Of what filters by text have read, the web process keeps so many characters: several times those
# of three domains in one release.
MOST_KEPT = 10_000_000

# Letters of one word as a reader sees it stand together in the text as it was written, or what
# parts them there begins with a mark behind a letter (the white space before a citation goes with
# it) and ends with one before a letter. Entities and LinkById are made of letters themselves.
_RUN = re.compile("[a-z0-9]+")
_LONGEST_RUN = 20
_PARTS = r"(?:[<\[\]{}*_`\\~|!&]|\s*\(\s*(?:citation|linkbyid))"
_JOINS = r"[>)\[\]}*_`\\~|;]"
_UNLIKE = re.compile(r"&#?\w+;|linkbyid")


@dataclass(frozen=True, slots=True)
class Card:
    """One object of a list in one domain."""

    held: HeldObject
    domain: str
    domain_label: str
    definition: Rendered

    @property
    def html(self) -> SafeString:
        """The definition, folded where it is long."""
        return markup.prose(self.definition)


@dataclass(frozen=True, slots=True)
class ListContext:
    """A list page."""

    page: Page
    kind: ObjectType
    purpose: str
    filters: ListFilters
    domains: list[tuple[str, str]]
    tactics: list[tuple[str, str]]
    platforms: list[str]
    path: str
    cards: list[Card]
    total: int
    distinct: int
    first: int
    last: int
    previous: str
    following: str
    page_links: list[PageLink]
    charted: frozenset[str]
    """The domains with live entries that have techniques for a Navigator layer."""

    @property
    def file_query(self) -> str:
        """The query under which files have the whole of this list."""
        return self.filters.at(0).query

    @property
    def layers(self) -> list[PageLink]:
        """Navigator layers of the techniques that the entries have to do with, one a domain."""
        filters = self.filters.at(0)
        return [
            PageLink(label, f"{self.path}/navigator{replace(filters, domain=domain).query}")
            for domain, label in self.domains
            if domain in self.charted
        ]

    @property
    def is_of_absent_domain(self) -> bool:
        """Whether it is of a domain of which the pinned release is not held."""
        labels = dict(self.domains)
        return labels.get(self.filters.domain) in self.page.shelf.missing

    @property
    def is_whole(self) -> bool:
        """Whether no filter leaves out entries of the status that is asked for."""
        return not (self.filters.text or self.filters.narrowing)

    @property
    def address(self) -> str:
        """The address of exactly this view of the list."""
        return self.path + self.filters.query


def object_list(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> ListContext:
    """The list that a reader asks for; at most five queries."""
    tactics, platforms = offered(shelf, kind, filters)
    filters = among(filters, tactics, platforms)
    rows = _narrowed(shelf, kind, filters)
    found, counts, filters = _page_of(shelf, kind, rows, filters)
    total = counts.total
    path = shelf.addresses.listing(kind)

    def at(start: int) -> str:
        return path + filters.at(start).query

    return ListContext(
        page=list_frame(shelf, kind, filters),
        kind=kind,
        purpose=page_kind(kind).purpose,
        filters=filters,
        domains=[(domain.value, domain.label) for domain in Domain],
        tactics=[(tactic.attack_id, tactic.label) for tactic in tactics],
        platforms=platforms,
        path=path,
        cards=_cards(shelf, found),
        total=total,
        distinct=counts.distinct,
        first=filters.offset + 1 if found else 0,
        last=filters.offset + len(found),
        previous=page_at(at, filters.offset - PAGE_SIZE, total),
        following=page_at(at, filters.offset + PAGE_SIZE, total),
        page_links=page_links(at, filters.offset, total),
        charted=counts.charted_in,
    )


def every_match(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> Iterator[HeldObject]:
    """What all pages of a list hold, a record a domain, in its order; by batches."""
    rows = _narrowed(shelf, kind, filters)
    if filters.text:
        versions = set(rows.order_by().values_list("version_id", flat=True))
        rows = rows.filter(version__in=_versions_with(versions, filters.text))
    held = rows.with_content().iterator(BATCH)
    return (HeldObject((row,), shelf.addresses) for row in held)


def _narrowed(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> SnapshotObjectQuerySet:
    """The rows that every filter but the text leaves."""
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind).in_list_order()
    if not filters.include_revoked:
        rows = rows.live()
    if filters.domain:
        rows = rows.filter(snapshot__domain=filters.domain)
    if filters.tactic:
        rows = rows.under_tactic(filters.tactic)
    if filters.platform:
        rows = rows.filter(version__document__platforms__contains=[filters.platform])
    return rows


def usable(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> ListFilters:
    """The filters without what the list does not offer; at most two queries."""
    return among(filters, *offered(shelf, kind, filters))


class _Counts(NamedTuple):
    """How many rows and objects a list has on all its pages, and which domains have techniques."""

    total: int
    distinct: int
    charted_in: frozenset[str]


def _page_of(
    shelf: Shelf, kind: ObjectType, rows: SnapshotObjectQuerySet, filters: ListFilters
) -> tuple[list[SnapshotObject], _Counts, ListFilters]:
    """The rows of one page, what there is in all, the offset clamped."""
    dead = Q(version__revoked=True) | Q(version__deprecated=True)
    columns = ("version_id", "object_id", "snapshot_id")
    ids = list(rows.order_by().annotate(dead=dead).values_list(*columns, "dead"))
    if filters.text:
        matching = _versions_with({version for version, *_ in ids}, filters.text)
        rows = rows.filter(version__in=matching)
        ids = [found for found in ids if found[0] in matching]
    live = {(snapshot_id, object_id) for _, object_id, snapshot_id, dead in ids if not dead}
    # A technique is its own; to others a way must lead.
    charted = live if kind is TECHNIQUE else live & charted_places(shelf.snapshot_ids, kind)
    domains = {snapshot.pk: snapshot.domain for snapshot in shelf.snapshots}
    charted_in = frozenset(domains[snapshot_id] for snapshot_id, _ in charted)
    counts = _Counts(len(ids), len({object_id for _, object_id, *_ in ids}), charted_in)
    filters = filters.at(clamped(filters.offset, counts.total))
    return list(rows.with_content()[filters.offset :][:PAGE_SIZE]), counts, filters


@dataclass(slots=True)
class _Text:
    """What the text filter reads of one object version, without case and accents."""

    title: str
    raw: str
    words: str | None = None

    def has(self, word: "_Word") -> bool:
        """Whether a word stands in the ID, a name or the definition as a reader sees it."""
        if word.text in self.title:
            return True
        if self.words is None:
            if not word.may_stand_in(unaccented(self.raw)):
                return False
            self.words = unaccented(plain(self.raw))
        return word.text in self.words


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of the text filter, as `unaccented` has it."""

    text: str
    runs: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]

    @classmethod
    def of(cls, text: str) -> "_Word":
        """A word, case folded, with how each run of its letters would be parted by markup."""
        runs = {found[:_LONGEST_RUN] for found in _RUN.findall(text)}
        return cls(text, tuple((run, *_parted(run)) for run in sorted(runs)))

    def may_stand_in(self, raw: str) -> bool:
        """Whether a definition may have it; a fraction of the time that reading its markup takes.

        Never wrongly False.
        """
        for run, begins, ends in self.runs:
            if run in raw or (begins.search(raw) and ends.search(raw)):
                continue
            return _UNLIKE.search(raw) is not None
        return True


def _parted(run: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    places = range(1, len(run))
    begins = "|".join(run[:at] for at in reversed(places)) or "(?!)"
    ends = "|".join(run[at:] for at in places) or "(?!)"
    return re.compile(f"(?:{begins}){_PARTS}"), re.compile(f"{_JOINS}(?:{ends})")


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[_Word, ...]:
    return tuple(_Word.of(word) for word in dict.fromkeys(unaccented(text).split()))


_kept: dict[int, _Text] = {}


def _versions_with(versions: set[int], text: str) -> set[int]:
    """Those of these versions in which every word of a text stands; at most one query."""
    words = _words(text)
    return {key for key, found in _texts(versions).items() if all(map(found.has, words))}


def _texts(versions: set[int]) -> dict[int, _Text]:
    """The texts of versions, which never change: the process reads each but once."""
    texts = {key: found for key in versions if (found := _kept.get(key))}
    missing = versions - texts.keys()
    if missing:
        contents = ObjectContent.objects.filter(version__in=missing).values_list(
            "version_id",
            "version__attack_id",
            "version__name",
            "version__object__stix_id",
            "canonical",
        )
        read = {
            key: _text_of(f"{attack_id} {name or stix_id}", orjson.loads(canonical))
            for key, attack_id, name, stix_id, canonical in contents
        }
        _keep(read)
        texts |= read
    return texts


def _text_of(title: str, properties: dict[str, Any]) -> _Text:
    lists = (properties.get(key) for key in ALIASES)
    aliases = (alias for found in lists if isinstance(found, list) for alias in found)
    names = " ".join((title, *(alias for alias in aliases if isinstance(alias, str))))
    text = properties.get("description")
    return _Text(unaccented(names), text if isinstance(text, str) else "")


def _keep(read: dict[int, _Text]) -> None:
    if sum(len(found.raw) for found in (*_kept.values(), *read.values())) > MOST_KEPT:
        _kept.clear()
    if sum(len(found.raw) for found in read.values()) <= MOST_KEPT:
        _kept.update(read)


def _cards(shelf: Shelf, rows: list[SnapshotObject]) -> list[Card]:
    held = [HeldObject((row,), shelf.addresses) for row in rows]
    prose = Prose.of(shelf, [found.text("description") for found in held])
    return [
        Card(
            held=found,
            domain=row.snapshot.domain,
            domain_label=Domain(row.snapshot.domain).label,
            definition=prose.render_elsewhere(
                found.text("description"), [found.sources], found.own_href
            ),
        )
        for row, found in zip(rows, held, strict=True)
    ]


def list_frame(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> Page:
    """What a list shows around its entries."""
    lasting = ListFilters(domain=filters.domain, offset=filters.offset)
    return Page(
        shelf=shelf,
        title=kind.plural,
        kind=kind,
        description=page_kind(kind).purpose,
        crumbs=(*way_up(shelf), Crumb(kind.plural)),
        canonical=shelf.addresses.listing(kind) + lasting.query,
        cited=shelf.addresses.listing(kind) + filters.query,
        indexed=not (filters.text or filters.include_revoked),
        feed=FeedLink(f"Changes of {kind.plural}", f"{shelf.addresses.listing(kind)}/atom"),
    )
