"""What a release holds by ATT&CK ID, and which of several objects an ID stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import chain

from library.addresses import Addresses
from library.catalogue import Catalogue, Entry, catalogue
from library.identifiers import Domain
from library.models import ObjectVersion, Snapshot, SnapshotObject
from library.near_ids import SUGGESTIONS, NearIds
from library.text.links import link_by_id

_DOMAINS = [domain.value for domain in Domain]


class Holdings:
    """The objects of one release, in all the domains it is held for."""

    def __init__(self, release: str, snapshots: Sequence[Snapshot]) -> None:
        self.release = release
        self.known: Catalogue = catalogue(tuple(snapshot.pk for snapshot in snapshots))
        self._rows: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.known.entries:
            self._rows[entry.object_id].append(entry)

    def rows(self, object_id: int, domains: Collection[str]) -> tuple[Entry, ...]:
        """An object as some domains hold it, in the order of the domains."""
        held = (entry for entry in self._rows.get(object_id, ()) if entry.domain in domains)
        return tuple(sorted(held, key=lambda entry: _DOMAINS.index(entry.domain)))

    def meant(self, attack_id: str, domains: Collection[str]) -> tuple[Entry, ...]:
        """The object that an ID stands for, as some domains hold it; nothing where none has it."""
        held = [e for e in self.known.by_id.get(attack_id, ()) if e.domain in domains]
        if not held:
            return ()
        return self.rows(min(held, key=_preference).object_id, domains)

    def near(self, attack_id: str) -> tuple[Entry, ...]:
        """The objects that may have been meant by an ID that none has, the likeliest first.

        Of those whose IDs have the same letters, as the 404 of a kind looks among that kind.
        """
        ids = self._by_letters.get(_letters(attack_id))
        if ids is None:
            return ()
        found: dict[int, Entry] = {}
        for likely in chain(ids.begun(attack_id), ids.near(attack_id)):
            meant = min(self.known.by_id[likely], key=_preference)
            found.setdefault(meant.object_id, meant)
            if len(found) == SUGGESTIONS:
                break
        return tuple(found.values())

    @cached_property
    def _by_letters(self) -> dict[str, NearIds]:
        """The IDs of the release by the letters that they begin with."""
        found: dict[str, list[str]] = defaultdict(list)
        for attack_id in self.known.by_id:
            found[_letters(attack_id)].append(attack_id)
        return {letters: NearIds(ids) for letters, ids in found.items()}

    def holds(self, entry: Entry) -> bool:
        """Whether any domain has an object."""
        return entry.object_id in self._rows

    def href(self, entry: Entry, addresses: Addresses) -> str:
        """The page of an object of these: by its STIX id where another has its short address."""
        held = self.known.by_id.get(entry.attack_id, ())
        sharing = [other for other in held if other.kind is entry.kind]
        first = min(sharing, key=_as_pages_have_it, default=entry)
        if first.object_id != entry.object_id:
            return addresses.by_stix_id(entry.stix_id)
        return addresses.page(entry.kind, entry.attack_id, entry.stix_id)


def _letters(attack_id: str) -> str:
    """What an ID begins with before its number: "T" of "T1059.001"."""
    return attack_id.rstrip("0123456789.")


def _preference(entry: Entry) -> tuple[bool, bool, bool, bool, int, str]:
    """Live before others, then of the kind that the ID's letters name, as lists have them.

    Deprecated mitigations carry T-numbers, and S0017 is two pieces of software.
    """
    named = link_by_id(entry.attack_id)
    is_named = named is not None and named.kind == entry.kind.mitre_path
    place = _DOMAINS.index(entry.domain)
    return not entry.live, not is_named, entry.revoked, entry.deprecated, place, entry.name.lower()


def _as_pages_have_it(entry: Entry) -> tuple[bool, bool, str, int]:
    """The order of `library.contexts.held`, in which an address leads to the first."""
    return entry.revoked, entry.deprecated, entry.name.lower(), entry.object_id


def every_id() -> frozenset[str]:
    """Every ATT&CK ID of any release that is held; one query."""
    held = ObjectVersion.objects.filter(attack_id__gt="").order_by()
    return frozenset(held.values_list("attack_id", flat=True).distinct())


def elsewhere(attack_ids: Iterable[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Where else IDs stand: domain, release and name, in that order; one query."""
    wanted = list(attack_ids)
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    if not wanted:
        return found
    rows = SnapshotObject.objects.named(wanted).in_order_of_preference()
    columns = ("version__attack_id", "snapshot__domain", "snapshot__attack_version")
    for attack_id, domain, release, name in rows.values_list(*columns, "version__name"):
        found[attack_id].append((domain, release, name))
    return found
