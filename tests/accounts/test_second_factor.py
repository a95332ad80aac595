"""The second factor: set up in the admin site, asked for at sign-in, and what if it is lost."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from tests.accounts.people import ASK, SIGN_IN, code, sign_in, signed_in, staff, told, with_device
from tests.accounts.staff_addresses import SIGN_OUTS, answering, staff_addresses
from tests.accounts.test_sign_in import INLINE

pytestmark = pytest.mark.django_db
PAGE = "/admin/second-factor/"
USERS = "/admin/auth/user/"


def set_up(client: Client) -> tuple[TOTPDevice, list[str]]:
    """The device that a client sets up, and its recovery codes."""
    client.post(f"{PAGE}begin/")
    device: TOTPDevice = TOTPDevice.objects.get(confirmed=False)
    page = client.post(f"{PAGE}confirm/", {"code": code(device)}).content.decode()
    device.refresh_from_db()
    return device, re.findall(r"<li><code>([a-z2-7]{8})</code>", page)


def test_somebody_sets_a_device_up_with_its_first_code() -> None:
    client = signed_in(staff("author"))
    assert "Set up a second factor" in client.get(PAGE).content.decode()
    device, codes = set_up(client)
    assert device.confirmed
    assert len(set(codes)) == 10
    page = client.get(PAGE).content.decode()
    assert "You have 10 unused recovery codes" in page
    assert not any(code in page for code in codes)
    assert client.get("/admin/").status_code == 200
    assert told("second factor set up", "recovery codes made") == [
        ("ann", "second factor set up", "ann"),
        ("ann", "recovery codes made", "ann"),
    ]


def test_the_picture_is_a_file_of_this_site_and_gone_once_it_has_served() -> None:
    client = signed_in(staff("author"))
    assert client.get(f"{PAGE}code.svg").status_code == 404
    client.post(f"{PAGE}begin/")
    page = client.get(PAGE).content.decode()
    assert 'src="/admin/second-factor/code.svg"' in page
    assert "data:" not in page
    assert not INLINE.search(page)
    picture = client.get(f"{PAGE}code.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    assert not INLINE.search(picture.content.decode())
    device = TOTPDevice.objects.get()
    client.post(f"{PAGE}confirm/", {"code": code(device)})
    assert client.get(f"{PAGE}code.svg").status_code == 404


def test_a_wrong_first_code_sets_nothing_up() -> None:
    client = signed_in(staff("author"))
    client.post(f"{PAGE}begin/")
    answer = client.post(f"{PAGE}confirm/", {"code": "000000"})
    assert answer.status_code == 400
    assert "That code is not right" in answer.content.decode()
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    assert not StaticToken.objects.exists()


def test_the_code_is_asked_for_at_sign_in_once_a_device_is_set_up(client: Client) -> None:
    device = with_device(staff("author"))
    sign_in(client)
    for path in ("/admin/", "/admin/analysis/take/", "/admin/password_change/", PAGE):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith(ASK), path
    before = client.session.session_key
    answer = client.post(ASK, {"code": code(device), "next": "/admin/analysis/take/"})
    assert answer["Location"] == "/admin/analysis/take/"
    assert client.session.session_key != before
    assert client.get("/admin/analysis/take/").status_code == 200
    assert told("second factor given") == [("ann", "second factor given", "ann")]


def test_nothing_can_be_done_between_password_and_code(client: Client) -> None:
    user = staff("administrator")
    with_device(user)
    sign_in(client)
    assert answering(client, set(staff_addresses()) - SIGN_OUTS) == {SIGN_IN, ASK}
    for path in ("begin/", "confirm/", "codes/", "remove/"):
        assert client.post(f"{PAGE}{path}", {"code": "000000"}).status_code == 302
    assert client.get(f"{PAGE}code.svg").status_code == 302
    assert client.get(f"{USERS}add/").status_code == 302
    assert client.post(f"{USERS}{user.pk}/password/", {}).status_code == 302
    assert TOTPDevice.objects.get().confirmed
    client.post(f"{PAGE}leave/")
    assert client.get(ASK)["Location"].startswith(SIGN_IN)


def test_a_code_counts_once(client: Client) -> None:
    device = with_device(staff("author"))
    sign_in(client)
    shown = code(device)
    assert client.post(ASK, {"code": shown}).status_code == 302
    again = Client()
    sign_in(again)
    assert again.post(ASK, {"code": shown}).status_code == 400


def test_wrong_codes_have_to_wait_longer_each_time(client: Client) -> None:
    device = with_device(staff("author"))
    sign_in(client)
    assert "is not right" in client.post(ASK, {"code": "000000"}).content.decode()
    answer = client.post(ASK, {"code": code(device)})
    assert answer.status_code == 400
    assert "Too many wrong codes" in answer.content.decode()
    device.refresh_from_db()
    assert device.throttling_failure_count == 1
    assert told("second factor failed") == [("ann", "second factor failed", "ann")]


def test_a_recovery_code_lets_in_once(client: Client) -> None:
    user = staff("author")
    _, codes = set_up(signed_in(user))
    typed = f" {codes[0][:4].upper()}-{codes[0][4:]} "
    sign_in(client)
    assert client.post(ASK, {"code": typed}).status_code == 302
    assert "9 unused recovery codes" in client.get(PAGE).content.decode()
    again = Client()
    sign_in(again)
    assert again.post(ASK, {"code": codes[0]}).status_code == 400


def test_recovery_codes_cannot_be_read_from_the_database() -> None:
    _, codes = set_up(signed_in(staff("author")))
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert not kept & set(codes)
    client = Client()
    sign_in(client)
    assert client.post(ASK, {"code": kept.pop()}).status_code == 400


def test_a_code_of_somebody_elses_device_is_not_taken(client: Client) -> None:
    with_device(staff("author"))
    other = with_device(staff("author", name="bob"))
    sign_in(client)
    assert client.post(ASK, {"code": code(other)}).status_code == 400


@pytest.mark.parametrize("given", ["", " ", "x" * 500, "a\x00b", "١٢٣٤٥٦", "-1", "1e5", "9" * 90])
def test_a_hostile_code_is_refused_like_any_other(client: Client, given: str) -> None:
    with_device(staff("author"))
    sign_in(client)
    assert client.post(ASK, {"code": given}).status_code == 400
    assert client.get("/admin/").status_code == 302


def test_new_recovery_codes_and_removal_ask_for_a_code() -> None:
    user = staff("author")
    client = signed_in(user)
    device, codes = set_up(client)
    for path in ("codes/", "remove/"):
        assert client.post(f"{PAGE}{path}", {"code": "aaaaaaaa"}).status_code == 400
        TOTPDevice.objects.update(throttling_failure_count=0)
        StaticDevice.objects.update(throttling_failure_count=0)
    page = client.post(f"{PAGE}codes/", {"code": codes[0]}).content.decode()
    fresh = re.findall(r"<li><code>([a-z2-7]{8})</code>", page)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    answer = client.post(f"{PAGE}remove/", {"code": fresh[0]}, follow=True)
    assert "The second factor is removed." in answer.content.decode()
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert told("second factor removed") == [("ann", "second factor removed", "ann")]
    assert device.pk


def test_everybody_has_to_set_one_up_when_it_is_required(
    client: Client, settings: Settings
) -> None:
    settings.REQUIRE_TOTP = True
    staff("author")
    sign_in(client)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == PAGE
    page = answer.content.decode()
    assert "Everybody who signs in here needs a second factor" in page
    assert "Change password" not in page
    of_devices = {f"{PAGE}{path}" for path in ("", "code.svg", "confirm/", "codes/", "remove/")}
    every = set(staff_addresses()) - SIGN_OUTS
    assert answering(client, every) == {SIGN_IN} | of_devices
    assert client.get("/admin/sessions/").status_code == 302
    set_up(client)
    assert client.get("/admin/analysis/take/").status_code == 200


def test_an_administrator_removes_the_second_factor_of_who_has_lost_it(client: Client) -> None:
    ann, root = staff("author"), User.objects.create_superuser("root")
    with_device(ann)
    with_device(root)
    boss = signed_in(staff("administrator", name="boss"))
    chosen = {"action": "remove_second_factors", "_selected_action": [ann.pk, root.pk]}
    answer = boss.post(USERS, chosen, follow=True)
    assert "Second factors removed: ann." in answer.content.decode()
    assert told("second factor removed") == [("boss", "second factor removed", "ann")]
    sign_in(client)
    assert client.get("/admin/").status_code == 200
    assert [device.user for device in TOTPDevice.objects.all()] == [root]


def test_keys_of_devices_are_shown_to_nobody_else() -> None:
    with_device(staff("author"))
    User.objects.create_superuser("root")
    root = signed_in(User.objects.get(username="root"))
    assert root.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert root.get("/admin/otp_static/staticdevice/").status_code == 404


def test_a_stranger_is_led_to_the_sign_in(client: Client) -> None:
    for path in (PAGE, ASK, f"{PAGE}code.svg"):
        assert client.get(path)["Location"].startswith(SIGN_IN)


def test_the_way_on_leads_nowhere_else(client: Client) -> None:
    device = with_device(staff("author"))
    sign_in(client)
    answer = client.post(ASK, {"code": code(device), "next": "//example.org/"})
    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize("steps", [-20, -3, 3, 20])
def test_a_code_ends_with_its_time(client: Client, steps: int) -> None:
    device = with_device(staff("author"))
    sign_in(client)
    assert client.post(ASK, {"code": code(device, steps)}).status_code == 400
    assert client.get("/admin/").status_code == 302
