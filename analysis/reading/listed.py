"""The published Takes with their objects, as the release that is read holds these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from analysis.models import Act, ActKind, Confidence, Revision
from analysis.published import published
from library.addresses import Addresses
from library.catalogue import Entry, catalogue
from library.conditional import Shelf
from library.identifiers import Domain, ObjectType
from library.sharing import without_short_address


@dataclass(frozen=True, slots=True)
class ListedTake:
    """A published Take on an object that the release holds."""

    revision: Revision
    entries: tuple[Entry, ...]
    """The object in each domain that holds it, in the order of the domains."""

    href: str
    """The page of its object in executive view."""

    @property
    def object_id(self) -> int:
        """The key of its object."""
        return self.entries[0].object_id

    @property
    def stix_id(self) -> str:
        """The STIX id of its object."""
        return self.entries[0].stix_id

    @property
    def kind(self) -> ObjectType:
        """What kind of object it is about."""
        return self.entries[0].kind

    @property
    def attack_id(self) -> str:
        """The ATT&CK ID of its object."""
        return self.entries[0].attack_id

    @property
    def name(self) -> str:
        """The name of its object, or its STIX id where it has none."""
        return self.entries[0].name or self.stix_id

    @property
    def domains(self) -> list[str]:
        """The labels of the domains that hold its object."""
        return [Domain(entry.domain).label for entry in self.entries]

    @property
    def status(self) -> str:
        """The words "Revoked" or "Deprecated"; nothing for a live object."""
        shown = self.entries[0]
        return "Revoked" if shown.revoked else "Deprecated" if shown.deprecated else ""

    @property
    def confidence(self) -> str:
        """How sure its analyst is, in a word."""
        return Confidence(self.revision.confidence).label

    @property
    def published_at(self) -> datetime | None:
        """When it was published; None where that is not recorded."""
        act = publication(self.revision)
        return act.at if act else None

    @property
    def dated(self) -> datetime:
        """When it was published, else written: the newest Take is read first."""
        return self.published_at or self.revision.written_at


@dataclass(frozen=True, slots=True)
class PublishedTakes:
    """All published Takes, the newest first."""

    takes: tuple[ListedTake, ...]
    absent: tuple[Revision, ...]
    """Those on objects that the release does not hold."""


def publication(revision: Revision) -> Act | None:
    """The act that published a revision, of those fetched with it."""
    acts = [act for act in revision.acts.all() if act.kind == ActKind.PUBLISHED]
    return acts[-1] if acts else None


def published_takes(shelf: Shelf) -> PublishedTakes:
    """The Takes that can be read in the release; no query once the epoch and it are known."""
    return _listed(shelf.epoch, shelf.snapshot_ids, shelf.release)


@lru_cache(maxsize=4)
def _listed(epoch: int, snapshots: tuple[int, ...], release: str) -> PublishedTakes:
    revisions = published(epoch)
    known = catalogue(snapshots)
    addresses = Addresses(release, without_short_address(snapshots))
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in known.entries if revisions else ():
        if entry.stix_id in revisions:
            entries[entry.stix_id].append(entry)
    takes = [
        ListedTake(
            revisions[stix_id],
            tuple(held := _by_domain(found)),
            executive_view(addresses, held[0]),
        )
        for stix_id, found in entries.items()
    ]
    takes.sort(key=lambda take: (take.attack_id, take.name))
    takes.sort(key=lambda take: take.dated, reverse=True)
    absent = tuple(found for stix_id, found in revisions.items() if stix_id not in entries)
    return PublishedTakes(tuple(takes), absent)


def _by_domain(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: Domain.values.index(entry.domain))


def executive_view(addresses: Addresses, entry: Entry) -> str:
    """The executive view of an object's own page, whatever shares its ID or replaced it."""
    page = addresses.page(entry.kind, entry.attack_id, entry.stix_id)
    return f"{page}?redirect=no&view=executive" if entry.revoked else f"{page}?view=executive"
