"""Which snapshots readers see: new editions, made from the one before.

Editions are appended and never changed; going back appends an earlier triple again. Only with a
snapshot that is deleted do the past editions go that showed it.
"""

from collections.abc import Iterable

from django.db import connection, transaction

from accounts.audit import record
from importer.errors import BundleError
from library.epoch import announce_change
from library.identifiers import Domain, Provenance, is_sample, release_order
from library.models import Edition, Snapshot

type Triple = dict[str, Snapshot | None]

# One edition is made at a time: any number that no other advisory lock of this database uses.
EDITION_LOCK = 0x65646974696F


@transaction.atomic
def publish(fresh: Iterable[Snapshot], made_by: str) -> Edition | None:
    """The edition that shows freshly imported snapshots; None where readers see no change.

    A snapshot does not become current by itself where a newer release of its domain is (samples
    are older than anything real). Samples leave once anything real is shown, and stay out.
    """
    take_edition_lock()
    triple = _current()
    for snapshot in sorted(fresh, key=lambda s: (release_order(s.attack_version), s.pk)):
        if _succeeds(snapshot, triple[snapshot.domain]):
            triple[snapshot.domain] = snapshot
    return _append(_without_samples(triple), made_by)


@transaction.atomic
def make_current(snapshot: Snapshot, made_by: str) -> Edition | None:
    """The edition that shows this snapshot for its domain; None where it is shown already.

    Raises BundleError for a snapshot that has been deleted meanwhile.
    """
    take_edition_lock()
    if not Snapshot.objects.filter(pk=snapshot.pk).exists():
        raise BundleError(f"{snapshot} has just been deleted.")
    triple = _current()
    if is_sample(snapshot.attack_version):
        # A sample never stands beside anything real.
        triple = {domain: held for domain, held in triple.items() if held and _sample(held)}
    triple[snapshot.domain] = snapshot
    return _append(_without_samples(triple), made_by)


@transaction.atomic
def undo(made_by: str) -> Edition:
    """An edition like the one before the current; raises BundleError where there is none."""
    take_edition_lock()
    earlier = before_current()
    if earlier is None:
        raise BundleError("there is no edition before the current one to go back to.")
    triple = {domain: getattr(earlier, domain) for domain in Domain.values}
    return _create(triple, made_by, "edition before taken up")


def before_current() -> Edition | None:
    """The newest edition that shows something else than the current one; None without.

    Editions that show the same, which a deletion may leave, are passed over.
    """
    current = _current()
    for earlier in Edition.objects.select_related(*Domain.values).order_by("-id")[1:]:
        if {domain: getattr(earlier, domain) for domain in Domain.values} != current:
            return earlier
    return None


def take_edition_lock() -> None:
    """Wait until no other transaction makes an edition or deletes a snapshot, and keep others out.

    An import comes to this at its very end, with the import lock held; so no edition is made from
    one that another replaces meanwhile, and none names a snapshot that is being deleted.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EDITION_LOCK])


def _current() -> Triple:
    edition = Edition.objects.current()
    return {domain: getattr(edition, domain, None) for domain in Domain.values}


def _sample(snapshot: Snapshot) -> bool:
    return is_sample(snapshot.attack_version)


def _succeeds(fresh: Snapshot, held: Snapshot | None) -> bool:
    if held is None:
        return True
    mine, theirs = release_order(fresh.attack_version), release_order(held.attack_version)
    if mine == theirs:
        # Of two snapshots of one release the official one stands, else the newest import.
        official = Provenance.OFFICIAL
        return fresh.provenance == official or held.provenance != official
    return mine > theirs


def _without_samples(triple: Triple) -> Triple:
    if any(held and not _sample(held) for held in triple.values()):
        return {d: held if held and not _sample(held) else None for d, held in triple.items()}
    return triple


def _append(triple: Triple, made_by: str) -> Edition | None:
    named = {domain: triple.get(domain) for domain in Domain.values}
    if named == _current():
        return None
    return _create(named, made_by, "edition made")


def _create(triple: Triple, made_by: str, how: str) -> Edition:
    announce_change()
    made = Edition.objects.create(**triple, made_by=made_by)
    shown = [f"{held.domain} {held.attack_version}" for held in made.snapshots]
    record(made_by, how, f"edition {made.pk}", shows=shown)
    return made
