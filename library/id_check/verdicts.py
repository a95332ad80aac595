"""What became of each ID: one verdict, the weightiest, and a phrase for everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from library.catalogue import Entry
from library.changes import Change
from library.comparison import Transition, compare
from library.id_check.holdings import Holdings, elsewhere
from library.id_check.releases import Releases
from library.identifiers import Domain, Link
from library.releases.compared import Weight
from library.substance import short

MOST_ELSEWHERE: Final = 4


class Verdict(Enum):
    """What became of an ID, the weightiest first: its name in files, its label, what it means."""

    REVOKED = "revoked", "Revoked", "MITRE withdrew these; each says what MITRE put in its place."
    DEPRECATED = "deprecated", "Deprecated", "MITRE withdrew these and names no successor."
    GONE = (
        "gone",
        "Gone",
        "The release you want does not have them in what is compared, not even as withdrawn.",
    )
    RENAMED = "renamed", "Renamed", "The same object under another name."
    IDENTIFIED = (
        "id-changed",
        "ID changed",
        "The same object with another ID, a first one, or none.",
    )
    MOVED = "tactic-moved", "Tactic moved", "They serve other tactics than before."
    CHANGED = "changed", "Changed", "Neither renamed nor moved; something else is different."
    NEW = "new", "New", "The release you mapped to did not have them in what is compared."
    ELSEWHERE = "not-compared", "Not compared", "They stand in releases or domains not asked for."
    NEVER = "never-existed", "Never existed", "No release held here has these IDs."
    UNCHANGED = "unchanged", "Unchanged", "They and all that is linked to them read as before."

    def __init__(self, slug: str, label: str, meaning: str) -> None:
        self.slug = slug
        self.label = label
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one ID."""

    attack_id: str
    count: int
    verdict: Verdict
    phrases: tuple[str, ...] = ()
    before: tuple[Entry, ...] = ()
    """The object that the ID stood for, as each domain holds it."""

    after: tuple[Entry, ...] = ()
    """The same object in the other release; for a new ID the object that has it."""

    chain: tuple[Entry, ...] = ()
    """What replaced it, hop by hop, as the other release has it."""

    near: tuple[Entry, ...] = ()
    """For an ID that never existed: what may have been meant."""

    weight: Weight | None = None
    """How much its changes say, where both releases hold it in the same status."""

    known_as: str = ""
    """The name of what stands in releases that are not compared."""

    @property
    def shown(self) -> Entry | None:
        """The object as the newer of its two states has it."""
        return next(iter((*self.after, *self.before)), None)

    @property
    def name(self) -> str:
        """The name of the object; empty where there is none."""
        return self.shown.name or self.shown.stix_id if self.shown else self.known_as

    @property
    def domains(self) -> list[str]:
        """The labels of the domains that hold it in either release."""
        held = {entry.domain for entry in (*self.before, *self.after)}
        return [domain.label for domain in Domain if domain in held]

    @property
    def end(self) -> Entry | None:
        """The live object that stands in its place: itself, or the end of the chain."""
        last = self.chain[-1] if self.chain else next(iter(self.after), None)
        return last if last is not None and last.live else None


