"""Objects of older snapshots as pages name them, with links to pages that are there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from library.addresses import Addresses
from library.conditional import Shelf
from library.history.links import Other
from library.history.timeline import Place
from library.identifiers import type_of
from library.models import SnapshotObject

STIX_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,60}--[0-9a-f-]{36}")


class LinkedObject(NamedTuple):
    """An object with the address of a page that shows it."""

    attack_id: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Namer:
    """Names objects as a snapshot has them; their links lead to that release."""

    shelf: Shelf

    def linked(self, place: Place, other: Other) -> LinkedObject:
        """An object that the snapshot holds: its page in the edition, or in the pinned release."""
        addresses = self.addresses(place)
        kind = type_of(other.stix_type)
        href = addresses.page(kind, other.attack_id, other.stix_id)
        return LinkedObject(other.attack_id, other.name or other.stix_id, href)

    def addresses(self, place: Place) -> Addresses:
        """The addresses of pages that show what a snapshot holds."""
        is_shown = place.snapshot_id in self.shelf.current.snapshot_ids
        return Addresses() if is_shown else Addresses(place.release)


def names_in(values: Iterable[Any], snapshots: Collection[int]) -> dict[int, dict[str, str]]:
    """What each snapshot calls the objects whose STIX ids stand in JSON values.

    At most one query.
    """
    found: dict[int, dict[str, str]] = {snapshot: {} for snapshot in snapshots}
    written = b"\n".join(orjson.dumps(value) for value in values).decode()
    wanted = set(STIX_ID.findall(written))
    if not wanted:
        return found
    rows = SnapshotObject.objects.filter(
        snapshot__in=list(snapshots), object__stix_id__in=wanted
    ).values_list("snapshot_id", "object__stix_id", "version__attack_id", "version__name")
    for snapshot, stix_id, attack_id, name in rows:
        found[snapshot][stix_id] = " ".join(filter(None, (attack_id, name))) or stix_id
    return found
