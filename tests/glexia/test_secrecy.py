"""Secrets in logs: what is tried to get them there, and that it fails."""

import logging
import re

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from pytest_django import Settings

from glexia import secrecy
from glexia.env import BASE_DIR
from glexia.secrecy import (
    HIDDEN,
    Secrecy,
    without_secrets,
    without_secrets_of_traceback,
)
from tests.glexia.test_settings_documented import names

SECRET = "hunter2-is-not-enough"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"PASSWORD: {SECRET}",
        f"new_password1='{SECRET}'",
        f'{{"password": "{SECRET}"}}',
        f"{QueryDict(f'username=ada&password={SECRET}')!r}",
        f"<QueryDict: {{'csrfmiddlewaretoken': ['{SECRET}'], 'otp_token': ['{SECRET}']}}>",
        f"Authorization: Bearer {SECRET}",
        f"{{'Authorization': 'Basic {SECRET}'}}",
        f"Cookie: theme=dark; sessionid={SECRET}; other={SECRET}",
        f"Set-Cookie: sessionid={SECRET}; Path=/admin/",
        f"postgresql://glexia:{SECRET}@db.example:5432/glexia",
        f"redis://:{SECRET}@cache.example/0",
        f"postgresql://glexia:pa@ss/{SECRET}@db.example/glexia",
        f"host=db user=glexia password={SECRET} dbname=glexia",
        f"/oidc/callback/?code={SECRET}&state={SECRET}",
        f"api_key: {SECRET}",
        f"client-secret={SECRET}",
        f"SECRET_KEY = '{SECRET}'",
        f"session_key={SECRET}",
        f"X-CSRFToken: {SECRET}",
    ],
)
def test_what_is_named_as_a_secret_is_hidden(text: str) -> None:
    shown = without_secrets(text)
    assert SECRET not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /learn/attack/techniques/T1003 200",
        "Not Found: /learn/attack/techniques/T9999",
        "enterprise 18.1: imported, 1,234 objects, 2.6 s",
        "connection to https://attack.mitre.org/versions/ failed: status code: 500",
        "Password Policies (M1027) is live",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


def test_a_secret_that_was_given_is_hidden_wherever_it_stands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "given-metrics-token")
    monkeypatch.setenv("DATABASE_URL", "postgresql://glexia:p%40ssphrase@db.example/glexia")
    settings.SECRET_KEY = "the key of this very site"
    secrecy._known.cache_clear()
    shown = without_secrets(
        "given-metrics-token p%40ssphrase p@ssphrase the key of this very site glexia"
    )
    secrecy._known.cache_clear()
    assert shown == f"{HIDDEN} {HIDDEN} {HIDDEN} {HIDDEN} glexia"


