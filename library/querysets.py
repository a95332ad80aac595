"""Which snapshots and editions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from library.identifiers import Domain, Provenance, release_order

if TYPE_CHECKING:
    from library.models import Edition, Snapshot


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    """Snapshots, by domain and release."""

    def of_release(self, domain: str, attack_version: str) -> Snapshot | None:
        """The snapshot that stands for a release: the official one, else the newest import."""
        return (
            self.filter(domain=domain, attack_version=attack_version)
            .annotate(official=models.Q(provenance=Provenance.OFFICIAL))
            .order_by("-official", "-id")
            .first()
        )

    def before(self, domain: str, attack_version: str) -> Snapshot | None:
        """The snapshot of the release that precedes this one in its domain; None for the first."""
        mine = release_order(attack_version)
        held = set(self.filter(domain=domain).values_list("attack_version", flat=True))
        earlier = [release for release in held if release_order(release) < mine]
        # A sample precedes nothing real.
        earlier = [release for release in earlier if release_order(release)[0] == mine[0]]
        if not earlier:
            return None
        return self.of_release(domain, max(earlier, key=release_order))

    def newest_first(self) -> list[Snapshot]:
        """All snapshots by domain, the newest release first."""
        domains = list(Domain.values)
        found = sorted(self, key=lambda held: (release_order(held.attack_version), held.pk))
        found.reverse()
        return sorted(found, key=lambda held: domains.index(held.domain))


class EditionQuerySet(models.QuerySet["Edition"]):
    """Editions, of which the newest is current."""

    def current(self) -> Edition | None:
        """The edition that readers see, with its snapshots; None in an empty library."""
        return self.select_related(*Domain.values).order_by("-id").first()
