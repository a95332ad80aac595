"""Passwords: how long one may be, and those that somebody else has given.

A password that an administrator or a command has given is known to two: it opens nothing but the
page where its owner chooses another, and does so for a while alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.actors import asking_user
from accounts.models import FirstPassword

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

LONGEST: Final = 128
# In the session of who has signed in with a password that is not their own yet.
OWED: Final = "owes_a_password"


class LongestPassword:
    """A validator: to hash what is longer costs the server more than it wins anybody."""

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002
        """Raise ValidationError for a password of more than 128 characters."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """What is asked for."""
        return f"Your password must contain at most {LONGEST} characters."


def note_first(user: User) -> None:
    """Remember that somebody else has given a user the password they have now."""
    FirstPassword.objects.update_or_create(user=user, defaults={"given_at": timezone.now()})


def note_change(user: User) -> None:
    """Remember whose a new password is: its owner's, or one that an administrator has given.

    At a command the owner may have typed it: one who owes a password owes it anew, others do not,
    unless the command says so.
    """
    asking = asking_user()
    if asking == user.get_username() or not user.has_usable_password():
        FirstPassword.objects.filter(user=user).delete()
    elif asking or FirstPassword.objects.filter(user=user).exists():
        note_first(user)


def has_expired(user: User) -> bool:
    """Whether a user's password was given by somebody else too long ago; one query."""
    oldest = timezone.now() - timedelta(hours=settings.FIRST_PASSWORD_HOURS)
    return FirstPassword.objects.filter(user=user, given_at__lt=oldest).exists()


def begin(request: HttpRequest, user: User) -> None:
    """Keep in a new session whether its owner has to choose a password first; one query."""
    if FirstPassword.objects.filter(user=user).exists():
        request.session[OWED] = True


def is_owed(request: HttpRequest) -> bool:
    """Whether who asks has to choose a password of their own before anything else."""
    return bool(request.session.get(OWED))
