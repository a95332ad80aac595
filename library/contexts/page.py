"""What every page shows around its content."""

from dataclasses import dataclass, field

from django.conf import settings

from library.addresses import Addresses
from library.conditional import Shelf
from library.identifiers import (
    CAMPAIGN,
    GROUP,
    MATRIX,
    MITIGATION,
    SOFTWARE,
    TACTIC,
    TECHNIQUE,
    Domain,
    ObjectType,
    Provenance,
)

NAVIGATION = (MATRIX, TACTIC, TECHNIQUE, MITIGATION, GROUP, SOFTWARE, CAMPAIGN)


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way up; the last one has no address."""

    label: str
    href: str = ""


def way_up(shelf: Shelf, kind: ObjectType | None = None) -> tuple[Crumb, ...]:
    """The first steps of every way up: the library, and the list of a kind that has one."""
    home = Crumb("ATT&CK Library", shelf.addresses.home)
    if kind is None or not kind.has_list:
        return (home,)
    return home, Crumb(kind.plural, shelf.addresses.listing(kind))


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed of what a page is about: what it is called, and its address."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Page:
    """Title, way up, releases shown, and what the layout must say about them."""

    shelf: Shelf
    title: str
    description: str
    crumbs: tuple[Crumb, ...] = ()
    canonical: str = ""
    indexed: bool = True
    kind: ObjectType | None = None
    section: str = ""
    """The part of the site that it belongs to where that is none of one release: "takes"."""

    standing_now: str = ""
    """On a page of a pinned release: how its object stands in the current edition."""

    current_href: str = ""
    """The address of the same page in the current edition, where it is there."""

    cited_release: str = ""
    """The release that a citation of the page names, where the edition's domains differ in it."""

    pinnable: bool = True
    """Whether the page stands below each release as well as at its own address."""

    feed: FeedLink | None = None
    """Where changes of what it shows are told as they come."""

    has_lasting_feed: bool = False
    """Whether that is so on a page of an older release as well: of what only such a one holds."""

    cited: str = ""
    """The address that a citation names, where it is more than the canonical one: a filter."""

    incident_url: str = field(default_factory=lambda: settings.INCIDENT_URL)

    @property
    def addresses(self) -> Addresses:
        """The addresses of the pages that show what this one shows."""
        return self.shelf.addresses

    @property
    def is_indexed(self) -> bool:
        """Whether search engines should keep the page: not of older releases, nor of a sample."""
        return self.indexed and not self.sample and not self.shelf.release

    @property
    def feeds(self) -> list[FeedLink]:
        """The feeds that a reader is offered: below an older release of what is gone alone."""
        is_offered = self.has_lasting_feed or not self.shelf.release
        return [self.feed] if self.feed and is_offered else []

    @property
    def kinds(self) -> tuple[ObjectType, ...]:
        """The kinds of object that the navigation names; the home page has them all."""
        return NAVIGATION

    @property
    def sample(self) -> bool:
        """Whether readers see the sample in place of ATT&CK."""
        return self.shelf.sample

    @property
    def standing(self) -> str:
        """What is true of the data in a few words: validated, and by whom it is known."""
        if self.sample:
            return "sample content"
        unknown = [
            Domain(snapshot.domain).label
            for snapshot in self.shelf.snapshots
            if snapshot.provenance != Provenance.OFFICIAL
        ]
        if not unknown:
            return "validated library"
        return f"validated library, from bundles MITRE did not publish for {' and '.join(unknown)}"

    @property
    def releases(self) -> list[tuple[str, str]]:
        """Each domain's label and release, in the order of the domains."""
        return [
            (Domain(snapshot.domain).label, snapshot.attack_version)
            for snapshot in self.shelf.snapshots
        ]

    @property
    def release_line(self) -> str:
        """The releases in a few words: "ATT&CK 18.1", or each domain's where they differ."""
        versions = {version for _, version in self.releases}
        if len(versions) == 1:
            return f"ATT&CK {versions.pop()}"
        return " · ".join(f"{label} {version}" for label, version in self.releases)

    @property
    def newest_line(self) -> str:
        """What MITRE has published since, in a few words: "ATT&CK 19.0", or by domain.

        Empty where nothing newer is known.
        """
        newer = self.shelf.newer
        versions = {version for _, version in newer}
        if len(versions) == 1 and len(newer) == len(self.shelf.current.snapshots):
            return f"ATT&CK {versions.pop()}"
        *others, last = [f"{label} {version}" for label, version in newer] or [""]
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def citation(self) -> str:
        """What a citation of the page says before its address: the title and the release."""
        release = f"ATT&CK {self.cited_release}" if self.cited_release else self.release_line
        source = "a sample of MITRE ATT&CK" if self.sample else f"MITRE {release}"
        return f"“{self.title}”, {source}, in: Glexia ATT&CK Library,"

    @property
    def lasting_path(self) -> str:
        """The address that goes on showing this release; the page's own where releases differ."""
        versions = {version for _, version in self.releases}
        release = self.cited_release or (versions.pop() if len(versions) == 1 else "")
        path = self.cited or self.canonical
        if self.shelf.release or not release or not self.pinnable:
            return path
        return Addresses(release).home + path.removeprefix(self.addresses.home)

    @property
    def notice(self) -> str:
        """MITRE's notice of copyright and licence; nothing while no release is shown."""
        if self.licence_year is None:
            return ""
        return (
            f"© {self.licence_year} The MITRE Corporation. This work is reproduced and distributed"
            " with the permission of The MITRE Corporation."
        )

    @property
    def licence_year(self) -> int | None:
        """The year of MITRE's copyright notice: of the newest release shown.

        A release that states no date counts by the day it was imported.
        """
        dates = [s.released_at or s.imported_at for s in self.shelf.snapshots]
        return max(dates).year if dates else None
