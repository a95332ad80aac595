"""What other apps add to the library's pages, without the library knowing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from library.conditional import Shelf
from library.contexts.held import HeldObject


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of a page: a template and what it shows (as `panel` in it)."""

    template: str
    context: Mapping[str, object]


type PanelMaker = Callable[[Shelf, HeldObject], Panel | None]


@cache
def _makers() -> list[PanelMaker]:
    return [import_string(path) for path in settings.OBJECT_PANELS]


def object_panels(shelf: Shelf, held: HeldObject) -> list[Panel]:
    """The panels that the functions named in OBJECT_PANELS make for an object, in their order."""
    made = (make(shelf, held) for make in _makers())
    return [panel for panel in made if panel is not None]
