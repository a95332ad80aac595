"""Which pages a crawl reads: all of them, or a few of each kind that a seed decides."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlencode

from django.db.models import F, Func

from library.addresses import SHORT_ADDRESS
from library.conditional import Shelf, current_shelf, pinned_shelf
from library.identifiers import OBJECT_TYPES, TACTIC, Domain, ObjectType
from library.kinds import page_kind
from library.models import SearchDocument, Snapshot, SnapshotObject
from tests.library.pages import LIBRARY

# Objects that have a place in no list; relationships are read where they are rows.
NO_PAGE_OF_THEIR_OWN = "relationship"
SEARCHES = ("powershell", "T1059", "credential dumping", "zzzzzz", "<script>", "network -device")
MATRIX_FILTERS = ("?subs=open", "?find=a", "?platform=Windows&find=valid&subs=open", "?platform=zz")


@dataclass(frozen=True, slots=True)
class Stop:
    """A page to read; `shows` is the STIX id of the object whose page it should be."""

    address: str
    shows: str = ""
    status: int = 200


@dataclass
class Itinerary:
    """Pages to read, and lists to walk through from their first page to their last."""

    pages: list[Stop] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pages) + len(self.lists)


@dataclass(frozen=True, slots=True)
class Held:
    """What the database holds of one object in a release."""

    stix_id: str
    stix_type: str
    attack_id: str
    state: str


def everything(seed: random.Random, *, pinned: int) -> Itinerary:
    """All pages of the current edition, and of each other release so many of each kind."""
    shelf = current_shelf()
    plan = Itinerary()
    every = held_in(shelf)
    plan.pages += [*_fixed(shelf), *_objects(shelf, every), *_histories(every)]
    plan.pages += [stop for kind in OBJECT_TYPES for stop in _own_matrices(shelf, kind)]
    for kind in OBJECT_TYPES:
        path = shelf.addresses.listing(kind)
        plan.lists += [path, f"{path}?includeRevoked=true", *_filtered(shelf, kind)]
    for older in _older(shelf):
        part = a_few(seed, older, pinned)
        plan.pages += part.pages
        plan.lists += part.lists
        plan.lists += [older.addresses.listing(kind) for kind in OBJECT_TYPES]
    return plan


def a_sample(seed: random.Random, *, current: int, pinned: int, lists: int) -> Itinerary:
    """A few pages of each kind in the current edition, fewer in the other releases."""
    shelf = current_shelf()
    plan = a_few(seed, shelf, current)
    plan.pages += _fixed(shelf)
    filtered = [address for kind in OBJECT_TYPES for address in _filtered(shelf, kind)]
    plan.lists += seed.sample(filtered, lists)
    for older in _older(shelf):
        part = a_few(seed, older, pinned)
        plan.pages += part.pages
        plan.lists += part.lists
    return plan


def a_few(seed: random.Random, shelf: Shelf, count: int) -> Itinerary:
    """So many objects of each kind of a release, in each state, and one of each other page."""
    plan = Itinerary()
    home = shelf.addresses.home
    plan.pages += [Stop(home), Stop(f"{home}/search?q={seed.choice(SEARCHES)}")]
    every = held_in(shelf)
    for kind in OBJECT_TYPES:
        for state in ("live", "revoked", "deprecated"):
            fitting = [h for h in every if h.stix_type in kind.stix_types and h.state == state]
            most = count if state == "live" else (count + 1) // 2
            chosen = seed.sample(fitting, min(most, len(fitting)))
            plan.pages += _objects(shelf, chosen)
            plan.pages += [] if shelf.release else _histories(chosen[:1])
        matrices = list(_own_matrices(shelf, kind))
        plan.pages += seed.sample(matrices, min(1, len(matrices)))
        plan.pages.append(Stop(f"{shelf.addresses.listing(kind)}?offset={25 * seed.randrange(90)}"))
    plan.lists.append(f"{shelf.addresses.listing(seed.choice(OBJECT_TYPES[3:]))}?domain=ics")
    return plan


def held_in(shelf: Shelf) -> list[Held]:
    """Every object of a release that has a page, each once, by STIX id."""
    rows = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).exclude(
        object__stix_type=NO_PAGE_OF_THEIR_OWN
    )
    found = rows.order_by("object__stix_id", "snapshot_id").values_list(
        *("object__stix_id", "object__stix_type", "version__attack_id"),
        *("version__revoked", "version__deprecated"),
    )
    held: dict[str, Held] = {}
    for stix_id, stix_type, attack_id, revoked, deprecated in found:
        state = "revoked" if revoked else "deprecated" if deprecated else "live"
        held.setdefault(stix_id, Held(stix_id, stix_type, attack_id, state))
    return list(held.values())


def _objects(shelf: Shelf, chosen: Iterable[Held]) -> Iterator[Stop]:
    """The page of each object, and where the address of a revoked one leads."""
    for held in chosen:
        address = shelf.addresses.by_stix_id(held.stix_id)
        yield Stop(f"{address}?redirect=no", shows=held.stix_id)
        if held.state == "revoked":
            yield Stop(address)


def _histories(chosen: Iterable[Held]) -> Iterator[Stop]:
    """The change history of each object."""
    for held in chosen:
        yield Stop(f"{LIBRARY}/objects/{held.stix_id}/history")


def _comparisons() -> Iterator[Stop]:
    """Each release beside that before it, all domains together: the page, its parts, a list."""
    held = [found.attack_version for found in Snapshot.objects.standing()]
    for after, before in pairwise(dict.fromkeys(held)):
        pair = f"{LIBRARY}/releases/{before}...{after}"
        yield from (Stop(f"{pair}{part}") for part in ("", "/brief", "/matrix"))
        yield from (Stop(f"{pair}/changes?{of}") for of in ("weight=material", "weight=noise"))
        yield Stop(f"{pair}/changes?{urlencode({'links': 'Procedure examples'})}")


def _own_matrices(shelf: Shelf, kind: ObjectType) -> Iterator[Stop]:
    """The matrix of each object whose kind has one."""
    if not page_kind(kind).explored:
        return
    for attack_id in sorted(
        {h.attack_id for h in held_in(shelf) if h.stix_type in kind.stix_types}
    ):
        if SHORT_ADDRESS.fullmatch(attack_id):
            yield Stop(f"{shelf.addresses.listing(kind)}/{attack_id}/matrix")


def _fixed(shelf: Shelf) -> Iterator[Stop]:
    """Pages of which there are few: home, search, filtered matrices, and what is not found."""
    home = shelf.addresses.home
    yield from (Stop(home), Stop(f"{home}/search"))
    for asked in SEARCHES:
        yield Stop(f"{home}/search?{urlencode({'q': asked, 'includeRevoked': 'true'})}")
    for domain in Domain.values:
        yield Stop(f"{home}/search?{urlencode({'q': 'system', 'domain': domain})}")
    for kind in OBJECT_TYPES:
        yield Stop(f"{home}/search?{urlencode({'q': 'data', 'type': kind.path})}")
        yield Stop(f"{home}/{kind.path}/T1O59", status=404)
        yield Stop(f"{home}/{kind.path}?q=zzzzzz")
    for asked in MATRIX_FILTERS:
        yield Stop(f"{home}/matrices/enterprise-attack{asked}")
        yield Stop(f"{home}/groups/G0007/matrix{asked}")
    for asked in ("?filter=windows", "?sort=-name", "?table=mitigations&filter=audit&sort=name"):
        yield Stop(f"{home}/techniques/T1059{asked}")
    yield from (Stop(f"{LIBRARY}/id-check"), Stop(f"{LIBRARY}/releases"), *_comparisons())
    yield Stop(f"{LIBRARY}/nothing", status=404)
    yield Stop(f"{LIBRARY}/v/0.1", status=404)


def _filtered(shelf: Shelf, kind: ObjectType) -> Iterator[str]:
    """A list narrowed in each way that it offers."""
    path = shelf.addresses.listing(kind)
    offered = page_kind(kind).filters
    for domain in Domain.values:
        yield f"{path}?{urlencode({'domain': domain, 'includeRevoked': 'true'})}"
    yield f"{path}?{urlencode({'q': 'network'})}"
    if "tactic" in offered:
        tactics = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).of_type(TACTIC).live()
        for attack_id in sorted(set(tactics.values_list("version__attack_id", flat=True))):
            yield f"{path}?{urlencode({'tactic': attack_id})}"
    if "platform" in offered:
        for platform in _platforms(shelf, kind):
            yield f"{path}?{urlencode({'platform': platform})}"


def _platforms(shelf: Shelf, kind: ObjectType) -> list[str]:
    documents = SearchDocument.objects.filter(
        version__memberships__snapshot__in=shelf.snapshots,
        version__object__stix_type__in=kind.stix_types,
    )
    named = documents.annotate(platform=Func(F("platforms"), function="unnest"))
    return sorted(set(named.values_list("platform", flat=True)))


def _older(shelf: Shelf) -> list[Shelf]:
    """Each release that is held and not current, pinned."""
    held = set(Snapshot.objects.values_list("attack_version", flat=True))
    current = {snapshot.attack_version for snapshot in shelf.snapshots}
    pinned = (pinned_shelf(shelf, release) for release in sorted(held - current))
    return [older for older in pinned if older is not None]
