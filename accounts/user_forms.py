"""The forms by which users are made and changed in the admin site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from accounts.addresses import other_with

if TYPE_CHECKING:
    from django.forms import ModelForm

    Form = ModelForm[User]
    NewForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
else:
    Form = object
    NewForm, ChangeForm = AdminUserCreationForm, UserChangeForm


class OneAddress(Form):
    """Gives an account no address that another has.

    One that it has already is left to it, or it could not even be deactivated.
    """

    def clean_email(self) -> str:
        """The address; refused where another account has it."""
        email: str = self.cleaned_data["email"]
        other = other_with(email, self.instance) if "email" in self.changed_data else None
        if other is not None:
            raise ValidationError(f"{other} has this e-mail address already.")
        return email


class NewUserForm(OneAddress, NewForm):
    """Makes a user."""


class UserForm(OneAddress, ChangeForm):
    """Changes a user."""
