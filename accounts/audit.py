"""Writing to the audit log, and when something in it was done."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from accounts.actors import command_actor, current_actor, current_address
from accounts.models import AuditEntry

__all__ = ["command_actor", "current_actor", "record", "recorded_at"]

LONGEST: Final = 1000
MOST: Final = 200


def record(actor: str, action: str, target: str, **details: object) -> None:
    """Add an entry to the audit log in the transaction at hand; one query.

    `actor` is a name that stands by itself: a user name, or what `command_actor` says. `details`
    are whatever JSON can hold; the address of the request at hand goes with them. Texts are cut
    at 1,000 characters and lists at 200 entries.
    """
    address = current_address()
    said = ({"address": address} if address else {}) | details
    AuditEntry.objects.create(
        actor=_readable(actor),
        action=_readable(action),
        target=_readable(target),
        details={name: _bounded(value) for name, value in said.items()},
    )


def recorded_at(actions: Collection[str], *, save_on: Collection[str]) -> list[datetime]:
    """When acts of these kinds were done, save those on these targets; one query."""
    entries = AuditEntry.objects.filter(action__in=actions).exclude(target__in=save_on)
    return list(entries.values_list("at", flat=True))


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return _readable(value)
    if isinstance(value, dict):
        return {str(name): _bounded(inner) for name, inner in list(value.items())[:MOST]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_bounded(inner) for inner in list(value)[:MOST]]
    return value


def _readable(text: str) -> str:
    """A text of one line: what could break lines, or PostgreSQL refuses, is a space."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
