"""Users are told by mail of what is done to their accounts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from smtplib import SMTPException

import pytest
from django.contrib.auth.models import Group, User
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from accounts import notices, second_factor
from tests.accounts.people import PASSWORD, signed_in, staff

pytestmark = pytest.mark.django_db
type Committed = Callable[..., AbstractContextManager[object]]
ADDRESS = "ann@example.org"


@pytest.fixture
def ann(settings: Settings) -> User:
    settings.TELL_USERS = True
    settings.SITE_ADDRESS = "https://library.example.org"
    user = staff("author")
    User.objects.filter(pk=user.pk).update(email=ADDRESS)
    user.refresh_from_db()
    return user


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Committed) -> Committed:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def own_password(user: User) -> None:
    sent = {"old_password": PASSWORD, "new_password1": "lantern-77-new"}
    answer = signed_in(user).post(
        "/admin/password_change/", sent | {"new_password2": "lantern-77-new"}
    )
    assert answer.status_code == 302


def new_address(user: User) -> None:
    user.email = "other@example.org"
    user.save()


def give_role(user: User) -> None:
    user.groups.add(Group.objects.get(name="publisher"))


def give_role_from_the_other_side(user: User) -> None:
    Group.objects.get(name="publisher").user_set.add(user)


def new_codes(user: User) -> None:
    second_factor.new_recovery_codes(user)


def deactivate(user: User) -> None:
    user.is_active = False
    user.save()


@pytest.mark.parametrize(
    ("act", "what", "who"),
    [
        (own_password, "the password", "you"),
        (give_role, "your roles or permissions (added)", "somebody on the server"),
        (give_role_from_the_other_side, "your roles or permissions (added)", "somebody on the"),
        (new_codes, "new recovery codes", "somebody on the server"),
        (deactivate, "what you may do", "somebody on the server"),
    ],
)
def test_a_user_is_told_of_a_change(
    act: Callable[[User], None],
    what: str,
    who: str,
    ann: User,
    committed: Committed,
    mailoutbox: list[EmailMessage],
) -> None:
    with committed():
        act(ann)
    (mail,) = mailoutbox
    assert mail.to == [ADDRESS]
    assert mail.subject == "[Glexia ATT&CK Library] Your account"
    assert f"What: {what}\n" in mail.body
    assert f"Who: {who}" in mail.body
    assert "Your account ann of the Glexia ATT&CK Library at https://library.example.org" in (
        " ".join(mail.body.split())
    )
    assert "/admin/" not in mail.body
    assert "lantern" not in mail.body


def test_both_addresses_are_told_when_the_address_changes(
    ann: User, committed: Committed, mailoutbox: list[EmailMessage]
) -> None:
    with committed():
        new_address(ann)
    assert [mail.to for mail in mailoutbox] == [[ADDRESS], ["other@example.org"]]
    assert not [
        mail
        for mail in mailoutbox
        if "example.org" in mail.body.replace("library.", "") and "@" in mail.body
    ]


def test_a_user_is_told_who_has_changed_their_password(
    ann: User, committed: Committed, mailoutbox: list[EmailMessage]
) -> None:
    boss = signed_in(staff("administrator", name="boss"))
    sent = {"usable_password": "true", "password1": "lantern-77-n", "password2": "lantern-77-n"}
    with committed():
        boss.post(f"/admin/auth/user/{ann.pk}/password/", sent)
    (mail,) = mailoutbox
    assert "Who: boss\n" in mail.body


def test_a_second_factor_is_told_of_when_it_goes(
    ann: User, committed: Committed, mailoutbox: list[EmailMessage]
) -> None:
    device = second_factor.begin(ann)
    device.confirmed = True
    device.save()
    with committed():
        second_factor.remove(ann)
    assert "What: the second factor was removed\n" in mailoutbox[0].body


def test_nobody_is_told_without_a_server_or_an_address(
    ann: User, committed: Committed, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    with committed():
        give_role(staff("author", name="bob"))
        settings.TELL_USERS = False
        give_role(ann)
    assert mailoutbox == []


def test_a_change_stands_when_its_mail_cannot_be_sent(
    ann: User,
    committed: Committed,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_args: object) -> None:
        raise SMTPException("refused")

    monkeypatch.setattr(notices, "send_mail", fails)
    with committed():
        give_role(ann)
    assert ann.groups.filter(name="publisher").exists()
    assert "could not be told of a change: SMTPException" in caplog.text


def test_signing_in_tells_nobody(
    ann: User, committed: Committed, mailoutbox: list[EmailMessage], client: Client
) -> None:
    with committed():
        client.post("/admin/login/", {"username": "ann", "password": PASSWORD})
    assert mailoutbox == []
