"""The newest release of each domain that MITRE is known to have published, kept for readers.

Known from mitreattack-python's list, which an upgrade of the product brings along and which has the
hashes; and from MITRE's index, where the network is there, which has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from importer import published
from importer.index import fetch_releases
from library.epoch import advance_epoch
from library.identifiers import Domain, release_order
from library.models import Edition, KnownRelease


@dataclass(frozen=True, slots=True)
class Outlook:
    """How what readers see of a domain stands to the newest release that is known."""

    domain: str
    shown: str
    """The release that readers see; empty where they see none of this domain."""

    known: KnownRelease | None

    @property
    def newest(self) -> str:
        """The newest release that is known; empty where none is."""
        return self.known.attack_version if self.known else ""

    @property
    def is_newer(self) -> bool:
        """Whether that is newer than what readers see of this domain, if they see any of it."""
        if not (self.newest and self.shown):
            return False
        return release_order(self.newest) > release_order(self.shown)

    @property
    def told(self) -> str:
        """The release of which administrators were last told; empty where of none."""
        return self.known.mailed if self.known else ""

    @property
    def has_hash(self) -> bool:
        """Whether there is a published hash to check the newest release's bundle by."""
        return self.known is not None and self.known.source == KnownRelease.Source.LIST


def refresh() -> None:
    """Learn from MITRE's index and from the list; BundleError where the index cannot be had.

    What the index names no longer is forgotten, unless the list has it.
    """
    newest = {d: max(found, key=release_order) for d, found in fetch_releases().items() if found}
    _note(newest, timezone.now())


def note_published() -> None:
    """Learn from the list alone, which asks no network; what the index said before stays."""
    held = KnownRelease.objects.filter(source=KnownRelease.Source.INDEX)
    _note(dict(held.values_list("domain", "attack_version")), None)


def outlook() -> list[Outlook]:
    """Every domain, as it stands for readers; two queries."""
    edition = Edition.objects.current()
    shown = {held.domain: held.attack_version for held in edition.snapshots} if edition else {}
    known = KnownRelease.objects.in_bulk(list(Domain.values))
    return [Outlook(domain, shown.get(domain, ""), known.get(domain)) for domain in Domain.values]


@transaction.atomic
def _note(indexed: Mapping[str, str], read_at: datetime | None) -> None:
    """Keep the newest that the list or the index names; readers get new pages where it is new."""
    held = {row.domain: row for row in KnownRelease.objects.select_for_update()}
    rows = [_row(domain, indexed.get(domain, ""), held.get(domain)) for domain in Domain.values]
    found = [row for row in rows if row is not None]
    told = ["attack_version", "source", "known_since"]
    if read_at is not None:
        told.append("index_read_at")
        for row in found:
            row.index_read_at = read_at
    KnownRelease.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["domain"], update_fields=told
    )
    before = {domain: row.attack_version for domain, row in held.items()}
    if before | {row.domain: row.attack_version for row in found} != before:
        advance_epoch()


def _row(domain: str, indexed: str, held: KnownRelease | None) -> KnownRelease | None:
    """What is known of a domain; None where neither the list nor the index names a release."""
    listed = published.published_releases(domain)
    named = [*listed, *([indexed] if indexed else [])]
    if not named:
        return None
    newest = max(named, key=release_order)
    is_same = held is not None and held.attack_version == newest
    return KnownRelease(
        domain=domain,
        attack_version=newest,
        source=KnownRelease.Source.LIST if newest in listed else KnownRelease.Source.INDEX,
        known_since=held.known_since if held and is_same else timezone.now(),
    )
