"""What other apps add to the brief of two releases, without the library knowing them."""

from collections.abc import Callable, Sequence
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from library.conditional import Shelf
from library.panels import Panel
from library.releases.compared import ReleaseDifference

type PanelMaker = Callable[[Shelf, Sequence[ReleaseDifference]], Panel | None]


@cache
def _makers() -> list[PanelMaker]:
    return [import_string(path) for path in settings.RELEASE_PANELS]


def release_panels(shelf: Shelf, compared: Sequence[ReleaseDifference]) -> list[Panel]:
    """The panels that the functions named in RELEASE_PANELS make, in their order.

    They are given what is compared of each domain.
    """
    made = (make(shelf, compared) for make in _makers())
    return [panel for panel in made if panel is not None]
