"""Glexia's Take on the page of an object."""

from library.contexts.held import HeldObject
from library.panels import Panel


def take_panel(held: HeldObject) -> Panel:
    """The place of Glexia's Take; until Takes are written, it says that there is none."""
    return Panel("analysis/_take.html", {"held": held})
