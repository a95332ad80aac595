"""How often an address may ask for what costs much."""

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from glexia import cached, limits
from glexia.limits import CACHE, COSTLY, client_of, seconds_to_wait, view_name
from library.models import Snapshot
from tests.factories import import_objects, mitigation, stix_object
from tests.glexia.test_bounds import filled

pytestmark = pytest.mark.django_db

HOME = "/learn/attack"
SEARCH = f"{HOME}/search?q=firewall"
FILE = f"{HOME}/mitigations/M1037/json"
CHECK = f"{HOME}/id-check"


class Clock:
    """The time that limits go by, at a moment that a test sets."""

    now = 60_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(limits, "time", made)
    settings.RATE_LIMITS = dict.fromkeys(("searches", "files", "comparisons", "checks"), 2)
    settings.RATE_LIMITS |= {"missing": 2, "sign-ins": 2}
    caches[CACHE].clear()
    yield made
    caches[CACHE].clear()


@pytest.fixture
def library(plain_static: None) -> None:
    import_objects(mitigation("M1037", "Filter Network Traffic"))


def asked(client: Client, address: str, times: int = 1, **headers: str) -> list[int]:
    return [client.get(address, headers=headers).status_code for _ in range(times)]


def test_search_is_refused_when_an_address_has_searched_too_often(
    client: Client, library: None
) -> None:
    assert asked(client, SEARCH, 3) == [200, 200, 429]
    refusal = client.get(SEARCH)
    assert refusal["Retry-After"] == "90"
    assert refusal["Cache-Control"] == "no-store"
    assert "try again in 90 seconds." in refusal.text
    assert "default-src 'self'" in refusal["Content-Security-Policy"]
    assert not refusal.cookies


def test_tries_to_sign_in_are_counted_whatever_the_name(client: Client, plain_static: None) -> None:
    tries = [
        client.post("/admin/login/", {"username": f"user{n}", "password": "wrong"}).status_code
        for n in range(3)
    ]
    assert tries == [200, 200, 429]
    assert client.get("/admin/login/").status_code == 200


def test_refusal_asks_nothing_of_the_database(
    client: Client, library: None, settings: Settings
) -> None:
    # What readers see has just been looked at, as it is once a second.
    settings.EPOCH_SECONDS = 3600.0
    asked(client, SEARCH, 2)
    with CaptureQueriesContext(connection) as queries:
        assert asked(client, SEARCH, 5) == [429] * 5
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (FILE, "files"),
        (f"{HOME}/mitigations/csv", "files"),
        (f"{HOME}/workbooks/enterprise", "workbooks"),
        (f"{HOME}/mitigations/xlsx", "workbooks"),
        (f"{HOME}/bundles/00", "files"),
        (f"{HOME}/mitigations?q=filter", "searches"),
        (f"{HOME}/mitigations/M1037?filter=a", "searches"),
        (f"{HOME}/mitigations/M1037/matrix?find=a", "searches"),
        (f"{HOME}/mitigations/M1037/history", "comparisons"),
        (f"{HOME}/releases/1.0...1.0", "comparisons"),
        (f"{HOME}/v/1.0/search?q=filter", "searches"),
        (f"{HOME}/mitigations?n=1", "variants"),
        (f"{HOME}/mitigations/M1037?n=1", "variants"),
    ],
)
def test_what_costs_much_is_counted_by_its_kind(
    address: str, kind: str, client: Client, library: None, settings: Settings
) -> None:
    settings.RATE_LIMITS = {kind: 1}
    first, second = asked(client, address, 2)
    assert first != 429
    assert second == 429


def test_checks_are_counted_when_they_are_sent(client: Client, library: None) -> None:
    assert asked(client, CHECK, 4) == [200] * 4
    answers = [client.post(CHECK, {"text": "M1037"}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


@pytest.mark.parametrize(
    "address", [HOME, f"{HOME}/mitigations", f"{HOME}/mitigations/M1037", f"{HOME}/releases"]
)
def test_pages_that_caches_keep_are_not_counted(
    address: str, client: Client, library: None, settings: Settings
) -> None:
    settings.RATE_LIMITS = dict.fromkeys([*COSTLY.values(), "variants", "missing"], 1)
    assert asked(client, address, 5) == [200] * 5


def test_kinds_are_counted_by_themselves(client: Client, library: None) -> None:
    assert asked(client, SEARCH, 3)[-1] == 429
    assert asked(client, FILE) == [200]


def test_who_asks_for_what_is_not_there_is_refused_in_the_end(
    client: Client, library: None
) -> None:
    unknown = [f"{HOME}/mitigations/M{number}" for number in range(9001, 9004)]
    assert [client.get(address).status_code for address in unknown] == [404, 404, 429]


def test_who_asked_for_too_much_that_is_not_there_still_reads_what_is(
    client: Client, library: None, admin_client: Client
) -> None:
    unknown = [f"{HOME}/mitigations/M{number}" for number in range(9001, 9004)]
    assert [client.get(address).status_code for address in unknown] == [404, 404, 429]
    with CaptureQueriesContext(connection) as queries:
        refusal = client.get(f"{HOME}/mitigations/M9004")
    assert (refusal.status_code, refusal["Cache-Control"]) == (429, "no-store")
    assert int(refusal["Retry-After"]) > 0
    # Nothing is looked for that the reader may have meant.
    assert not [query for query in queries if "ORDER BY LOWER(" in query["sql"]]
    for address in (HOME, f"{HOME}/mitigations", f"{HOME}/mitigations/M1037", f"{HOME}/releases"):
        assert asked(client, address) == [200]
    assert asked(client, SEARCH) == [429]
    assert asked(client, FILE) == [429]
    assert asked(client, "/admin/login/") == [200]
    assert client.post("/admin/login/", {"username": "a", "password": "b"}).status_code == 200
    assert asked(admin_client, "/admin/") == [200]


def test_pages_of_the_staff_that_are_not_there_count_for_nothing(
    client: Client, library: None, admin_client: Client
) -> None:
    assert asked(admin_client, "/admin/no/such/page", 5) == [404] * 5
    assert asked(client, SEARCH) == [200]


def test_addresses_are_counted_by_themselves(
    client: Client, library: None, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    for address, status in (("198.51.100.1", 429), ("198.51.100.2", 200)):
        answers = asked(client, SEARCH, 2, **{"X-Forwarded-For": "198.51.100.1"})
        last = asked(client, SEARCH, 1, **{"X-Forwarded-For": address})
        assert answers[-1] in (200, 429)
        assert last == [status]


def test_header_that_no_trusted_proxy_wrote_changes_nothing(client: Client, library: None) -> None:
    for number in range(2):
        asked(client, SEARCH, 1, **{"X-Forwarded-For": f"198.51.100.{number}"})
    assert asked(client, SEARCH, 1, **{"X-Forwarded-For": "198.51.100.9"}) == [429]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        # As a server that listens on IPv6 names its readers of IPv4: each is one by itself.
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "unknown"),
    ],
)
def test_a_subscriber_is_one_client_however_many_addresses_it_has(
    address: str, client: str
) -> None:
    assert client_of(RequestFactory().get("/", REMOTE_ADDR=address)) == client


