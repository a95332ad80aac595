"""Pages as tests read them: a tree of elements, and what must hold on every one of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

LIBRARY = "/learn/attack"
MITIGATIONS = f"{LIBRARY}/mitigations"
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}

_VOID = {"meta", "link", "input", "br", "hr", "img"}
_OURS = {"http", "https", "mailto", "tel"}
# Attributes whose value names the ids of other elements.
_POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


@dataclass(eq=False)
class Element:
    """One element, with what it holds in order."""

    tag: str
    attributes: dict[str, str]
    content: list["Element | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """The element itself and every one below it, in the order of the page."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += [part for part in reversed(element.content) if isinstance(part, Element)]

    def all(self, tag: str = "", *, css: str = "", **attributes: str) -> list["Element"]:
        """The elements below this one with a tag, a class and attributes."""
        return [
            found
            for found in self.walk()
            if found is not self
            and tag in {"", found.tag}
            and (not css or css in found.classes)
            and all(found.attributes.get(name) == value for name, value in attributes.items())
        ]

    def one(self, tag: str = "", *, css: str = "", **attributes: str) -> "Element":
        """The only such element."""
        found = self.all(tag, css=css, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} class={css} {attributes}>"
        return found[0]

    def has(self, tag: str = "", *, css: str = "", **attributes: str) -> bool:
        """Whether there is any such element."""
        return bool(self.all(tag, css=css, **attributes))

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    @property
    def classes(self) -> list[str]:
        """The classes of the element."""
        return self.attributes.get("class", "").split()

    @property
    def words(self) -> str:
        """All text in it, white space run together."""
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> Iterator[str]:
        for part in self.content:
            if isinstance(part, Element):
                yield from part._pieces()
            else:
                yield part


class _Reader(HTMLParser):
    """Builds the tree; a tag that is not closed where it should be fails the test."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        last = self.open.pop()
        assert last.tag == tag, f"</{tag}> closes <{last.tag}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def parse(html: str) -> Element:
    """The root of a page or of a part of one."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is never closed"
    return reader.open[0]


class Site:
    """A reader of the site, who checks each page for what must hold on every one."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> HttpResponse:
        """Whatever is at an address."""
        return self.client.get(path, headers=headers)  # type: ignore[return-value]

    def head(self, path: str, **headers: str) -> HttpResponse:
        """What a web server gets to HEAD: Django's client would take the body away itself."""
        with patch("django.test.client.conditional_content_removal", lambda _, answer: answer):
            return self.client.head(path, headers=headers)  # type: ignore[return-value]

    def page(self, path: str, status: int = 200, headers: dict[str, str] | None = None) -> Element:
        """A whole page, after every check."""
        response = self.get(path, **(headers or {}))
        assert response.status_code == status, (path, response.status_code)
        return read_page(response)

    def part(self, path: str) -> tuple[Element, str]:
        """The part of a page that a partial request brings, and the address it pushes."""
        response = self.get(path, **PARTIAL)
        assert response.status_code == 200, (path, response.status_code)
        check_headers(response)
        root = parse(response.content.decode())
        assert not root.has("html")
        assert not root.has("h1")
        check_sound(root, alone=False)
        return root, response["HX-Push-Url"]

    def moves(self, path: str, status: int = 302) -> str:
        """Where a redirect leads."""
        response = self.get(path)
        assert response.status_code == status, (path, response.status_code)
        return response["Location"]

    def follow(self, path: str, steps: int = 5) -> tuple[Element, str]:
        """The page at the end of the redirects from an address, and its own address."""
        for _ in range(steps):
            response = self.get(path)
            if response.status_code == 200:
                return read_page(response), path
            path = response["Location"]
        raise AssertionError(f"{path} is still a redirect after {steps} steps")


def read_page(response: HttpResponse) -> Element:
    """The page in a response, after every check."""
    check_headers(response)
    html = response.content.decode()
    assert html.startswith("<!doctype html>")
    root = parse(html)
    check_whole(root)
    check_sound(root)
    return root


