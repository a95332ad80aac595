"""Which pages are kept, where, and in how much room."""

from typing import Any, cast

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from glexia import cached, kept_pages
from glexia import caches as kept_in
from glexia.env import SettingError
from glexia.page_memory import PageMemory
from tests.accounts.staff_addresses import SIGN_OUTS, staff_addresses
from tests.glexia.kept_pages.conftest import PAGE
from tests.library.pages import MITIGATIONS, PARTIAL, Site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", [f"{MITIGATIONS}/M9999", f"{MITIGATIONS}/m1000", "/admin/login/"])
def test_other_answers_are_not_kept(
    keeping: None, site: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_pages.KeptPage, "answer", None)
    for _ in range(2):
        assert "ETag" not in site.get(path, **{"Accept-Encoding": "br, gzip"})


@pytest.mark.parametrize("keeping", [""], indirect=True)
def test_no_page_of_anybody_s_is_kept(
    keeping: None, plain_static: None, admin_client: Client
) -> None:
    held = cast(PageMemory, caches["pages"])
    for path in staff_addresses():
        if path not in SIGN_OUTS:
            answer = admin_client.get(path)
            assert answer.status_code >= 300 or "no-store" in answer.get("Cache-Control", ""), path
    assert held.size == 0
    # Of what is public a page is kept, whoever has asked for it.
    admin_client.get(PAGE)
    assert held.size > 0


@pytest.mark.parametrize("keeping", [""], indirect=True)
@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        (f"{PAGE}?n={{n}}", False),
        (f"{PAGE}?sort=name&utm_source={{n}}", False),
        (f"{MITIGATIONS}?n={{n}}", False),
        (f"{PAGE}?sort=name&filter={{n}}", True),
        (f"{MITIGATIONS}?offset={{n}}", True),
    ],
)
def test_page_is_not_kept_when_its_address_has_parameters_that_it_does_not_read(
    keeping: None, site: Site, path: str, is_kept: bool
) -> None:
    held = cast(PageMemory, caches["pages"])
    for n in range(3):
        assert site.get(path.format(n=n)).status_code == 200
    assert (held.size > 0) is is_kept


@pytest.mark.parametrize("keeping", [""], indirect=True)
def test_kept_pages_take_no_more_memory_than_they_may(
    keeping: None, site: Site, settings: Settings
) -> None:
    settings.CACHES["pages"]["OPTIONS"]["MAX_BYTES"] = 30_000
    caches["pages"] = caches.create_connection("pages")
    held = cast(PageMemory, caches["pages"])
    for n in range(40):
        site.get(f"{MITIGATIONS}?q={n}")
        assert held.size <= 30_000
    assert held.size > 15_000
    # The newest is there still.
    assert site.get(f"{MITIGATIONS}?q=39").status_code == 200


def test_page_is_made_when_its_cache_fails_and_that_cache_is_left_alone(
    keeping: None,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = []

    def fails(*_args: object, **_kwargs: object) -> None:
        asked.append(1)
        raise ConnectionError("the cache is away")

    monkeypatch.setattr(type(caches["pages"]), "get", fails)
    monkeypatch.setattr(type(caches["pages"]), "set", fails)
    assert [site.get(PAGE).status_code for _ in range(3)] == [200] * 3
    assert len(asked) == 1
    assert "the cache of pages failed" in caplog.text
    cached.resting["pages"] -= cached.REST_SECONDS
    site.get(PAGE)
    assert len(asked) == 2


def test_part_of_a_page_is_not_kept(keeping: None, site: Site, rendered: list[Any]) -> None:
    # The page itself is, and no answer to who asks for a part.
    site.get(MITIGATIONS)
    for _ in range(2):
        rendered.clear()
        part = site.get(MITIGATIONS, **PARTIAL)
        assert (part["Cache-Control"], bool(rendered)) == ("no-store", True)
    assert "<html" in site.get(MITIGATIONS).content.decode()


def test_pages_are_kept_for_shared_caches_until_purged_when_there_are_some(
    site: Site, settings: Settings
) -> None:
    settings.SHARED_CACHE_SECONDS = 86_400
    said = site.get(PAGE)
    assert said["Cache-Control"] == ("public, max-age=0, s-maxage=86400, stale-while-revalidate=60")
    assert {"attack", "enterprise-1.0"} <= set(said["Surrogate-Key"].split())


def test_redis_is_used_when_its_address_is_given() -> None:
    made = kept_in.caches("redis://cache.example:6379/0", pages=10, megabytes=64)
    assert (
        made["pages"]["LOCATION"] == made["default"]["LOCATION"] == "redis://cache.example:6379/0"
    )


def test_nothing_is_kept_when_there_is_room_for_no_page() -> None:
    assert kept_in.caches("", pages=0, megabytes=64)["pages"] == {"BACKEND": kept_in.NOWHERE}


@pytest.mark.parametrize(
    "address",
    [
        "memcached://user:secret@cache.example",
        "redis//cache.example:6379/0?password=secret",
        "redis://user:secret@cache.example:port/0",
        "redis://user:secret@cache.example:70000/0",
        "redis://user:sec/ret@cache.example:6379/0",
        "redis://user:secret@[cache.example/0",
        "redis://cache.example:6379/0?password=secret&socket_timeout=soon",
        "rediss://user:secret@cache.example:6379/0,cache.example",
    ],
)
def test_address_of_a_cache_is_refused_without_telling_its_password(address: str) -> None:
    with pytest.raises(SettingError, match="CACHE_URL") as refused:
        kept_in.caches(address, pages=10, megabytes=64)
    said = str(refused.value)
    assert "redis://host:6379/0." in said
    assert len(said.splitlines()) == 1
    assert "sec" not in said
    assert "cache.example" not in said


@pytest.mark.parametrize(
    "address",
    [
        "redis://cache.example",
        "rediss://user:pa%2Fss@cache.example:6380/1",
        "unix:///run/redis.sock?db=1",
        "redis://one.example:6379/0,redis://two.example:6379/0",
    ],
)
def test_address_of_a_cache_is_taken_as_redis_reads_it(address: str) -> None:
    assert kept_in.caches(address, pages=10, megabytes=64)["pages"]["LOCATION"] == address
