"""Which two releases are compared: as the reader chose, else as a layer says, else the newest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from library.conditional import Shelf
from library.id_check.reading import CheckError, Given
from library.identifiers import Domain, is_sample, release_order
from library.models import Snapshot

type Held = Mapping[str, Mapping[str, Snapshot]]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a Navigator layer says of itself; empty where it says nothing."""

    release: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Releases:
    """Two releases, and the domains in which they are compared."""

    before: str
    after: str
    domains: tuple[str, ...]
    held_before: tuple[Snapshot, ...]
    held_after: tuple[Snapshot, ...]
    unstated: str = ""
    """The release that a layer names where it is not held."""

    @property
    def scope(self) -> str:
        """The domains in words: "Enterprise, Mobile and ICS"."""
        *leading, last = self.labels
        return f"{', '.join(leading)} and {last}" if leading else last

    @property
    def labels(self) -> list[str]:
        """The labels of the domains that are compared."""
        return [Domain(domain).label for domain in self.domains]

    @property
    def left_out(self) -> list[str]:
        """The labels of the domains that one of the two alone has."""
        both = {snapshot.domain for snapshot in (*self.held_before, *self.held_after)}
        lacking = [
            domain
            for domain in Domain.values
            if domain in both
            and not all(
                any(snapshot.domain == domain for snapshot in side)
                for side in (self.held_before, self.held_after)
            )
        ]
        return [Domain(domain).label for domain in lacking]


def choose(held: Held, shelf: Shelf, given: Given, stated: Stated) -> Releases:
    """The releases to compare; raises CheckError where they cannot be."""
    for asked in (given.before, given.after):
        if asked and asked not in held:
            raise CheckError("There is no such release here: choose one of those listed.")
    if given.domain and given.domain not in Domain.values:
        raise CheckError("There is no such domain: choose one of those listed.")
    wanted = given.domain or (stated.domain if stated.domain in Domain.values else "")
    after = given.after or newest(held, shelf, wanted)
    if not after:
        raise CheckError("Nothing has been imported yet, so there is nothing to compare with.")
    named = of_number(held, stated)
    if given.after == "" and named and is_sample(named) != is_sample(after):
        named = ""
    before = given.before or named or preceding(held, after, wanted)
    if is_sample(before) != is_sample(after):
        raise CheckError("A sample can be compared with another sample alone.")
    domains = tuple(d for d in Domain.values if d in held[before] and d in held[after])
    if wanted:
        domains = tuple(domain for domain in domains if domain == wanted)
    if not domains:
        said = f"{Domain(wanted).label} is" if wanted else "No domain is"
        also = "not held in both of" if wanted else "held in both"
        raise CheckError(f"{said} {also} {before} and {after}: choose other releases.")
    held_before, held_after = (
        tuple(held[release][domain] for domain in Domain.values if domain in held[release])
        for release in (before, after)
    )
    unstated = "" if named else stated.release
    return Releases(before, after, domains, held_before, held_after, unstated)


def newest(held: Held, shelf: Shelf, domain: str = "") -> str:
    """The release that readers see in most domains, the newest of them; empty where they see none.

    That of a domain, where one is named and they see it. Where readers see nothing, the newest that
    is held.
    """
    every = [s for s in shelf.snapshots if s.domain == domain] or shelf.snapshots
    shown = Counter(snapshot.attack_version for snapshot in every)

    def fitness(release: str) -> tuple[int, object]:
        return shown[release], release_order(release)

    return max(shown or held, key=fitness, default="")


def preceding(held: Held, after: str, domain: str = "") -> str:
    """The newest release before another that is held for as many of its domains as any is.

    For that domain, where one is named. The other itself where it is the first.
    """
    mine = release_order(after)
    earlier = [r for r in held if is_sample(r) == is_sample(after) and release_order(r) < mine]
    wanted = {domain} if domain else held[after].keys()

    def fitness(release: str) -> tuple[int, object]:
        return len(held[release].keys() & wanted), release_order(release)

    return max(earlier, key=fitness, default=after)


def of_number(held: Held, stated: Stated) -> str:
    """The release that a layer means ("17" for 17.1); empty where none is held."""
    if stated.release in held:
        return stated.release
    fitting = [
        release
        for release in held
        if not is_sample(release)
        and release.partition(".")[0] == stated.release.partition(".")[0]
        and (not stated.domain or stated.domain in held[release])
        and "." not in stated.release
    ]
    return max(fitting, key=release_order, default="")
