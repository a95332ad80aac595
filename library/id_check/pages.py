"""What the pages of a check show: the form, and what became of each ID."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from library.addresses import Addresses, difference_query
from library.catalogue import Entry
from library.conditional import Shelf
from library.contexts.page import Crumb, Page, way_up
from library.id_check.extraction import Extraction, extract
from library.id_check.holdings import Holdings, every_id
from library.id_check.layers import Layer, Upgrade, read_layer, upgrade
from library.id_check.reading import CheckError, Given
from library.id_check.releases import Releases, Stated, choose, newest, preceding
from library.id_check.verdicts import Judge, Outcome, Verdict
from library.identifiers import Domain, ObjectType, is_sample
from library.models import Snapshot
from library.releases.compared import Weight

TITLE: Final = "What happened to my IDs?"
PURPOSE: Final = (
    "Paste or upload anything with ATT&CK IDs in it, and see what became of each from the release"
    " you mapped to: unchanged, changed, renamed, revoked, deprecated, moved, or never there."
)
# A text that is carried in the page, so that its files can be asked for without sending it anew.
MOST_CARRIED: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReleaseChoice:
    """A release that may be chosen, and the domains it is held for where it is not all."""

    release: str
    note: str
    is_sample: bool


@dataclass(frozen=True, slots=True)
class FormPage:
    """The form, with what was chosen and what was wrong with it."""

    page: Page
    path: str
    choices: list[ReleaseChoice]
    usual_before: str
    usual_after: str
    given: Given
    trouble: str = ""
    domains: tuple[tuple[str, str], ...] = tuple(Domain.choices)
    purpose: str = PURPOSE

    @property
    def real(self) -> list[ReleaseChoice]:
        """The releases of ATT&CK."""
        return [choice for choice in self.choices if not choice.is_sample]

    @property
    def samples(self) -> list[ReleaseChoice]:
        """The project's own samples."""
        return [choice for choice in self.choices if choice.is_sample]


def form_page(shelf: Shelf, given: Given, trouble: str = "") -> FormPage:
    """The form; one query."""
    held = Snapshot.objects.by_release()
    every = {domain for domains in held.values() for domain in domains}
    after = newest(held, shelf)
    path = _path(shelf)
    return FormPage(
        page=Page(
            shelf=shelf.current,
            title=TITLE,
            description=PURPOSE,
            crumbs=(*way_up(shelf), Crumb(TITLE)),
            canonical="" if trouble else path,
            indexed=not trouble,
        ),
        path=path,
        choices=[
            ReleaseChoice(release, _held_for(domains, every), is_sample(release))
            for release, domains in held.items()
        ],
        usual_before=preceding(held, after) if after else "",
        usual_after=after,
        given=given,
        trouble=trouble,
    )


def _held_for(domains: Mapping[str, Snapshot], every: set[str]) -> str:
    if domains.keys() == every:
        return ""
    return " and ".join(domain.label for domain in Domain if domain in domains)


def _path(shelf: Shelf) -> str:
    return f"{shelf.current.addresses.home}/id-check"


