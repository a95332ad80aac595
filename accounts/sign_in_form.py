"""The form of the sign-in."""

from __future__ import annotations

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import User
from django.forms import TextInput


class SignInForm(AdminAuthenticationForm):
    """Django's, that tries no name longer than any user's.

    Django's own tells browsers how long a name may be and checks it of nobody, and a failure that
    cannot be counted because its name is too long to be kept would be an error of the server.
    """

    username = UsernameField(
        max_length=User._meta.get_field("username").max_length,
        widget=TextInput(attrs={"autofocus": True}),
    )
