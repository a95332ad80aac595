"""Kept pages are never older than what they show."""

import time
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from glexia import kept_pages
from importer.deletion import delete_snapshot
from importer.editions import make_current
from library.conditional import Shelf, _Kept, current_shelf, forget_shelf, page_tag
from library.epoch import advance_epoch
from library.models import Snapshot
from tests.factories import import_objects, mitigation
from tests.glexia.kept_pages.conftest import PAGE
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


def test_page_is_made_anew_when_another_edition_is_shown(
    keeping: None, site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    assert "Alpha" in site.get(PAGE).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        import_objects(mitigation("M1000", "Beta"), release="2.0")
    assert "Beta" in site.get(PAGE).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        make_current(Snapshot.objects.get(attack_version="1.0"), "test")
    assert "Beta" not in site.page(PAGE).one("h1").words


def test_page_is_made_anew_when_the_epoch_advances(
    keeping: None, site: Site, rendered: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    before = site.get(PAGE)["ETag"]
    with django_capture_on_commit_callbacks(execute=True):
        advance_epoch()
    rendered.clear()
    assert site.get(PAGE)["ETag"] != before
    assert rendered != []


def test_other_process_is_believed_once_what_was_read_is_old(
    keeping: None, site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing here tells this process: the change comes as from another one.
    clock = [1000.0]
    monkeypatch.setattr("library.conditional.time.monotonic", lambda: clock[0])
    settings.EPOCH_SECONDS = 1.0
    forget_shelf()
    before = site.get(PAGE)["ETag"]
    import_objects(mitigation("M1000", "Beta"), release="2.0")
    clock[0] += 0.9
    assert site.get(PAGE)["ETag"] == before
    clock[0] += 0.2
    assert site.get(PAGE)["ETag"] != before


def away() -> Shelf:
    raise OperationalError("the connection is closed")


@pytest.mark.parametrize("keeping", [""], indirect=True)
def test_kept_page_is_served_while_the_database_is_away(
    keeping: None, site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = site.get(PAGE)
    settings.EPOCH_SECONDS = 0.0
    monkeypatch.setattr("library.conditional._read_shelf", away)
    assert site.get(PAGE).content == page.content
    assert site.get(PAGE, **{"If-None-Match": page["ETag"]}).status_code == 304


def test_database_that_is_away_is_told_of_when_nothing_was_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("library.conditional._Kept.at", {})
    monkeypatch.setattr("library.conditional._read_shelf", away)
    with pytest.raises(OperationalError):
        current_shelf()


def test_readers_go_by_what_was_read_while_one_of_them_reads_anew(
    keeping: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current_shelf()
    import_objects(mitigation("M1000", "Beta"), release="2.0")
    clock = [time.monotonic() + 3601]
    monkeypatch.setattr("library.conditional.time.monotonic", lambda: clock[0])
    reading = _Kept.reading
    with reading:
        assert current_shelf() is before
    assert current_shelf() is not before


class Overtaken:
    """A lock whose first holder is overtaken by another reader as soon as it lets go."""

    def __init__(self) -> None:
        self.overtakers: list[Shelf] = []

    def acquire(self, **_how: bool) -> bool:
        return True

    def release(self) -> None:
        if not self.overtakers:
            import_objects(mitigation("M1000", "Beta"), release="2.0")
            forget_shelf()
            self.overtakers += [Shelf(None, 0, 0)]
            self.overtakers[0] = current_shelf()


def test_what_one_has_read_is_not_kept_over_what_another_read_later(
    keeping: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Overtaken()
    monkeypatch.setattr("library.conditional._Kept.reading", lock)
    first = current_shelf()
    assert current_shelf() is lock.overtakers[0]
    assert current_shelf() != first


def test_page_shows_the_moment_of_its_tag_when_a_release_comes_meanwhile(
    keeping: None,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    made = page_tag
    between = [True]

    def and_then_a_release_comes(request: Any, shelf: Shelf) -> str:
        tag = made(request, shelf)
        if between and between.pop():
            import_objects(mitigation("M1000", "Beta"), release="0.1")
        return tag

    # Of all pages this one lists every snapshot that there is.
    path = f"{LIBRARY}/releases"
    monkeypatch.setattr(kept_pages, "page_tag", and_then_a_release_comes)
    early = site.get(path)
    with django_capture_on_commit_callbacks(execute=True):
        advance_epoch()
    forget_shelf()
    later = site.get(path)
    assert later["ETag"] != early["ETag"]
    with django_capture_on_commit_callbacks(execute=True):
        delete_snapshot(Snapshot.objects.get(attack_version="0.1"))
    forget_shelf()
    late = site.get(path)
    assert late["ETag"] != early["ETag"]
    assert [">0.1<" in shown.text for shown in (early, later, late)] == [False, True, False]
