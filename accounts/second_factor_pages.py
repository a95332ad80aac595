"""Pages of the second factor: giving it at sign-in, setting it up, doing without it again."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from django_otp.qr import write_qrcode_image

from accounts import passwords, second_factor
from accounts.second_factor import WrongCodeError

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.site import StaffSite

type View = Callable[[HttpRequest], HttpResponse]
type UserView = Callable[[HttpRequest, User], HttpResponse]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user has of a second factor."""

    device: str = ""
    last_used: datetime | None = None
    codes_left: int = 0
    key: str = ""
    """Of the device that is being set up: what the picture says, to be typed."""

    required: bool = False


def for_staff(view: UserView) -> View:
    """A page for those who have given their password, whether or not they owe a code."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        if not _site().is_staff(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        assert isinstance(request.user, User)
        return view(request, request.user)

    return never_cache(csrf_protect(sensitive_post_parameters("code")(inner)))


def for_signed_in(view: UserView) -> View:
    """The same for those who have given a code of their device, or have none."""

    @wraps(view)
    def inner(request: HttpRequest, user: User) -> HttpResponse:
        if second_factor.owes_code(request, user):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request, user)

    return for_staff(inner)


def for_owners(view: UserView) -> View:
    """The same for those whose password is their own; perhaps they have yet to set a device up."""

    @wraps(view)
    def inner(request: HttpRequest, user: User) -> HttpResponse:
        if passwords.is_owed(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request, user)

    return for_signed_in(inner)


@for_staff
def ask(request: HttpRequest, user: User) -> HttpResponse:
    """Where a code is asked for at sign-in; who has no device is led to set one up."""
    onwards = _onwards(request)
    if not second_factor.owes_code(request, user):
        owed = second_factor.is_owed(request)
        return HttpResponseRedirect(reverse("admin:second-factor") if owed else onwards)
    error = ""
    if request.method == "POST":
        try:
            second_factor.give(request, user, request.POST.get("code", "")[:100])
        except WrongCodeError as wrong:
            error = str(wrong)
        else:
            return HttpResponseRedirect(onwards)
    return _page(request, "ask.html", "Second factor", error=error, onwards=onwards)


@for_owners
def overview(request: HttpRequest, user: User) -> HttpResponse:
    """What a user has of a second factor, and what may be done about it."""
    return _overview(request, user)


@require_POST
@for_owners
def begin(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001
    """Begin to set a device up, where there is none."""
    if second_factor.device_of(user) is None:
        second_factor.begin(user)
    return HttpResponseRedirect(reverse("admin:second-factor"))


@require_safe
@for_owners
def picture(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001
    """The QR code of the device that is being set up, as SVG; gone once it is."""
    device = second_factor.begun(user)
    if device is None:
        raise Http404("no device is being set up")
    drawn = BytesIO()
    write_qrcode_image(device.config_url, drawn)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


@require_POST
@for_owners
def confirm(request: HttpRequest, user: User) -> HttpResponse:
    """Set the device up with the first code it makes, and show the recovery codes, once."""
    device = second_factor.begun(user)
    if device is None or second_factor.device_of(user) is not None:
        return HttpResponseRedirect(reverse("admin:second-factor"))
    try:
        made = second_factor.confirm(request, user, device, request.POST.get("code", "")[:100])
    except WrongCodeError as wrong:
        return _overview(request, user, str(wrong))
    return _page(request, "codes.html", "Recovery codes", codes=made)


@require_POST
@for_owners
def codes(request: HttpRequest, user: User) -> HttpResponse:
    """New recovery codes in place of those before, for a code."""
    try:
        second_factor.check(user, request.POST.get("code", "")[:100])
    except WrongCodeError as wrong:
        return _overview(request, user, str(wrong))
    made = second_factor.new_recovery_codes(user)
    return _page(request, "codes.html", "Recovery codes", codes=made)


@require_POST
@for_owners
def remove(request: HttpRequest, user: User) -> HttpResponse:
    """Do without the second factor again, for a code."""
    try:
        second_factor.check(user, request.POST.get("code", "")[:100])
    except WrongCodeError as wrong:
        return _overview(request, user, str(wrong))
    second_factor.remove(user)
    messages.success(request, "The second factor is removed.")
    return HttpResponseRedirect(reverse("admin:second-factor"))


@require_POST
@for_staff
def leave(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001
    """Sign out before the second factor is given."""
    logout(request)
    return HttpResponseRedirect(reverse("admin:login"))


def _overview(request: HttpRequest, user: User, error: str = "") -> HttpResponse:
    device, started = second_factor.device_of(user), second_factor.begun(user)
    standing = Standing(
        device=device.name if device else "",
        last_used=device.last_used_at if device else None,
        codes_left=second_factor.recovery_codes_left(user) if device else 0,
        key=_spaced(b32encode(started.bin_key).decode()) if started and not device else "",
        required=settings.REQUIRE_TOTP,
    )
    return _page(request, "overview.html", "Second factor", error=error, standing=standing)


def _page(request: HttpRequest, template: str, title: str, **shown: object) -> HttpResponse:
    context = {**_site().each_context(request), "title": title, **shown}
    status = 400 if shown.get("error") else 200
    return render(request, f"accounts/second_factor/{template}", context, status=status)


def _site() -> StaffSite:
    return cast("StaffSite", admin.site)


def _onwards(request: HttpRequest) -> str:
    """Where a user was going; nowhere but on this site."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("admin:index")


def _spaced(key: str) -> str:
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))