# Every setting that holds a secret, as it may be given: what of it must not be told.
GIVEN = {
    "SECRET_KEY": ("the-key-of-this-site", ["the-key-of-this-site"]),
    "METRICS_TOKEN": ("given-metrics-token", ["given-metrics-token"]),
    "OIDC_CLIENT_SECRET": ("of-the-client", ["of-the-client"]),
    "PURGE_HEADER": ("Authorization: Bearer for-purges", ["Bearer for-purges", "for-purges"]),
    "PURGE_URL": ("https://user:at-the-cache@cache.example/", ["at-the-cache"]),
    "CACHE_URL": ("redis://:of-the-counts@cache.example/0", ["of-the-counts"]),
    "MAIL_SERVER": (
        "smtp+tls://u:of%20the%20mail@mail.example",
        ["of%20the%20mail", "of the mail"],
    ),
    "DATABASE_URL": ("postgresql://u:p%40ssphrase@db.example/x", ["p%40ssphrase", "p@ssphrase"]),
    "DATABASE_REPLICA_URL": ("postgresql://u:of-the-copy@db.example/x", ["of-the-copy"]),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_secret_of_a_setting_is_hidden_wherever_it_stands(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, secrets = GIVEN[name]
    monkeypatch.setenv(name, value)
    secrecy._known.cache_clear()
    shown = without_secrets(f"it said {' and then '.join(secrets)} again")
    secrecy._known.cache_clear()
    assert not [secret for secret in secrets if secret in shown]
    assert shown.endswith(" again")


def test_no_setting_that_holds_a_secret_is_forgotten() -> None:
    # By the reader that it is read by, by its name, or by what may be in it: a user and a password.
    sources = "".join(path.read_text() for path in (BASE_DIR / "glexia").glob("*.py"))
    readers = r"(?:token|secret_header|database|purge_address)"
    read = set(re.findall(rf"env\.{readers}\(\s*\"(\w+)\"", sources))
    named = {name for name in names() if re.search("SECRET|PASSWORD|TOKEN|_KEY$", name)}
    page = "".join(path.read_text() for path in (BASE_DIR / "docs").glob("*.md"))
    rows = re.findall(r"^\| `([A-Z_]+)` (?=.*(?:://user:|a secret|redis://))", page, re.MULTILINE)
    harmless = {"FIRST_PASSWORD_HOURS", "OIDC_TOKEN_URL"}
    assert (read | named | set(rows)) - harmless == GIVEN.keys()


def test_what_is_logged_of_a_long_text_is_bounded() -> None:
    assert len(without_secrets("password=" * 100_000)) < 2 * secrecy.LONGEST


def filtered(message: object, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.getLogger("tests").makeRecord(
        "tests", logging.ERROR, __file__, 1, message, args, None, extra=extra
    )
    return Secrecy().filter(record)


def test_arguments_and_fields_are_hidden_and_the_record_itself_is_left_to_others() -> None:
    record = logging.makeLogRecord({"msg": "password=%s", "args": (SECRET,), "token": SECRET})
    safe = Secrecy().filter(record)
    assert (safe.getMessage(), vars(safe)["token"]) == (f"password={HIDDEN}", HIDDEN)
    assert record.getMessage() == f"password={SECRET}"


def test_requests_and_forms_given_with_a_record_are_left_out() -> None:
    request = RequestFactory().post("/admin/login/", {"password": SECRET})
    safe = filtered("Forbidden: %s", "/admin/", request=request, form=request.POST, status_code=403)
    assert not {"request", "form"} & set(vars(safe))
    assert vars(safe)["status_code"] == 403


def test_a_traceback_shows_no_secret() -> None:
    record = logging.makeLogRecord({"msg": "failed"})
    try:
        raise RuntimeError(f"connection failed: postgresql://glexia:{SECRET}@db.example/glexia")
    except RuntimeError as error:
        record.exc_info = (RuntimeError, error, error.__traceback__)
    safe = Secrecy().filter(record)
    assert safe.exc_text is not None
    assert "connection failed" in safe.exc_text
    assert SECRET not in safe.exc_text
    assert safe.exc_info is None


TRACEBACK = f'''Traceback (most recent call last):
  File "/app/django/middleware/csrf.py", line 368, in _check_token
    request_csrf_token = request.POST.get("csrfmiddlewaretoken", "")
                         ~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/provider.py", line 7, in ask
    answer = send(
        password=self.password,
        cookie=jar.cookie,
        token="{SECRET}",
    )
ValueError: password={SECRET} token: {SECRET}
Cookie: sessionid={SECRET}
'''


def test_a_traceback_shows_its_sources_whole_and_no_secret() -> None:
    shown = without_secrets_of_traceback(TRACEBACK)
    assert 'request_csrf_token = request.POST.get("csrfmiddlewaretoken", "")\n' in shown
    assert "        password=self.password,\n        cookie=jar.cookie,\n" in shown
    assert SECRET not in shown
    assert f"ValueError: password={HIDDEN} token: {HIDDEN}\nCookie: {HIDDEN}\n" in shown


def test_a_record_s_traceback_shows_its_sources_whole() -> None:
    record = logging.makeLogRecord({"msg": "failed"})
    try:
        request_csrf_token = RequestFactory().post("/").POST.get("csrfmiddlewaretoken", 1 // 0)
        del request_csrf_token
    except ZeroDivisionError as error:
        record.exc_info = (ZeroDivisionError, error, error.__traceback__)
    shown = Secrecy().filter(record).exc_text
    assert shown is not None
    assert HIDDEN not in shown
