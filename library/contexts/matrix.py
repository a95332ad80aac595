"""The matrix: tactics side by side, under each the techniques that serve it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F

from library.addresses import Addresses
from library.conditional import Shelf
from library.contexts.graph import Graph, Named
from library.contexts.held import HeldObject
from library.contexts.page import Crumb, Page, way_up
from library.contexts.pinned import standing_now
from library.declarations import Relation
from library.identifiers import (
    MATRIX,
    NO_PLATFORM,
    TACTIC,
    TECHNIQUE,
    Domain,
    Link,
    type_of,
)
from library.markup import matrix_html
from library.models import SnapshotEdge, SnapshotObject
from library.paper import leaves_out
from library.parameters import MatrixFilters


@dataclass(slots=True)
class MatrixCell:
    """A technique under one tactic, with its sub-techniques."""

    technique: Named
    marked: bool
    found: bool
    subs: list["MatrixCell"] = field(default_factory=list)
    mark: str = ""
    """What the mark means where there are several kinds: "new"; a word that stands alone."""

    heads_only: bool = False
    """Whether it only stands over sub-techniques, uncounted: as `mark` says why, or where there is
    none because they alone are on the platform."""

    @property
    def marked_subs(self) -> int:
        """How many of its sub-techniques are marked."""
        return sum(sub.marked for sub in self.subs)

    @property
    def is_sub(self) -> bool:
        """Whether it is a sub-technique, as its ID tells: one may stand without its technique."""
        return "." in self.technique.attack_id


@dataclass(slots=True)
class MatrixColumn:
    """A tactic with its techniques, by name."""

    tactic: Named
    cells: list[MatrixCell]
    mark: str = ""
    """What became of the tactic itself: "gone"; a word that stands alone."""

    @property
    def every_cell(self) -> list[MatrixCell]:
        """Its techniques and the sub-techniques below them; not what only heads these."""
        heads = [cell for cell in self.cells if not cell.heads_only]
        return [*heads, *(sub for cell in self.cells for sub in cell.subs)]

    def tally(self, *, marks: bool) -> str:
        """How many techniques and sub-techniques there are, and how many are marked."""
        return tally(self.every_cell, marks=marks)


def tally(cells: Iterable[MatrixCell], *, marks: bool) -> str:
    """How many techniques and sub-techniques these are, and of each how many are marked.

    Both together are what the relationship explorer counts.
    """
    techniques: list[MatrixCell] = []
    subs: list[MatrixCell] = []
    for cell in cells:
        (subs if cell.is_sub else techniques).append(cell)
    said = [_counted(techniques, "technique", marks=marks)]
    said += [_counted(subs, "sub-technique", marks=marks)] if subs else []
    return ", ".join(said)


def _counted(cells: list[MatrixCell], noun: str, *, marks: bool) -> str:
    count = f"{len(cells)} {noun}{'' if len(cells) == 1 else 's'}"
    return f"{sum(cell.marked for cell in cells)} of {count}" if marks else count


@dataclass(frozen=True, slots=True)
class Matrix:
    """One matrix of one domain, as the reader filters it."""

    name: str
    domain: str
    columns: list[MatrixColumn]
    platforms: list[str]
    filters: MatrixFilters
    shows_marks: bool

    @property
    def tally(self) -> str:
        """How many techniques stand in it, each counted once whatever its tactics."""
        cells = [cell for column in self.columns for cell in column.every_cell]
        each = {cell.technique.object_id: cell for cell in cells}
        return tally(each.values(), marks=self.shows_marks)

    @property
    def file_query(self) -> str:
        """The query under which files have what stands in it."""
        return MatrixFilters(self.filters.platform).query

    @property
    def found(self) -> int:
        """How many cells hold the text that is looked for."""
        return sum(cell.found for column in self.columns for cell in column.every_cell)

    @property
    def lacks_platform(self) -> bool:
        """Whether none of it is on the platform that is chosen: another on the page is."""
        return bool(self.filters.platform) and not any(column.cells for column in self.columns)

    @property
    def leaves_out_on_paper(self) -> bool:
        """Whether its printed sheet has no room for sub-techniques that the screen shows."""
        return leaves_out(self)

    @property
    def html(self) -> str:
        """The table itself."""
        return matrix_html(self)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the grid needs of one technique or tactic."""

    named: Named
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """What one matrix holds, before a reader filters it."""

    held: HeldObject
    members: dict[int, _Held]
    tactics: list[int]
    below: dict[int, list[int]]
    parents: dict[int, int]

    @classmethod
    def of(cls, shelf: Shelf, held: HeldObject) -> "Grid":
        """That of a matrix of the shelf; two queries.

        What MITRE has let go of stands in a matrix alone that it has let go of as well.
        """
        snapshot = held.rows[0].snapshot
        is_live = held.version.live
        members = _members(shelf.addresses, snapshot.pk, is_live=is_live)
        below, parents = _links(snapshot.pk, is_live=is_live)
        by_stix_id = {member.named.stix_id: object_id for object_id, member in members.items()}
        order = held.strings(Link.MATRIX_TACTIC)
        tactics = [by_stix_id[stix_id] for stix_id in order if stix_id in by_stix_id]
        return cls(held, members, tactics, below, parents)

    @property
    def techniques(self) -> set[int]:
        """The techniques and sub-techniques in it."""
        return {t for tactic in self.tactics for t in self.below[tactic] if t in self.members}

    @property
    def platforms(self) -> list[str]:
        """The platforms that they state."""
        stated = {platform for t in self.techniques for platform in self.members[t].platforms}
        return sorted(stated - {NO_PLATFORM})

    def matrix(self, filters: MatrixFilters, marked: frozenset[int] | None = None) -> Matrix:
        """The matrix of a platform as it is spelt there, with these techniques marked.

        Of a platform that none of its techniques states it has tactics alone.
        """
        members = self.members
        subs: dict[int, list[int]] = defaultdict(list)
        for child, parent in self.parents.items():
            subs[parent].append(child)

        def fits(object_id: int) -> bool:
            return not filters.platform or filters.platform in members[object_id].platforms

        def cell(object_id: int, under: set[int]) -> MatrixCell:
            named = members[object_id].named
            stands = fits(object_id)
            children = [c for c in subs[object_id] if c in under and fits(c)]
            return MatrixCell(
                technique=named,
                marked=stands and marked is not None and object_id in marked,
                found=stands and filters.finds(named.attack_id, named.name),
                subs=[cell(child, set()) for child in _by_name(members, children)],
                heads_only=not stands,
            )

        columns = []
        for tactic in self.tactics:
            under = {technique for technique in self.below[tactic] if technique in members}
            parents = self.parents
            heads = {parents[t] if parents.get(t) in under else t for t in under if fits(t)}
            cells = [cell(head, under) for head in _by_name(members, heads)]
            columns.append(MatrixColumn(members[tactic].named, cells))
        return Matrix(
            name=self.held.name,
            domain=Domain(self.held.rows[0].snapshot.domain).label,
            columns=columns,
            platforms=self.platforms,
            filters=filters,
            shows_marks=marked is not None,
        )