def check_headers(response: Any) -> None:
    """No cookie, and a policy that allows nothing inline and nothing from elsewhere."""
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert not response.cookies
    assert "Set-Cookie" not in response
    assert "Cookie" not in response.get("Vary", "")
    policy = response["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert directives["default-src"] == ["'self'"]
    assert directives["object-src"] == directives["base-uri"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]
    for word in ("unsafe", "nonce", "*", "data:", "http:", "https:"):
        assert word not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


def check_whole(root: Element) -> None:
    """What a document has and a part of one has not."""
    assert root.one("html")["lang"] == "en"
    assert root.one("title").words.endswith("Glexia ATT&CK Library")
    assert root.one("h1").words
    assert root.one("main")["id"] == "main"
    skip = root.one("body").all("a")[0]
    assert skip["href"] == "#main"
    levels = [int(found.tag[1]) for found in root.walk() if found.tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def check_sound(root: Element, *, alone: bool = True) -> None:
    """What holds of any piece of HTML here; one that stands alone has all targets of its links."""
    ids = Counter(e["id"] for e in root.walk() if "id" in e.attributes)
    assert not [name for name, count in ids.items() if count > 1], "an id stands twice"
    for element in root.walk():
        _check_element(element)
        for name in _POINTERS:
            for wanted in element.attributes.get(name, "").split():
                assert wanted in ids or not alone, f"{name}={wanted} leads nowhere"
        if element.tag == "a" and "#" in element["href"] and alone:
            page, _, anchor = element["href"].partition("#")
            assert page or anchor in ids, f"#{anchor} leads nowhere"
    shown = root.words
    # What is shown as the canonical JSON has it is for those who asked for that.
    for verbatim in root.all("pre", css="canonical"):
        shown = shown.replace(verbatim.words, "")
    assert "(Citation:" not in shown
    assert "LinkById" not in shown


def _check_element(element: Element) -> None:
    assert element.tag not in {"style", "iframe", "object", "embed", "base"}
    assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
    if element.tag == "svg":
        assert element["class"] == "growth-line", "a drawing that is not ours"
        assert element["aria-label"]
    if element.tag == "script":
        assert not element.content, "a script stands in the page"
        assert element["src"].startswith("/static/")
    for name in ("href", "src", "action", "hx-get"):
        address = element.attributes.get(name)
        if address is None:
            continue
        parts = urlsplit(address)
        assert parts.scheme in _OURS or not parts.scheme, address
        if name != "href" or element.tag == "link":
            assert not parts.netloc or element.attributes.get("rel") == "canonical", address
        elif parts.netloc:
            assert element.attributes.get("rel") == "noopener noreferrer" or "incident" in address


@dataclass(frozen=True)
class Listing:
    """What a list page, or its part, shows."""

    root: Element

    @property
    def entries(self) -> list[Element]:
        """The cards, in their order."""
        return self.root.one(id="results").all("article", css="entry")

    @property
    def ids(self) -> list[str]:
        """The ATT&CK IDs of the cards, in their order."""
        return [entry.one("h2").one(css="attack-id").words for entry in self.entries]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """ID and domain of each card."""
        domains = [entry.one(css="domain").words for entry in self.entries]
        return list(zip(self.ids, domains, strict=True))

    @property
    def count(self) -> str:
        """The sentence of counts above the cards."""
        return self.root.one(id="results-count").words

    @property
    def pages(self) -> dict[str, str]:
        """Where the pager leads, by the words of its links."""
        return {
            a.words: a["href"] for nav in self.root.all("nav", css="pager") for a in nav.all("a")
        }


@dataclass(frozen=True)
class Table:
    """What Techniques Addressed shows, on a page or as its part."""

    root: Element

    @property
    def rows(self) -> list[Element]:
        """The rows, one for each relationship."""
        return self.root.one(id="techniques-table").all("tr", css="row")

    @property
    def heads(self) -> list[str]:
        """The parents that head their sub-techniques without a row of their own."""
        found = self.root.one(id="techniques-table").all("tr", css="family-head")
        return [head.one("a").words for head in found]

    @property
    def ids(self) -> list[str]:
        """The ATT&CK IDs of the rows, in the order shown."""
        return self.column("ID")

    def column(self, label: str) -> list[str]:
        """The words of a column, row by row."""
        cell = "th" if label == "ID" else "td"
        return [row.one(cell, **{"data-label": label}).words for row in self.rows]

    @property
    def count(self) -> str:
        """What the page says of how many rows there are."""
        return self.root.one(id="techniques-count").one("strong").words
