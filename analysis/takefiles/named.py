"""What files name of this library: people who have an account, releases, versions of objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q, Value
from django.db.models.functions import Concat, Trim

from analysis.takefiles.additions import Addition
from analysis.takefiles.shape import Against
from library.models import ObjectVersion, Snapshot, SnapshotObject

type Release = tuple[str, str]
"""A domain and a release of it."""


@dataclass(frozen=True, slots=True)
class Named:
    """What additions name, looked up once for all of them."""

    users: Mapping[str, User]
    """By username or full name."""

    releases: Set[Release]
    """All that are held."""

    snapshots: Mapping[tuple[str, Release], Mapping[str, int]]
    """By object and release: the SHA-256 of its versions, and the snapshot that stands for each."""

    names: Mapping[tuple[str, str], tuple[str, str]]
    """By object and SHA-256 of a version: the ATT&CK ID and the name that it has there."""

    def versions(self, stix_id: str, against: Against) -> Mapping[str, int]:
        """The versions of an object in the release named, each with its snapshot."""
        return self.snapshots.get((stix_id, release_of(against)), {})

    def snapshot_id(self, stix_id: str, against: Against) -> int | None:
        """The snapshot that stands for the object version named, where one is held."""
        return self.versions(stix_id, against).get(against.content_sha256)


def release_of(against: Against) -> Release:
    """The release that something was written against."""
    return against.domain.value, against.release


def named_by(additions: Sequence[Addition]) -> Named:
    """What these name, as it is here; four queries."""
    return Named(
        _users({name for addition in additions for name in addition.people}),
        set(Snapshot.objects.values_list("domain", "attack_version")),
        _snapshots(additions),
        _names(additions),
    )


def _users(names: Set[str]) -> dict[str, User]:
    """The user of each name: who has it as username, else who alone has it as full name.

    What a user writes is signed with the full name where there is one.
    """
    full_name = Trim(Concat("first_name", Value(" "), "last_name"))
    rows = User.objects.annotate(full_name=full_name)
    by_username: dict[str, User] = {}
    by_full_name: dict[str, list[User]] = defaultdict(list)
    for user in rows.filter(Q(username__in=names) | Q(full_name__in=names)):
        by_username[user.username] = user
        by_full_name[user.get_full_name()].append(user)
    alone = {name: users[0] for name, users in by_full_name.items() if len(users) == 1}
    return {name: user for name, user in (alone | by_username).items() if name in names}


def _snapshots(additions: Iterable[Addition]) -> dict[tuple[str, Release], dict[str, int]]:
    """The versions of the objects in the releases that additions name; one query."""
    named = [(made.row.stix_id, found.release) for made in additions for found in made.baselines]
    rows = SnapshotObject.objects.filter(
        object__stix_id__in={stix_id for stix_id, _ in named},
        snapshot__attack_version__in={release for _, release in named},
    )
    columns = ("snapshot__domain", "snapshot__attack_version", "version__content_sha256")
    found: dict[tuple[str, Release], dict[str, int]] = defaultdict(dict)
    # What comes first is preferred.
    for stix_id, domain, release, digest, snapshot in rows.in_order_of_preference().values_list(
        "object__stix_id", *columns, "snapshot_id"
    ):
        found[stix_id, (domain, release)].setdefault(bytes(digest).hex(), snapshot)
    return dict(found)


def _names(additions: Iterable[Addition]) -> dict[tuple[str, str], tuple[str, str]]:
    """How the versions that additions name call their objects, in whatever release; one query."""
    named = {found.content_sha256 for made in additions for found in made.baselines}
    rows = ObjectVersion.objects.filter(content_sha256__in=[bytes.fromhex(n) for n in named])
    return {
        (stix_id, bytes(digest).hex()): (attack_id, name or stix_id)
        for stix_id, digest, attack_id, name in rows.values_list(
            "object__stix_id", "content_sha256", "attack_id", "name"
        )
    }