@dataclass(frozen=True, slots=True)
class Linked:
    """An object as a result names it."""

    href: str
    kind: ObjectType
    attack_id: str
    name: str
    status: str
    stix_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One ID with what became of it, and where its pages are."""

    outcome: Outcome
    object: Linked | None
    chain: list[Linked]
    near: list[Linked]
    stands_for: Linked | None
    differences_href: str
    spellings: tuple[str, ...]
    """What it was read from where that is not how MITRE writes IDs: "T1059_001"."""


@dataclass(frozen=True, slots=True)
class Group:
    """The IDs with one verdict, in the order of their appearance."""

    verdict: Verdict
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Checked:
    """A text whose IDs were checked."""

    page: Page
    path: str
    given: Given
    releases: Releases
    found: Extraction
    rows: list[Row]
    upgrade: Upgrade | None
    layer: Layer | None

    @property
    def groups(self) -> list[Group]:
        """The IDs by verdict, the weightiest first."""
        by_verdict: dict[Verdict, list[Row]] = {}
        for row in self.rows:
            by_verdict.setdefault(row.outcome.verdict, []).append(row)
        return [Group(verdict, by_verdict[verdict]) for verdict in Verdict if verdict in by_verdict]

    @property
    def weights(self) -> dict[Weight, int]:
        """How many changed how much of those that both releases hold in the same status."""
        counts = Counter(row.outcome.weight for row in self.rows)
        return {weight: counts[weight] for weight in Weight if counts[weight]}

    @property
    def layer_trouble(self) -> str:
        """Why a layer that was given was not upgraded; empty where it was, or none was given."""
        if self.layer is None or self.upgrade:
            return ""
        if self.layer.foreign:
            return (
                f"The layer says that it is of the domain “{self.layer.foreign}”,"
                " which is none of ATT&CK’s, so it is not upgraded."
            )
        return (
            "The layer is of a domain that is not compared:"
            " choose its own, or releases that have it."
        )

    @property
    def carried(self) -> tuple[str, ...]:
        """The texts, for the form that asks for files of the same; none where they are too long."""
        size = sum(len(text.encode(errors="replace")) for text in self.given.texts)
        return self.given.texts if size <= MOST_CARRIED else ()


def check(shelf: Shelf, given: Given) -> Checked:
    """What became of the IDs in what was given; raises CheckError where nothing can be said.

    At most 14 queries, however many IDs there are.
    """
    if given.is_empty:
        raise CheckError("Nothing was given: paste a text, or choose a file.")
    layer = read_layer(given.texts)
    if given.form == "navigator" and layer is None:
        raise CheckError("What was given is no Navigator layer, so there is none to upgrade.")
    releases = choose(
        Snapshot.objects.by_release(), shelf, given, layer.stated if layer else Stated()
    )
    judge = Judge.of(releases)
    found = extract(given.text, every_id(), judge.held_ids)
    outcomes = judge.judge(found.counts)
    by_id = {outcome.attack_id: outcome for outcome in outcomes}
    places = _Places(shelf.current, judge)
    return Checked(
        page=Page(
            shelf=shelf.current,
            title=TITLE,
            description="",
            crumbs=(*way_up(shelf), Crumb(TITLE, _path(shelf)), Crumb("Result")),
            indexed=False,
        ),
        path=_path(shelf),
        given=given,
        releases=releases,
        found=found,
        rows=[places.row(each, found.spellings.get(each.attack_id, ())) for each in outcomes],
        upgrade=upgrade(layer, releases, by_id) if layer else None,
        layer=layer,
    )


class _Places:
    """Where the pages of objects are: in the current edition, else in a release that has them."""

    def __init__(self, shelf: Shelf, judge: Judge) -> None:
        self.judge = judge
        current = Holdings("", shelf.snapshots)
        self.sides = [
            (current, Addresses()),
            (judge.after, Addresses(judge.after.release)),
            (judge.before, Addresses(judge.before.release)),
        ]

    def row(self, outcome: Outcome, spellings: Iterable[str]) -> Row:
        """An outcome with its links, and what its ID was read from."""
        shown = outcome.shown
        return Row(
            outcome,
            self._linked(shown),
            [self._at(entry) for entry in outcome.chain],
            [self._at(entry) for entry in outcome.near],
            self._linked(outcome.end),
            self._differences(outcome),
            tuple(spellings),
        )

    def _linked(self, entry: Entry | None) -> Linked | None:
        return None if entry is None else self._at(entry)

    def _at(self, entry: Entry) -> Linked:
        status = "Revoked" if entry.revoked else "Deprecated" if entry.deprecated else ""
        name = entry.name or entry.stix_id
        return Linked(self._href(entry), entry.kind, entry.attack_id, name, status, entry.stix_id)

    def _href(self, entry: Entry) -> str:
        for held, addresses in self.sides:
            if held.holds(entry):
                return held.href(entry, addresses)
        return Addresses().by_stix_id(entry.stix_id)

    def _differences(self, outcome: Outcome) -> str:
        """The object's two states side by side, where both releases have it in one domain."""
        both = outcome.before[:1] + outcome.after[:1]
        is_same = outcome.verdict is Verdict.UNCHANGED or not any(entry.live for entry in both)
        # What only came to a domain or left one reads as before where both have it.
        if outcome.verdict is Verdict.CHANGED and outcome.weight is None:
            is_same |= all(entry.live for entry in both)
        before = {entry.domain for entry in outcome.before}
        in_both = next((e.domain for e in outcome.after if e.domain in before), "")
        if is_same or not in_both:
            return ""
        releases = self.judge.releases
        query = difference_query(releases.before, releases.after, in_both)
        return f"{self._href(outcome.after[0])}/history{query}"
