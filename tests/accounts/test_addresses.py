"""No two accounts have one e-mail address, by which a provider's sign-in finds them."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tests.accounts.people import signed_in, staff

pytestmark = pytest.mark.django_db
SAID = "bob has this e-mail address already."
NEW = {"username": "ann", "usable_password": "false"}
CHANGED = {"username": "ann", "is_active": "on", "is_staff": "on"}


@pytest.fixture(autouse=True)
def bob() -> User:
    return User.objects.create_user("bob", "dup@example.org", is_staff=True)


@pytest.mark.parametrize("email", ["dup@example.org", "DUP@example.org"])
def test_an_address_that_another_has_is_refused(email: str) -> None:
    client = signed_in(staff("administrator", name="boss"))
    made = client.post(reverse("admin:auth_user_add"), NEW | {"email": email})
    assert SAID in made.content.decode()
    assert not User.objects.filter(username="ann").exists()

    ann = User.objects.create_user("ann", is_staff=True)
    path = reverse("admin:auth_user_change", args=[ann.pk])
    assert SAID in client.post(path, CHANGED | {"email": email}).content.decode()
    ann.refresh_from_db()
    assert ann.email == ""


def test_several_accounts_have_no_address() -> None:
    client = signed_in(staff("administrator", name="boss"))
    assert client.post(reverse("admin:auth_user_add"), NEW | {"email": ""}).status_code == 302


def test_an_account_that_has_another_s_address_already_is_deactivated_all_the_same() -> None:
    ann = User.objects.create_user("ann", "DUP@example.org", is_staff=True)
    path = reverse("admin:auth_user_change", args=[ann.pk])
    sent = {"username": "ann", "is_staff": "on", "email": ann.email}
    client = signed_in(staff("administrator", name="boss"))
    assert client.post(path, sent).status_code == 302
    ann.refresh_from_db()
    assert not ann.is_active
