"""What other apps add to the library's pages, without the library knowing them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from library.conditional import Shelf
from library.contexts.held import HeldObject
from library.releases.compared import ReleaseDifference


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of a page: a template and what it shows (as `panel` in it)."""

    template: str
    context: Mapping[str, object]


type PanelMaker = Callable[[Shelf, HeldObject], Panel | None]
type ReleasePanelMaker = Callable[[Shelf, Sequence[ReleaseDifference]], Panel | None]


@cache
def _makers() -> list[PanelMaker]:
    return [import_string(path) for path in settings.OBJECT_PANELS]


@cache
def _release_makers() -> list[ReleasePanelMaker]:
    return [import_string(path) for path in settings.RELEASE_PANELS]


def object_panels(shelf: Shelf, held: HeldObject) -> list[Panel]:
    """The panels that the functions named in OBJECT_PANELS make for an object, in their order."""
    made = (make(shelf, held) for make in _makers())
    return [panel for panel in made if panel is not None]


def release_panels(shelf: Shelf, compared: Sequence[ReleaseDifference]) -> list[Panel]:
    """The panels that the functions named in RELEASE_PANELS make for two releases, in order.

    They are given what is compared of each domain.
    """
    made = (make(shelf, compared) for make in _release_makers())
    return [panel for panel in made if panel is not None]
