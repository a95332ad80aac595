"""Glexia's Take on the page of an object."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from analysis.derivation import derivation
from analysis.models import Revision
from analysis.published import inherited_by, published_on, shown_take
from analysis.sheet import OF_SAMPLE, Sheet, sheet_of
from analysis.staleness import standings
from analysis.standing import Standing
from analysis.take import ShownTake
from analysis.withdrawn import why_none
from library.addresses import own_address
from library.catalogue import Entry
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.panels import Panel


@dataclass(frozen=True, slots=True)
class AuthoredTake:
    """A Take that an analyst wrote, with what a reader must know of it."""

    revision: Revision
    take: ShownTake
    standing: Standing
    history_href: str
    """The change history of the object that it is about."""

    report_href: str
    href: str
    """The page on which it is read."""

    sheet: Sheet
    """What of it a printed sheet leaves out."""


def take_panel(shelf: Shelf, held: HeldObject) -> Panel:
    """The place of Glexia's Take: an analyst's where there is one, with the facts that are derived.

    Where no analyst has written, the derived Take; where none can be derived, it says why.
    """
    made = derivation(shelf, held)
    own = published_on(shelf, held.stix_id)
    inherited = inherited_by(shelf, held.stix_id)
    reports = report_href(held.own_href, held.rows[0].snapshot.attack_version, own)
    links = {own: (held.history_href, reports)} if own else {}
    links |= {found: _links_of(shelf, about, found) for found, about in inherited.items()}
    known = standings(shelf, links) if links else {}
    sheet = derived_sheet = (
        sheet_of(made.take.sections, _banner(shelf)) if made and not own else None
    )
    authored = []
    for revision in links:
        found = _authored(shelf, held, revision, known[revision.pk], links[revision], sheet)
        authored.append(found)
        sheet = found.sheet
    return Panel(
        "analysis/_take.html",
        {
            "held": held,
            "authored": authored[0] if own else None,
            "inherited": authored[1:] if own else authored,
            "derived": made.take if made else None,
            "derived_sheet": derived_sheet,
            "why_none": "" if made or own else why_none(shelf, held),
            "report_href": reports,
        },
    )


def _authored(
    shelf: Shelf,
    held: HeldObject,
    revision: Revision,
    standing: Standing,
    links: tuple[str, str],
    after: Sheet | None,
) -> AuthoredTake:
    """A Take as it stands on a page, `after` what else stands there on paper."""
    take = shown_take(revision, shelf)
    above = (
        *(() if after else _banner(shelf)),
        take.confidence_why,
        standing.told,
        "Starter content" if revision.is_unconfirmed_starter else "",
        "The release that is pinned" if shelf.release else "",
        # The line that names it, the notice that says why it is there, its byline.
        *(3 * ["Of what this replaced"] if after else ()),
    )
    sheet = sheet_of(take.sections, above, after)
    return AuthoredTake(revision, take, standing, *links, held.href, sheet)


def _banner(shelf: Shelf) -> tuple[str, ...]:
    """What stands at the head of the sheet whatever is written."""
    return OF_SAMPLE if shelf.sample else ()


def _links_of(shelf: Shelf, about: Entry, revision: Revision) -> tuple[str, str]:
    """The change history of a revoked object, and where an error in the Take on it is reported."""
    addresses = shelf.addresses
    address = addresses.page(about.kind, about.attack_id, about.stix_id)
    page = own_address(address, is_revoked=True)
    snapshots = {snapshot.domain: snapshot.attack_version for snapshot in shelf.snapshots}
    history = addresses.history(about.kind, "", about.stix_id)
    return history, report_href(page, snapshots[about.domain], revision)


def report_href(page: str, release: str, revision: Revision | None) -> str:
    """Where a reader reports an error in a Take, with the page, release and revision it is in."""
    number = str(revision.number) if revision else "derived"
    told = {"page": page, "release": release, "revision": number}
    address = urlsplit(settings.TAKE_REPORT_URL)
    if address.scheme == "tel":
        return str(settings.TAKE_REPORT_URL)
    if address.scheme == "mailto":
        lines = "\n".join(f"{name}: {value}" for name, value in told.items())
        told = {"subject": f"Error in the Take on {page}", "body": f"{lines}\n\n"}
    query = urlencode(told).replace("+", "%20")
    return address._replace(query="&".join(filter(None, (address.query, query)))).geturl()
