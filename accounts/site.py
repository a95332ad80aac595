"""The admin site: Django's, with a second factor at sign-in and the company's own provider."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.doors import rooms_of
from accounts.lists import bounded
from accounts.sign_in_form import SignInForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase
    from django.urls import URLPattern, URLResolver


class StaffSite(admin.AdminSite):
    """What the staff does. Nobody goes on who still owes a second factor."""

    login_template = "accounts/sign_in.html"
    login_form = SignInForm
    # The doors at the head of each page take its place.
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: Any,
        admin_class: type[admin.ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Register models, each with a list that is filtered by its own filters alone."""
        kind = bounded(admin_class or admin.ModelAdmin)
        super().register(model_or_iterable, kind, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether who asks is staff, and signed in with all that is asked of them."""
        from accounts import passwords, second_factor

        return self.is_staff(request) and not (
            passwords.is_owed(request) or second_factor.is_owed(request)
        )

    def is_staff(self, request: HttpRequest) -> bool:
        """Whether who asks is an active member of staff, perhaps not through with signing in."""
        return super().has_permission(request)

    def admin_view[View: Callable[..., HttpResponseBase]](
        self, view: View, cacheable: bool = False
    ) -> View:
        """A page of the site. An open page that asks for a part of it is led to sign in.

        Else the sign-in would stand inside that page, for a script follows redirects unasked. What
        is being written stays where it is, and its author is told.
        """
        answer = super().admin_view(view, cacheable)

        @wraps(answer)
        def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_partial = HtmxDetails(request).request_type == "partial"
            if not is_partial or self.has_permission(request):
                return answer(request, *args, **kwargs)
            signed_out = _signed_out(request)
            add_never_cache_headers(signed_out)
            return signed_out

        return cast("View", respond)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sign-in; who has given the password alone goes on to what else is owed.

        First a code of the device, where there is one; then a password of one's own; then a device.
        """
        if request.method == "GET" and self.is_staff(request) and not self.has_permission(request):
            from accounts import passwords, second_factor

            user = cast("User", request.user)
            if passwords.is_owed(request) and not second_factor.owes_code(request, user):
                return HttpResponseRedirect(reverse("admin:first-password"))
            wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
            ask = reverse("admin:second-factor-ask")
            return HttpResponseRedirect(
                f"{ask}?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else ask
            )
        provider = settings.OIDC_NAME if settings.OIDC_RP_CLIENT_ID else ""
        return super().login(request, (extra_context or {}) | {"provider": provider})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows: Django's, and the doors that are open to who asks."""
        rooms = rooms_of(request) if self.has_permission(request) else []
        return super().each_context(request) | {"rooms": rooms}

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The first page, for who may see any of an app: it shows all that they do."""
        super().app_index(request, app_label, extra_context)
        return HttpResponseRedirect(reverse("admin:index"))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """One's own password; a wrong old one counts as a failed sign-in."""
        from accounts.own_password import ChangePassword

        view = ChangePassword.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages of signing in and of the provider, before those of the admin site."""
        from accounts import oidc, own_pages
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
            path("first-password/", own_pages.first_password, name="first-password"),
            path("sessions/", self.admin_view(own_pages.own_sessions), name="own-sessions"),
            path("oidc/authenticate/", oidc.begin, name="oidc-begin"),
            path("oidc/callback/", oidc.callback, name="oidc-callback"),
        ]
        return [*own, *super().get_urls()]


def _signed_out(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return render(request, "accounts/_signed_out.html", status=401)
    back = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    return HttpResponseClientRedirect(f"{reverse('admin:login')}?{back}")
