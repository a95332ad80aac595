"""The search page: what a text may mean, by kind and domain, with the words that were found."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import orjson
from django.http import QueryDict
from django.utils.safestring import SafeString

from library.addresses import Addresses
from library.catalogue import Catalogue, Entry, catalogue
from library.conditional import Shelf
from library.contexts.excerpt import telling
from library.contexts.page import Crumb, Page, way_up
from library.documents import LONGEST_NAME, fold, names_of
from library.identifiers import OBJECT_TYPES, TECHNIQUE, Domain
from library.lookups import contents_of
from library.markup import results_html
from library.parameters import TRUE, as_query, known_domain, no_such, offset, search_text
from library.search import Hit, search

# The kinds with a list by its address; the types that only a release to come may have, too.
KIND = re.compile(rf"{'|'.join(kind.path for kind in OBJECT_TYPES)}|objects/[a-z][a-z0-9-]{{0,60}}")
MOST_SHOWN = 25
MOST_LIVE = 8


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a reader looks for."""

    text: str = ""
    kind: str = ""
    domain: str = ""
    include_revoked: bool = False
    offset: int = 0
    left_aside: tuple[str, ...] = field(default=(), compare=False)
    """What an address asks for that there is not, a sentence each."""

    @classmethod
    def of(cls, query: QueryDict) -> "SearchQuery":
        """The search in an address."""
        kind = query.get("type", "")
        domain, no_domain = known_domain(query.get("domain", ""))
        is_kind = KIND.fullmatch(kind) is not None
        return cls(
            text=search_text(query.get("q", "")),
            kind=kind if is_kind else "",
            domain=domain,
            include_revoked=query.get("includeRevoked", "").lower() in TRUE,
            offset=_page_start(offset(query.get("offset", ""))),
            left_aside=(*no_domain, *(() if is_kind else no_such("type", kind))),
        )

    @property
    def query(self) -> str:
        """The search as the query part of an address, with its question mark; empty for none."""
        revoked = "true" if self.include_revoked else ""
        parts = {"q": self.text, "type": self.kind, "domain": self.domain}
        start = str(self.offset) if self.offset else ""
        return as_query(parts | {"includeRevoked": revoked, "offset": start})


def _page_start(number: int) -> int:
    return number - number % MOST_SHOWN


@dataclass(frozen=True, slots=True)
class Successor:
    """What replaced a revoked object, at the end of the chain."""

    href: str
    attack_id: str
    name: str
    told: str = ""


class Told(NamedTuple):
    """What a result says beside its name, from the object as MITRE wrote it."""

    excerpt: SafeString = SafeString()
    alias: str = ""
    """The other name by which it was found, as MITRE spells it."""


@dataclass(frozen=True, slots=True)
class Result:
    """One object that was found."""

    hit: Hit
    href: str
    label: str
    """What it is called: its kind, or "Sub-technique" for a technique that is a part of one."""

    name: str
    told: Told
    successor: Successor | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the results, with how many it leaves."""

    label: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What the search page shows."""

    page: Page
    asked: SearchQuery
    path: str
    results: list[Result]
    total: int
    kinds: list[Choice]
    domains: list[Choice]

    @property
    def address(self) -> str:
        """The address of exactly this search."""
        return self.path + self.asked.query

    @property
    def ways_to_narrow(self) -> list[tuple[str, list[Choice]]]:
        """The filters that leave a choice, or are set, each with what it is called."""
        found = (
            ("Narrow by kind", self.kinds, self.asked.kind),
            ("Narrow by domain", self.domains, self.asked.domain),
        )
        # The first choice is all.
        return [(label, given) for label, given, chosen in found if len(given) > 2 or chosen]

    @property
    def html(self) -> SafeString:
        """The results as entries."""
        return results_html(self.results)

    @property
    def first(self) -> int:
        """The place of the first result that is shown among all; 1 for the best."""
        return self.asked.offset + 1

    @property
    def last(self) -> int:
        """The place of the last result that is shown."""
        return self.asked.offset + len(self.results)

    @property
    def previous(self) -> str:
        """The address of the results before these; empty where there are none."""
        start = self.asked.offset - MOST_SHOWN
        return self.path + replace(self.asked, offset=start).query if start >= 0 else ""

    @property
    def previous_count(self) -> int:
        """How many results the page before has."""
        return MOST_SHOWN

    @property
    def following(self) -> str:
        """The address of the results after these; empty where there are none."""
        if self.last >= self.total:
            return ""
        return self.path + replace(self.asked, offset=self.asked.offset + MOST_SHOWN).query

    @property
    def following_count(self) -> int:
        """How many results the next page has."""
        return min(MOST_SHOWN, self.total - self.last)


@dataclass(frozen=True, slots=True)
class LiveResults:
    """What is shown below the search field while a reader types."""

    asked: SearchQuery
    address: str
    results: list[Result]
    total: int