def platforms_of(grids: Iterable[Grid]) -> list[str]:
    """The platforms of all of them: those that a page with these matrices offers."""
    return sorted({platform for grid in grids for platform in grid.platforms})


def matrix_of(shelf: Shelf, held: HeldObject, filters: MatrixFilters) -> Matrix:
    """A matrix on a page of its own; two queries.

    A platform that none of its techniques states is left aside.
    """
    grid = Grid.of(shelf, held)
    return grid.matrix(filters.among(grid.platforms))


def matrix_frame(shelf: Shelf, held: HeldObject, address: str, filters: MatrixFilters) -> Page:
    """What a citation of the page of a matrix says, as the reader filters it."""
    return Page(
        shelf=shelf,
        title=held.name,
        description="",
        canonical=address,
        cited=address + filters.query,
        cited_release=held.rows[0].snapshot.attack_version,
    )


def matrices_of(shelf: Shelf) -> list[HeldObject]:
    """The live matrices of the shelf, in the order of the domains; one query."""
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(MATRIX).live()
    return [HeldObject((row,), shelf.addresses) for row in rows.with_content().in_domain_order()]


def _members(addresses: Addresses, snapshot_id: int, *, is_live: bool) -> dict[int, _Held]:
    kinds = [*TACTIC.stix_types, *TECHNIQUE.stix_types]
    held = SnapshotObject.objects.filter(snapshot=snapshot_id, object__stix_type__in=kinds)
    rows = (
        (held.live() if is_live else held)
        .annotate(platforms=F("version__document__platforms"))
        .values_list(
            *("object_id", "object__stix_id", "object__stix_type", "version__attack_id"),
            *("version__name", "platforms"),
        )
    )
    found = {}
    for object_id, stix_id, stix_type, attack_id, name, platforms in rows:
        kind = type_of(stix_type)
        href = addresses.page(kind, attack_id, stix_id)
        named = Named(object_id, kind, attack_id, name or stix_id, href, stix_id)
        found[object_id] = _Held(named, tuple(platforms or ()))
    return found


