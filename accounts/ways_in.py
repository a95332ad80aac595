"""What becomes of lock-outs, devices and recovery codes: recorded wherever it is done from.

Django's signals tell of it, so that commands of other packages and a shell are recorded like the
admin site. What a sign-in does by itself is no act on an account: it clears counts of failures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import lockouts, notices
from accounts.actors import current_actor
from accounts.audit import record

if TYPE_CHECKING:
    from django.db.models import Model

# Of a device, what changes by no use of it.
LASTING: Final = ("user_id", "confirmed", "key", "step", "t0", "digits", "tolerance")
NO_NAME: Final = "no name"


def connect() -> None:
    """Begin to record; once for each process."""
    pre_delete.connect(_before_attempt_goes, sender=AccessAttempt)
    post_delete.connect(_attempt_gone, sender=AccessAttempt)
    pre_save.connect(_before_device, sender=TOTPDevice)
    post_save.connect(_device_saved, sender=TOTPDevice)
    post_delete.connect(_device_gone, sender=TOTPDevice)
    post_save.connect(_codes_made, sender=StaticDevice)
    post_save.connect(_code_saved, sender=StaticToken)
    pre_delete.connect(_before_code_goes, sender=StaticToken)
    post_delete.connect(_code_gone, sender=StaticToken)
    post_delete.connect(_codes_gone, sender=StaticDevice)


def _before_attempt_goes(instance: AccessAttempt, origin: Any, **_signal: Any) -> None:
    if not lockouts.is_tidying():
        _gather(origin, instance.username or NO_NAME, instance.ip_address or "unknown")


def _attempt_gone(instance: AccessAttempt, origin: Any, **_signal: Any) -> None:
    """One entry for each name, however many addresses it was tried from."""
    name = instance.username or NO_NAME
    if addresses := _gathered(origin, name):
        record(current_actor(), "lock-out lifted", name, tried_from=sorted(set(addresses)))


def _before_device(
    instance: TOTPDevice, update_fields: frozenset[str] | None = None, **_signal: Any
) -> None:
    looked_at = instance.pk and (update_fields is None or not update_fields.isdisjoint(LASTING))
    instance._before = TOTPDevice.objects.filter(pk=instance.pk).first() if looked_at else None


def _device_saved(instance: TOTPDevice, created: bool, **_signal: Any) -> None:
    """A device that is not confirmed lets nobody in, and is told of once it is."""
    before: TOTPDevice | None = getattr(instance, "_before", None)
    if before is None and not created:
        return
    had, has = before is not None and before.confirmed, instance.confirmed
    if has and not had:
        _tell(instance.user, "second factor set up", "a second factor was set up")
    elif had and not has:
        _tell(instance.user, "second factor removed", "the second factor was removed")
    elif had and any(getattr(before, name) != getattr(instance, name) for name in LASTING):
        _tell(instance.user, "second factor changed", "the second factor was changed")


def _device_gone(instance: TOTPDevice, origin: Any, **_signal: Any) -> None:
    if instance.confirmed and not _goes_with_its_owner(origin):
        _tell(instance.user, "second factor removed", "the second factor was removed")


def _codes_made(instance: StaticDevice, created: bool, **_signal: Any) -> None:
    if created:
        _tell(instance.user, "recovery codes made", "new recovery codes")


def _code_saved(instance: StaticToken, created: bool, **_signal: Any) -> None:
    """One that somebody adds, or writes over: those of a new device come all at once."""
    done = "added" if created else "changed"
    _tell(instance.device.user, f"recovery code {done}", f"a recovery code was {done}")


def _before_code_goes(instance: StaticToken, origin: Any, **_signal: Any) -> None:
    _gather(origin, instance.device.user.get_username(), instance.pk)


def _code_gone(instance: StaticToken, origin: Any, **_signal: Any) -> None:
    """A code that is used goes, and one that somebody deletes; not those of a device that goes."""
    if _kind(origin) is StaticToken:
        _record_codes(origin, instance.device.user)


def _codes_gone(instance: StaticDevice, origin: Any, **_signal: Any) -> None:
    if not _goes_with_its_owner(origin):
        _record_codes(origin, instance.user)


def _record_codes(origin: Any, user: User) -> None:
    name = user.get_username()
    if codes := _gathered(origin, name):
        record(current_actor(), "recovery codes gone", name, codes=len(codes))


def _tell(user: User, done: str, what: str) -> None:
    record(current_actor(), done, user.get_username())
    notices.tell(user, what)


def _gather(origin: Any, name: str, value: object) -> None:
    """Keep what a deletion takes from somebody, on that which is deleted, until it is done."""
    vars(origin).setdefault("_taken", {}).setdefault(name, []).append(value)


def _gathered(origin: Any, name: str) -> list[Any]:
    """All that was kept; nothing once it has been asked for."""
    found: list[Any] = vars(origin).get("_taken", {}).pop(name, [])
    return found


def _kind(origin: Any) -> type[Model]:
    """What a deletion was asked of: an object, or a query of several."""
    return origin.model if isinstance(origin, QuerySet) else type(origin)


def _goes_with_its_owner(origin: Any) -> bool:
    """Whether it is the user who is deleted, of which there is an entry."""
    return issubclass(_kind(origin), User)
