"""Every number of a citation has its reference, and every reference its numbers."""

from collections.abc import Iterator

from tests.library.pages import Element


def wrong_references(page: Element) -> Iterator[str]:
    """Numbers without their reference, references without their numbers, wrong ways back."""
    main = page.one("main")
    cites = main.all("sup", css="cite")
    for cite in cites:
        yield from _wrong_cite(cite)
    for listed in main.all("section", id="references"):
        yield from _wrong_list(listed.all("li"), cites, rearranged=_is_rearranged(main))


def _wrong_cite(cite: Element) -> Iterator[str]:
    link, stated = cite.one("a"), cite.words.strip("[]")
    if not link["href"].endswith(f"#ref-{stated}"):
        yield f"the citation {cite.words} leads to {link['href']}"
    if not link["aria-label"].startswith(f"Reference {stated}: "):
        yield f"the citation {cite.words} is called “{link['aria-label']}”"


def _is_rearranged(main: Element) -> bool:
    """Whether a table is sorted or filtered: what is cited keeps the numbers it had before."""
    fields = [found for name in ("sort", "filter") for found in main.all("input", name=name)]
    return any(found.attributes.get("value") for found in fields)


def _wrong_list(entries: list[Element], cites: list[Element], *, rearranged: bool) -> Iterator[str]:
    """What is wrong with the references of a page with these citations."""
    uses: dict[str, list[str]] = {}
    for cite in cites:
        use = f"#{cite.attributes.get('id', '')}"
        uses.setdefault(cite.one("a")["href"], []).append(use)
    ids = [f"#{entry['id']}" for entry in entries]
    if ids != [f"#ref-{at}" for at in range(1, len(entries) + 1)]:
        yield f"the references are numbered {ids}"
    if not set(uses) <= set(ids):
        yield f"no reference has the number of {sorted(set(uses) - set(ids))}"
    if list(uses) != ids[: len(uses)] and not rearranged:
        yield f"the references do not stand in the order of their first use: {list(uses)}"
    for entry in entries:
        yield from _wrong_entry(entry, uses.get(f"#{entry['id']}", []))


def _wrong_entry(entry: Element, uses: list[str]) -> Iterator[str]:
    """What is wrong with a reference that is used in these places."""
    name, back = entry["id"], entry.one(css="backlinks")
    if name != f"ref-{entry['value']}":
        yield f"#{name} has the number {entry['value']}"
    if not entry.one(css="reference-text").words:
        yield f"#{name} says nothing"
    if sorted(a["href"] for a in back.all("a")) != sorted(uses):
        yield f"#{name} leads back to “{back.words}” and is used in {uses}"
    said = ("Listed, but not cited in the text.", "Cited in rows that the filter leaves out.")
    if not uses and back.words not in said:
        yield f"nothing cites #{name}, which says “{back.words}”"
