"""Which snapshots readers see: new editions, made from the one before.

Editions are appended and never changed; going back appends an earlier triple again. Only with a
snapshot that is deleted do the past editions go that showed it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class StepBack:
    """A step back that can be made: from the current edition to what readers saw before it."""

    current: Edition
    target: Edition

    @property
    def told(self) -> str:
        """What readers would see in each domain in which they see something else now."""
        pairs = [(d, getattr(self.current, d), getattr(self.target, d)) for d in Domain.values]
        return ", ".join(_told(d, held, before) for d, held, before in pairs if held != before)


@transaction.atomic
def undo(made_by: str, asked: tuple[int, int] | None = None) -> Edition:
    """An edition like the one before the current; the next `undo` goes on to the one before that.

    `asked` are the numbers of the current edition and of the one before as somebody has seen them.
    Raises BundleError where they are others by now, and where there is no edition before.
    """
    take_edition_lock()
    step = step_back()
    if asked is not None and (step is None or asked != (step.current.pk, step.target.pk)):
        raise BundleError(
            "nothing was changed: what readers see, or what was before it, is not what it was on"
            " the page that this was asked from. Look at what it is now, and ask again."
        )
    if step is None:
        raise BundleError("there is no edition before the current one to go back to.")
    return _create(_triple(step.target), made_by, Edition.TAKEN_UP, repeats=step.target.place)


def step_back() -> StepBack | None:
    """The step from the current edition to the newest before it that shows something else.

    Before an edition that repeats another is what was before that other one. Editions that show the
    same, which a deletion may leave, are passed over.
    """
    current = Edition.objects.current()
    if current is None:
        return None
    shown = _triple(current)
    earlier = Edition.objects.select_related(*Domain.values).filter(pk__lt=current.place)
    for target in earlier.order_by("-id"):
        if _triple(target) != shown:
            return StepBack(current, target)
    return None


def _told(domain: str, held: Snapshot | None, before: Snapshot | None) -> str:
    if before is None:
        return f"no {domain}"
    is_alike = held is not None and held.attack_version == before.attack_version
    # Two snapshots of one release are told apart by their hashes.
    return f"{domain} {before.attack_version}" + (f" ({before.sha256[:8]})" if is_alike else "")


def take_edition_lock() -> None:
    """Wait until no other transaction makes an edition or deletes a snapshot, and keep others out.

    An import comes to this at its very end, with the import lock held; so no edition is made from
    one that another replaces meanwhile, and none names a snapshot that is being deleted.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EDITION_LOCK])


def _current() -> Triple:
    return _triple(Edition.objects.current())


def _triple(edition: Edition | None) -> Triple:
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
    return _create(named, made_by, Edition.MADE)


def _create(triple: Triple, made_by: str, how: str, repeats: int | None = None) -> Edition:
    announce_change()
    made = Edition.objects.create(**triple, made_by=made_by, repeats=repeats)
    shown = [f"{held.domain} {held.attack_version}" for held in made.snapshots]
    record(made_by, how, f"edition {made.pk}", shows=shown)
    return made
