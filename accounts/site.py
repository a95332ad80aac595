"""The admin site: Django's, with a second factor at sign-in and the company's own provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import urlencode

from accounts.sign_in_form import SignInForm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern, URLResolver


class StaffSite(admin.AdminSite):
    """What the staff does. Nobody goes on who still owes a second factor."""

    login_template = "accounts/sign_in.html"
    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether who asks is staff, and signed in with all that is asked of them."""
        from accounts.second_factor import is_owed

        return self.is_staff(request) and not is_owed(request)

    def is_staff(self, request: HttpRequest) -> bool:
        """Whether who asks is an active member of staff, perhaps not through with signing in."""
        return super().has_permission(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sign-in; who has given the password alone goes on to the second factor."""
        if request.method == "GET" and self.is_staff(request) and not self.has_permission(request):
            wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
            ask = reverse("admin:second-factor-ask")
            return HttpResponseRedirect(
                f"{ask}?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else ask
            )
        provider = settings.OIDC_NAME if settings.OIDC_RP_CLIENT_ID else ""
        return super().login(request, (extra_context or {}) | {"provider": provider})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages of the second factor and of the provider, before those of the admin site."""
        from accounts import oidc
        from accounts import second_factor_pages as pages

        own: list[URLPattern | URLResolver] = [
            path("second-factor/", pages.overview, name="second-factor"),
            path("second-factor/ask/", pages.ask, name="second-factor-ask"),
            path("second-factor/begin/", pages.begin, name="second-factor-begin"),
            path("second-factor/code.svg", pages.picture, name="second-factor-picture"),
            path("second-factor/confirm/", pages.confirm, name="second-factor-confirm"),
            path("second-factor/codes/", pages.codes, name="second-factor-codes"),
            path("second-factor/remove/", pages.remove, name="second-factor-remove"),
            path("second-factor/leave/", pages.leave, name="second-factor-leave"),
            path("oidc/authenticate/", oidc.begin, name="oidc-begin"),
            path("oidc/callback/", oidc.callback, name="oidc-callback"),
        ]
        return [*own, *super().get_urls()]
