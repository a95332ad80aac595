"""Which two releases a reader asks to compare, and what of the comparison."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from library.addresses import Addresses, difference_query
from library.identifiers import RELEASE_FORM, Domain, release_order
from library.models import Snapshot
from library.parameters import as_query, no_such, offset
from library.releases.compared import ReleaseDifference, Weight, difference
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from library.substance import FIELDS

if TYPE_CHECKING:
    from django.http import QueryDict

BETWEEN: Final = "..."
# What addresses call the entries of which the links alone changed.
RELINKED: Final = "relationships"
# What addresses call it whether something came to, or left, the whole of ATT&CK.
# Of links whether the relationship is new, or an older one that led to something else.
_WHOLE: Final = {
    str(ChangeKind.ADDITIONS): "new",
    str(ChangeKind.DELETIONS): "gone",
    str(LinkFate.ADDED): "new",
}
_ANSWERS: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Pair:
    """Two releases, compared in each domain that holds both, or in the one that is asked for."""

    before: str
    after: str
    domain: str
    every: tuple[tuple[Snapshot, Snapshot], ...]
    """The snapshots of all domains that hold both releases."""

    one_sided: tuple[tuple[str, str], ...]
    """The label of each domain that holds one of the releases alone, with that release."""

    left_aside: tuple[str, ...] = field(default=(), compare=False)
    """What an address asks for that there is not, a sentence each."""

    @cached_property
    def shown(self) -> tuple[ReleaseDifference, ...]:
        """The comparisons that are shown, in the order of the domains."""
        return tuple(
            difference(*snapshots)
            for snapshots in self.every
            if self.domain in {"", snapshots[0].domain}
        )

    @property
    def is_backwards(self) -> bool:
        """Whether the first of the releases is the later one."""
        return release_order(self.after) < release_order(self.before)

    @property
    def path(self) -> str:
        """The address of the comparison, of all domains."""
        return f"{Addresses().home}/releases/{self.before}{BETWEEN}{self.after}"

    @property
    def turned_path(self) -> str:
        """The address of the same the other way round."""
        return f"{Addresses().home}/releases/{self.after}{BETWEEN}{self.before}"

    @property
    def query(self) -> str:
        """What its addresses end with where one domain is asked for."""
        return as_query({"domain": self.domain})

    @property
    def title(self) -> str:
        """What is compared: "ATT&CK 17.1 to 18.1", with the domain where one is asked for."""
        label = f"{Domain(self.domain).label} " if self.domain else ""
        return f"{label}ATT&CK {self.before} to {self.after}"

    def of(self, domain: str) -> Pair:
        """The same for one domain; for all without one."""
        return replace(self, domain=domain)

    def history(self, compared: ReleaseDifference, object_id: int, stix_id: str) -> str:
        """Where one object is compared in both releases; its history where one lacks it."""
        if not compared.holds_both(object_id):
            return f"{Addresses().by_stix_id(stix_id)}/history"
        return self.comparison(stix_id, compared.domain)

    def comparison(self, stix_id: str, domain: str) -> str:
        """Where an object that both releases hold is compared in them."""
        query = difference_query(self.before, self.after, domain)
        return f"{Addresses().by_stix_id(stix_id)}/history{query}"


def pair_of(before: str, after: str, domain: str) -> Pair | None:
    """The two releases; None where no domain holds both. One query.

    Each release stands for its official snapshot, else for the newest import.
    """
    if not (RELEASE_FORM.fullmatch(before) and RELEASE_FORM.fullmatch(after)):
        return None
    held: dict[tuple[str, str], Snapshot] = {}
    for snapshot in Snapshot.objects.in_order_of_preference([before, after]):
        held.setdefault((snapshot.domain, snapshot.attack_version), snapshot)
    both = []
    one_sided = []
    for name in Domain.values:
        sides = [held.get((name, release)) for release in (before, after)]
        if sides[0] and sides[1]:
            both.append((sides[0], sides[1]))
        elif present := next(filter(None, sides), None):
            one_sided.append((Domain(name).label, present.attack_version))
    known = {first.domain for first, _ in both}
    if not both or (domain and domain not in known):
        return None
    return Pair(before, after, domain, tuple(both), tuple(one_sided))


@dataclass(frozen=True, slots=True)
class ChangesAsked:
    """Which changes a reader wants listed; what cannot be used is as if not given, and told."""

    of_type: str = ""
    links: str = ""
    kind: ChangeKind | None = None
    link_change: LinkFate | None = None
    weight: Weight | None = None
    relinked: bool = False
    """Of entries, those alone whose content is the same and whose links are not."""

    lives_again: bool = False
    """Those alone that the earlier release holds as revoked or deprecated and the later as live."""

    live: bool = False
    """Of entries, those alone that are neither revoked nor deprecated where they were last held."""

    is_whole: bool | None = None
    """Of additions, those alone that no domain shown held before, or those that another one did.

    Of deletions, those that no domain shown holds after, or those that another one does. Of links
    that were added, those with a new relationship, or those with one that led elsewhere before."""

    about: str = ""
    """Of entries that both releases hold, those alone of which this property reads differently."""

    end: str = ""
    """Of links, those alone that start from or lead to the object with this STIX id."""

    offset: int = 0
    left_aside: tuple[str, ...] = field(default=(), compare=False)
    """What an address asks for that there is not, a sentence each."""

    @classmethod
    def of(cls, query: QueryDict) -> ChangesAsked:
        """What is asked for in an address."""
        kind, weight, about = (query.get(name, "") for name in ("kind", "weight", "about"))
        left_aside: list[str] = []
        if kind not in {*ChangeKind, *LinkFate, RELINKED}:
            left_aside += no_such("kind of change", kind)
        if weight not in list(Weight):
            left_aside += no_such("weight of a change", weight)
        if about not in FIELDS:
            left_aside += no_such("property", about)
        return cls(
            of_type=query.get("type", "")[:80],
            links=query.get("links", "")[:80],
            kind=ChangeKind(kind) if kind in list(ChangeKind) else None,
            link_change=LinkFate(kind) if kind in list(LinkFate) else None,
            weight=Weight(weight) if weight in list(Weight) else None,
            relinked=kind == RELINKED,
            lives_again=query.get("again", "") == "true",
            live=query.get("live", "") == "true",
            is_whole=_ANSWERS.get(query.get(_WHOLE[kind], "")) if kind in _WHOLE else None,
            about=about if about in FIELDS else "",
            end=query.get("with", "")[:120],
            offset=offset(query.get("offset", "")),
            left_aside=tuple(left_aside),
        )

    def query(self, domain: str, start: int = 0) -> str:
        """The query part of the address of these changes, from a row on."""
        kind = self.kind or self.link_change or (RELINKED if self.relinked else "")
        return as_query(
            {
                "type": self.of_type,
                "links": self.links,
                "kind": kind,
                "weight": self.weight or "",
                "again": "true" if self.lives_again else "",
                "live": "true" if self.live else "",
                _WHOLE.get(kind, ""): "" if self.is_whole is None else str(self.is_whole).lower(),
                "about": self.about,
                "with": self.end,
                "domain": domain,
                "offset": str(start) if start else "",
            }
        )
