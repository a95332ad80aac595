"""Glexia's Take on the page of an object."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from analysis.derivation import derivation
from analysis.models import Revision
from analysis.published import inherited_by, published_on, shown_take
from analysis.staleness import Standing, standings
from analysis.take import ShownTake
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.panels import Panel


@dataclass(frozen=True, slots=True)
class AuthoredTake:
    """A Take that an analyst wrote, with what a reader must know of it."""

    revision: Revision
    take: ShownTake
    standing: Standing


def take_panel(shelf: Shelf, held: HeldObject) -> Panel:
    """The place of Glexia's Take: an analyst's where there is one, with the facts that are derived.

    Where no analyst has written, the derived Take; where none can be derived, it says so.
    """
    made = derivation(shelf, held)
    own = published_on(shelf, held.stix_id)
    inherited = inherited_by(shelf, held.stix_id)
    revisions = [*([own] if own else []), *inherited]
    known = standings(shelf, revisions) if revisions else {}
    authored = [
        AuthoredTake(
            revision,
            shown_take(revision, shelf),
            known[revision.pk],
        )
        for revision in revisions
    ]
    return Panel(
        "analysis/_take.html",
        {
            "held": held,
            "authored": authored[0] if own else None,
            "inherited": authored[1:] if own else authored,
            "derived": made.take if made else None,
            "report_href": report_href(held.href, held.rows[0].snapshot.attack_version, own),
        },
    )


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
