"""How mail is sent, and to whom, as the environment says.

MAIL_SERVER is `smtp://host` for a relay on this machine or a trusted network, `smtp+tls://` for one
that is spoken to in TLS from the first command on (STARTTLS), `smtps://` for TLS from the start:
`smtp+tls://user:password@mail.example.org:587`.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from glexia import env

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
SECONDS = 15


def server() -> dict[str, Any]:
    """The options of Django's SMTP mailer, from MAIL_SERVER; a relay on this machine without it.

    What is wrong with it is said without repeating it: there may be a password in it.
    """
    try:
        parts = urlsplit(env.text("MAIL_SERVER", "smtp://localhost"))
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _unreadable() from None
    if parts.scheme not in PORTS or not host or parts.path or parts.query or parts.fragment:
        raise _unreadable()
    options: dict[str, Any] = {
        "host": host,
        "port": port or PORTS[parts.scheme],
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtps",
        "timeout": SECONDS,
    }
    if parts.username:
        if parts.scheme == "smtp":
            raise env.SettingError(
                "MAIL_SERVER has a user and would send the password unprotected:"
                " use smtp+tls:// or smtps://."
            )
        options |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    return options


def _unreadable() -> env.SettingError:
    return env.SettingError(
        "MAIL_SERVER must look like smtp+tls://user:password@host:587, with smtp, smtp+tls or smtps"
        " and special characters percent-encoded."
    )


def addresses(name: str) -> list[str]:
    """E-mail addresses with commas between; none where the variable is unset."""
    if not env.text(name):
        return []
    found = env.words(name, ())
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise env.SettingError(f"{name} holds {address!r}, which is no address.") from None
    return found


def sender(name: str, default: str) -> str:
    """The one e-mail address that mail comes from."""
    found = addresses(name) or [default]
    if len(found) > 1:
        raise env.SettingError(f"{name} holds {len(found)} addresses: use one.")
    return found[0]


def site(name: str) -> str:
    """Where people reach the site: `https://` and its host, nothing after it; empty where unset."""
    value = env.text(name).rstrip("/")
    if not value:
        return ""
    parts = urlsplit(env.web_address(name, ""))
    if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != value:
        raise env.SettingError(f"{name} must be https:// and a host, and nothing else.")
    return value
