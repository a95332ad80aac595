"""Signing in: lock-out, sessions, passwords, and that readers notice nothing of it."""

import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as product
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import lockouts
from tests.accounts.people import PASSWORD, SIGN_IN, sign_in, signed_in, staff, told
from tests.factories import import_objects, mitigation

pytestmark = pytest.mark.django_db
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]* src=)(?![^>]*json)")


def fail(client: Client, times: int, name: str = "ann", **extra: Any) -> list[int]:
    given = {"username": name, "password": "wrong"}
    return [client.post(SIGN_IN, given, **extra).status_code for _ in range(times)]


def test_somebody_is_locked_out_after_five_failures() -> None:
    staff("author")
    # Each try is another client's: what counts is in the database, as with several processes.
    statuses = [fail(Client(), 1)[0] for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    answer = sign_in(Client())
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "Locked out for a while" in answer.content.decode()
    assert "Try again in 15 minutes." in answer.content.decode()
    assert "sessionid" not in answer.cookies
    assert told("sign-in failed", "locked out") == [
        *[("nobody signed in", "sign-in failed", "ann")] * 4,
        ("nobody signed in", "locked out", "ann"),
    ]


def test_a_lock_out_is_of_a_user_name_and_an_address_together(client: Client) -> None:
    staff("author")
    staff("author", name="bob")
    fail(client, 5)
    assert sign_in(client, "bob").status_code == 302
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9")).status_code == 302


def test_the_address_is_the_one_that_the_trusted_proxy_saw(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    staff("author")
    fail(Client(), 5, HTTP_X_FORWARDED_FOR="203.0.113.5, 192.0.2.1")
    assert fail(Client(), 1, HTTP_X_FORWARDED_FOR="203.0.113.99, 192.0.2.1") == [429]
    assert fail(Client(), 1, HTTP_X_FORWARDED_FOR="192.0.2.2") == [200]


def test_failures_are_counted_when_the_address_is_unknown() -> None:
    staff("author")
    assert fail(Client(), 5, REMOTE_ADDR="") == [200, 200, 200, 200, 429]
    assert AccessAttempt.objects.get().ip_address is None


def test_a_lock_out_ends_by_itself(client: Client) -> None:
    staff("author")
    fail(client, 5)
    before = AccessAttempt.objects.get()
    AccessAttempt.objects.update(attempt_time=before.attempt_time - product.AXES_COOLOFF_TIME)
    assert sign_in(client).status_code == 302


def test_trying_on_does_not_make_a_lock_out_longer(client: Client) -> None:
    staff("author")
    fail(client, 5)
    before = AccessAttempt.objects.get()
    fail(client, 3)
    after = AccessAttempt.objects.get()
    assert (after.attempt_time, after.failures_since_start) == (before.attempt_time, 5)


def test_the_count_begins_anew_with_a_sign_in(client: Client) -> None:
    staff("author")
    fail(client, 4)
    sign_in(client)
    assert fail(Client(), 4) == [200] * 4


def test_an_administrator_lifts_a_lock_out(client: Client) -> None:
    ann = staff("author")
    boss = signed_in(staff("administrator", name="boss"))
    fail(client, 5)
    chosen = {"action": "lift_lockouts", "_selected_action": [ann.pk]}
    answer = boss.post("/admin/auth/user/", chosen, follow=True)
    assert "Lock-outs lifted: ann." in answer.content.decode()
    assert sign_in(client).status_code == 302
    assert told("lock-out lifted") == [("boss", "lock-out lifted", "ann")]


def test_what_is_kept_of_a_failure_holds_no_secret(client: Client) -> None:
    given = {"username": "ann", "password": "secret-of-ann", "csrfmiddlewaretoken": "token-of-ann"}
    client.post(f"{SIGN_IN}?password=secret-too", given)
    attempt = AccessAttempt.objects.get()
    kept = attempt.post_data + attempt.get_data
    assert "secret" not in kept
    assert "token-of-ann" not in kept


@pytest.mark.parametrize(
    "name",
    ["", "x" * 200, "a\x00b", "' OR 1=1 --", "<script>alert(1)</script>", "\u202eann", "\uff41nn"],
)
def test_a_hostile_user_name_is_refused_like_any_other(client: Client, name: str) -> None:
    answer = client.post(SIGN_IN, {"username": name, "password": "wrong"})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert "sessionid" not in answer.cookies


def test_a_user_name_longer_than_any_is_tried_of_nobody(client: Client) -> None:
    for name in ("x" * 151, "9" * 3000, "😀" * 256):
        answer = client.post(SIGN_IN, {"username": name, "password": "wrong"})
        assert answer.status_code == 200
        assert "at most 150 characters" in answer.content.decode()
    assert not AccessAttempt.objects.exists()


def test_the_answer_is_the_same_whether_or_not_there_is_such_a_user(client: Client) -> None:
    staff("author")
    pages = [client.post(SIGN_IN, {"username": n, "password": "wrong"}) for n in ("ann", "zoe")]
    said = [re.findall(r'class="errornote">([^<]*)', page.content.decode()) for page in pages]
    assert said[0] == said[1] != []


def test_the_session_is_another_after_signing_in(client: Client) -> None:
    staff("author")
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_a_session_ends_with_the_browser_and_after_twelve_hours(client: Client) -> None:
    staff("author")
    answer = sign_in(client)
    cookie = answer.cookies["sessionid"]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin/", True, "Lax")
    assert client.session.get_expiry_age() == 12 * 3600


def test_sessions_end_when_an_account_is_deactivated_or_its_password_changes() -> None:
    user = staff("author")
    first = signed_in(user)
    assert first.get("/admin/").status_code == 200
    user.set_password("another-lantern-77")
    user.save()
    assert first.get("/admin/").status_code == 302
    second = signed_in(user)
    assert second.get("/admin/").status_code == 200
    user.is_active = False
    user.save()
    assert second.get("/admin/").status_code == 302


def test_leaving_the_site_wins_nothing(client: Client) -> None:
    staff("author")
    given = {"username": "ann", "password": PASSWORD, "next": "https://example.org/"}
    answer = client.post(SIGN_IN, given)
    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize(
    "password", ["eleven-char", "password1234", "482913758291", "annabelle-smith"]
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(username="annabelle-smith"))
    validate_password(PASSWORD, User(username="annabelle-smith"))


@pytest.mark.parametrize(
    "password",
    [
        *("onlysmallletters", "ONLYCAPITALLETTERS", "words of several letters", "~!@#$%^&*()_+{}"),
        *("schlüssel–ключ–鍵", "🔑🔒🗝🔐🚪🏠🌙⭐🌍🌊🍀🎈", " begins and ends "),
    ],
)
def test_any_characters_make_a_password_and_each_of_them_counts(
    client: Client, password: str
) -> None:
    user = staff("author")
    validate_password(password, user)
    user.set_password(password)
    user.save()
    assert sign_in(client, password=password[:-1]).status_code == 200
    assert sign_in(client, password=password.swapcase() + "x").status_code == 200
    assert sign_in(client, password=password).status_code == 302


@pytest.mark.parametrize("path", [SIGN_IN, "/admin/second-factor/", "/admin/password_change/"])
def test_pages_of_signing_in_hold_nothing_inline(path: str) -> None:
    client = Client() if path == SIGN_IN else signed_in(staff("author"))
    answer = client.get(path)
    assert not INLINE.search(answer.content.decode())
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_readers_get_no_cookie_and_cost_no_query_of_accounts() -> None:
    import_objects(mitigation("M1000", "Measure"))
    reader, member = Client(), signed_in(staff("author"))
    path = "/learn/attack/mitigations/M1000"
    for client in (reader, member):
        client.get(path)
    with CaptureQueriesContext(connection) as anonymous:
        page = reader.get(path)
    with CaptureQueriesContext(connection) as staffed:
        same = member.get(path)
    assert page.content == same.content
    assert not page.cookies
    assert not same.cookies
    assert "Cookie" not in page.get("Vary", "")
    assert len(anonymous) == len(staffed)
    accounts = ("auth_", "django_session", "axes_", "otp_", "accounts_")
    assert [q for q in staffed.captured_queries if any(t in q["sql"] for t in accounts)] == []


CHANGE = "/admin/password_change/"


def change(client: Client, old: str, **extra: Any) -> int:
    new = dict.fromkeys(("new_password1", "new_password2"), "another-lantern-77")
    return client.post(CHANGE, new | {"old_password": old}, **extra).status_code


def test_an_old_password_is_not_guessed_at_for_long() -> None:
    ann = staff("author")
    client = signed_in(ann)
    assert [change(client, f"guess {at}") for at in range(6)] == [200] * 4 + [429] * 2
    # Nor with the right one, nor at the sign-in, before the lock-out is over.
    assert change(client, PASSWORD) == 429
    assert sign_in(Client()).status_code == 429
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)
    assert [target for _, _, target in told("locked out")] == ["ann"]


def test_a_password_is_changed_by_who_knows_the_old_one() -> None:
    ann = staff("author")
    client = signed_in(ann)
    assert change(client, "a slip of the hand") == 200
    assert change(client, PASSWORD) == 302
    ann.refresh_from_db()
    assert ann.check_password("another-lantern-77")


def from_everywhere(times: int, first: int = 0) -> list[int]:
    """Failures with one name, four from each of many addresses: none of which is locked out."""
    addresses = (f"198.51.100.{at // 4}" for at in range(first, first + times))
    return [fail(Client(), 1, REMOTE_ADDR=address)[0] for address in addresses]


def test_a_name_is_locked_when_it_is_tried_from_many_addresses(settings: Settings) -> None:
    settings.LOCKOUT_NAME_FAILURES = 12
    staff("author")
    staff("author", name="bob")
    assert from_everywhere(12) == [200] * 11 + [429]
    assert from_everywhere(1, first=80) == [429]
    elsewhere = Client(REMOTE_ADDR="203.0.113.7")
    assert sign_in(elsewhere).status_code == 429
    assert sign_in(elsewhere, "bob").status_code == 302


def test_nobody_is_locked_out_by_others_where_they_have_signed_in_before(
    settings: Settings,
) -> None:
    settings.LOCKOUT_NAME_FAILURES = 12
    staff("author")
    home = "203.0.113.7"
    assert sign_in(Client(REMOTE_ADDR=home)).status_code == 302
    from_everywhere(12)
    assert sign_in(Client(REMOTE_ADDR=home)).status_code == 302
    # There too five failures are enough.
    assert fail(Client(), 5, REMOTE_ADDR=home) == [200] * 4 + [429]


def test_a_locked_name_is_open_again_after_a_while_or_by_an_administrator(
    settings: Settings,
) -> None:
    settings.LOCKOUT_NAME_FAILURES = 12
    staff("author")
    from_everywhere(12)
    elsewhere = Client(REMOTE_ADDR="203.0.113.8")
    for attempt in AccessAttempt.objects.all():
        before = attempt.attempt_time - product.AXES_COOLOFF_TIME
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=before)
    assert sign_in(elsewhere).status_code == 302
    from_everywhere(12)
    assert sign_in(Client(REMOTE_ADDR="203.0.113.9")).status_code == 429
    assert lockouts.lift("ann")
    assert sign_in(Client(REMOTE_ADDR="203.0.113.9")).status_code == 302