def search_page(shelf: Shelf, asked: SearchQuery) -> SearchPage:
    """A page of the results of a search with their excerpts; at most seven queries."""
    hits = search(shelf, asked.text, include_revoked=asked.include_revoked)
    fitting = _fitting(hits, asked)
    # Beyond the last page is the last page.
    start = min(asked.offset, _page_start(max(0, len(fitting) - 1)))
    asked = replace(asked, offset=start)
    shown = fitting[start : start + MOST_SHOWN]
    path = f"{shelf.addresses.home}/search"
    return SearchPage(
        page=Page(
            shelf=shelf,
            title=f"Search: {asked.text}" if asked.text else "Search",
            description="",
            crumbs=(*way_up(shelf), Crumb("Search")),
            indexed=False,
            cited=path + asked.query,
        ),
        asked=asked,
        path=path,
        results=_results(shelf, shown, _told(shown, asked)),
        total=len(fitting),
        kinds=_kinds(hits, asked, path),
        domains=_domains(hits, asked, path),
    )


def live_results(shelf: Shelf, asked: SearchQuery) -> LiveResults:
    """The few results that are shown while a reader types; at most six queries."""
    hits = search(shelf, asked.text, include_revoked=asked.include_revoked)
    fitting = _fitting(hits, asked)
    return LiveResults(
        asked=asked,
        address=f"{shelf.addresses.home}/search{replace(asked, offset=0).query}",
        results=_results(shelf, fitting[:MOST_LIVE], {}),
        total=len(fitting),
    )


def _fitting(hits: list[Hit], asked: SearchQuery) -> list[Hit]:
    if asked.kind:
        hits = [hit for hit in hits if hit.entry.kind.path == asked.kind]
    if asked.domain:
        label = Domain(asked.domain).label
        hits = [hit for hit in hits if label in hit.domains]
    return hits


def _kinds(hits: list[Hit], asked: SearchQuery, path: str) -> list[Choice]:
    asked = replace(asked, offset=0)
    in_domain = _fitting(hits, replace(asked, kind=""))
    counts = Counter(hit.entry.kind.path for hit in in_domain)
    unknown = {kind.path: kind for hit in hits if not (kind := hit.entry.kind).is_known}
    every = Choice("All", len(in_domain), path + replace(asked, kind="").query, not asked.kind)
    return [every] + [
        Choice(
            kind.plural,
            counts[kind.path],
            path + replace(asked, kind=kind.path).query,
            asked.kind == kind.path,
        )
        for kind in (*OBJECT_TYPES, *(unknown[path] for path in sorted(unknown)))
        if counts[kind.path] or asked.kind == kind.path
    ]


def _domains(hits: list[Hit], asked: SearchQuery, path: str) -> list[Choice]:
    asked = replace(asked, offset=0)
    of_kind = _fitting(hits, replace(asked, domain=""))
    counts = Counter(label for hit in of_kind for label in hit.domains)
    href = path + replace(asked, domain="").query
    return [Choice("All domains", len(of_kind), href, not asked.domain)] + [
        Choice(
            domain.label,
            counts[domain.label],
            path + replace(asked, domain=domain.value).query,
            asked.domain == domain.value,
        )
        for domain in Domain
        if counts[domain.label] or asked.domain == domain.value
    ]


def _results(shelf: Shelf, hits: list[Hit], told: dict[int, Told]) -> list[Result]:
    known, addresses = catalogue(shelf.snapshot_ids), shelf.addresses
    found = []
    for hit in hits:
        entry = hit.entry
        name, shown = _full_name(known, entry), told.get(entry.version_id, Told())
        href, successor = _href(addresses, entry), _successor(addresses, known, entry)
        found.append(Result(hit, href, _label(entry), name, shown, successor))
    return found


def _label(entry: Entry) -> str:
    is_part = entry.kind is TECHNIQUE and "." in entry.attack_id
    return "Sub-technique" if is_part else entry.kind.label


def _successor(addresses: Addresses, known: Catalogue, entry: Entry) -> Successor | None:
    target = known.replacement(entry) if entry.revoked else None
    if target is None:
        return None
    return Successor(_href(addresses, target), target.attack_id, _full_name(known, target))


def _href(addresses: Addresses, entry: Entry) -> str:
    return addresses.page(entry.kind, entry.attack_id, entry.stix_id)


def _full_name(known: Catalogue, entry: Entry) -> str:
    parent = known.parent(entry)
    return f"{parent.name}: {entry.name}" if parent else entry.name


def _told(hits: list[Hit], asked: SearchQuery) -> dict[int, Told]:
    """A part of each description, and the alias, by the key of the version; one query."""
    aliases = {hit.entry.version_id: hit.alias for hit in hits}
    found = {}
    for version_id, canonical in contents_of(aliases) if aliases else ():
        properties = orjson.loads(canonical)
        description = properties.get("description")
        shown = description if isinstance(description, str) else ""
        alias = _spelt(aliases[version_id], properties)
        found[version_id] = Told(telling(shown, asked.text), alias)
    return found


def _spelt(alias: str, properties: dict[str, Any]) -> str:
    """A folded alias as the object's own list of aliases spells it."""
    if not alias:
        return ""
    return next((name for name in names_of(properties) if fold(name)[:LONGEST_NAME] == alias), "")
