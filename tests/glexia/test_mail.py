"""The settings of mail: good values, and one sentence that names the variable for bad ones."""

import pytest
from django.core.mail.backends.smtp import EmailBackend

from glexia import env, mail

NAME = "GLEXIA_TEST_SETTING"


def refusal(caught: pytest.ExceptionInfo[env.SettingError], name: str) -> str:
    message = str(caught.value)
    assert message.startswith(name)
    assert message.endswith(".")
    return message


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ("", {"host": "localhost", "port": 25, "use_tls": False, "use_ssl": False}),
        ("smtp://relay", {"host": "relay", "port": 25, "use_tls": False, "use_ssl": False}),
        ("smtp://relay:2525", {"host": "relay", "port": 2525, "use_tls": False, "use_ssl": False}),
        (
            "smtp+tls://ann:p%40ss%2Fw@mail.example.org",
            {
                "host": "mail.example.org",
                "port": 587,
                "use_tls": True,
                "use_ssl": False,
                "username": "ann",
                "password": "p@ss/w",
            },
        ),
        ("smtps://[::1]:4650", {"host": "::1", "port": 4650, "use_tls": False, "use_ssl": True}),
        ("smtps://mail", {"host": "mail", "port": 465, "use_tls": False, "use_ssl": True}),
    ],
)
def test_mail_goes_by_the_server_that_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str, options: dict[str, object]
) -> None:
    monkeypatch.setenv("MAIL_SERVER", value)
    assert mail.server() == options | {"timeout": mail.SECONDS}
    sends = EmailBackend(alias="default", **mail.server())
    assert (sends.host, sends.port) == (options["host"], options["port"])
    assert sends.timeout == mail.SECONDS


@pytest.mark.parametrize(
    "value",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://user:secret@",
        "smtps://user:secret@mail/path",
        "smtps://user:secret@mail?tls=no",
        "smtps://user:secret@mail#x",
        "smtps://user:secret@mail:port",
        "smtps://user:secret@mail:70000",
        "smtps://user:secret@[mail",
        "smtp://user:secret@mail",
    ],
)
def test_a_server_is_refused_without_repeating_what_may_be_a_password(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MAIL_SERVER", value)
    with pytest.raises(env.SettingError) as caught:
        mail.server()
    assert "secret" not in refusal(caught, "MAIL_SERVER")
    # Nor in what a traceback would show as its cause.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_addresses_stand_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert mail.addresses(NAME) == []
    assert mail.sender(NAME, "glexia@localhost") == "glexia@localhost"
    monkeypatch.setenv(NAME, "ann@example.org, bob@example.org,")
    assert mail.addresses(NAME) == ["ann@example.org", "bob@example.org"]
    with pytest.raises(env.SettingError) as caught:
        mail.sender(NAME, "glexia@localhost")
    assert refusal(caught, NAME).endswith("holds 2 addresses: use one.")


@pytest.mark.parametrize(
    "value", ["ann", "ann@", "@example.org", "ann@example.org\nBcc: eve@example.org", "a b@c.org"]
)
def test_what_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    for read in (mail.addresses, lambda name: mail.sender(name, "x@localhost")):
        with pytest.raises(env.SettingError) as caught:
            read(NAME)
        assert refusal(caught, NAME).endswith("which is no address.")


@pytest.mark.parametrize(
    ("value", "site"),
    [
        ("", ""),
        ("https://attack.example.org", "https://attack.example.org"),
        ("https://attack.example.org/", "https://attack.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_a_site_is_named_by_its_host(
    monkeypatch: pytest.MonkeyPatch, value: str, site: str
) -> None:
    monkeypatch.setenv(NAME, value)
    assert mail.site(NAME) == site


@pytest.mark.parametrize(
    "value",
    [
        *(
            "attack.example.org",
            "/learn",
            "mailto:ann@example.org",
            "https://",
            "ftp://example.org",
        ),
        *("https://example.org/x", "https://example.org?x", "https://example.org#x"),
        *("https://exa mple.org", "javascript:alert(1)", "https://example.org/\nx"),
    ],
)
def test_a_site_is_refused_when_it_is_more_or_less_than_a_host(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(env.SettingError) as caught:
        mail.site(NAME)
    refusal(caught, NAME)
