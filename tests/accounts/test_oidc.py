"""Sign-in by a provider: whose tokens are believed, who may come in, and as what."""

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEntry
from glexia import env
from tests.accounts.people import ASK, SIGN_IN, sign_in, staff, told, with_device
from tests.accounts.provider import CLIENT, SECRET, Provider, key, running, set_up

pytestmark = pytest.mark.django_db
BEGIN, BACK = "/admin/oidc/authenticate/", "/admin/oidc/callback/"


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A provider that is set up here, and knows ann by a verified address."""
    with running() as found:
        set_up(found, settings)
        yield found


def ann(**changed: Any) -> User:
    user = staff("author")
    user.email = "Ann@Example.org"
    for name, value in changed.items():
        setattr(user, name, value)
    user.save()
    return user


def through(client: Client, provider: Provider, **claims: Any) -> HttpResponse:
    """Sign in by the provider, whose token has these claims beside the right ones."""
    sent = client.get(BEGIN, {"next": "/admin/analysis/take/"})
    asked = parse_qs(urlsplit(sent["Location"]).query)
    provider.claims = {"nonce": asked["nonce"][0]} | claims
    back = {"code": "one-time", "state": asked["state"][0]}
    return client.get(BACK, back)  # type: ignore[return-value]


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_a_member_of_staff_comes_in_by_the_verified_address(
    client: Client, provider: Provider
) -> None:
    ann()
    answer = through(client, provider)
    assert answer["Location"] == "/admin/analysis/take/"
    assert client.get("/admin/analysis/take/").status_code == 200
    entry = AuditEntry.objects.get(action="signed in")
    assert (entry.actor, entry.details["by"]) == ("ann", "provider")


def test_the_question_carries_state_nonce_and_a_challenge(
    client: Client, provider: Provider
) -> None:
    ann()
    sent = client.get(BEGIN)["Location"]
    asked = parse_qs(urlsplit(sent).query)
    assert sent.startswith(f"{provider.address}/authorize?")
    assert asked["redirect_uri"] == [f"http://testserver{BACK}"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    through(client, provider)
    assert provider.asked[0]["code_verifier"]
    assert provider.asked[0]["client_secret"] == [SECRET]


def test_the_session_is_another_after_the_providers_sign_in(
    client: Client, provider: Provider
) -> None:
    ann()
    client.get(BEGIN)
    before = client.session.session_key
    through(client, provider)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"sub": None},
        {"sub": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    client: Client, provider: Provider, claims: dict[str, Any]
) -> None:
    ann()
    answer = through(client, provider, **claims)
    assert answer["Location"] == SIGN_IN
    assert not is_in(client)


def test_a_token_signed_by_anybody_else_is_refused(client: Client, provider: Provider) -> None:
    ann()
    provider.signed_with = key("theirs")
    assert through(client, provider)["Location"] == SIGN_IN
    assert not is_in(client)


@pytest.mark.parametrize(("algorithm", "signer"), [("none", ""), ("HS256", SECRET)])
def test_a_token_with_a_weaker_signature_is_refused(
    client: Client, provider: Provider, algorithm: str, signer: str
) -> None:
    ann()
    provider.algorithm, provider.signed_with = algorithm, signer
    assert through(client, provider)["Location"] == SIGN_IN
    assert not is_in(client)


@pytest.mark.parametrize(
    "user",
    [
        {"email": "ann@example.org"},
        {"email": "ann@example.org", "email_verified": False},
        {"email": "ann@example.org", "email_verified": "true"},
        {"email": "", "email_verified": True},
        {"email": ["ann@example.org"], "email_verified": True},
        {"email": "a\x00nn@example.org", "email_verified": True},
        {"email": "zoe@example.org", "email_verified": True},
        {"email_verified": True},
    ],
    ids=str,
)
def test_nobody_comes_in_without_a_verified_address_of_an_account(
    client: Client, provider: Provider, user: dict[str, Any]
) -> None:
    ann()
    provider.user = user
    answer = through(client, provider)
    assert answer["Location"] == SIGN_IN
    page = client.get(SIGN_IN).content.decode()
    assert "The provider&#x27;s sign-in led to no account here." in page
    assert not is_in(client)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "changed", [{"is_active": False}, {"is_superuser": True}, {"is_staff": False}], ids=str
)
def test_who_may_not_come_in_by_the_provider_does_not(
    client: Client, provider: Provider, changed: dict[str, bool]
) -> None:
    ann(**changed)
    assert through(client, provider)["Location"] == SIGN_IN
    assert not is_in(client)


def test_two_accounts_with_one_address_are_neither(client: Client, provider: Provider) -> None:
    ann()
    User.objects.create_user("twin", "ann@example.org", is_staff=True)
    assert through(client, provider)["Location"] == SIGN_IN


def test_the_second_factor_is_asked_for_here_as_well(client: Client, provider: Provider) -> None:
    with_device(ann())
    through(client, provider)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(ASK)


def test_roles_follow_the_claim_at_every_sign_in(
    client: Client, provider: Provider, settings: Settings
) -> None:
    settings.OIDC_ROLES_CLAIM = "groups"
    user = ann()
    user.groups.add(Group.objects.create(name="watchers"))
    provider.user |= {"groups": ["glexia-reviewer", "glexia-king", "administrator", 7, None]}
    through(client, provider)
    assert sorted(user.groups.values_list("name", flat=True)) == ["reviewer", "watchers"]
    assert is_in(client)
    provider.user["groups"] = []
    again = Client()
    assert through(again, provider)["Location"] == SIGN_IN
    assert not is_in(again)
    assert not is_in(client)


@pytest.mark.parametrize("claim", [None, "glexia-author", ["glexia-author"], {"a": 1}, 5])
def test_an_account_is_made_for_who_has_a_role_when_that_is_allowed(
    client: Client, provider: Provider, settings: Settings, claim: Any
) -> None:
    settings.OIDC_ROLES_CLAIM, settings.OIDC_CREATE_USER = "roles", True
    provider.user |= {"roles": claim, "is_superuser": True}
    through(client, provider)
    has_role = claim in ("glexia-author", ["glexia-author"])
    assert is_in(client) == has_role
    assert User.objects.exists() == has_role
    if has_role:
        made = User.objects.get()
        assert made.username == made.email == "ann@example.org"
        assert (made.is_staff, made.is_superuser, made.has_usable_password()) == (
            True,
            False,
            False,
        )
        assert told("user made") == [("nobody signed in", "user made", "ann@example.org")]


def test_no_account_is_made_unless_that_is_allowed(
    client: Client, provider: Provider, settings: Settings
) -> None:
    settings.OIDC_ROLES_CLAIM, settings.OIDC_CREATE_USER = "roles", False
    provider.user |= {"roles": ["glexia-author"]}
    through(client, provider)
    assert not User.objects.exists()


def test_an_answer_to_no_question_is_refused(client: Client, provider: Provider) -> None:
    ann()
    for query in ({}, {"code": "x", "state": "y"}, {"error": "denied"}, {"state": "\x00"}):
        assert client.get(BACK, query)["Location"] == SIGN_IN
    assert provider.asked == []


def test_an_answer_counts_once(client: Client, provider: Provider) -> None:
    ann()
    sent = client.get(BEGIN)
    asked = parse_qs(urlsplit(sent["Location"]).query)
    provider.claims = {"nonce": asked["nonce"][0]}
    back = {"code": "one-time", "state": asked["state"][0]}
    assert client.get(BACK, back)["Location"] == "/admin/"
    assert Client().get(BACK, back)["Location"] == SIGN_IN
    assert client.get(BACK, back)["Location"] == SIGN_IN
    assert len(provider.asked) == 1


def test_a_strangers_link_signs_nobody_out(client: Client, provider: Provider) -> None:
    ann()
    through(client, provider)
    client.get(BACK, {"error": "denied", "state": "made-up"})
    assert is_in(client)


def test_a_passwords_sign_in_asks_the_provider_nothing(client: Client, provider: Provider) -> None:
    ann()
    given = {"username": "ann", "password": "wrong"}
    client.post(f"{SIGN_IN}?code=stolen&state=made-up", given)
    assert provider.asked == []
    assert not is_in(client)


def test_a_provider_that_fails_locks_nobody_out(client: Client, provider: Provider) -> None:
    ann()
    provider.fails_with = 500
    for _ in range(6):
        assert through(client, provider)["Location"] == SIGN_IN
    provider.fails_with = 0
    assert through(client, provider)["Location"] == "/admin/analysis/take/"
    assert told("sign-in failed")[0] == ("nobody signed in", "sign-in failed", "by the provider")


def test_a_session_ends_when_the_account_is_deactivated(client: Client, provider: Provider) -> None:
    user = ann()
    through(client, provider)
    assert is_in(client)
    user.is_active = False
    user.save()
    assert not is_in(client)


def test_a_refusal_tells_the_log_nothing_secret(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    ann()
    provider.fails_with = 400
    caplog.set_level(logging.WARNING)
    through(client, provider)
    assert "The provider's answer is refused: HTTPError" in caplog.text
    assert SECRET not in caplog.text
    assert "opaque" not in caplog.text


def test_the_sign_in_offers_the_provider_where_one_is_set_up(
    client: Client, provider: Provider
) -> None:
    page = client.get(f"{SIGN_IN}?next=/admin/analysis/take/").content.decode()
    assert 'href="/admin/oidc/authenticate/?next=%2Fadmin%2Fanalysis%2Ftake%2F"' in page
    assert "Sign in with Example Ltd" in page


def test_there_is_no_such_sign_in_without_a_provider(client: Client) -> None:
    staff("author")
    assert client.get(BEGIN).status_code == 404
    assert client.get(BACK, {"code": "x", "state": "y"}).status_code == 404
    assert "oidc" not in client.get(SIGN_IN).content.decode()
    assert sign_in(client).status_code == 302


@pytest.mark.parametrize(
    "value", ["http://id.example.org/token", "https://", "ftp://x", "x", "https://a b/"]
)
def test_an_address_of_a_provider_is_https(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OIDC_TOKEN_URL", value)
    with pytest.raises(env.SettingError, match="use an https address"):
        env.provider_address("OIDC_TOKEN_URL")
    monkeypatch.setenv("OIDC_TOKEN_URL", "https://id.example.org/token")
    assert env.provider_address("OIDC_TOKEN_URL") == "https://id.example.org/token"


def test_what_is_missing_of_a_provider_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.org")
    monkeypatch.delenv("OIDC_CLIENT_SECRET", raising=False)
    with pytest.raises(env.SettingError, match="OIDC_CLIENT_ID is set, and so OIDC_CLIENT_SECRET"):
        env.demand("OIDC_CLIENT_SECRET", "OIDC_ISSUER", because="OIDC_CLIENT_ID is set")


def test_a_signature_is_one_of_those_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_SIGN_ALGORITHM", "none")
    with pytest.raises(env.SettingError, match="use one of RS256, ES256"):
        env.choice("OIDC_SIGN_ALGORITHM", "RS256", ("RS256", "ES256"))
    monkeypatch.delenv("OIDC_SIGN_ALGORITHM")
    assert env.choice("OIDC_SIGN_ALGORITHM", "RS256", ("RS256", "ES256")) == "RS256"


def test_the_provider_of_these_tests_signs_as_the_standard_says() -> None:
    provider = Provider(address="https://id.example.org")
    public = key().public_key()
    read = jwt.decode(provider.token(), public, algorithms=["RS256"], audience=CLIENT)
    assert read["iss"] == "https://id.example.org"
