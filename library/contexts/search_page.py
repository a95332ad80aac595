"""The search page: what a text may mean, by kind and domain, with the words that were found."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.html import escape
from django.utils.safestring import SafeString

from library.conditional import Shelf
from library.contexts.graph import Graph, Named
from library.contexts.page import Crumb, Page, way_up
from library.documents import fold
from library.identifiers import OBJECT_TYPES, TECHNIQUE, Domain
from library.kinds import PARENT
from library.parameters import TRUE, as_query, search_text
from library.search import Hit, search
from library.text.markdown import plain

MOST_SHOWN = 50
MOST_LIVE = 8
AROUND = 110


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a reader looks for."""

    text: str = ""
    kind: str = ""
    domain: str = ""
    include_revoked: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> "SearchQuery":
        """The search in an address."""
        kinds = {kind.path for kind in OBJECT_TYPES}
        kind, domain = query.get("type", ""), query.get("domain", "")
        return cls(
            text=search_text(query.get("q", "")),
            kind=kind if kind in kinds else "",
            domain=domain if domain in Domain.values else "",
            include_revoked=query.get("includeRevoked", "").lower() in TRUE,
        )

    @property
    def query(self) -> str:
        """The search as the query part of an address, with its question mark; empty for none."""
        revoked = "true" if self.include_revoked else ""
        parts = {"q": self.text, "type": self.kind, "domain": self.domain}
        return as_query(parts | {"includeRevoked": revoked})


@dataclass(frozen=True, slots=True)
class Result:
    """One object that was found."""

    hit: Hit
    href: str
    name: str
    excerpt: SafeString


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


def search_page(shelf: Shelf, asked: SearchQuery, most: int = MOST_SHOWN) -> SearchPage:
    """The results of a search, the best `most` of them; at most seven queries."""
    hits = search(shelf, asked.text, include_revoked=asked.include_revoked)
    path = f"{shelf.addresses.home}/search"
    fitting = [hit for hit in hits if _fits(hit, asked)]
    return SearchPage(
        page=Page(
            shelf=shelf,
            title=f"Search: {asked.text}" if asked.text else "Search",
            description="",
            crumbs=(*way_up(shelf), Crumb("Search")),
            indexed=False,
        ),
        asked=asked,
        path=path,
        results=_results(shelf, fitting[:most], asked),
        total=len(fitting),
        kinds=_kinds(hits, asked, path),
        domains=_domains(hits, asked, path),
    )


def _fits(hit: Hit, asked: SearchQuery) -> bool:
    of_kind = not asked.kind or hit.kind.path == asked.kind
    return of_kind and (not asked.domain or Domain(asked.domain).label in hit.domains)


def _kinds(hits: list[Hit], asked: SearchQuery, path: str) -> list[Choice]:
    in_domain = [hit for hit in hits if _fits(hit, replace(asked, kind=""))]
    counts = Counter(hit.kind for hit in in_domain)
    every = Choice("All", len(in_domain), path + replace(asked, kind="").query, not asked.kind)
    return [every] + [
        Choice(
            kind.plural,
            counts[kind],
            path + replace(asked, kind=kind.path).query,
            asked.kind == kind.path,
        )
        for kind in OBJECT_TYPES
        if counts[kind] or asked.kind == kind.path
    ]


def _domains(hits: list[Hit], asked: SearchQuery, path: str) -> list[Choice]:
    of_kind = [hit for hit in hits if _fits(hit, replace(asked, domain=""))]
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


def _results(shelf: Shelf, hits: list[Hit], asked: SearchQuery) -> list[Result]:
    graph = Graph(shelf)
    ids = [hit.object_id for hit in hits]
    subs = [hit.object_id for hit in hits if hit.kind is TECHNIQUE and "." in hit.attack_id]
    graph.fetch([(subs, PARENT)])
    graph.meet([*ids, *graph.ends(subs, PARENT)])
    places = {object_id: (snapshot_id, object_id) for snapshot_id, object_id in graph.members}
    contents = graph.contents(graph.members[places[hit.object_id]] for hit in hits)
    words = fold(asked.text).split()
    return [_result(shelf, graph, places[hit.object_id], hit, contents, words) for hit in hits]


def _result(
    shelf: Shelf,
    graph: Graph,
    place: tuple[int, int],
    hit: Hit,
    contents: dict[int, dict[str, object]],
    words: list[str],
) -> Result:
    parents = graph.follow(place, PARENT)
    member = graph.members[place]
    description = contents.get(member.version_id, {}).get("description")
    return Result(
        hit=hit,
        href=Named.of(member, shelf.addresses).href,
        name=f"{parents[0][1].name}: {hit.name}" if parents else hit.name,
        excerpt=excerpt(plain(description) if isinstance(description, str) else "", words),
    )


def excerpt(text: str, words: list[str]) -> SafeString:
    """The part of a text around the first word that was looked for, all such words marked."""
    stems = [re.escape(word[: max(4, len(word) - 3)]) for word in words if len(word) > 2]
    found = re.search(rf"\b(?:{'|'.join(stems)})", text, re.IGNORECASE) if stems else None
    at = found.start() if found else 0
    start = text.rfind(" ", 0, max(0, at - AROUND)) + 1 if at > AROUND else 0
    end = text.find(" ", at + AROUND)
    shown = text[start:] if end < 0 else text[start:end]
    pieces = (
        re.split(rf"(\b(?:{'|'.join(stems)})\w*)", shown, flags=re.IGNORECASE) if stems else [shown]
    )
    marked = "".join(
        f"<mark>{escape(piece)}</mark>" if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )
    before, after = "…" if start else "", "…" if end >= 0 else ""
    return SafeString(f"{before}{marked}{after}")
