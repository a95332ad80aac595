"""The HTML of what a page repeats hundreds of times: table rows and references.

A template takes about a tenth of a millisecond for each, and T1105 has five hundred of one and six
hundred of the other: a page of its own time. Everything that comes from a bundle goes through
`escape` here, or is prose that `library.text` has made safe.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from library.paper import sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from library.contexts.facts import Fact
    from library.contexts.graph import Named
    from library.contexts.matrix import Matrix, MatrixCell, MatrixColumn
    from library.contexts.object_page import ShownReference
    from library.contexts.search_page import Result, Successor
    from library.contexts.tables import Family, Row
    from library.text.markdown import Rendered

NO_NOTE = '<span class="absent">There is no note.</span>'
ONLY_PARTS = "not listed itself, only:"
UNFOLD = (
    '<details class="unfold"><summary><span class="fold-more">Read the rest</span>'
    '<span class="fold-less">Fold</span></summary></details>'
)
UNRESOLVED = (
    '<span class="absent">Neither this object nor its relationships name a source for this'
    " citation.</span>"
)


@cache
def domain_mark(domain: str) -> str:
    """A domain's label with its mark."""
    return f'<span class="domain domain-{domain.lower()}">{domain}</span>'


def prose(text: Rendered) -> SafeString:
    """A text, folded after a few lines where it is long."""
    if text.is_long_on_a_phone:
        narrow = "" if text.is_long else " folding-narrow"
        return SafeString(f'<div class="prose folding{narrow}">{text.html}</div>{UNFOLD}')
    return SafeString(f'<div class="prose">{text.html}</div>')


def families_html(families: Iterable[Family], column: str, beside: str) -> SafeString:
    """A table's rows by family; `column` heads the notes, `beside` what rows list further."""
    head = escape(column)
    return SafeString("".join([_family(family, head, beside) for family in families]))


def _family(family: Family, column: str, beside: str) -> str:
    rows = [_row(row, column, beside, nested=False) for row in family.rows]
    rows += [_row(row, column, beside, nested=True) for row in family.nested]
    return f"<tbody>\n{_family_head(family)}{''.join(rows)}</tbody>\n"


def _family_head(family: Family) -> str:
    """What stands over rows of a kind, or over sub-techniques whose technique has no row itself."""
    if family.title:
        return (
            '<tr class="kind-head"><th scope="rowgroup" colspan="4">'
            '<details class="kind-fold" open>'
            f'<summary>{escape(family.title)} <span class="figure">{len(family.rows)}</span>'
            "</summary></details></th></tr>\n"
        )
    head = family.head
    if head is None or family.rows:
        return ""
    absent = "its own row is left out by the filter" if family.is_listed else ONLY_PARTS
    return (
        '<tr class="family-head"><td></td>\n<th scope="rowgroup">'
        f'<a class="attack-id" href="{escape(head.href)}">{escape(head.attack_id)}</a></th>\n'
        f'<td colspan="2">{escape(head.name)} <span class="absent">{absent}</span></td></tr>\n'
    )


def _row(row: Row, column: str, beside: str, *, nested: bool) -> str:
    css = "row nested" if nested else "row"
    prefix = ""
    if nested and row.parent:
        prefix = f'<span class="visually-hidden">{escape(row.parent.name)}: </span>'
    facts = "".join(f'<br><span class="row-fact">{_fact(fact)}</span>' for fact in row.facts)
    anchor = f' id="{escape(row.anchor)}"' if row.anchor else ""
    note = prose(row.use) if row.use else "" if row.beside else NO_NOTE
    domains = "".join(map(domain_mark, row.domains))
    href, name = escape(row.object.href), escape(row.object.name)
    attack_id = f'<a class="attack-id" href="{href}">{escape(row.object.attack_id)}</a>'
    if not row.object.attack_id:
        attack_id, name = '<span class="absent">no ID</span>', f'<a href="{href}">{name}</a>'
    return (
        f'<tr class="{css}"{anchor}><td data-label="Domain">{domains}</td>'
        f'<th scope="row" data-label="ID">{attack_id}</th>'
        f'<td data-label="Name">{prefix}{name}{facts}</td>'
        f'<td data-label="{column}" class="note">{note}{_beside(row, beside)}</td></tr>\n'
    )


def _fact(fact: Fact) -> str:
    return f"{escape(fact.label)}: {escape(fact.shown)}{fact.cited}"


def _beside(row: Row, title: str) -> str:
    if not row.beside:
        return ""
    links = links_html(row.beside)
    return (
        f'<details class="beside"><summary>{escape(title)} <span class="figure">'
        f'{len(row.beside)}</span><span class="visually-hidden"> of {escape(row.object.name)}'
        f"</span></summary><ul>{links}</ul></details>"
    )


def links_html(listed: Iterable[Named]) -> SafeString:
    """Objects as the entries of a list."""
    return SafeString("".join(f"<li>{_link(named)}</li>" for named in listed))


def _link(named: Named | Successor) -> str:
    told = f' <span class="told">{escape(named.told)}</span>' if named.told else ""
    return (
        f'<a href="{escape(named.href)}"><span class="attack-id">{escape(named.attack_id)}</span>'
        f" {escape(named.name)}</a>{told}"
    )


def references_html(references: Iterable[ShownReference]) -> SafeString:
    """The entries of a page's list of references, each with the ways back to its citations."""
    return SafeString("".join(_reference(shown) for shown in references))