@dataclass(frozen=True, slots=True)
class Judge:
    """Two releases, and what each holds."""

    releases: Releases
    before: Holdings
    after: Holdings

    @classmethod
    def of(cls, releases: Releases) -> Judge:
        """The two releases with their catalogues: four queries where they are new."""
        return cls(
            releases,
            Holdings(releases.before, releases.held_before),
            Holdings(releases.after, releases.held_after),
        )

    @property
    def held_ids(self) -> frozenset[str]:
        """Every ATT&CK ID that either release has."""
        return frozenset(self.before.known.by_id.keys() | self.after.known.by_id.keys())

    def judge(self, counts: Mapping[str, int]) -> list[Outcome]:
        """What became of each ID, in the order given; three queries, 1 ms for each that changed."""
        domains = self.releases.domains
        old = {found: self.before.meant(found, domains) for found in counts}
        new = {
            found: self.after.rows(rows[0].object_id, domains)
            if rows
            else self.after.meant(found, domains)
            for found, rows in old.items()
        }
        pairs = {found: [*_transitions(old[found], new[found])] for found in counts if old[found]}
        changes = compare({asked for each in pairs.values() for _, asked in each})
        others = elsewhere(found for found in counts if not old[found] and not new[found])
        made = []
        for attack_id, count in counts.items():
            if old[attack_id]:
                told = [(domain, changes[asked]) for domain, asked in pairs[attack_id]]
                made.append(self._known(attack_id, count, old[attack_id], new[attack_id], told))
            elif new[attack_id]:
                made.append(self._new(attack_id, count, new[attack_id]))
            else:
                made.append(self._absent(attack_id, count, others.get(attack_id, [])))
        return made

    def _known(
        self,
        attack_id: str,
        count: int,
        old: tuple[Entry, ...],
        new: tuple[Entry, ...],
        told: list[tuple[str, tuple[Change, ...]]],
    ) -> Outcome:
        """What became of an ID that the first of the two releases has."""
        verdict, weight = Verdict.GONE, None
        phrases = [*self._standing(old, new), *_told(told)]
        if new:
            every = [change for _, changes in told for change in changes]
            verdict, weight = _verdict(old[0], new[0], every), _weight(old[0], new[0], every)
            if verdict is Verdict.UNCHANGED and phrases:
                # It came to a domain or left one.
                verdict = Verdict.CHANGED
        chain = self.after.known.chain(new[0]) if verdict is Verdict.REVOKED else ()
        other = self.after.meant(attack_id, self.releases.domains)
        if other and other[0].object_id != old[0].object_id:
            phrases.append(f"the ID is now that of “{short(other[0].name)}”")
        return Outcome(
            attack_id, count, verdict, tuple(phrases), old, new, tuple(chain), weight=weight
        )

    def _standing(self, old: tuple[Entry, ...], new: tuple[Entry, ...]) -> Iterator[str]:
        """How the object itself stands in the two releases."""
        if not new:
            yield _absence(self.after, old[0])
            return
        if new[0].attack_id != old[0].attack_id:
            yield f"its ID is now {new[0].attack_id}" if new[0].attack_id else "it has no ID now"
        for was, now, word in (
            (old[0].revoked, new[0].revoked, "revoked"),
            (old[0].deprecated, new[0].deprecated, "deprecated"),
        ):
            if now:
                yield f"already {word} in {self.releases.before}" if was else f"now {word}"
        before, after = ({entry.domain: None for entry in rows} for rows in (old, new))
        for domain in before.keys() - after.keys():
            yield f"no longer in {Domain(domain).label}"
        for domain in after.keys() - before.keys():
            more = " as well" if before.keys() & after.keys() else ""
            yield f"now in {Domain(domain).label}{more}"

    def _new(self, attack_id: str, count: int, new: tuple[Entry, ...]) -> Outcome:
        """What an ID is that the second of the two releases alone has."""
        verdict, phrases = Verdict.NEW, [_absence(self.before, new[0])]
        same = self.before.rows(new[0].object_id, self.releases.domains)
        if same:
            had = f"had the ID {same[0].attack_id}" if same[0].attack_id else "had no ID"
            verdict, phrases = Verdict.IDENTIFIED, [f"the object {had} in {self.releases.before}"]
        if not new[0].live:
            verdict = Verdict.REVOKED if new[0].revoked else Verdict.DEPRECATED
            phrases.append(f"{verdict.label.lower()} in {self.releases.after}")
        chain = self.after.known.chain(new[0]) if new[0].revoked else ()
        return Outcome(attack_id, count, verdict, tuple(phrases), (), new, tuple(chain))

    def _absent(self, attack_id: str, count: int, others: list[tuple[str, str, str]]) -> Outcome:
        """What an ID is that neither release has, or that one has in a domain not compared."""
        if not others:
            return Outcome(attack_id, count, Verdict.NEVER, near=self.after.near(attack_id))
        places = [f"{Domain(domain).label} {release}" for domain, release, _ in others]
        shown = list(dict.fromkeys(places))
        more = f" and {len(shown) - MOST_ELSEWHERE} more" if len(shown) > MOST_ELSEWHERE else ""
        phrase = f"stands in {', '.join(shown[:MOST_ELSEWHERE])}{more}"
        return Outcome(attack_id, count, Verdict.ELSEWHERE, (phrase,), known_as=others[0][2])


def _absence(release: Holdings, entry: Entry) -> str:
    """That a release does not have an object, or has it in domains alone that are not compared."""
    places = [Domain(held.domain).label for held in release.rows(entry.object_id, Domain.values)]
    where = f"in {' and '.join(places)} alone" if places else "not"
    return f"{where} in ATT&CK {release.release}"


def _transitions(old: Iterable[Entry], new: Iterable[Entry]) -> Iterator[tuple[str, Transition]]:
    """An object in each domain that both releases have it in; none where it is dead in both.

    What is edited in an object that was withdrawn long ago is of no use to anybody. One that left
    every domain that it was in is compared as the first of its old ones and of its new have it.
    """
    after = {entry.domain: entry for entry in new}
    sides = [(was, after[was.domain]) for was in old if was.domain in after]
    for was, now in sides or zip(list(old)[:1], list(new)[:1], strict=False):
        if was.live or now.live:
            yield (
                now.domain,
                Transition(
                    was.object_id,
                    was.snapshot_id,
                    was.version_id,
                    now.snapshot_id,
                    now.version_id,
                ),
            )


def _verdict(old: Entry, new: Entry, changes: list[Change]) -> Verdict:
    """The weightiest of what became of an object that both releases have."""
    about = {change.about for change in changes if change.material}
    if new.revoked:
        return Verdict.REVOKED
    if new.deprecated:
        return Verdict.DEPRECATED
    if "name" in about:
        return Verdict.RENAMED
    if old.attack_id != new.attack_id:
        return Verdict.IDENTIFIED
    # What is live again serves its tactics anew, which is no move; to state others is one.
    is_stated = any(change.stated for change in changes)
    if is_stated or (Link.TACTIC in about and old.live):
        return Verdict.MOVED
    return Verdict.CHANGED if changes else Verdict.UNCHANGED


def _weight(old: Entry, new: Entry, changes: list[Change]) -> Weight | None:
    """The weightiest of what changed, as a comparison weighs it; None where the status says all."""
    is_same_status = (old.revoked, old.deprecated) == (new.revoked, new.deprecated)
    if not changes or not is_same_status:
        return None
    return Weight.MATERIAL if any(change.material for change in changes) else Weight.AROUND


def _told(told: list[tuple[str, tuple[Change, ...]]]) -> Iterator[str]:
    """The phrases for what changed; where domains differ in it, with the domain."""
    said = [
        (domain, [change.phrase for change in changes if not _is_told_as_standing(change)])
        for domain, changes in told
    ]
    common = set.intersection(*(set(phrases) for _, phrases in said)) if said else set()
    for place, (domain, phrases) in enumerate(said):
        for phrase in phrases:
            if phrase not in common:
                yield f"{Domain(domain).label}: {phrase}"
            elif place == 0:
                yield phrase


def _is_told_as_standing(change: Change) -> bool:
    """Whether it is what `Judge._standing` says in its own words."""
    return change.about in {"revoked", "x_mitre_deprecated"} and change.phrase.startswith("now ")