def _links(snapshot_id: int, *, is_live: bool) -> tuple[dict[int, list[int]], dict[int, int]]:
    """The techniques below each tactic, and the technique above each sub-technique."""
    below: dict[int, list[int]] = defaultdict(list)
    parents: dict[int, int] = {}
    kinds = [Link.TACTIC, Link.SUBTECHNIQUE_OF]
    edges = SnapshotEdge.objects.filter(snapshot=snapshot_id, kind__in=kinds)
    edges = edges.filter(live=True) if is_live else edges
    for kind, source_id, target_id in edges.values_list("kind", "source_id", "target_id"):
        if kind == Link.TACTIC:
            below[target_id].append(source_id)
        elif source_id != target_id:
            parents[source_id] = target_id
    return below, parents


def _by_name(members: dict[int, _Held], object_ids: Iterable[int]) -> list[int]:
    return sorted(
        object_ids,
        key=lambda each: (members[each].named.name.casefold(), members[each].named.attack_id),
    )


@dataclass(frozen=True, slots=True)
class OwnMatrices:
    """An object's techniques in the matrices of the domains that hold them."""

    page: Page
    held: HeldObject
    title: str
    matrices: list[Matrix]
    platforms: list[str]
    """Those of all of the matrices."""

    filters: MatrixFilters
    """With the platform as it is spelt there, and without one that is none of them."""


def own_matrices(
    shelf: Shelf, held: HeldObject, relation: Relation, filters: MatrixFilters
) -> OwnMatrices:
    """The matrices with what one relation of an object leads to; two queries, two a matrix.

    One more where a release is pinned.
    """
    (step,) = relation.path
    graph = Graph(shelf)
    graph.fetch([([held.object_id], step)])
    marked = graph.ends([held.object_id], step)
    domains = {row.snapshot.domain for row in held.rows}
    first: dict[str, HeldObject] = {}
    for matrix in matrices_of(shelf):
        first.setdefault(matrix.rows[0].snapshot.domain, matrix)
    shown = [matrix for domain, matrix in first.items() if domain in domains]
    grids = [Grid.of(shelf, matrix) for matrix in shown]
    platforms = platforms_of(grids)
    filters = filters.among(platforms)
    said, current_href = standing_now(shelf, held, "its techniques and the matrix around them")
    page = Page(
        shelf=shelf,
        title=f"{held.attack_id}: {held.name} on the matrix",
        description=f"MITRE ATT&CK {held.label.lower()} {held.name}: {relation.title.lower()},"
        " marked where they stand among all techniques.",
        crumbs=(
            *way_up(shelf, held.kind),
            Crumb(held.attack_id, held.href),
            Crumb("Matrix"),
        ),
        canonical=f"{held.href}/matrix",
        cited=f"{held.href}/matrix{filters.query}",
        indexed=False,
        kind=held.kind,
        standing_now=said,
        current_href=current_href,
    )
    made = [grid.matrix(filters, frozenset(marked)) for grid in grids]
    return OwnMatrices(page, held, relation.title, made, platforms, filters)
