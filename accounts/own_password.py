"""Changing one's own password: whoever sits at somebody's session cannot guess at it for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError

from accounts.sessions import is_password

if TYPE_CHECKING:
    from django.http import HttpRequest


class OwnPasswordForm(AdminPasswordChangeForm):
    """Django's, that tries the old password as a sign-in does: failures count, and lock out."""

    def __init__(self, user: User, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        """The old password; refused where it is wrong, or nobody may try it any more."""
        given: str = self.cleaned_data["old_password"]
        if not is_password(self.request, given):
            wrong = PasswordChangeForm.error_messages["password_incorrect"]
            raise ValidationError(wrong, code="password_incorrect")
        return given

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where the new password is the old one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        old, new = cleaned.get("old_password"), cleaned.get("new_password1")
        if old and old == new:
            self.add_error("new_password1", "Choose another password than the one you have.")
        return cleaned


class ChangePassword(PasswordChangeView):
    """The page."""

    form_class = OwnPasswordForm
    template_name = "accounts/password.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the request, which knows where it comes from."""
        return super().get_form_kwargs() | {"request": self.request}
