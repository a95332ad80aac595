"""Lock-outs lifted, devices and recovery codes made or taken: in the log, whatever does it."""

import sys
from collections.abc import Callable
from io import StringIO

import pytest
from axes.models import AccessAttempt
from axes.utils import reset
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts import second_factor
from accounts.actors import command_actor
from accounts.models import AuditEntry
from tests.accounts.people import ASK, code, sign_in, signed_in, staff, told, with_device
from tests.accounts.test_second_factor import set_up

pytestmark = pytest.mark.django_db
ADDRESSES = ("192.0.2.1", "192.0.2.2")
FACTORS = (
    *("second factor set up", "second factor changed", "second factor removed"),
    *("recovery codes made", "recovery code added", "recovery code changed"),
    "recovery codes gone",
)


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> str:
    """Who acts where nobody asks: a command that no code of this product knows."""
    monkeypatch.setattr(sys, "argv", ["manage.py", "of_another_package"])
    return command_actor("of_another_package")


@pytest.fixture
def tried() -> None:
    """Two names, each tried from two addresses."""
    for name in ("ann", "bob"):
        for address in ADDRESSES:
            for _ in range(2):
                sign_in(Client(REMOTE_ADDR=address), name, password="wrong")


def run(*words: str) -> None:
    call_command(*words, stdout=StringIO())


@pytest.mark.parametrize(
    ("lift", "lifted"),
    [
        (lambda: run("axes_reset"), {"ann": ADDRESSES, "bob": ADDRESSES}),
        (lambda: run("axes_reset_username", "ann"), {"ann": ADDRESSES}),
        (lambda: run("axes_reset_ip", ADDRESSES[0]), dict.fromkeys(("ann", "bob"), ADDRESSES[:1])),
        (lambda: run("axes_reset_ip_username", ADDRESSES[1], "bob"), {"bob": ADDRESSES[1:]}),
        (lambda: run("unlock_staff", "ann"), {"ann": ADDRESSES}),
        (lambda: reset(username="ann"), {"ann": ADDRESSES}),
        (lambda: AccessAttempt.objects.all().delete(), {"ann": ADDRESSES, "bob": ADDRESSES}),
        (lambda: [one.delete() for one in AccessAttempt.objects.filter(username="bob")[:1]], None),
    ],
    ids=["all", "name", "address", "both", "unlock_staff", "code", "a query", "a row"],
)
def test_a_lock_out_is_recorded_when_it_is_lifted_by_whatever_means(
    lift: Callable[[], object], lifted: dict[str, tuple[str, ...]] | None, tried: None, command: str
) -> None:
    lift()
    entries = AuditEntry.objects.filter(action="lock-out lifted")
    assert {entry.actor for entry in entries} == {command}
    found = {entry.target: tuple(entry.details["tried_from"]) for entry in entries}
    assert len(entries) == len(found)
    assert found == lifted if lifted is not None else found.keys() == {"bob"}


def test_no_lock_out_is_lifted_when_counts_go_by_themselves(
    client: Client, settings: Settings
) -> None:
    staff()
    sign_in(client, password="wrong")
    sign_in(client)
    sign_in(Client(REMOTE_ADDR=ADDRESSES[0]), password="wrong")
    AccessAttempt.objects.update(attempt_time="2001-01-01T00:00Z")
    sign_in(Client(REMOTE_ADDR=ADDRESSES[1]), password="wrong")
    assert AccessAttempt.objects.count() == 1
    assert told("lock-out lifted") == []


def test_a_lifting_that_is_taken_back_leaves_no_entry(tried: None) -> None:
    with transaction.atomic():
        run("axes_reset")
        transaction.set_rollback(True)
    assert told("lock-out lifted") == []
    run("axes_reset_username", "ann")
    assert len(told("lock-out lifted")) == 1


def test_a_recovery_code_is_recorded_and_told_when_a_command_adds_it(
    command: str,
    settings: Settings,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    settings.TELL_USERS = True
    user = staff()
    user.email = "ann@example.org"
    user.save()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        run("addstatictoken", "ann")
        run("addstatictoken", "ann", "-t", "abcdefgh")
    assert told(*FACTORS) == [
        (command, "recovery codes made", "ann"),
        (command, "recovery code added", "ann"),
        (command, "recovery code added", "ann"),
    ]
    words = " ".join(entry.detail_words for entry in AuditEntry.objects.all())
    assert "abcdefgh" not in words
    assert len([mail for mail in mailoutbox if "a recovery code was added" in mail.body]) == 2


def test_a_device_is_recorded_when_a_shell_makes_changes_and_deletes_it(command: str) -> None:
    device = with_device(staff())
    device.key = "00" * 20
    device.save()
    device.tolerance = 1000
    device.save(update_fields=["tolerance"])
    device.confirmed = False
    device.save()
    device.confirmed = True
    device.save()
    TOTPDevice.objects.all().delete()
    assert told(*FACTORS) == [
        (command, "second factor set up", "ann"),
        (command, "second factor changed", "ann"),
        (command, "second factor changed", "ann"),
        (command, "second factor removed", "ann"),
        (command, "second factor set up", "ann"),
        (command, "second factor removed", "ann"),
    ]


def test_recovery_codes_are_recorded_when_a_shell_deletes_or_writes_them(command: str) -> None:
    user = staff()
    second_factor.new_recovery_codes(user)
    StaticToken.objects.filter(pk__in=StaticToken.objects.all()[:3]).delete()
    kept = StaticToken.objects.all()[0]
    kept.token = "another"
    kept.save()
    StaticDevice.objects.all().delete()
    entries = AuditEntry.objects.filter(action__in=FACTORS).order_by("id")
    assert [(entry.actor, entry.action, entry.details) for entry in entries] == [
        (command, "recovery codes made", {}),
        (command, "recovery codes gone", {"codes": 3}),
        (command, "recovery code changed", {}),
        (command, "recovery codes gone", {"codes": 7}),
    ]


def test_use_of_a_device_is_no_change_of_it_and_a_used_recovery_code_is_gone(
    client: Client,
) -> None:
    user = staff("author")
    _, codes = set_up(signed_in(user))
    count = len(told(*FACTORS))
    sign_in(client)
    client.post(ASK, {"code": codes[0]})
    assert told(*FACTORS)[count:] == [("ann", "recovery codes gone", "ann")]
    TOTPDevice.objects.update(last_t=-1)
    again = Client()
    sign_in(again)
    assert again.post(ASK, {"code": code(TOTPDevice.objects.get())}).status_code == 302
    assert len(told(*FACTORS)) == count + 1


def test_what_goes_with_a_user_is_told_in_the_entry_of_the_user() -> None:
    user = staff()
    with_device(user)
    second_factor.new_recovery_codes(user)
    count = len(told())
    user.delete()
    assert [action for _, action, _ in told()[count:]] == ["user deleted"]
