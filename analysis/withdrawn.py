"""Why there is no Take on an object from whose relationships none is derived."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from library.catalogue import Entry, catalogue
from library.conditional import Shelf
from library.contexts.held import HeldObject


def why_none(shelf: Shelf, held: HeldObject) -> SafeString:
    """That there is no Take, and why: what MITRE has withdrawn holds no relationship any more.

    With what stands in its place. No query once the release has been read.
    """
    version, called = held.version, held.attack_id or "this object"
    if version.live:
        return format_html(
            "There is no Take on {}: none can be derived for a kind of object that this library"
            " does not know.",
            called,
        )
    word = "revoked" if version.revoked else "deprecated"
    lead = format_html("There is no Take on {}, since MITRE has {} it", called, word)
    successor = _successor(shelf, held) if version.revoked else None
    if successor is None:
        return format_html("{}; no object is recorded as replacing it.", lead)
    return format_html("{} in favour of {}.", lead, _linked(shelf, successor))


def _successor(shelf: Shelf, held: HeldObject) -> Entry | None:
    """What stands at the end of the chain of revocations."""
    release = catalogue(shelf.snapshot_ids)
    entries = release.by_version.get(held.version.pk, ())
    return next((release.replacement(entry) for entry in entries), None)


def _linked(shelf: Shelf, entry: Entry) -> SafeString:
    href = shelf.addresses.page(entry.kind, entry.attack_id, entry.stix_id)
    if not entry.attack_id:
        return format_html('<a href="{}">{}</a>', href, entry.name or entry.stix_id)
    return format_html(
        '<a href="{}"><span class="attack-id">{}</span> {}</a>', href, entry.attack_id, entry.name
    )
