"""The form of the sign-in."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import TextInput

EXPIRED: Final = (
    "This password was given to you too long ago and has expired: ask an administrator for another."
)


class SignInForm(AdminAuthenticationForm):
    """Django's, that tries no name longer than any user's.

    Django's own tells browsers how long a name may be and checks it of nobody, and a failure that
    cannot be counted because its name is too long to be kept would be an error of the server.
    """

    username = UsernameField(
        max_length=User._meta.get_field("username").max_length,
        widget=TextInput(attrs={"autofocus": True}),
    )

    def confirm_login_allowed(self, user: Any) -> None:
        """Raise ValidationError for a password that somebody else gave too long ago."""
        from accounts.passwords import has_expired

        super().confirm_login_allowed(user)
        if has_expired(user):
            raise ValidationError(EXPIRED, code="expired")
