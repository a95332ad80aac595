"""Glexia's Take on the page of an object."""

from analysis.derivation import derivation
from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.panels import Panel


def take_panel(shelf: Shelf, held: HeldObject) -> Panel:
    """The place of Glexia's Take: derived where an object has one; else it says there is none."""
    made = derivation(shelf, held)
    return Panel("analysis/_take.html", {"held": held, "take": made.take if made else None})
