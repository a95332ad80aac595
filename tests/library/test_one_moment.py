"""A page is of one moment: what comes in while it is made is on none with the tag of before."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from library.conditional import current_shelf, forget_shelf
from tests.factories import import_objects, mitigation
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db
OLD, NEW = "1.7", "2.7"


@pytest.fixture
def late(settings: Settings) -> Iterator[None]:
    """A release has come in since the process looked at the edition."""
    settings.EPOCH_SECONDS = 3600.0
    forget_shelf()
    import_objects(mitigation("M1000", "Alpha"), release=OLD)
    current_shelf()
    import_objects(mitigation("M1000", "Beta"), release=NEW)
    yield
    forget_shelf()


@pytest.mark.parametrize(
    "path",
    [
        LIBRARY,
        MITIGATIONS,
        f"{MITIGATIONS}/M1000",
        f"{MITIGATIONS}/M1000/history",
        f"{MITIGATIONS}/M1000/json",
        f"{LIBRARY}/releases",
        f"{LIBRARY}/releases/atom",
    ],
)
def test_nothing_is_said_of_a_release_that_came_in_since(late: None, site: Site, path: str) -> None:
    answer = site.get(path)
    content = b"".join(answer) if answer.streaming else answer.content
    assert OLD.encode() in content
    assert NEW.encode() not in content
