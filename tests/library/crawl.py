"""A reader of many pages, who notes all that is wrong with them and each link once."""

import hashlib
import re
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from sys import intern
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from tests.library.pages import Element, read_page
from tests.library.soundness import problems
from tests.library.soundness.counts import stated_results

MOST_REDIRECTS = 5
ID = re.compile(r'\sid="([^"]+)"')
HOST = "http://testserver"

type Ids = frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, and the address of the page that it is wrong with."""

    address: str
    what: str

    def __str__(self) -> str:
        return f"{self.address}: {self.what}"


@dataclass
class Known:
    """What readings have shown; that of several readers can be put together."""

    findings: list[Finding] = field(default_factory=list)
    # Each address inside the library that a page leads to, with the first page that does.
    links: dict[str, str] = field(default_factory=dict)
    # The ids of elements at each address that was visited; none where it is no page.
    ids: dict[str, Ids] = field(default_factory=dict)
    pages: int = 0

    def add(self, other: "Known") -> None:
        """Take in what another reader has found."""
        self.findings += other.findings
        self.links = other.links | self.links
        self.ids |= other.ids
        self.pages += other.pages

    def unvisited(self) -> list[tuple[str, str]]:
        """The addresses that links lead to and nobody has been at, each with a page that does."""
        found: dict[str, str] = {}
        for link, source in self.links.items():
            if page_of(link) not in self.ids:
                found.setdefault(page_of(link), source)
        return sorted(found.items())

    def dead_anchors(self) -> list[Finding]:
        """Links to a part of a page that this page does not have."""
        return [
            Finding(source, f"#{anchor} is not on {page}")
            for link, source in sorted(self.links.items())
            for page, _, anchor in [link.partition("#")]
            if anchor and page in self.ids and anchor not in self.ids[page]
        ]


class Crawler:
    """Reads pages through Django's test client; never raises for what is wrong with one."""

    def __init__(self, client: Client) -> None:
        client.raise_request_exception = False
        self.client = client
        self.known = Known()

    def read(self, address: str, shows: str = "", status: int = 200) -> Element | None:
        """A page with every check, and its links noted; None where there is none to be read.

        `shows` is the STIX id of the object whose page it should be.
        """
        response = self._arrive(address, status)
        if response is None:
            return None
        self.known.pages += 1
        try:
            page = read_page(response)
            found = list(problems(page))
        except AssertionError as error:
            self._note(address, _sentence(error))
            return None
        for what in found:
            self._note(address, what)
        if shows and shows not in [code.words for code in page.one(id="raw").all("code")]:
            self._note(address, f"is not the page of {shows}")
        for link in _links(page):
            self.known.links.setdefault(link, address)
        return page

    def walk(self, address: str) -> None:
        """All pages of a list; together they hold as many different entries as they say."""
        cards: list[tuple[str, str]] = []
        stated: set[int] = set()
        following = address
        while following:
            page = self.read(following)
            if page is None:
                return
            stated.add(stated_results(page))
            cards += _cards(page)
            after = [a["href"] for a in page.all("a", id="page-after")]
            following = after[0] if after else ""
        if stated != {len(cards)} or len(set(cards)) != len(cards):
            self._note(address, f"says {stated} and lists {len(cards)}, {len(set(cards))} distinct")

    def visit(self, address: str, source: str = "") -> None:
        """Whether a link of a page leads anywhere; no more is looked at than the ids there."""
        begun = len(self.known.findings)
        self._arrive(address)
        for at, found in enumerate(self.known.findings[begun:], begun):
            self.known.findings[at] = Finding(source, f"leads to {found}")

    def _arrive(self, address: str, status: int = 200) -> HttpResponse | None:
        """What is at the end of the redirects from an address, where that is as it should be."""
        path = address
        for _ in range(MOST_REDIRECTS):
            response: HttpResponse = self.client.get(path)  # type: ignore[assignment]
            if response.status_code not in {301, 302}:
                break
            path = response["Location"]
        if response.status_code != status:
            self._note(address, f"answers {response.status_code}")
            self.known.ids[address] = frozenset()
            return None
        self.known.ids[address] = self.known.ids[path] = self._ids_of(address, response)
        return response

    def _ids_of(self, address: str, response: HttpResponse) -> Ids:
        """The ids of the elements of a page; of raw JSON none, but it has the hash it states."""
        if response.get("Content-Type", "").startswith("text/html"):
            return frozenset(
                intern(unescape(name)) for name in ID.findall(response.content.decode())
            )
        if urlsplit(address).path.endswith("/raw"):
            if response["ETag"] != f'"{hashlib.sha256(response.content).hexdigest()}"':
                self._note(address, "has not the hash that it states")
        elif response.streaming:
            deque(response.streaming_content, maxlen=0)  # type: ignore[attr-defined]
        return frozenset()

    def _note(self, address: str, what: str) -> None:
        self.known.findings.append(Finding(address, what))


def page_of(link: str) -> str:
    """A link without the part of the page that it leads to."""
    return link.partition("#")[0]


def form_of(address: str) -> str:
    """What kind of page an address is of: "v/17.1 techniques/…/raw"."""
    path = address.partition("?")[0].removeprefix("/learn/attack").strip("/")
    parts = path.split("/")
    pinned = f"v/{parts[1]} " if parts[0] == "v" else ""
    rest = parts[2:] if pinned else parts
    named = [rest[0] or "home", *("…" for _ in rest[1:2]), *rest[2:3]] if rest else ["home"]
    return f"{pinned}{'/'.join(named)}"


def _links(page: Element) -> Iterator[str]:
    """Where a page leads inside the library, its own address among it."""
    for link in page.all("a"):
        if link["href"].startswith("/"):
            yield link["href"]
    for link in page.all("link", rel="canonical"):
        yield link["href"].removeprefix(HOST)


def _cards(page: Element) -> list[tuple[str, str]]:
    """What tells the entries of a list apart: where each leads, and its domain."""
    return [
        (card.one("h2").one("a")["href"], card.one("p", css="kicker").words)
        for card in page.all("article", css="entry")
    ]


def _sentence(error: AssertionError) -> str:
    """What an assertion found; where it says nothing, how it stands in the code."""
    said = str(error)
    line = traceback.extract_tb(error.__traceback__)[-1].line
    return f"{said} ({line})" if said else str(line)