def _reference(shown: ShownReference) -> str:
    entry = shown.reference
    link = ""
    if entry.url:
        url = escape(entry.url)
        link = (
            f'<a class="reference-link external" href="{url}" rel="noopener noreferrer">{url}</a>'
        )
    elif not entry.resolved:
        link = UNRESOLVED
    return (
        f'<li id="{entry.anchor}" value="{entry.number}">'
        f'<span class="reference-text">{escape(entry.text)}</span> {link}'
        f'<span class="backlinks">{_ways_back(shown)}</span></li>\n'
    )


def _ways_back(shown: ShownReference) -> str:
    if shown.uses:
        number = shown.reference.number
        links = "".join(
            f'<a href="#{use}" aria-label="Back to citation {count} of reference {number}">'
            f"↑{count}</a> "
            for count, use in enumerate(shown.uses, 1)
        )
        return f"Cited: {links}"
    if shown.hidden:
        return "Cited in rows that the filter leaves out."
    return "Listed, but not cited in the text."


def results_html(results: Iterable[Result]) -> SafeString:
    """What a search found, each with the part of its description that says why."""
    return SafeString("".join(map(_result, results)))


def _result(result: Result) -> str:
    hit, told = result.hit, result.told
    marks = " ".join(map(domain_mark, hit.domains))
    status = f'<p><span class="status status-{hit.status.lower()}">{hit.status}</span></p>'
    attack_id = (
        f'<span class="attack-id">{escape(hit.attack_id)}</span>'
        '<span class="visually-hidden">: </span> '
    )
    alias = f'<p class="found-as">Found as “{escape(told.alias)}”</p>' if told.alias else ""
    excerpt = f'<p class="excerpt">{told.excerpt}</p>' if told.excerpt else ""
    replaced = ""
    if result.successor:
        replaced = f'<p class="replaced-by">Replaced by {_link(result.successor)}</p>'
    return (
        '<article class="entry"><div class="entry-margin">'
        f'<p class="kicker">{escape(result.label)} {marks}</p>'
        f"{status if hit.status else ''}</div>"
        f'<div class="entry-body"><h2><a href="{escape(result.href)}">'
        f"{attack_id if hit.attack_id else ''}{escape(result.name)}</a></h2>"
        f"{alias}{replaced}{excerpt}</div>"
        "</article>\n"
    )


def matrix_html(matrix: Matrix) -> SafeString:
    """A matrix as a table: a column for each tactic, in each row the next technique of all."""
    heads = "".join(_matrix_head(column, marks=matrix.shows_marks) for column in matrix.columns)
    depth = max((len(column.cells) for column in matrix.columns), default=0)
    sheet = sheet_of(matrix)
    columns = list(zip(matrix.columns, sheet.breaks, strict=True))
    rows = "".join(
        f"<tr>{''.join(_matrix_cell(matrix, *column, at) for column in columns)}</tr>\n"
        for at in range(depth)
    )
    return SafeString(
        f'<table class="matrix {sheet.css}"><caption class="visually-hidden">'
        f"{escape(matrix.name)}: tactics in columns, techniques below</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _matrix_head(column: MatrixColumn, *, marks: bool) -> str:
    css = f' class="matrix-{column.mark}"' if column.mark else ""
    said = f"tactic {column.mark}: " if column.mark else ""
    return (
        f'<th scope="col"{css}><a href="{escape(column.tactic.href)}">'
        f"{escape(column.tactic.name)}</a> "
        f'<span class="matrix-count">{said}{column.tally(marks=marks)}</span></th>'
    )


def _matrix_cell(matrix: Matrix, column: MatrixColumn, breaks: list[int], at: int) -> str:
    if at >= len(column.cells):
        return '<td class="matrix-empty"></td>'
    cell = column.cells[at]
    subs = ""
    if cell.subs:
        listed = "".join(f"<li>{_matrix_entry(sub, matrix)}</li>" for sub in cell.subs)
        is_found = any(sub.found for sub in cell.subs)
        is_open = matrix.filters.open_subs or cell.heads_only or is_found
        marked = f"{cell.marked_subs} of " if matrix.shows_marks and cell.marked_subs else ""
        noun = "sub-technique" if len(cell.subs) == 1 else "sub-techniques"
        subs = (
            f"<details{' open' if is_open else ''}><summary>{marked}{len(cell.subs)}"
            f'<span class="visually-hidden"> {noun} of {escape(cell.technique.name)}</span>'
            f"</summary><ul>{listed}</ul></details>"
        )
    css = ["matrix-has-marked"] if cell.marked_subs and not cell.marked else []
    head = ""
    if at in breaks:
        css.append("matrix-break")
        head = f'<span class="matrix-goes-on">{escape(column.tactic.name)}, continued</span>'
    return f'<td class="{" ".join(css)}">{head}{_matrix_entry(cell, matrix)}{subs}</td>'


def _matrix_entry(cell: MatrixCell, matrix: Matrix) -> str:
    css = ["matrix-entry"]
    said = ""
    if cell.marked:
        css.append("matrix-marked")
        said = f'<span class="visually-hidden">, {cell.mark or "marked"}</span>'
        css += [f"matrix-{cell.mark}"] if cell.mark else []
    if cell.heads_only:
        css.append("matrix-heads-only")
        why = cell.mark or f"not on {matrix.filters.platform} itself"
        said = f' <span class="matrix-aside">{escape(why)}, only:</span>'
    if cell.found:
        css.append("matrix-found")
    elif matrix.filters.text:
        css.append("matrix-other")
    return (
        f'<a class="{" ".join(css)}" href="{escape(cell.technique.href)}">'
        f'<span class="attack-id">{escape(cell.technique.attack_id)}</span> '
        f"{escape(cell.technique.name)}{said}</a>"
    )
