"""The Takes that readers see, kept in the process from one epoch to the next."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from analysis.markdown import Resolve, Target, entry_of, html_of, plain_of
from analysis.models import Confidence, Revision
from analysis.take import SECTIONS, Section, ShownTake
from analysis.writing import Sections, is_too_long
from library.addresses import Addresses
from library.catalogue import Entry, catalogue
from library.conditional import Shelf

# Takes rendered, some 10 KB each, for the releases in which they are read.
MOST_KEPT = 512
# The same without markup, some 5 KB each.
MOST_READ = 2048


@lru_cache(maxsize=2)
def published(epoch: int) -> dict[str, Revision]:
    """The published revision of each Take by its object's STIX id; two queries a new epoch.

    Some 6 KB a Take are kept: all that changes them advances the epoch.
    """
    del epoch
    return {revision.take.stix_id: revision for revision in Revision.objects.published()}


@lru_cache(maxsize=8)
def _about_revoked(epoch: int, snapshots: tuple[int, ...]) -> dict[str, dict[Revision, Entry]]:
    """The published Takes on objects that are revoked here, by what replaced these."""
    found: dict[str, dict[Revision, Entry]] = {}
    takes = published(epoch)
    known = catalogue(snapshots)
    for entry in known.entries:
        if entry.revoked and (revision := takes.get(entry.stix_id)):
            target = known.replacement(entry)
            if target is not None:
                found.setdefault(target.stix_id, {}).setdefault(revision, entry)
    return found


def published_on(shelf: Shelf, stix_id: str) -> Revision | None:
    """What readers see of the Take on an object."""
    return published(shelf.epoch).get(stix_id)


def inherited_by(shelf: Shelf, stix_id: str) -> dict[Revision, Entry]:
    """The published Takes on what was revoked in favour of an object, each with that."""
    if not published(shelf.epoch):
        return {}
    return _about_revoked(shelf.epoch, shelf.snapshot_ids).get(stix_id, {})


def shown_take(revision: Revision, shelf: Shelf) -> ShownTake:
    """A revision as a page of a release shows it; a query where it is not kept from before."""
    return _shown(revision.pk, shelf.snapshot_ids, shelf.release)


@lru_cache(maxsize=MOST_KEPT)
def _shown(key: int, snapshots: tuple[int, ...], release: str) -> ShownTake:
    revision = Revision.objects.get(pk=key)
    return ShownTake(
        sections=sections_html(revision.sections, resolver(snapshots, release)),
        confidence=Confidence(revision.confidence).label,
        confidence_why=revision.confidence_why,
        byline=f"By {revision.author_name}",
        is_derived=False,
    )


@lru_cache(maxsize=MOST_READ)
def words_said(revision: Revision) -> Mapping[str, tuple[str, ...]]:
    """A revision's sections by name without markup: one text, or the entries of a list.

    Kept, since what a revision says never changes.
    """
    found = {}
    too_long = is_too_long(revision.sections)
    for name, _, _ in SECTIONS:
        if said := revision.sections.get(name):
            entries = said if isinstance(said, list) else [said]
            found[name] = tuple(plain_of(entry, as_it_stands=too_long) for entry in entries)
    return found


def resolver(snapshots: tuple[int, ...], release: str) -> Resolve:
    """Where ATT&CK IDs lead in a release: to the live object of an ID, else to any that had it."""
    known, addresses = catalogue(snapshots), Addresses(release)

    def resolve(attack_id: str) -> Target | None:
        entries = known.by_id.get(attack_id)
        if not entries:
            return None
        entry = next((entry for entry in entries if entry.live), entries[0])
        href = addresses.page(entry.kind, entry.attack_id, entry.stix_id)
        return Target(href, entry.name)

    return resolve


def sections_html(sections: Sections, resolve: Resolve) -> tuple[Section, ...]:
    """The sections of a text as safe HTML, in the order of the page.

    One from before there was a bound on the whole is set as it stands, which takes little time.
    """
    made = []
    too_long = is_too_long(sections)
    for name, title, is_list in SECTIONS:
        said = sections.get(name)
        if not said:
            continue
        entries = said if isinstance(said, list) else [said]
        render = entry_of if is_list else html_of
        parts = tuple(render(entry, resolve, as_it_stands=too_long) for entry in entries)
        made.append(Section(name, title, is_list, parts, is_prose=not is_list))
    return tuple(made)
