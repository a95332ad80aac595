"""The sign-in by a provider against the corpus: what a browser brings back, and what it is told."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.accounts.people import SIGN_IN
from tests.accounts.provider import Provider, running, set_up
from tests.hostile.corpus import CATEGORIES, LEAST, Value
from tests.hostile.corpus.replayed import READ_AGAIN
from tests.hostile.digest import KEPT_OF_TRIES, digest
from tests.hostile.pages import some, text_of
from tests.hostile.test_pages import SESSIONS, check
from tests.hostile.world import World

pytestmark = pytest.mark.django_db
BEGIN, BACK = "/admin/oidc/authenticate/", "/admin/oidc/callback/"
# Signed by the provider, or told by it: what is in one of them decides who comes in.
CLAIMS, TOLD = ("iss", "aud", "sub", "nonce"), ("email", "sub", "email_verified")
MOST = 1500


@pytest.fixture
def provider(world: World, settings: Settings) -> Iterator[Provider]:
    """A provider that knows ann, who has an account, and would have others made."""
    User.objects.filter(pk=world.staff.pk).update(email="ann@example.org")
    with running() as found:
        set_up(found, settings)
        settings.OIDC_ROLES_CLAIM, settings.OIDC_CREATE_USER = "groups", True
        yield found


def asked(client: Client, provider: Provider, **query: str) -> dict[str, list[str]]:
    """What the provider is asked by a browser that begins to sign in."""
    sent = client.get(BEGIN, query)
    assert sent.status_code == 302
    assert sent["Location"].startswith(f"{provider.address}/authorize?")
    return parse_qs(urlsplit(sent["Location"]).query)


def back(client: Client, asked: dict[str, list[str]], **query: Any) -> Any:
    """The answer to a browser that comes back."""
    given = {"state": asked["state"][0], "code": "one-time"} | query
    return client.get(f"{BACK}?{urlencode(given, doseq=True)}")


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def cut(value: Value) -> str | list[str]:
    """A value as a web server takes it in an address."""
    return [text_of(value)[:MOST]] if not isinstance(value, list) else value[:9]


@pytest.mark.parametrize("category", CATEGORIES)
def test_answer_of_a_browser_signs_nobody_in_when_it_is_hostile(
    category: str, provider: Provider
) -> None:
    provider.user |= {"groups": ["glexia-viewer"]}
    before = digest(SESSIONS, *KEPT_OF_TRIES)
    for at, name, value in some(CATEGORIES[category].values, BACK):
        client = Client()
        question = asked(client, provider)
        hostile = ({"code"}, {"state"}, {"error", "error_description", "session_state"})[at % 3]
        # It gives no token for a code that it never gave, but would for the right one. An error
        # without a word is none.
        provider.fails_with = 400 if "code" in hostile or not value else 0
        provider.claims = {"nonce": question["nonce"][0]}
        answer = back(client, question, **dict.fromkeys(hostile, cut(value)))
        check(answer, name)
        assert answer.status_code in {302, 400}, name
        assert answer.get("Location", SIGN_IN) == SIGN_IN, name
        assert not is_in(client), name
    assert digest(SESSIONS, *KEPT_OF_TRIES) == before


@pytest.mark.parametrize("category", CATEGORIES)
def test_word_of_the_provider_lets_nobody_in_when_it_is_hostile(
    category: str, provider: Provider
) -> None:
    known, before = dict(provider.user), digest(SESSIONS, *KEPT_OF_TRIES)
    for at, name, value in some(CATEGORIES[category].values, "provider"):
        client = Client()
        question = asked(client, provider)
        said: Any = text_of(value) if isinstance(value, bytes) else value
        provider.user = known | {"groups": ["glexia-viewer"]}
        provider.claims = {"nonce": question["nonce"][0]}
        if at % 2:
            provider.user |= {TOLD[at // 2 % len(TOLD)]: said}
        else:
            provider.claims |= {CLAIMS[at // 2 % len(CLAIMS)]: said}
        answer = back(client, question)
        check(answer, name)
        assert answer["Location"] == SIGN_IN, name
        assert not is_in(client), name
    assert digest(SESSIONS, *KEPT_OF_TRIES) == before


@pytest.mark.parametrize("category", CATEGORIES)
def test_role_that_the_provider_names_gives_nothing_when_it_is_hostile(
    category: str, provider: Provider
) -> None:
    provider.user |= {"email": "fresh@example.org"}
    before = digest(SESSIONS, *KEPT_OF_TRIES)
    for _, name, value in some(CATEGORIES[category].values, "roles"):
        client = Client()
        question = asked(client, provider)
        provider.claims = {"nonce": question["nonce"][0]}
        provider.user |= {"groups": text_of(value) if isinstance(value, bytes) else value}
        assert back(client, question)["Location"] == SIGN_IN, name
    assert digest(SESSIONS, *KEPT_OF_TRIES) == before


@pytest.mark.parametrize("category", CATEGORIES)
def test_way_on_stays_on_the_site_when_it_is_hostile(category: str, provider: Provider) -> None:
    provider.user |= {"groups": ["glexia-viewer"]}
    for _, name, value in some(CATEGORIES[category].values, BEGIN):
        client = Client()
        question = asked(client, provider, next=text_of(value)[:MOST])
        provider.claims = {"nonce": question["nonce"][0]}
        check(back(client, question), name)
        assert is_in(client), name


def test_answer_counts_once_however_it_is_sent_again(provider: Provider) -> None:
    client = Client()
    question = asked(client, provider)
    provider.claims = {"nonce": question["nonce"][0]}
    provider.user |= {"groups": ["glexia-viewer"]}
    assert back(client, question)["Location"] == "/admin/"
    count, before = len(provider.asked), digest(SESSIONS)
    assert len(READ_AGAIN) >= LEAST
    for name, headers in READ_AGAIN.items():
        for browser in (client, Client()):
            query = {"state": question["state"][0], "code": "one-time"}
            answer = browser.get(BACK, query, headers=headers)
            check(answer, name)
            assert answer["Location"] == SIGN_IN, name
    assert len(provider.asked) == count
    assert digest(SESSIONS) == before
