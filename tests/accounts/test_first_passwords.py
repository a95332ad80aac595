"""Passwords that somebody else has given open one page, for a while; and how long any may be."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts.models import FirstPassword
from tests.accounts.people import (
    ASK,
    PASSWORD,
    SIGN_IN,
    code,
    sign_in,
    signed_in,
    staff,
    told,
    with_device,
)
from tests.accounts.staff_addresses import SIGN_OUTS, answering, staff_addresses

pytestmark = pytest.mark.django_db
FIRST, OWN = "/admin/first-password/", "another-lantern-77"


def given_by_an_administrator(name: str = "ann") -> User:
    """A user whose password an administrator has set in the admin site."""
    user = staff("author", name=name)
    user.set_password("of old, and forgotten")
    user.save()
    boss = signed_in(staff("administrator", name="boss"))
    sent = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert boss.post(f"/admin/auth/user/{user.pk}/password/", sent).status_code == 302
    return user


def choose(client: Client, new: str = OWN, old: str = PASSWORD) -> int:
    sent = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(FIRST, sent).status_code


def test_who_was_given_a_password_chooses_one_before_anything_else(client: Client) -> None:
    given_by_an_administrator()
    assert sign_in(client).status_code == 302
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == FIRST
    assert "Choose one of your own" in answer.content.decode()
    before = told()
    assert answering(client, set(staff_addresses()) - SIGN_OUTS) == {FIRST, SIGN_IN}
    assert told() == before
    assert not TOTPDevice.objects.exists()
    assert choose(client) == 302
    assert client.get("/admin/").status_code == 200
    assert not FirstPassword.objects.exists()
    assert client.get(FIRST)["Location"] == "/admin/"
    again = Client()
    sign_in(again, password=OWN)
    assert again.get("/admin/").status_code == 200


@pytest.mark.parametrize("new", [PASSWORD, "short", "x" * 129])
def test_a_password_that_will_not_do_leaves_the_page_where_it_is(client: Client, new: str) -> None:
    given_by_an_administrator()
    sign_in(client)
    assert choose(client, new) == 200
    assert client.get("/admin/").status_code == 302
    assert FirstPassword.objects.exists()


def test_other_sessions_of_the_owner_are_out_of_reach_of_a_given_password() -> None:
    given_by_an_administrator()
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    assert here.get("/admin/sessions/", follow=True).redirect_chain[-1][0] == FIRST
    assert here.post("/admin/sessions/").status_code == 302
    assert there.get(FIRST).status_code == 200


def test_no_device_is_set_up_with_a_given_password(client: Client) -> None:
    user = given_by_an_administrator()
    begun = TOTPDevice.objects.create(user=user, name="Telephone", confirmed=False)
    sign_in(client)
    for path in ("", "begin/", "confirm/", "codes/", "remove/", "code.svg"):
        address = f"/admin/second-factor/{path}"
        assert client.post(address, {"code": code(begun)}).status_code in {302, 405}, path
        assert client.get(address).status_code in {302, 405}, path
    assert list(TOTPDevice.objects.values_list("pk", "confirmed")) == [(begun.pk, False)]


def test_a_password_is_signed_out_of_without_choosing_another(client: Client) -> None:
    given_by_an_administrator()
    sign_in(client)
    assert client.post("/admin/second-factor/leave/")["Location"] == SIGN_IN
    assert client.get(FIRST)["Location"].startswith(SIGN_IN)


def test_a_device_that_is_required_comes_after_the_password(
    client: Client, settings: Settings
) -> None:
    given_by_an_administrator()
    settings.REQUIRE_TOTP = True
    sign_in(client)
    for address in ("/admin/", "/admin/second-factor/", "/admin/sessions/"):
        assert client.get(address, follow=True).redirect_chain[-1][0] == FIRST
    assert answering(client, set(staff_addresses()) - SIGN_OUTS) == {FIRST, SIGN_IN}
    assert choose(client) == 302
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/admin/second-factor/"


def test_the_second_factor_comes_first(client: Client) -> None:
    device = with_device(given_by_an_administrator())
    sign_in(client)
    assert client.get(FIRST).status_code == 302
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(ASK)
    client.post("/admin/second-factor/ask/", {"code": code(device)})
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == FIRST


def test_a_user_made_in_the_admin_site_chooses_a_password(client: Client) -> None:
    boss = signed_in(staff("administrator", name="boss"))
    sent = {
        "username": "ann",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert boss.post("/admin/auth/user/add/", sent).status_code == 302
    sign_in(client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == FIRST


def test_a_user_made_by_the_command_chooses_a_password() -> None:
    call_command("create_staff", "ann", "--role", "author", "--password", "random")
    assert FirstPassword.objects.get().user.get_username() == "ann"
    call_command("create_staff", "bob", "--role", "author", "--password", "none")
    assert FirstPassword.objects.count() == 1


def test_a_password_of_ones_own_is_left_alone(client: Client) -> None:
    staff("author")
    sign_in(client)
    assert client.get("/admin/").status_code == 200
    sent = {"old_password": PASSWORD, "new_password1": OWN, "new_password2": OWN}
    assert client.post("/admin/password_change/", sent).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert not FirstPassword.objects.exists()


def test_a_given_password_expires(client: Client) -> None:
    user = given_by_an_administrator()
    given = FirstPassword.objects.get(user=user)
    given.given_at -= timedelta(hours=72)
    given.save()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert "has expired" in answer.content.decode()
    assert "sessionid" not in answer.cookies


def test_an_expired_password_is_given_anew_at_the_server(client: Client) -> None:
    user = given_by_an_administrator()
    FirstPassword.objects.update(given_at=timezone.now() - timedelta(days=30))
    # As `manage.py changepassword` does it.
    user.set_password(OWN)
    user.save()
    assert sign_in(client, password=OWN).status_code == 302
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == FIRST


def test_a_password_has_128_characters_at_most() -> None:
    validate_password("lantern-quarry-42" + "x" * 111)
    with pytest.raises(ValidationError, match="at most 128"):
        validate_password("lantern-quarry-42" + "x" * 112)
