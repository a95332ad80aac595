"""How long a sign-in lasts, where else one is signed in, when the password is asked for again."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import sessions
from tests.accounts.people import PASSWORD, sign_in, signed_in, staff, told

pytestmark = pytest.mark.django_db
PAGE = "/admin/sessions/"
POLL = {"HX-Request-Type": "partial"}


class Clock:
    """The time that sessions go by, at a moment that a test sets."""

    now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(sessions, "time", made)
    return made


def is_in(client: Client, path: str = "/admin/", **headers: str) -> bool:
    answer = client.get(path, headers=headers)
    return answer.status_code == 200 and "HX-Redirect" not in answer


def test_a_session_ends_when_nobody_has_used_it_for_an_hour(clock: Clock) -> None:
    client = signed_in(staff("author"))
    key = client.session.session_key
    for _ in range(3):
        clock.now += 59 * 60
        assert is_in(client)
    clock.now += 60 * 60
    assert not is_in(client)
    assert not Session.objects.filter(pk=key).exists()
    assert told("session ended") == [("ann", "session ended", "ann")]
    clock.now -= 60 * 60
    assert not is_in(client)


def test_a_session_ends_after_as_many_idle_minutes_as_are_set(
    clock: Clock, settings: Settings
) -> None:
    settings.SESSION_IDLE_SECONDS = 5 * 60
    client = signed_in(staff("author"))
    clock.now += 5 * 60
    assert not is_in(client)
    settings.SESSION_IDLE_SECONDS = 0
    client = signed_in(staff("author"))
    clock.now += 11 * 3600
    assert is_in(client)


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(clock: Clock) -> None:
    client = signed_in(staff("author"))
    for _ in range(23):
        clock.now += 30 * 60
        assert is_in(client)
    clock.now += 30 * 60
    assert not is_in(client)


def test_a_page_that_asks_by_itself_does_not_keep_a_session_open(clock: Clock) -> None:
    client = signed_in(staff("author"))
    for _ in range(5):
        clock.now += 10 * 60
        assert is_in(client, **POLL)
    clock.now += 10 * 60
    assert not is_in(client, **POLL)


def test_use_is_written_down_once_a_minute(clock: Clock) -> None:
    client = signed_in(staff("author"))
    written = []
    for seconds in (0, 30, 29, 1, 10, 49, 1):
        clock.now += seconds
        with CaptureQueriesContext(connection) as queries:
            assert is_in(client)
        written.append(any('UPDATE "django_session"' in query["sql"] for query in queries))
    assert written == [False, False, False, True, False, False, True]


def test_a_session_of_the_version_before_goes_on_from_now(clock: Clock) -> None:
    client = signed_in(staff("author"))
    session = client.session
    for name in (sessions.BEGUN, sessions.SEEN, sessions.ADDRESS):
        del session[name]
    session.save()
    assert is_in(client)
    clock.now += 60 * 60
    assert not is_in(client)


def test_readers_pages_look_at_no_session(clock: Clock) -> None:
    client = signed_in(staff("author"))
    clock.now += 24 * 3600
    with CaptureQueriesContext(connection) as queries:
        client.get("/learn/attack")
    assert not [query for query in queries if "django_session" in query["sql"]]


def test_one_sees_where_else_one_is_signed_in_and_ends_it(clock: Clock) -> None:
    user, other = staff("author"), staff("author", name="bob")
    here, bobs = signed_in(user), signed_in(other)
    there = Client(REMOTE_ADDR="192.0.2.7")
    sign_in(there)
    page = here.get(PAGE).content.decode()
    assert page.count("(this one)") == 1
    assert "192.0.2.7" in page
    assert str(there.session.session_key) not in page
    answer = here.post(PAGE, follow=True)
    assert "1 other sign-in ended." in answer.content.decode()
    assert (is_in(here), is_in(there), is_in(bobs)) == (True, False, True)
    assert told("other sessions ended") == [("ann", "other sessions ended", "ann")]


def test_the_key_of_a_session_is_random_and_in_no_address_and_no_page() -> None:
    user = staff("author")
    keys = {signed_in(user).session.session_key for _ in range(20)}
    assert len(keys) == 20
    # 32 of 36 characters: 165 bits.
    assert all(re.fullmatch(r"[a-z0-9]{32}", str(key)) for key in keys)
    client = Client()
    sent = sign_in(client)
    key = str(client.session.session_key)
    assert key not in sent["Location"]
    for path in ("/admin/", PAGE, "/admin/second-factor/"):
        assert key not in client.get(path).content.decode()
    assert not is_in(Client(), f"/admin/?sessionid={key}")


@pytest.mark.parametrize("way_out", ["/admin/logout/", "/admin/second-factor/leave/"])
def test_a_copied_cookie_opens_nothing_once_its_owner_has_signed_out(way_out: str) -> None:
    owner, thief = signed_in(staff("author")), Client()
    key = str(owner.session.session_key)
    thief.cookies["sessionid"] = key
    assert is_in(thief)
    assert owner.post(way_out).status_code in {200, 302}
    assert not is_in(thief)
    assert not Session.objects.filter(pk=key).exists()


def test_the_password_is_asked_for_again_when_one_signed_in_a_while_ago(clock: Clock) -> None:
    user = staff("author")
    here, there = signed_in(user), signed_in(user)
    assert "Your password" not in here.get(PAGE).content.decode()
    clock.now += 10 * 60
    assert "Your password" in here.get(PAGE).content.decode()
    for given in ({}, {"password": "wrong"}, {"password": "x" * 100_000}):
        answer = here.post(PAGE, given)
        assert answer.status_code == 400
        assert "Nothing was ended" in answer.content.decode()
    assert is_in(there)
    assert here.post(PAGE, {"password": PASSWORD}).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)


def test_wrong_passwords_count_towards_a_lock_out(clock: Clock) -> None:
    here = signed_in(staff("author"))
    clock.now += 10 * 60
    for _ in range(5):
        here.post(PAGE, {"password": "wrong"})
    assert here.post(PAGE, {"password": PASSWORD}).status_code != 302
    assert sign_in(Client()).status_code == 429


def test_no_password_is_asked_of_who_has_none(clock: Clock) -> None:
    user = staff("author")
    user.set_unusable_password()
    user.save()
    here = signed_in(user)
    clock.now += 10 * 60
    assert here.post(PAGE).status_code == 302
