"""Cookies: which there are, where they go, and that what a page says of an act needs none."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import Morsel
from typing import Any, Final

import pytest
from django.conf import settings as product
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from importer.models import RunState
from tests.accounts.people import PASSWORD, SIGN_IN, sign_in, signed_in, staff
from tests.accounts.provider import Provider, running, set_up
from tests.accounts.staff_addresses import SIGN_OUTS, staff_addresses
from tests.factories import import_objects, mitigation
from tests.importer.console.conftest import run_in

pytestmark = pytest.mark.django_db
BEGIN, BACK = "/admin/oidc/authenticate/", "/admin/oidc/callback/"
SESSIONS = "/admin/sessions/"
COOKIE_SETTINGS = [
    f"{cookie}_COOKIE_{name}"
    for cookie in ("SESSION", "CSRF", "LANGUAGE")
    for name in ("SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN", "AGE")
] + ["SESSION_EXPIRE_AT_BROWSER_CLOSE", "MESSAGE_STORAGE"]
# To this site's `/admin/` alone, over TLS, not for scripts, nor with other sites' requests.
WANTED: Final = {
    "secure": True,
    "httponly": True,
    "samesite": "Lax",
    "path": "/admin/",
    "domain": "",
}
# What takes a cookie back holds nothing to protect; it must name the same path.
TAKEN_BACK: Final = {"max-age": 0, "samesite": "Lax", "path": "/admin/", "domain": ""}
PUBLIC: Final = (
    *("/", "/learn/attack", "/learn/attack/mitigations/M1000", "/learn/attack/mitigations/M9999"),
    *("/learn/attack/releases", "/learn/attack/search?q=measure", "/learn/attack/takes"),
    *("/healthz", "/robots.txt", "/.well-known/security.txt", "/sitemap.xml", "/none"),
)

# The test client's own, which knows its request as well.
type Answer = Any


def in_production(names: list[str]) -> dict[str, Any]:
    """Settings as a production site has them, Django's own where the product says nothing."""
    shown = (
        "import json; from django.conf import settings as s;"
        f" print(json.dumps({{n: getattr(s, n) for n in {names}}}))"
    )
    given = {
        "DJANGO_SETTINGS_MODULE": "glexia.settings",
        "PRODUCTION": "1",
        "SECRET_KEY": "a key of a test, which nobody guesses; " * 2,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
        "ALLOWED_HOSTS": "library.example.org",
    }
    done = subprocess.run(
        [sys.executable, "-c", shown],
        capture_output=True,
        check=True,
        cwd=product.BASE_DIR,
        env=os.environ | given,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def production(settings: Settings) -> None:
    """Cookies and messages as a production site has them."""
    for name, value in in_production(COOKIE_SETTINGS).items():
        setattr(settings, name, value)


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A provider that is set up here, and signs nobody in."""
    with running() as found:
        set_up(found, settings)
        yield found


def leaves_a_message(answer: Answer) -> Answer:
    """The answer, which has something for the next page to say."""
    assert getattr(get_messages(answer.wsgi_request), "added_new", False)
    return answer


def signing_in_and_out(client: Client) -> Iterator[Answer]:
    """All that somebody gets who fails to sign in, signs in, acts with messages, and signs out."""
    yield client.get(SIGN_IN, secure=True)
    yield client.post(SIGN_IN, {"username": "ann", "password": "wrong"}, secure=True)
    yield client.post(SIGN_IN, {"username": "ann", "password": PASSWORD}, secure=True)
    yield leaves_a_message(client.post(SESSIONS, secure=True))
    yield client.get(SESSIONS, secure=True)
    done = reverse("admin:import-act", args=[run_in(RunState.DONE).pk])
    yield leaves_a_message(client.post(done, {"kind": "cancel"}, secure=True))
    yield leaves_a_message(client.post(done, {"kind": "confirm"}, secure=True))
    for address in sorted(set(staff_addresses()) - SIGN_OUTS):
        yield client.get(address, secure=True)
    yield client.post("/admin/logout/", secure=True)


def coming_back_from_a_provider(client: Client) -> Iterator[Answer]:
    """All that somebody gets whom the provider does not let in."""
    yield client.get(BEGIN, secure=True)
    yield leaves_a_message(client.get(BACK, {"error": "denied", "state": "x"}, secure=True))
    yield client.get(SIGN_IN, secure=True)


def is_sound(cookie: Morsel[str]) -> bool:
    wanted = WANTED if cookie.value else TAKEN_BACK
    return {name: cookie[name] for name in wanted} == wanted


def test_cookies_travel_encrypted_in_production(production: None, provider: Provider) -> None:
    import_objects(mitigation("M1000", "Measure"))
    user = staff("administrator", "importer")
    user.is_superuser = True
    user.save()
    client = Client()
    answers = [*signing_in_and_out(client), *coming_back_from_a_provider(Client())]
    cookies = [cookie for answer in answers for cookie in answer.cookies.values()]
    assert [cookie.OutputString() for cookie in cookies if not is_sound(cookie)] == []
    assert {cookie.key for cookie in cookies} == {"sessionid", "csrftoken"}
    # The browser's end is the session's.
    sessions = [cookie for cookie in cookies if cookie.key == "sessionid" and cookie.value]
    assert {(cookie["max-age"], cookie["expires"]) for cookie in sessions} == {("", "")}


def test_readers_send_and_get_no_cookie_even_when_a_message_waits_for_them(
    production: None,
) -> None:
    import_objects(mitigation("M1000", "Measure"))
    client = signed_in(staff("author"))
    leaves_a_message(client.post(SESSIONS, secure=True))
    assert {cookie["path"] for cookie in client.cookies.values()} == {"/admin/"}
    for address in PUBLIC:
        assert not client.get(address, secure=True).cookies, address
    assert "0 other sign-ins ended." in client.get(SESSIONS, secure=True).content.decode()


def test_what_is_said_of_an_act_is_said_once_and_to_nobody_after_signing_out() -> None:
    staff("author")
    client = Client()
    sign_in(client)
    client.post(SESSIONS)
    assert "0 other sign-ins ended." in client.get("/admin/").content.decode()
    assert "0 other sign-ins ended." not in client.get("/admin/").content.decode()
    client.post(SESSIONS)
    assert "other sign-ins ended" not in client.post("/admin/logout/").content.decode()
    assert "other sign-ins ended" not in client.get(SIGN_IN).content.decode()
    sign_in(client)
    assert "other sign-ins ended" not in client.get("/admin/").content.decode()


def test_nobody_gets_a_session_by_answering_to_no_question(provider: Provider) -> None:
    stranger = Client()
    for query in ({}, {"code": "x", "state": "y"}, {"error": "denied"}):
        answer = stranger.get(BACK, query)
        assert (answer["Location"], dict(answer.cookies)) == (SIGN_IN, {})
    assert not Session.objects.exists()


def test_who_was_asked_is_told_that_the_answer_came_too_late(provider: Provider) -> None:
    client = Client()
    client.get(BEGIN)
    client.get(BACK, {"code": "x", "state": "of another question"})
    assert "sign-in led to no account here." in client.get(SIGN_IN).content.decode()


@pytest.mark.parametrize("path", ["/learn/attack", "/learn/attack/takes", "/learn/attack/none"])
def test_readers_get_no_cookie_when_they_send_one_that_nobody_gave(path: str) -> None:
    client = Client()
    client.cookies["sessionid"] = "x"
    response = client.get(path)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
