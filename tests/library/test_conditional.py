"""ETag and 304: one query, nothing rendered, and a new tag whenever a page may differ."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.signals import template_rendered
from pytest_django import DjangoAssertNumQueries

from importer.deletion import delete_snapshot
from importer.editions import make_current, undo
from library.conditional import _edition, build_id, current_shelf
from library.models import Edition, Snapshot
from tests.factories import import_objects, mitigation, relationship, technique
from tests.library.pages import LIBRARY, MITIGATIONS, PARTIAL, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
PAGES = [LIBRARY, MITIGATIONS, f"{MITIGATIONS}?offset=25&q=x", PAGE, f"{PAGE}?sort=name"]
FILTERED = [f"{MITIGATIONS}?q=alpha", f"{PAGE}?filter=one"]


@pytest.fixture(autouse=True)
def library(db: None) -> None:
    measure, target = mitigation("M1000", "Alpha"), technique("T1000", "One")
    import_objects(measure, target, relationship("mitigates", measure, target, "Note."))


def tag(site: Site, path: str, **headers: str) -> str:
    response = site.get(path, **headers)
    assert response.status_code == 200
    return response["ETag"]


@pytest.mark.parametrize("path", PAGES)
def test_answer_is_304_when_nothing_has_changed(site: Site, path: str) -> None:
    first = site.get(path)
    assert first["Cache-Control"] == "public, max-age=0, stale-while-revalidate=1"
    assert "HX-Request-Type" in first["Vary"]
    for sent in (first["ETag"], f'"other", {first["ETag"]}'):
        second = site.get(path, **{"If-None-Match": sent})
        assert (second.status_code, second.content) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert second[name] == first[name]


@pytest.mark.parametrize("path", PAGES)
def test_304_costs_one_query_and_renders_nothing(
    site: Site, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    known = tag(site, path)
    rendered: list[Any] = []

    def count(**kwargs: Any) -> None:
        rendered.append(kwargs["template"])

    template_rendered.connect(count)
    try:
        with django_assert_num_queries(1):
            assert site.get(path, **{"If-None-Match": known}).status_code == 304
    finally:
        template_rendered.disconnect(count)
    assert rendered == []


@pytest.mark.parametrize("path", PAGES)
def test_page_is_sent_when_the_tag_is_another(site: Site, path: str) -> None:
    for sent in ('"x"', 'W/"x"', "", "x", '"', "\\", "*"):
        assert site.get(path, **{"If-None-Match": sent}).status_code == 200


def test_page_is_sent_when_other_conditions_fail(site: Site) -> None:
    for headers in (
        {"If-Match": '"x"'},
        {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ):
        assert site.get(PAGE, **headers).status_code == 200


def test_tag_is_the_same_when_asked_twice(site: Site) -> None:
    assert tag(site, PAGE) == tag(site, PAGE)
    assert tag(site, PAGE).startswith('W/"')


def import_newer() -> None:
    import_objects(mitigation("M1000", "Newer"), release="2.0")


def import_without_showing() -> None:
    import_objects(mitigation("M1000", "Newer"), release="2.0", make_current=False)


def import_other_domain() -> None:
    import_objects(mitigation("M2000", "Other", "ics"), domain="ics")


@pytest.mark.parametrize("change", [import_newer, import_without_showing, import_other_domain])
@pytest.mark.parametrize("path", PAGES)
def test_tag_changes_when_a_snapshot_is_imported(
    site: Site, path: str, change: Callable[[], None]
) -> None:
    before = tag(site, path)
    change()
    assert tag(site, path) != before


def test_tag_changes_each_time_the_edition_switches(site: Site) -> None:
    import_newer()
    seen = [tag(site, PAGE)]
    make_current(Snapshot.objects.get(attack_version="1.0"), "test")
    seen.append(tag(site, PAGE))
    undo("test")
    seen.append(tag(site, PAGE))
    assert len(set(seen)) == 3
    assert Edition.objects.count() == 4


def test_old_page_is_not_confirmed_when_the_edition_has_switched(site: Site) -> None:
    known = tag(site, PAGE)
    import_newer()
    response = site.get(PAGE, **{"If-None-Match": known})
    assert response.status_code == 200
    assert "Newer" in response.content.decode()


def test_tag_differs_between_addresses(site: Site) -> None:
    tags = [tag(site, path) for path in (*PAGES, *FILTERED)]
    tags.append(tag(site, MITIGATIONS, Host="localhost"))
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("path", [MITIGATIONS, PAGE])
def test_part_is_never_stored(site: Site, path: str) -> None:
    # What it does to the browser's history depends on where the reader was.
    whole = tag(site, path)
    part = site.get(path, **PARTIAL, **{"If-None-Match": whole})
    assert (part.status_code, part["Cache-Control"]) == (200, "no-store")
    assert "ETag" not in part
    assert "HX-Request-Type" in part["Vary"]


def test_tag_changes_when_what_pages_are_made_of_changes(site: Site) -> None:
    before = tag(site, PAGE)
    build_id.cache_clear()
    try:
        with override_settings(INCIDENT_URL="https://example.org/other"):
            assert tag(site, PAGE) != before
    finally:
        build_id.cache_clear()
    assert tag(site, PAGE) == before


@pytest.mark.parametrize(
    "path", [f"{MITIGATIONS}/M9999", f"{MITIGATIONS}/m1000", f"{LIBRARY}/objects/x--y", "/nothing"]
)
@pytest.mark.parametrize("sent", ["*", 'W/"x"'])
def test_other_answers_are_never_304(site: Site, path: str, sent: str) -> None:
    response = site.get(path, **{"If-None-Match": sent})
    assert response.status_code in {301, 404}
    assert "ETag" not in response


def test_redirect_to_a_replacement_is_asked_for_again_each_time(site: Site) -> None:
    old, new = mitigation("M1000", "Old", revoked=True), mitigation("M1001", "New")
    import_objects(old, new, relationship("revoked-by", old, new), release="2.0")
    response = site.get(PAGE)
    assert response.status_code == 302
    assert "ETag" not in response
    assert "max-age=0" in response["Cache-Control"]


def test_tag_does_not_come_back_when_a_snapshot_that_came_goes_again(site: Site) -> None:
    before = tag(site, LIBRARY)
    import_objects(mitigation("M1000", "Older"), release="0.1")
    # What is made meanwhile under the tag before would be found again with it.
    assert tag(site, LIBRARY) != before
    delete_snapshot(Snapshot.objects.get(attack_version="0.1"))
    assert tag(site, LIBRARY) != before


def test_tag_is_another_when_the_same_keys_name_other_snapshots(site: Site) -> None:
    shelf = current_shelf()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE library_snapshot DISABLE TRIGGER USER")
        cursor.execute("UPDATE library_snapshot SET bundle_sha256 = sha256('other')")
        cursor.execute("ALTER TABLE library_snapshot ENABLE TRIGGER USER")
    # As in a process that was started on a library filled anew.
    _edition.cache_clear()
    found = current_shelf()
    _edition.cache_clear()
    assert (found.edition, found.newest_snapshot) == (shelf.edition, shelf.newest_snapshot)
    assert found.mark != shelf.mark
