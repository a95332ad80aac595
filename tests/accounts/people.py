"""Members of staff with passwords, and their ways in, for tests."""

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import AuditEntry
from tests.takes import member

PASSWORD = "lantern-orbit-42-quarry"
SIGN_IN = "/admin/login/"
ASK = "/admin/second-factor/ask/"


def staff(*roles: str, name: str = "ann") -> User:
    """A member of staff with the password that all have here."""
    user = member(*roles, name=name)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, name: str = "ann", password: str = PASSWORD) -> HttpResponse:
    """Send the form of the sign-in."""
    given = {"username": name, "password": password, "next": "/admin/"}
    return client.post(SIGN_IN, given)  # type: ignore[return-value]


def signed_in(user: User) -> Client:
    """A client that has signed in as a user, without a second factor."""
    client = Client()
    client.force_login(user)
    return client


def with_device(user: User) -> TOTPDevice:
    """The device of a user, set up already."""
    device: TOTPDevice = TOTPDevice.objects.create(user=user, name="Telephone", confirmed=True)
    return device


def code(device: TOTPDevice, later: int = 0) -> str:
    """The code that a device shows so many steps from now."""
    maker = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift + later)
    return f"{maker.token():06d}"


def told(*actions: str) -> list[tuple[str, str, str]]:
    """Who did what to what, by the audit log, oldest first; of these kinds only, where given."""
    rows = AuditEntry.objects.order_by("id")
    rows = rows.filter(action__in=actions) if actions else rows
    return list(rows.values_list("actor", "action", "target"))
