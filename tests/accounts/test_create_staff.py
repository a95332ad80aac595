"""`manage.py create_staff` sets people up, and `unlock_staff` lets them in again."""

import sys
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.management.commands import create_staff
from accounts.models import AuditEntry
from tests.accounts.people import PASSWORD, sign_in, staff, told, with_device

pytestmark = pytest.mark.django_db


def run(command: str, *words: str) -> str:
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def typed(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    answers = iter(passwords)
    monkeypatch.setattr(create_staff, "getpass", lambda _prompt: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)


def test_an_account_is_made_with_roles_and_a_password_shown_once(client: Client) -> None:
    said = run(
        *("create_staff", "ann", "--role", "author", "--role", "viewer"),
        *("--email", "ann@example.org", "--password", "random"),
    )
    first, password, change, roles = said.splitlines()
    assert first == "Made ann."
    assert change == "It is to be changed within 72 hours."
    assert roles == "Given: author, viewer."
    made = User.objects.get(username="ann")
    assert (made.is_staff, made.is_superuser, made.email) == (True, False, "ann@example.org")
    shown = password.removeprefix("Password, shown this once: ")
    assert len(shown) == 32
    assert sign_in(client, "ann", shown).status_code == 302


def test_nothing_is_done_when_all_is_there_already() -> None:
    asked = ("create_staff", "ann", "--role", "author", "--password", "random")
    run(*asked)
    before = User.objects.get().password
    assert run(*asked) == "Nothing to do.\n"
    assert User.objects.get().password == before


def test_what_is_missing_is_added_and_nothing_taken_away() -> None:
    staff("author")
    said = run("create_staff", "ann", "--role", "reviewer", "--email", "ann@example.org")
    assert said.splitlines() == [
        "The e-mail address is ann@example.org.",
        "Given: reviewer.",
        "Kept besides: author.",
    ]


def test_a_password_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD, PASSWORD)
    assert "The password is as typed." in run("create_staff", "ann", "--role", "viewer")
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    ("passwords", "said"),
    [
        ((PASSWORD, "another"), "The two differ"),
        (("short-9", "short-9"), "at least 12 characters"),
        (("password12345", "password12345"), "too common"),
        (("482913758291", "482913758291"), "entirely numeric"),
        (("annabelle-smith", "annabelle-smith"), "too similar to the username"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, passwords: tuple[str, ...], said: str
) -> None:
    typed(monkeypatch, *passwords)
    with pytest.raises(CommandError, match=said):
        run("create_staff", "annabelle-smith")
    assert not User.objects.exists()
    assert not AuditEntry.objects.filter(action="user made").exists()


def test_a_password_is_asked_for_at_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(CommandError, match="--password random"):
        run("create_staff", "ann")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a b",), "username: Enter a valid username"),
        (("x" * 151,), "username: Ensure this value has at most 150"),
        (("",), "username: This field cannot be blank"),
        (("bob", "--email", "nonsense"), "email: Enter a valid email address"),
        (("bob", "--email", "ANN@example.org"), "ann has the e-mail address"),
        (("Ann",), "There is ann, whose name differs in case alone"),
        (("bob", "--role", "king"), "invalid choice: 'king'"),
        (("gone",), "gone has been deactivated"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(words: tuple[str, ...], said: str) -> None:
    User.objects.create_user("ann", "ann@example.org")
    User.objects.create_user("gone", is_active=False)
    with pytest.raises(CommandError, match=said):
        run("create_staff", *words, "--password", "none")
    assert User.objects.count() == 2


def test_a_role_whose_group_is_missing_is_named() -> None:
    Group.objects.filter(name="viewer").delete()
    with pytest.raises(CommandError, match="There is no group viewer yet"):
        run("create_staff", "ann", "--role", "viewer", "--password", "none")


def test_an_account_may_have_no_password() -> None:
    assert "No password: they sign in by the provider." in run(
        "create_staff", "ann", "--role", "viewer", "--password", "none"
    )
    assert not User.objects.get().has_usable_password()


def test_a_password_is_given_anew_when_asked_for() -> None:
    user = staff()
    run("create_staff", "ann", "--reset-password", "--password", "random")
    user.refresh_from_db()
    assert not user.check_password(PASSWORD)
    assert len(told("password changed")) == 2


def test_somebody_locked_out_may_try_again(client: Client) -> None:
    user = staff("author")
    with_device(user)
    for _ in range(5):
        sign_in(client, password="wrong")
    assert sign_in(client).status_code == 429
    said = run("unlock_staff", "ann", "--second-factor")
    assert said.splitlines() == ["ann may try again.", "Second factor removed."]
    assert sign_in(client).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert [action for _, action, _ in told("lock-out lifted", "second factor removed")] == [
        "lock-out lifted",
        "second factor removed",
    ]
    assert run("unlock_staff", "ann", "--second-factor").splitlines() == [
        "ann is not locked out.",
        "There was no second factor.",
    ]


@pytest.mark.parametrize("name", ["a\x00b", "\udcff", "\u202etxt"])
def test_a_name_that_nobody_can_have_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(CommandError, match="characters that cannot be seen"):
        run("unlock_staff", name)
