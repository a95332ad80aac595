"""The tactics and platforms by which a list can be filtered, and a filter among them."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

from django.db.models import F, Func

from library.conditional import Shelf
from library.identifiers import NO_PLATFORM, TACTIC, Domain, ObjectType
from library.kinds import page_kind
from library.models import SearchDocument, SnapshotObject
from library.parameters import ListFilters


class Tactic(NamedTuple):
    """A tactic to filter by.

    Its label has the domain behind a name that several have, and the status of one that is dead.
    """

    attack_id: str
    name: str
    domain: str
    label: str


def offered(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> tuple[list[Tactic], list[str]]:
    """The tactics and the platforms by which a list can be filtered; a query for each."""
    declared = page_kind(kind).filters
    return (
        _tactics(shelf, filters) if "tactic" in declared else [],
        _platforms(shelf, kind, filters) if "platform" in declared else [],
    )


def among(filters: ListFilters, tactics: list[Tactic], platforms: list[str]) -> ListFilters:
    """The filters with what is offered alone, a tactic that was given by its name by its ID.

    Where domains have a name in common: the tactic of the domain asked for, else of the first.
    """
    asked = filters.tactic.casefold()
    named = [t for t in tactics if asked in (t.name.casefold(), t.label.casefold())]
    named.sort(key=lambda tactic: tactic.domain != filters.domain)
    filters = replace(filters, tactic=named[0].attack_id) if named else filters
    return filters.among([tactic.attack_id for tactic in tactics], platforms)


def _tactics(shelf: Shelf, filters: ListFilters) -> list[Tactic]:
    """The tactics by name and domain; dead ones where the list has such or asks for one.

    One query.
    """
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(TACTIC).in_list_order()
    asked = filters.tactic.casefold()
    found = [
        row
        for row in rows
        if row.version.live
        or filters.include_revoked
        or asked in (row.version.attack_id.casefold(), row.version.name.casefold())
    ]
    names = Counter(row.version.name for row in found)
    tactics = []
    for row in found:
        version, domain = row.version, row.snapshot.domain
        marks = [Domain(domain).label] if names[version.name] > 1 else []
        marks += [] if version.live else ["revoked" if version.revoked else "deprecated"]
        label = f"{version.name} ({', '.join(marks)})" if marks else version.name
        tactics.append(Tactic(version.attack_id, version.name, domain, label))
    return tactics


def _platforms(shelf: Shelf, kind: ObjectType, filters: ListFilters) -> list[str]:
    """The platforms of objects of a kind that the list has, dead ones where it has; one query."""
    documents = SearchDocument.objects.filter(
        version__memberships__snapshot__in=shelf.snapshots,
        version__object__stix_type__in=kind.stix_types,
    )
    if not filters.include_revoked:
        documents = documents.filter(version__revoked=False, version__deprecated=False)
    unnested = documents.annotate(platform=Func(F("platforms"), function="unnest"))
    return sorted(set(unnested.values_list("platform", flat=True).distinct()) - {NO_PLATFORM})
