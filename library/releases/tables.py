"""A comparison as rows: for CSV, and the sheets of a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from library.files.sheets import Sheet
from library.identifiers import Domain, type_of
from library.releases.compared import RELATIONSHIP
from library.releases.highlights import kinds_of
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from library.releases.names import words_in_order
from library.releases.summary import RELATIONSHIPS, Line, comparison_page

if TYPE_CHECKING:
    from library.conditional import Shelf
    from library.releases.asked import Pair
    from library.releases.compared import ReleaseDifference
    from library.releases.members import ChangedObject
    from library.releases.names import LinkEnd

CHANGE_COLUMNS: Final = (
    *("Domain", "Type", "Kind of change", "ID", "Name", "STIX id"),
    *("Object version before", "Object version after", "Weight", "Replaced by", "Difference"),
)
LINK_COLUMNS: Final = (
    *("Domain", "Relationship", "Change", "Source ID", "Source", "Target ID", "Target"),
)


def change_sheet(pair: Pair, base: str) -> Sheet:
    """Every object that the releases do not hold alike: entries by type, then all others."""
    return Sheet("changes", pair.title, CHANGE_COLUMNS, _every_row(pair, base))


def comparison_sheets(shelf: Shelf, pair: Pair, base: str) -> Iterator[Sheet]:
    """The numbers, then a sheet for each type that changed, then what links them.

    Nothing that differs is left out. Some five seconds for two releases of enterprise.
    """
    page = comparison_page(shelf, pair)
    counted = [*page.lines, page.total, page.relationships]
    heads = ("Type", *(kind.label for kind in ChangeKind), "Unchanged")
    figures = [[*_figures(line), line.unchanged] for line in counted]
    yield Sheet("summary", "Summary", heads, figures)
    heads = ("Relationship", *(change.capitalize() for change in LinkFate))
    yield Sheet("link-summary", "Relationship summary", heads, [_figures(x) for x in page.links])
    for kind in kinds_of(pair.shown):
        rows = list(_rows(pair, base, kind.stix_types))
        if rows:
            yield Sheet(kind.slug, kind.plural, CHANGE_COLUMNS, rows)
    yield Sheet("links", "Relationships", LINK_COLUMNS, _links(pair))
    links = _rows(pair, base, (RELATIONSHIP,))
    yield Sheet(RELATIONSHIP, RELATIONSHIPS, CHANGE_COLUMNS, links)
    others = list(_rows(pair, base, _beside(pair)))
    if others:
        yield Sheet("others", "Other objects", CHANGE_COLUMNS, others)


def _figures(line: Line) -> list[str | int]:
    return [line.label, *(cell.count for cell in line.cells)]


def _every_row(pair: Pair, base: str) -> Iterator[Sequence[str]]:
    for kind in kinds_of(pair.shown):
        yield from _rows(pair, base, kind.stix_types)
    yield from _rows(pair, base, (RELATIONSHIP, *_beside(pair)))


def _beside(pair: Pair) -> tuple[str, ...]:
    """The STIX types of objects that are neither entries nor relationships."""
    held = {stix_type for one in pair.shown for stix_type in one.by_type}
    return tuple(sorted(t for t in held if not type_of(t).has_list and t != RELATIONSHIP))


def _rows(pair: Pair, base: str, stix_types: Iterable[str]) -> Iterator[Sequence[str]]:
    for stix_type in stix_types:
        for one in pair.shown:
            by_kind = one.by_type.get(stix_type, {})
            weights = one.weights if any(by_kind.values()) else {}
            for changed in (changed for found in by_kind.values() for changed in found):
                weight = weights.get(changed.object_id, "")
                yield _row(
                    one,
                    changed,
                    weight,
                    base + pair.history(one, changed.object_id, changed.stix_id),
                )


def _row(
    compared: ReleaseDifference, changed: ChangedObject, weight: str, href: str
) -> Sequence[str]:
    before, after = changed.before, changed.after
    is_revoked = changed.kind is ChangeKind.REVOCATIONS
    return (
        Domain(compared.domain).label,
        type_of(changed.stix_type).label,
        changed.kind.label_one if changed.kind else "",
        changed.shown.attack_id,
        compared.name_of(changed),
        changed.stix_id,
        before.x_mitre_version if before else "",
        after.x_mitre_version if after else "",
        weight,
        _named(compared.replaced_by(changed.object_id)) if is_revoked else "",
        href,
    )


def _named(chain: Iterable[LinkEnd]) -> str:
    """What replaced an object, hop by hop."""
    return "; ".join(end.called for end in chain)


def _links(pair: Pair) -> Iterator[Sequence[str]]:
    for one in pair.shown:
        for words in words_in_order(one.links_by_words):
            for change, links in one.links_by_words[words].items():
                for link in links:
                    source, target = (
                        (end.attack_id, end.name) if end else ("", "") for end in one.ends_of(link)
                    )
                    yield Domain(one.domain).label, words, change.capitalize(), *source, *target
