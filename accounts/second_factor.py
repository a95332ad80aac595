"""The second factor: one device a person that makes codes (TOTP, RFC 6238), and recovery codes.

django-otp keeps both and checks them; after a wrong code it lets a while go by before the next
one counts, twice as long each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import django_otp
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.audit import record

if TYPE_CHECKING:
    from django.http import HttpRequest

RECOVERY_CODES: Final = 10
DEVICE: Final = "Authenticator app"
RECOVERY: Final = "Recovery codes"


class WrongCodeError(Exception):
    """A code that is not accepted; the text says why, in a sentence."""


def device_of(user: User) -> TOTPDevice | None:
    """The device that a user has set up; one query."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return found


def recovery_codes_left(user: User) -> int:
    """How many recovery codes a user has not used; one query."""
    return int(StaticToken.objects.filter(device__user=user).count())


def is_owed(request: HttpRequest) -> bool:
    """Whether who asks has signed in but owes the second factor; at most one query a request."""
    user = request.user
    # The middleware of django-otp gives the user this.
    if not isinstance(user, User) or getattr(user, "otp_device", None) is not None:
        return False
    if settings.REQUIRE_TOTP:
        return True
    if not hasattr(user, "_has_device"):
        user._has_device = device_of(user) is not None  # type: ignore[attr-defined]
    return bool(getattr(user, "_has_device"))  # noqa: B009


def owes_code(request: HttpRequest, user: User) -> bool:
    """Whether a user has a device and has yet to give a code of it; at most two queries."""
    return is_owed(request) and device_of(user) is not None


def begin(user: User) -> TOTPDevice:
    """The device that a user is about to set up, with a fresh key; it counts once confirmed."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    made: TOTPDevice = TOTPDevice.objects.create(user=user, name=DEVICE, confirmed=False)
    return made


def begun(user: User) -> TOTPDevice | None:
    """The device that a user is setting up; one query."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return found


def confirm(request: HttpRequest, user: User, device: TOTPDevice, code: str) -> list[str]:
    """The recovery codes of a user whose device is set up by this, and no other is.

    The session counts as signed in with it. Raises WrongCodeError.
    """
    # Outside the transaction below: a wrong code has to be remembered.
    _check(user, device, "".join(code.split()))
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        codes = new_recovery_codes(user)
    device.refresh_from_db()
    _let_in(request, device)
    return codes


def give(request: HttpRequest, user: User, code: str) -> None:
    """Sign a user in with a code of the device or a recovery code; raises WrongCodeError.

    A code counts once.
    """
    _let_in(request, check(user, code))
    record(user.get_username(), "second factor given", user.get_username())


def check(user: User, code: str) -> TOTPDevice | StaticDevice:
    """The device whose code this is, which then is used up; raises WrongCodeError."""
    plain = "".join(code.split()).replace("-", "").lower()
    if plain.isascii() and plain.isdigit():
        device = device_of(user)
    else:
        device = StaticDevice.objects.filter(user=user, confirmed=True).first()
        plain = _kept(user, plain)
    if device is None:
        raise WrongCodeError("That is not a code of your device, nor a recovery code.")
    _check(user, device, plain)
    return device


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Fresh recovery codes in place of those before; they can be read here and never again."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=RECOVERY)
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_kept(user, code)) for code in codes
    )
    return codes


@transaction.atomic
def remove(user: User) -> bool:
    """Whether a user had a second factor, which is now gone with its recovery codes."""
    had = device_of(user) is not None
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    return had


def _check(user: User, device: TOTPDevice | StaticDevice, code: str) -> None:
    allowed, _ = device.verify_is_allowed()
    if not allowed:
        raise WrongCodeError("Too many wrong codes: wait a while before the next one.")
    if django_otp.verify_token(user, device.persistent_id, code) is None:
        record(user.get_username(), "second factor failed", user.get_username())
        raise WrongCodeError("That code is not right, or has been used already.")


def _let_in(request: HttpRequest, device: TOTPDevice | StaticDevice) -> None:
    django_otp.login(request, device)
    # As at every step up: who knew the session's key before knows it no longer.
    request.session.cycle_key()


def _kept(user: User, code: str) -> str:
    """What is kept of a recovery code: nothing that it could be read from."""
    return salted_hmac("accounts.recovery", f"{user.pk}:{code}", algorithm="sha256").hexdigest()[
        :16
    ]
