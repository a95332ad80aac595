"""How a Take stands to what MITRE says now: computed for the release that is read, never stored.

What a revision was written against, or last confirmed against, is compared with the same object in
the release that readers see, by the rules of `library.changes`. Material changes alone ask for a
review: of the 679 techniques live in enterprise 17.1 and 18.1, 54 had such, and 583 lost their text
on detection.

In the other domains that hold the object it is compared with what was shown there when it was
written (`analysis.shown`); where that is not known, with the same release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db.models import prefetch_related_objects

from analysis.kept import Kept
from analysis.sensing import compare_sensed
from analysis.shown import shown_with
from analysis.standing import NOT_HELD, OTHER_VERSION, Freshness, Standing
from library.addresses import difference_query
from library.catalogue import catalogue
from library.changes import LINK_ORDER
from library.comparison import Transition
from library.identifiers import Domain, Link, release_order
from library.models import Snapshot, SnapshotObject

if TYPE_CHECKING:
    from analysis.models import Baseline, Revision
    from library.changes import Change
    from library.conditional import Shelf

STATUS: Final = ("revoked", "x_mitre_deprecated")
# Standings kept; under 1 kB each.
MOST_KEPT: Final = 8192


def standings(shelf: Shelf, revisions: Iterable[Revision]) -> dict[int, Standing]:
    """How revisions stand to the release that is read, by their keys.

    At most twelve queries whatever their number, of which two are for acts and Takes that were not
    fetched with them, and one for the editions where this process has not met the newest; 2 ms for
    each object that changed. None for what this process has told before: neither revisions nor acts
    nor snapshots ever change.
    """
    asked = list(revisions)
    prefetch_related_objects(asked, "acts", "take")
    keys = {revision.pk: _key(shelf, revision) for revision in asked}
    found = {pk: standing for pk, key in keys.items() if (standing := _kept.get(key))}
    new = _Reckoning(
        shelf, [revision for revision in asked if revision.pk not in found]
    ).standings()
    _kept.add((keys[pk], standing) for pk, standing in new.items())
    return found | new


# A revision and its last confirmation, the snapshots that are read, and those that are held, among
# which the earlier ones are looked for.
type _Key = tuple[int, int, tuple[int, ...], tuple[int, int]]


def _key(shelf: Shelf, revision: Revision) -> _Key:
    baseline = _baseline(shelf, revision)
    confirmation = 0 if baseline is revision else baseline.pk
    held = shelf.newest_snapshot, shelf.snapshot_count
    return revision.pk, confirmation, shelf.snapshot_ids, held


_kept: Final[Kept[_Key, Standing]] = Kept(MOST_KEPT)


# What was compared in a domain, and what changed.
type _Made = tuple[Transition, Sequence[Change]]


class _Member(NamedTuple):
    """One object as one snapshot holds it."""

    object_id: int
    snapshot_id: int
    version_id: int
    sha256: str
    revoked: bool


class _Reckoning:
    """The standings of some revisions, worked out together."""

    def __init__(self, shelf: Shelf, revisions: Sequence[Revision]) -> None:
        self.shelf = shelf
        self.revisions = revisions
        self.read = {snapshot.domain: snapshot for snapshot in shelf.snapshots}
        self.baseline = {found.pk: _baseline(shelf, found) for found in revisions}
        self.baselines = _snapshots_of(list(self.baseline.values()))
        self.shown = {pk: shown_with(shelf, found) for pk, found in self.baseline.items()}
        shown = (held for found in self.shown.values() for held in found.values())
        self.releases = {
            snapshot.pk: snapshot.attack_version
            for snapshot in (*self.baselines, *shown, *shelf.snapshots)
        }
        self.members = self._fetch_members()

    def standings(self) -> dict[int, Standing]:
        """Each by its revision's key."""
        judged = {revision.pk: self._judge(revision) for revision in self.revisions}
        elsewhere = {revision.pk: self._elsewhere(revision) for revision in self.revisions}
        asked = {found for found in judged.values() if isinstance(found, Transition)}
        asked |= {found for others in elsewhere.values() for found in others.values()}
        takes = {revision.take.stix_id: revision.take for revision in self.revisions}
        types = {
            held.object_id: takes[stix_id].stix_type for (_, stix_id), held in self.members.items()
        }
        changes = compare_sensed({found for found in asked if found.before != found.after}, types)
        return {
            revision.pk: found
            if isinstance(found := judged[revision.pk], Standing)
            else self._compared(
                revision,
                {
                    domain: (made, changes.get(made, ()))
                    for domain, made in {
                        self.baseline[revision.pk].domain: found,
                        **elsewhere[revision.pk],
                    }.items()
                },
            )
            for revision in self.revisions
        }

    def _elsewhere(self, revision: Revision) -> dict[str, Transition]:
        """What is to be compared in the other domains that held the object, or hold it now.

        Where one release does not have it, all its links there came or went. Where the earlier
        release of a domain is not held, nothing is known of it. Nor is what changed in a domain
        told where that went the other way than its own: MITRE has not changed it since.
        """
        baseline, stix_id = self.baseline[revision.pk], revision.take.stix_id
        own = self.read.get(baseline.domain)
        if own is None:
            return {}
        backwards = _is_earlier(own, baseline)
        found = {}
        for domain, read in self.read.items():
            before = self._before(revision, domain)
            if domain == baseline.domain or not before or _turns(before[0], read, backwards):
                continue
            starts = (self.members.get((snapshot.pk, stix_id)) for snapshot in before)
            start = next((held for held in starts if held), None)
            end = self.members.get((read.pk, stix_id))
            if held := start or end:
                found[domain] = _transition(
                    start or held._replace(snapshot_id=before[0].pk),
                    end or held._replace(snapshot_id=read.pk),
                    backwards=backwards,
                )
        return found

    def _before(self, revision: Revision, domain: str) -> list[Snapshot]:
        """What was shown of another domain when a revision was written, or confirmed.

        Where that is not known, the snapshots of the same release in the order of preference.
        """
        if shown := self.shown[revision.pk].get(domain):
            return [shown]
        of_release = (domain, self.baseline[revision.pk].attack_version)
        return [held for held in self.baselines if (held.domain, held.attack_version) == of_release]

    def _judge(self, revision: Revision) -> Standing | Transition:
        """How a revision stands where that needs no comparison, else what is to be compared."""
        baseline = self.baseline[revision.pk]
        read = self.read.get(baseline.domain)
        if baseline.domain not in Domain.values or not baseline.attack_version:
            return self._standing(revision, Freshness.INCOMPARABLE)
        if read is None:
            return self._standing(revision, Freshness.INCOMPARABLE, obstacle=_not_shown(baseline))
        end = self.members.get((read.pk, revision.take.stix_id))
        if end is None:
            return self._gone(revision, read)
        if end.revoked:
            return self._revoked(revision, end, read)
        start = self._start(revision)
        if start is None:
            return self._incomparable(revision, read)
        return _transition(start, end, backwards=_is_earlier(read, baseline))

    def _start(self, revision: Revision) -> _Member | None:
        """The object version that a revision holds for, in a snapshot that holds it.

        The snapshot that was named, else one of that release in the order of preference.
        """
        baseline = self.baseline[revision.pk]
        for snapshot in self.baselines:
            if baseline.snapshot_id in (None, snapshot.pk) and _is_of(snapshot, baseline):
                found = self.members.get((snapshot.pk, revision.take.stix_id))
                if found is not None and found.sha256 == baseline.sha256:
                    return found
        return None

    def _gone(self, revision: Revision, read: Snapshot) -> Standing:
        """How a Take stands whose object is not in the release of its domain that is read."""
        if _is_earlier(read, self.baseline[revision.pk]):
            obstacle = f"; {read.attack_version}, which is shown, does not hold this object."
            return self._standing(revision, Freshness.INCOMPARABLE, obstacle=obstacle)
        stix_id = revision.take.stix_id
        places = (self.members.get((snapshot, stix_id)) for snapshot in self.shelf.snapshot_ids)
        held = [found for found in places if found is not None]
        if held and all(found.revoked for found in held):
            return self._revoked(revision, held[0], read)
        if held:
            left = f"no longer in {Domain(read.domain).label}"
            return self._standing(
                revision, Freshness.MUST_REVIEW, read.attack_version, material=(left,)
            )
        return self._standing(revision, Freshness.RETIRE, material=("no longer held",))

    def _revoked(self, revision: Revision, held: _Member, read: Snapshot) -> Standing:
        return self._standing(
            revision,
            Freshness.RETIRE,
            read.attack_version,
            material=("now revoked",),
            successor_id=self._successor(held),
        )

    def _incomparable(self, revision: Revision, read: Snapshot) -> Standing:
        is_held = any(_is_of(snapshot, self.baseline[revision.pk]) for snapshot in self.baselines)
        return self._standing(
            revision,
            Freshness.INCOMPARABLE,
            read.attack_version,
            obstacle=OTHER_VERSION if is_held else NOT_HELD,
        )

    def _compared(self, revision: Revision, made: Mapping[str, _Made]) -> Standing:
        """How a revision stands by what changed in each domain, its own first."""
        changes = together([(domain, changes) for domain, (_, changes) in made.items()])
        if any(change.about in STATUS for change in changes):
            # What is let go loses all its links, and gains them when it is live again: the status
            # says as much.
            changes = [change for change in changes if change.about not in LINK_ORDER]
        material = tuple(change.phrase for change in changes if change.material)
        around = tuple(change.phrase for change in changes if not change.material)
        freshness = Freshness.AROUND if around else Freshness.CURRENT
        return self._standing(
            revision,
            Freshness.MUST_REVIEW if material else freshness,
            self.read[self.baseline[revision.pk].domain].attack_version,
            material=material,
            around=around,
            query=self._query(made),
        )

    def _query(self, made: Mapping[str, _Made]) -> str:
        """What makes of a change history the first comparison of two releases that tells anything.

        From the earlier release to the later, as the changes are told.
        """
        for domain, (transition, changes) in made.items():
            before, after = (
                self.releases[snapshot] for snapshot in (transition.before, transition.after)
            )
            if changes and before != after:
                return difference_query(before, after, domain)
        return ""

    def _successor(self, member: _Member) -> str:
        """The STIX id at the end of a revoked object's chain; empty where there is none."""
        release = catalogue(self.shelf.snapshot_ids)
        entries = release.by_version.get(member.version_id, ())
        found = next((release.replacement(entry) for entry in entries), None)
        return found.stix_id if found else ""

    def _fetch_members(self) -> dict[tuple[int, str], _Member]:
        """The objects in all snapshots that matter, by snapshot and STIX id; one query."""
        if not self.revisions:
            return {}
        rows = SnapshotObject.objects.filter(
            snapshot__in=self.releases.keys(),
            object__stix_id__in={revision.take.stix_id for revision in self.revisions},
        ).values_list(
            "object__stix_id",
            "object_id",
            "snapshot_id",
            "version_id",
            "version__content_sha256",
            "version__revoked",
        )
        return {
            (snapshot_id, stix_id): _Member(
                object_id, snapshot_id, version_id, bytes(sha256).hex(), revoked
            )
            for stix_id, object_id, snapshot_id, version_id, sha256, revoked in rows
        }

    def _standing(
        self, revision: Revision, freshness: Freshness, release: str = "", **told: Any
    ) -> Standing:
        baseline = self.baseline[revision.pk]
        return Standing(
            freshness,
            baseline.attack_version,
            release,
            is_confirmed=baseline is not revision,
            **told,
        )


