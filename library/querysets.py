"""What pages ask of the database: snapshots, editions, their objects and the links between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Collate, Lower

from library.identifiers import RELEASE_FORM, Domain, Link, ObjectType, Provenance, release_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from library.models import (
        Edition,
        Snapshot,
        SnapshotEdge,
        SnapshotObject,  # noqa: F401 (a string names it)
    )


def standing_each[T](
    newest_first: Iterable[T], release: Callable[[T], str], is_official: Callable[[T], bool]
) -> list[T]:
    """What stands for each release among what was fetched, the newest release first.

    The official snapshot, else the newest import, as `SnapshotQuerySet.of_release` has it.
    """
    standing: dict[str, T] = {}
    for held in newest_first:
        known = standing.get(release(held))
        if known is None or (is_official(held) and not is_official(known)):
            standing[release(held)] = held
    return list(standing.values())


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    """Snapshots, by domain and release."""

    def of_release(self, domain: str, attack_version: str) -> Snapshot | None:
        """The snapshot that stands for a release: the official one, else the newest import."""
        if not RELEASE_FORM.fullmatch(attack_version):
            return None
        return self.filter(domain=domain).in_order_of_preference([attack_version]).first()

    def of_releases(self, attack_versions: Iterable[str]) -> SnapshotQuerySet:
        """The same without their numbers of objects by type."""
        return self.in_order_of_preference(attack_versions).defer("objects_by_type")

    def in_order_of_preference(self, attack_versions: Iterable[str]) -> SnapshotQuerySet:
        """The snapshots of some releases, the one that stands for a release before others of it."""
        return self.filter(attack_version__in=attack_versions).preferred_first()

    def preferred_first(self) -> SnapshotQuerySet:
        """Official snapshots before others, of either the newest import first."""
        official = models.Q(provenance=Provenance.OFFICIAL)
        return self.annotate(official=official).order_by("-official", "-id")

    def up_to(self, newest: int) -> SnapshotQuerySet:
        """Those that were there when a request came, by the newest that its shelf has.

        What has come in since belongs to a page with another tag.
        """
        return self.filter(pk__lte=newest)

    def standing(self) -> list[Snapshot]:
        """The snapshot of each release of each domain, the newest release first; one query.

        Without their numbers of objects by type.
        """
        held: dict[tuple[str, str], Snapshot] = {}
        for found in self.preferred_first().defer("objects_by_type"):
            held.setdefault((found.domain, found.attack_version), found)
        domains = list(Domain.values)
        by_domain = sorted(held.values(), key=lambda found: domains.index(found.domain))
        return sorted(by_domain, key=lambda s: release_order(s.attack_version), reverse=True)

    def standing_for(self, attack_version: str) -> list[Snapshot]:
        """The snapshot of each domain that has a release, in the order of the domains."""
        by_domain: dict[str, Snapshot] = {}
        for held in self.of_releases([attack_version]):
            by_domain.setdefault(held.domain, held)
        return [by_domain[domain] for domain in Domain.values if domain in by_domain]

    def by_release(self) -> dict[str, dict[str, Snapshot]]:
        """The snapshot of each domain for every release that is held, the newest release first."""
        found: dict[str, dict[str, Snapshot]] = {}
        for held in self.preferred_first().defer("objects_by_type"):
            found.setdefault(held.attack_version, {}).setdefault(held.domain, held)
        return dict(sorted(found.items(), key=lambda item: release_order(item[0]), reverse=True))

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


IN_DOMAIN_ORDER = models.Case(
    *(models.When(snapshot__domain=name, then=place) for place, name in enumerate(Domain.values)),
    output_field=models.SmallIntegerField(),
)
# Every list of the library: by name whatever the case, then enterprise, mobile, ICS, then ID.
BY_NAME = Collate(Lower("version__name"), "C")
IN_LIST_ORDER = (
    BY_NAME,
    IN_DOMAIN_ORDER,
    "version__attack_id",
    "object_id",
)


class SnapshotObjectQuerySet(models.QuerySet["SnapshotObject"]):
    """Objects as snapshots hold them: one row for each object and snapshot."""

    def in_snapshots(self, snapshots: Iterable[Snapshot]) -> SnapshotObjectQuerySet:
        """Objects of these snapshots, with their versions."""
        rows = self.filter(snapshot__in=snapshots).select_related("snapshot", "object", "version")
        # A JSON value to decode for every row, and none of them needs it.
        return rows.defer("snapshot__objects_by_type")

    def of_type(self, kind: ObjectType) -> SnapshotObjectQuerySet:
        """Objects of one kind of ATT&CK object."""
        return self.filter(object__stix_type__in=kind.stix_types)

    def live(self) -> SnapshotObjectQuerySet:
        """Objects that are neither revoked nor deprecated."""
        return self.filter(version__revoked=False, version__deprecated=False)

    def under_tactic(self, attack_id: str) -> SnapshotObjectQuerySet:
        """Techniques that state the tactic with this ATT&CK ID, each in its own snapshot.

        Dead ones, and those of a dead tactic, too.
        """
        tactic = self.model._default_manager.filter(
            snapshot=models.OuterRef("snapshot"),
            object=models.OuterRef("object__edges_out__target"),
            version__attack_id=attack_id,
        )
        return self.filter(
            models.Exists(tactic),
            object__edges_out__kind=Link.TACTIC,
            object__edges_out__snapshot=models.F("snapshot"),
        )

    def named(self, attack_ids: Iterable[str]) -> SnapshotObjectQuerySet:
        """Objects with one of these ATT&CK IDs."""
        return self.filter(version__attack_id__in=attack_ids)

    def with_content(self) -> SnapshotObjectQuerySet:
        """The same objects together with their canonical JSON."""
        return self.select_related("snapshot", "object", "version__content")

    def in_list_order(self) -> SnapshotObjectQuerySet:
        """By name whatever the case, then domain, then ID."""
        return self.order_by(*IN_LIST_ORDER)

    def in_domain_order(self) -> SnapshotObjectQuerySet:
        """By domain: enterprise, mobile, ICS; in each as lists have them."""
        return self.order_by(IN_DOMAIN_ORDER, *IN_LIST_ORDER)

    def in_order_of_preference(self) -> SnapshotObjectQuerySet:
        """Which of several rows of one ATT&CK ID stands for it: the first of these.

        Live before others, enterprise before mobile before ICS, official before others, newest;
        of one snapshot by name.
        """
        return self.order_by(
            "version__revoked",
            "version__deprecated",
            IN_DOMAIN_ORDER,
            models.Case(models.When(snapshot__provenance=Provenance.OFFICIAL, then=0), default=1),
            "-snapshot_id",
            BY_NAME,
            "object_id",
        )


class SnapshotEdgeQuerySet(models.QuerySet["SnapshotEdge"]):
    """Links between objects as snapshots hold them."""

    def live_in(self, snapshots: Iterable[Snapshot | int]) -> models.QuerySet[SnapshotEdge]:
        """Links of these snapshots that hold: neither they nor their ends revoked or deprecated."""
        return self.filter(snapshot__in=snapshots, live=True)
