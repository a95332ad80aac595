"""One object as the edition holds it, in one domain or in several."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from library.addresses import Addresses, mitre_address, own_address
from library.conditional import Shelf
from library.identifiers import (
    MATRIX,
    Domain,
    ObjectType,
    attack_reference,
    is_sample,
    timestamp,
    type_of,
)
from library.lookups import HeldRow, held_by_attack_id, held_by_stix_id
from library.models import ObjectContent, ObjectVersion, Snapshot, SnapshotObject, StixObject
from library.parameters import can_be_held
from library.text.references import Source, sources


@dataclass(frozen=True)
class HeldObject:
    """An object with a membership for each domain that holds it.

    Where domains differ, the content of the first of enterprise, mobile and ICS is shown.
    """

    rows: tuple[SnapshotObject, ...]
    addresses: Addresses

    @property
    def version(self) -> ObjectVersion:
        """The object version that is shown."""
        return self.rows[0].version

    @property
    def object_id(self) -> int:
        """The object's key."""
        return self.rows[0].object_id

    @property
    def stix_id(self) -> str:
        """The object's STIX id."""
        return self.rows[0].object.stix_id

    @property
    def kind(self) -> ObjectType:
        """What kind of ATT&CK object it is."""
        return type_of(self.stix_type)

    @property
    def label(self) -> str:
        """What it is called: its kind, or "Sub-technique" for a technique that is a part of one."""
        is_part = self.properties.get("x_mitre_is_subtechnique") is True
        return "Sub-technique" if is_part else self.kind.label

    @property
    def stix_type(self) -> str:
        """The object's STIX type."""
        return self.rows[0].object.stix_type

    @property
    def attack_id(self) -> str:
        """The object's ATT&CK ID."""
        return self.version.attack_id

    @property
    def name(self) -> str:
        """The object's name, or its STIX id where it has none."""
        return self.version.name or self.stix_id

    @property
    def domains(self) -> list[str]:
        """The labels of the domains that hold it."""
        return [Domain(row.snapshot.domain).label for row in self.rows]

    @property
    def is_of_sample(self) -> bool:
        """Whether it is the sample's, not ATT&CK's."""
        return is_sample(self.rows[0].snapshot.attack_version)

    def has_feed(self, shelf: Shelf) -> bool:
        """Whether releases may tell news of it: of the sample while readers see that, else never.

        They may of what the edition does not hold: how it went, and one day that it is back.
        """
        return self.is_of_sample == shelf.current.sample

    @property
    def status(self) -> str:
        """The words "Revoked" or "Deprecated"; nothing for a live object."""
        return status_of(self.version)

    @property
    def href(self) -> str:
        """The address of its page: its short one, or that by STIX id where it has none."""
        return self.addresses.page(self.kind, self.attack_id, self.stix_id)

    @property
    def own_href(self) -> str:
        """The same for who wants this object, where its address leads on to what replaced it."""
        return own_address(self.href, is_revoked=self.version.revoked)

    @property
    def lasting_href(self) -> str:
        """The address of its page by its STIX id, which no other object shares."""
        return self.addresses.by_stix_id(self.stix_id)

    @property
    def lasting_raw_href(self) -> str:
        """The address of its canonical JSON in whatever release; `?sha256=` says which."""
        return f"{Addresses().by_stix_id(self.stix_id)}/raw"

    @property
    def history_href(self) -> str:
        """The address of its change history, the same from all releases.

        A live object of the current edition has the short one; which object stands for an ID may
        differ from release to release.
        """
        has_id = self.version.live and not self.addresses.release and self.kind is not MATRIX
        return self.addresses.history(self.kind, self.attack_id if has_id else "", self.stix_id)

    @property
    def mitre_url(self) -> str:
        """Its entry on attack.mitre.org, as the object itself names it."""
        url = attack_reference(self.properties).get("url")
        if isinstance(url, str) and url.startswith("https://attack.mitre.org/"):
            return url
        return mitre_address(self.kind, self.attack_id) if self.kind.is_known else ""

    @cached_property
    def properties(self) -> dict[str, Any]:
        """The object as MITRE wrote it."""
        return content_of(self.version)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Its external references."""
        return sources(self.properties.get("external_references"))

    def text(self, name: str) -> str:
        """A property that should hold text; empty where it does not."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else ""

    def strings(self, name: str) -> list[str]:
        """A property that should hold a list of text; what in it is not text is left out."""
        value = self.properties.get(name)
        return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []

    def other_names(self, name: str) -> list[str]:
        """What a property lists as names of the object beside its own, which comes first there."""
        return [each for each in dict.fromkeys(self.strings(name)) if each != self.name]

    def moment(self, name: str) -> datetime | None:
        """A property that should hold a timestamp; None where it does not."""
        return timestamp(self.properties.get(name))


def content_of(version: ObjectVersion) -> dict[str, Any]:
    """The properties of an object version whose content was fetched with it."""
    properties: dict[str, Any] = orjson.loads(version.content.canonical)
    return properties


def status_of(version: ObjectVersion) -> str:
    """The words "Revoked" or "Deprecated"; nothing for a live version."""
    if version.revoked:
        return "Revoked"
    return "Deprecated" if version.deprecated else ""


def find_objects(shelf: Shelf, kind: ObjectType, attack_id: str) -> list[HeldObject]:
    """The objects of a kind with an ATT&CK ID in the edition; one query.

    More than one where MITRE gave an ID twice: first the one that the ID leads to.
    """
    return [held for held in find_by_attack_id(shelf, attack_id) if held.kind is kind]


def find_by_attack_id(shelf: Shelf, attack_id: str) -> list[HeldObject]:
    """The same of whatever kind."""
    if not can_be_held(attack_id):
        return []
    rows = held_by_attack_id(shelf.snapshot_ids, attack_id)
    by_object: dict[int, list[SnapshotObject]] = defaultdict(list)
    for row in _by_domain(shelf, rows):
        by_object[row.object_id].append(row)
    addresses = shelf.addresses
    held = [HeldObject(tuple(found), addresses) for found in by_object.values()]
    return sorted(held, key=lambda found: (found.stix_id in addresses.without_short, found.name))


def find_by_stix_id(shelf: Shelf, stix_id: str) -> HeldObject | None:
    """The object with a STIX id in the edition; one query."""
    if not can_be_held(stix_id):
        return None
    found = tuple(_by_domain(shelf, held_by_stix_id(shelf.snapshot_ids, stix_id)))
    return HeldObject(found, shelf.addresses) if found else None


def _by_domain(shelf: Shelf, rows: list[HeldRow]) -> list[SnapshotObject]:
    """What rows say as memberships, in the order of the domains."""
    return [
        _membership(snapshot, row)
        for snapshot in shelf.snapshots
        for row in rows
        if row.snapshot_id == snapshot.pk
    ]


def _membership(snapshot: Snapshot, row: HeldRow) -> SnapshotObject:
    version = ObjectVersion(
        id=row.version_id,
        object_id=row.object_id,
        content_sha256=row.content_sha256,
        attack_id=row.attack_id,
        name=row.name,
        revoked=row.revoked,
        deprecated=row.deprecated,
        modified=row.modified,
        x_mitre_version=row.x_mitre_version,
    )
    version.content = ObjectContent(version_id=row.version_id, canonical=row.canonical)
    identity = StixObject(id=row.object_id, stix_id=row.stix_id, stix_type=row.stix_type)
    return SnapshotObject(snapshot=snapshot, object=identity, version=version)