def _snapshots_of(baselines: Sequence[Baseline]) -> list[Snapshot]:
    """The snapshots of some releases: official before others, then newest first; one query."""
    releases = {baseline.attack_version for baseline in baselines}
    return list(Snapshot.objects.of_releases(releases)) if releases else []


def together(made: Sequence[tuple[str, Sequence[Change]]]) -> list[Change]:
    """The changes of an object in its domain, which comes first, with those in others.

    Its properties are the same object's everywhere; links are each domain's own.
    """
    (_, own), *elsewhere = made
    found = list(own)
    for domain, changes in elsewhere:
        for change in changes:
            if change.about in LINK_ORDER and change.about != Link.TACTIC:
                label = Domain(domain).label
                found.append(replace(change, phrase=f"{change.phrase} in {label}"))
            elif change not in found:
                found.append(change)
    return found


def _transition(start: _Member, end: _Member, *, backwards: bool) -> Transition:
    """From what was written against to what is read; the other way where that is the earlier."""
    before, after = (end, start) if backwards else (start, end)
    return Transition(
        start.object_id,
        before.snapshot_id,
        before.version_id,
        after.snapshot_id,
        after.version_id,
    )


def _baseline(shelf: Shelf, revision: Revision) -> Baseline:
    """What a revision is compared with where this release of its domain is read."""
    read = {snapshot.domain: snapshot.attack_version for snapshot in shelf.snapshots}
    return revision.baseline_for(read)


def _not_shown(baseline: Baseline) -> str:
    label = Domain(baseline.domain).label
    return f"; no release of {label} is shown here to compare it with."


def _is_of(snapshot: Snapshot, baseline: Baseline) -> bool:
    return (snapshot.domain, snapshot.attack_version) == (baseline.domain, baseline.attack_version)


def _turns(before: Snapshot, read: Snapshot, backwards: bool) -> bool:
    """Whether a release that is read lies on the other side of the one from before."""
    then, now = release_order(before.attack_version), release_order(read.attack_version)
    return now > then if backwards else now < then


def _is_earlier(read: Snapshot, baseline: Baseline) -> bool:
    return release_order(read.attack_version) < release_order(baseline.attack_version)
