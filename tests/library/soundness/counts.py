"""Counts on a page are those of what they count: rows of tables, entries of lists, cards."""

import re
from collections.abc import Iterator

from tests.library.pages import Element

# "3 of 20 rows" or "20 rows": how many are shown, and how many there are.
ROWS = re.compile(r"(?:([\d,]+) of )?([\d,]+) rows?")
STATED = re.compile(r"([\d,]+) (?:record|result|change)s?")
SHOWING = re.compile(r"showing ([\d,]+) to ([\d,]+)|([\d,]+) to ([\d,]+) are shown")
FOLDED = re.compile(r"([\d,]+) of them in noise alone")
BEST = re.compile(r"the best (\d+) are shown")


def number(words: str) -> int:
    """A number as pages write it."""
    return int(words.replace(",", ""))


def wrong_counts(page: Element) -> Iterator[str]:
    """Every count that is not that of what it counts."""
    main = page.one("main")
    yield from _wrong_sections(main)
    yield from _wrong_figures(main)
    yield from _wrong_results(main)


def stated_results(page: Element) -> int:
    """How many records, results or changes a list or a search says that there are."""
    stated = STATED.match(page.one(id="results-count").words)
    return number(stated[1]) if stated else 0


def _wrong_sections(main: Element) -> Iterator[str]:
    """Tables with a count above them and another in the contents of the page."""
    links = [a for nav in main.all("nav", css="contents") for a in nav.all("a")]
    contents = {a["href"]: a for a in links if a.has(css="figure")}
    seen = set()
    for section in main.all("section"):
        slug = section.attributes.get("id", "")
        if slug and section.attributes.get("aria-labelledby") == f"{slug}-title":
            seen.add(f"#{slug}")
            yield from _wrong_section(section, contents.get(f"#{slug}"))
    yield from (f"the contents count {slug}, which is not there" for slug in contents.keys() - seen)


def _wrong_section(section: Element, entry: Element | None) -> Iterator[str]:
    slug, rows = section["id"], len(section.all("tr", css="row"))
    counts = [found for found in section.all("p", css="count") if found.has("strong")]
    stated = ROWS.fullmatch(counts[0].one("strong").words) if counts else None
    total = number(stated[2]) if stated else rows
    if stated and number(stated[1] or stated[2]) != rows:
        yield f"#{slug} says {counts[0].words} and has {rows}"
    if rows and not stated:
        yield f"#{slug} has {rows} rows and does not say so"
    if rows and entry is None:
        yield f"#{slug} has rows and is not counted in the contents"
    if entry is not None:
        listed = len(section.all("li")) if slug == "references" else total
        yield from _differs(entry, listed, f"the entry of the contents for #{slug}")


def _wrong_figures(main: Element) -> Iterator[str]:
    """Figures beside what heads rows or entries: kinds, tactics, and lists within a row."""
    for body in main.all("tbody"):
        for head in body.all("tr", css="kind-head"):
            yield from _differs(head, len(body.all("tr", css="row")), head.words)
    for details in main.all("details", css="beside"):
        yield from _differs(details.one("summary"), len(details.all("li")), "what unfolds in a row")
    for tactic in main.all("section", css="tactic"):
        yield from _differs(tactic.one("h3"), len(tactic.all("li")), tactic.one("h3").words)


def _wrong_results(main: Element) -> Iterator[str]:
    """Counts above the cards of a list or of a search, or the rows of a list of changes."""
    for count in main.all("p", css="results-count"):
        stated = number(found[1]) if (found := STATED.match(count.words)) else 0
        showing, best = SHOWING.search(count.words), BEST.search(count.words)
        folded = FOLDED.search(count.words)
        shown = int(best[1]) if best else stated - (number(folded[1]) if folded else 0)
        if showing:
            first, last = (number(found) for found in showing.groups() if found)
            shown = last - first + 1
        changes = [row for t in main.all("table", css="changes") for row in t.all("tr")[1:]]
        cards = len(main.all("article", css="entry")) + len(changes)
        if shown != cards:
            yield f"“{count.words}” stands above {cards} entries"
        for nav in main.all("nav", css="choices"):
            for choice in nav.all("a", **{"aria-current": "true"}):
                yield from _differs(choice, stated, f"the choice “{choice.words}”")


def _differs(counted: Element, count: int, what: str) -> Iterator[str]:
    figures = counted.all(css="figure")
    if not figures:
        yield f"{what} has no figure"
    for figure in figures:
        # "3 of 20": how many stand here, and of how many.
        if number(figure.words.partition(" of ")[0]) != count:
            yield f"{what} says {figure.words} where there are {count}"