def test_window_slides_over_the_minute(clock: Clock, settings: Settings) -> None:
    settings.RATE_LIMITS = {"searches": 10}
    assert [seconds_to_wait("searches", "a") for _ in range(11)] == [0] * 10 + [66]
    clock.now += 60
    # All ten of the minute before still count; a tenth of that minute later, nine do.
    assert seconds_to_wait("searches", "a") == 6
    clock.now += 6
    assert [seconds_to_wait("searches", "a") for _ in range(2)] == [0, 6]
    clock.now += 120
    assert [seconds_to_wait("searches", "a") for _ in range(11)] == [0] * 10 + [60]


@pytest.mark.parametrize("pause", [0.0, 0.3, 1.37, 7.9, 31.0])
def test_who_waits_as_long_as_told_may_ask_again(
    pause: float, clock: Clock, settings: Settings
) -> None:
    settings.RATE_LIMITS = {"searches": 7}
    begun, answered = clock.now, 0
    for _ in range(200):
        if wait := seconds_to_wait("searches", "a"):
            clock.now += wait
            assert seconds_to_wait("searches", "a") == 0
        answered += 1
        clock.now += pause
    # However it is asked, no more than the window lets through, and one window's worth beside.
    assert answered <= 7 * (clock.now - begun) / 60 + 7 + 1


def test_nothing_is_counted_when_limits_are_off(
    client: Client, library: None, settings: Settings
) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)
    assert asked(client, SEARCH, 5) == [200] * 5


def test_everybody_is_let_in_when_the_cache_of_limits_fails(
    client: Client,
    library: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError("the cache is away")

    monkeypatch.setattr(cached, "resting", {})
    monkeypatch.setattr(LocMemCache, "get", fails)
    monkeypatch.setattr(LocMemCache, "get_many", fails)
    assert asked(client, SEARCH, 3) == [200] * 3
    assert "the cache of limits failed" in caplog.text


def addresses(resolver: URLResolver, before: str) -> Iterator[tuple[str, str]]:
    """The pattern and the dotted name of every public view, at each of its addresses."""
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address, view_name(pattern.callback)
        elif not address.startswith("admin/"):
            yield from addresses(pattern, address)


# What is the same for all who ask.
NO_FILES = {
    *("library.downloads.json_schema", "library.id_check.views.schema"),
    *("analysis.views.take_schema", "library.sitemaps.robots"),
    *("library.sitemaps.sitemap_index", "library.sitemaps.sitemap_section"),
    "glexia.security_txt.security_txt",
}
# What leads elsewhere for good, whatever is held.
MOVED = {"library.old_addresses.old_address", "library.history_views.unpinned_history"}
# A kind of object that the library has no words for.
STRANGE = "x-strange"


def test_every_answer_that_is_no_page_is_counted(
    client: Client, library: None, settings: Settings
) -> None:
    settings.RATE_LIMITS = {}
    measure, strange = mitigation("M1037", "Filter"), stix_object(STRANGE, name="Odd")
    for release in ("2.0", "3.0"):
        import_objects(measure, strange, release=release)
    held = {"release": "3.0", "before": "2.0", "after": "3.0"}
    held |= {"stix_id": str(measure["id"]), "stix_type": STRANGE, "name": "list-1"}
    held["sha256"] = Snapshot.objects.newest_first()[0].sha256
    kinds: dict[str, set[str]] = {}
    for pattern, name in addresses(get_resolver(), ""):
        answer = client.get(filled(pattern, **held))
        if answer.status_code in (200, 302):
            kinds.setdefault(name, set()).add(answer.get("Content-Type", "").split(";")[0])
    assert {name for _, name in addresses(get_resolver(), "")} - kinds.keys() == MOVED
    files = {name for name, found in kinds.items() if found - {"text/html"}}
    assert files - COSTLY.keys() == NO_FILES
    assert {name for name, kind in COSTLY.items() if kind == "files"} <= files


def test_what_is_counted_is_a_view_of_the_product() -> None:
    assert COSTLY.keys() <= {name for _, name in addresses(get_resolver(), "")}


def test_view_is_named_when_it_is_an_object() -> None:
    class View:
        def __call__(self) -> HttpResponse:
            return HttpResponse()

    assert view_name(View()).endswith("View")
