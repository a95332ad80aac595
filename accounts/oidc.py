"""Sign-in by the company's own provider (OpenID Connect), where one is set up.

mozilla-django-oidc does the protocol (code flow, with state, nonce and PKCE); here stands what it
leaves open: whose token it is, who may come in, and with which roles.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import jwt
import requests
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from accounts.roles import ROLES

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = logging.getLogger(__name__)
# What a role is called in the claim, so that a group of the same name elsewhere means nothing.
PREFIX: Final = "glexia-"
UNMATCHED: Final = (
    "The provider's sign-in led to no account here. Ask an administrator for one with the e-mail"
    " address that the provider knows you by, or sign in with a password."
)
# Whatever a provider sends that is not as it should be, or does not answer at all.
FAILURES: Final = (
    SuspiciousOperation,
    requests.RequestException,
    jwt.PyJWTError,
    KeyError,
    TypeError,
    ValueError,
)


class StaffBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Who a token is about: active staff with the verified e-mail address; never a superuser."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """The member of staff, in answer to a sign-in begun here; None for anybody else."""
        # A password's sign-in comes by as well, whose address anybody may add a code to.
        if request is None or "nonce" not in credentials:
            return None
        try:
            found: User | None = super().authenticate(request, **credentials)
        except FAILURES as error:
            # The text may hold what the provider sent, such as a token.
            log.warning("The provider's answer is refused: %s", type(error).__name__)
            return None
        return found if found is not None and self.user_can_authenticate(found) else None

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """The claims of an ID token; SuspiciousOperation unless it is one for us, by the provider.

        OpenID Connect Core 1.0, 3.1.3.7: issuer, audience, authorised party, expiry.
        """
        claims: dict[str, Any] = super().verify_token(token, **kwargs)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != settings.OIDC_ISSUER:
            raise SuspiciousOperation("the token is by another issuer")
        if settings.OIDC_RP_CLIENT_ID not in audiences:
            raise SuspiciousOperation("the token is for somebody else")
        if len(audiences) > 1 and claims.get("azp") != settings.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("the token was given to somebody else")
        if "exp" not in claims or not claims.get("sub"):
            raise SuspiciousOperation("the token does not say when it ends, or whose it is")
        return claims

    def get_userinfo(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> dict[str, Any]:
        """What the provider tells of the user, who is the one of the token (Core 1.0, 5.3.2)."""
        claims: dict[str, Any] = super().get_userinfo(access_token, id_token, payload)
        if claims.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the provider tells of another user")
        return claims

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """Whether there is an e-mail address that the provider has verified."""
        try:
            validate_email(claims.get("email"))
        except ValidationError:
            return False
        return claims.get("email_verified") is True

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[User]:
        """The accounts with this address; whether one may come in is seen afterwards."""
        return User.objects.filter(email__iexact=claims["email"])

    @transaction.atomic
    def create_user(self, claims: dict[str, Any]) -> User:
        """A new member of staff, without a password, where the claim names a role."""
        roles = roles_of(claims)
        if not roles:
            raise SuspiciousOperation("there is neither an account nor a role for this user")
        user = User(username=str(claims["email"])[:150], email=claims["email"], is_staff=True)
        user.set_unusable_password()
        try:
            user.full_clean()
        except ValidationError:
            raise SuspiciousOperation("no account can have this name") from None
        user.save()
        user.groups.set(Group.objects.filter(name__in=roles))
        return user

    def update_user(self, user: User, claims: dict[str, Any]) -> User:
        """The user, with the roles that the claim names and no other roles, where it is in use.

        Who has lost all roles is staff no longer, which ends their other sessions too.
        """
        if user.is_superuser or not user.is_active:
            raise SuspiciousOperation("this account does not sign in by the provider")
        if settings.OIDC_ROLES_CLAIM:
            _give_roles(user, roles_of(claims))
        if not user.is_staff:
            raise SuspiciousOperation("this account is not one of staff")
        return user

    def get_user(self, user_id: int) -> User | None:
        """The user of a session, unless deactivated since."""
        found: User | None = super().get_user(user_id)
        return found if found is not None and self.user_can_authenticate(found) else None


@transaction.atomic
def _give_roles(user: User, roles: set[str]) -> None:
    kept = user.groups.exclude(name__in=ROLES)
    user.groups.set([*kept, *Group.objects.filter(name__in=roles)])
    if user.is_staff != bool(roles):
        user.is_staff = bool(roles)
        user.save(update_fields=["is_staff"])


def roles_of(claims: dict[str, Any]) -> set[str]:
    """The roles that the claim names, which is a list of names or one of them."""
    said = claims.get(settings.OIDC_ROLES_CLAIM, []) if settings.OIDC_ROLES_CLAIM else []
    named = said if isinstance(said, list) else [said]
    plain = {name.removeprefix(PREFIX) for name in named if str(name).startswith(PREFIX)}
    return plain & ROLES.keys()


class _Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Where the provider sends a user back to."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Sign in, or say that it failed; what answers to no question of ours changes nothing.

        Whoever was asked has a session to say it in; nobody gets one by coming here.
        """
        asked = request.session.get("oidc_states", {})
        if request.GET.get("state") not in asked:
            known = request.session.session_key is not None
            return self.login_failure() if known else HttpResponseRedirect(reverse("admin:login"))
        found: HttpResponse = super().get(request)
        return found

    def login_failure(self) -> HttpResponse:
        """Back to the sign-in, with a sentence."""
        messages.error(self.request, UNMATCHED)
        return HttpResponseRedirect(reverse("admin:login"))


@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider; Http404 where none is set up."""
    _demand_provider()
    answer: HttpResponse = OIDCAuthenticationRequestView.as_view()(request)
    return answer


@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider; Http404 where none is set up."""
    _demand_provider()
    answer: HttpResponse = _Callback.as_view()(request)
    return answer


def _demand_provider() -> None:
    if not settings.OIDC_RP_CLIENT_ID:
        raise Http404("no provider is set up")
