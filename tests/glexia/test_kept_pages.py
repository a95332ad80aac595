"""Finished pages are kept: found without a query, never older than what they show."""

import gzip
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
from django.core.cache import caches
from django.db import OperationalError
from django.test import Client
from django.test.signals import template_rendered
from pytest_django import DjangoAssertNumQueries, Settings

from glexia import caches as kept_in
from glexia.env import SettingError
from importer.editions import make_current
from library.conditional import Shelf, _Kept, current_shelf, forget_shelf
from library.epoch import advance_epoch
from library.models import Snapshot
from tests.factories import import_objects, mitigation
from tests.glexia.test_run import eventually, free_port
from tests.library.pages import LIBRARY, MITIGATIONS, PARTIAL, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
PAGES = [LIBRARY, MITIGATIONS, f"{MITIGATIONS}?q=alpha", PAGE, "/sitemap.xml"]


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    """The address of a Redis server, which keeps nothing on disk."""
    port, program = free_port(), shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    eventually(lambda: answers(port))
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(60)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["", "database", pytest.param("redis", marks=pytest.mark.redis)])
def keeping(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """Pages are kept, and the edition is looked at but once, in each of the places there are."""
    where = request.param
    address = request.getfixturevalue("redis_server") if where == "redis" else where
    settings.CACHES = kept_in.caches(address, pages=1000)
    settings.EPOCH_SECONDS = 3600.0
    forget_shelf()
    yield
    caches["pages"].clear()
    forget_shelf()


def headers_of(response: Any) -> dict[str, str]:
    """The headers of an answer, without the name of its request."""
    return {name: value for name, value in response.headers.items() if name != "X-Request-ID"}


def streamed(response: Any) -> Iterator[bytes]:
    """The pieces that a file is sent in."""
    assert response.streaming
    return iter(response.streaming_content)


@pytest.fixture(autouse=True)
def library(db: None) -> None:
    import_objects(mitigation("M1000", "Alpha", description="Words. " * 200))


@pytest.fixture
def rendered() -> Iterator[list[Any]]:
    """The templates that are rendered meanwhile."""
    seen: list[Any] = []

    def note(**kwargs: Any) -> None:
        seen.append(kwargs["template"])

    template_rendered.connect(note)
    yield seen
    template_rendered.disconnect(note)


@pytest.mark.parametrize("path", PAGES)
def test_page_is_answered_as_it_was_when_asked_for_again(
    keeping: None, site: Site, path: str, rendered: list[Any]
) -> None:
    first = site.get(path)
    assert first.status_code == 200
    rendered.clear()
    again = site.get(path)
    assert rendered == []
    assert again.content == first.content
    assert headers_of(again) == headers_of(first)


@pytest.mark.parametrize("keeping", [""], indirect=True)
def test_page_costs_no_query_when_it_is_kept(
    keeping: None, site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    site.get(PAGE)
    with django_assert_num_queries(0):
        assert site.get(PAGE).status_code == 200
        assert site.get(PAGE, **{"If-None-Match": site.get(PAGE)["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("br, gzip", "br"), ("gzip", "gzip"), ("", "identity")]
)
def test_page_is_compressed_once_for_each_encoding(
    keeping: None, site: Site, accepted: str, encoding: str
) -> None:
    plain = site.get(PAGE).content
    undo = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}[encoding]
    for _ in range(2):
        response = site.get(PAGE, **{"Accept-Encoding": accepted})
        assert undo(response.content) == plain
        assert response.get("Content-Encoding", "identity") == encoding
        assert int(response["Content-Length"]) == len(response.content)
        assert "Accept-Encoding" in response["Vary"]


@pytest.mark.parametrize(
    ("accepted", "undo"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_file_is_compressed_on_its_way_when_it_is_not_kept(
    keeping: None, site: Site, accepted: str, undo: Callable[[bytes], bytes]
) -> None:
    plain = b"".join(streamed(site.get(f"{PAGE}/json")))
    response = site.get(f"{PAGE}/json", **{"Accept-Encoding": accepted})
    assert response["Content-Encoding"] == accepted
    assert undo(b"".join(streamed(response))) == plain


def test_head_has_the_headers_of_the_kept_page(
    keeping: None, plain_static: None, client: Client
) -> None:
    whole = client.get(PAGE, headers={"Accept-Encoding": "br"})
    head = client.head(PAGE, headers={"Accept-Encoding": "br"})
    assert head.content == b""
    assert headers_of(head) == headers_of(whole)


def test_page_is_the_same_for_those_who_are_signed_in(
    keeping: None, site: Site, admin_client: Client
) -> None:
    assert admin_client.get(PAGE).content == site.get(PAGE).content


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


@pytest.mark.parametrize("path", [f"{MITIGATIONS}/M9999", f"{MITIGATIONS}/m1000", "/admin/login/"])
def test_other_answers_are_not_kept(keeping: None, site: Site, path: str) -> None:
    for _ in range(2):
        response = site.get(path, **{"Accept-Encoding": "br, gzip"})
        assert "ETag" not in response
        assert "Content-Encoding" not in response


def test_part_of_a_page_is_not_kept(keeping: None, site: Site, rendered: list[Any]) -> None:
    for _ in range(2):
        rendered.clear()
        part = site.get(MITIGATIONS, **PARTIAL)
        assert (part["Cache-Control"], bool(rendered)) == ("no-store", True)
    assert "<html" in site.get(MITIGATIONS).content.decode()


@pytest.mark.parametrize("host", ["evil.example", "localhost:80:80", "a b"])
def test_foreign_host_gets_no_kept_page(keeping: None, site: Site, host: str) -> None:
    site.get(PAGE)
    assert site.get(PAGE, Host=host).status_code == 400


def test_pages_are_kept_for_shared_caches_until_purged_when_there_are_some(
    site: Site, settings: Settings
) -> None:
    settings.SHARED_CACHE_SECONDS = 86_400
    said = site.get(PAGE)
    assert said["Cache-Control"] == ("public, max-age=0, s-maxage=86400, stale-while-revalidate=60")
    assert {"attack", "enterprise-1.0"} <= set(said["Surrogate-Key"].split())


def test_redis_is_used_when_its_address_is_given() -> None:
    made = kept_in.caches("redis://cache.example:6379/0", pages=10)
    assert (
        made["pages"]["LOCATION"] == made["default"]["LOCATION"] == "redis://cache.example:6379/0"
    )


def test_nothing_is_kept_when_there_is_room_for_no_page() -> None:
    assert kept_in.caches("", pages=0)["pages"] == {"BACKEND": kept_in.NOWHERE}


def test_address_of_a_cache_is_refused_without_telling_its_password() -> None:
    with pytest.raises(SettingError, match="CACHE_URL") as refused:
        kept_in.caches("memcached://user:secret@cache.example", pages=10)
    assert "secret" not in str(refused.value)
