"""Typed readers of the settings that the environment holds.

Each reader returns a value of the type it names or raises `SettingError` with one sentence that
names the variable, what it held, and what it should hold. Nothing falls back in silence.
"""

import os
import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# No white space, quotes or backslashes: browsers read those in ways of their own.
ADDRESS_FORM = re.compile(r"[!#-;=?-\[\]_a-z~%]+")
# RFC 9110 §5.1 and §5.5, in ASCII.
SECRET_HEADER_FORM = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+: ?[!-~][ -~]*")
HEADER_FORM = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# What libpq knows of TLS (PostgreSQL's documentation, 32.1.2): words, and files.
TLS_WORDS = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "channel_binding": ("disable", "prefer", "require"),
}
TLS_FILES = ("sslrootcert", "sslcert", "sslkey")
BASE_DIR = Path(__file__).resolve().parent.parent
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class SettingError(ImproperlyConfigured):
    """A setting in the environment cannot be used as it stands."""


def text(name: str, default: str = "") -> str:
    """The variable without surrounding space, or `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes or on; False for 0, false, no or off; case does not matter."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise SettingError(f"{name} is {value!r}: use 1 or 0.")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of a few words, as they are spelt here; case does not matter."""
    value = text(name, default)
    for word in allowed:
        if word.lower() == value.lower():
            return word
    raise SettingError(f"{name} is {value!r}: use one of {', '.join(allowed)}.")


def token(name: str, *, least: int) -> str:
    """A secret of at least so many characters, or nothing; refused without repeating it."""
    value = text(name)
    if value and len(value) < least:
        raise SettingError(f"{name} has {len(value)} characters: use at least {least} random ones.")
    return value


def header(name: str) -> str:
    """The name of an HTTP header, or nothing."""
    value = text(name)
    if value and not HEADER_FORM.fullmatch(value):
        raise SettingError(f"{name} is {value!r}: use a header's name, as in X-Forwarded-Proto.")
    return value


def port(name: str, default: int) -> int:
    """A TCP port from 1 to 65535."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and 1 <= int(value) <= 65535):
        raise SettingError(f"{name} is {value!r}: use a port from 1 to 65535.")
    return int(value)


def number(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """A whole number between two others, both allowed."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise SettingError(f"{name} is {value!r}: use a whole number.")
    if not least <= int(value) <= most:
        raise SettingError(f"{name} is {value}: use a number from {least:,} to {most:,}.")
    return int(value)


def demand(*names: str, because: str) -> None:
    """Go on where all of these variables are set; else SettingError names those that are not."""
    missing = [name for name in names if not text(name)]
    if missing:
        raise SettingError(f"{because}, and so {', '.join(missing)} must be set too.")


def words(name: str, default: tuple[str, ...]) -> list[str]:
    """The parts of a comma-separated list, without empty ones."""
    value = text(name)
    if not value:
        return list(default)
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts:
        raise SettingError(f"{name} is {value!r}: name at least one, with commas between.")
    return parts


def path(name: str) -> Path | None:
    """An absolute path; a relative one is taken from the current folder, `~` is the home."""
    value = text(name)
    if not value:
        return None
    try:
        return Path(value).expanduser().absolute()
    except (RuntimeError, ValueError) as error:
        raise SettingError(f"{name} is {value!r}: not a path ({error}).") from None


def data_dir() -> Path:
    """Where the product keeps its database and files: GLEXIA_DATA_DIR, or .data in the checkout."""
    return path("GLEXIA_DATA_DIR") or BASE_DIR / ".data"


def directory(name: str) -> Path | None:
    """An existing directory, or None where the variable is unset."""
    found = path(name)
    if found is not None and not found.is_dir():
        raise SettingError(f"{name} is {str(found)!r}: there is no such directory.")
    return found


def web_address(name: str, default: str) -> str:
    """An http, https, mailto or tel address, safe to stand in a link; or a path on this site.

    A refusal does not repeat it: somebody may have written a password into it.
    """
    value = text(name, default)
    if not ADDRESS_FORM.fullmatch(value):
        raise SettingError(
            f"{name} has characters that cannot stand in an address: percent-encode them."
        )
    if value.startswith("/") and not value.startswith("//"):
        return value
    try:
        parts = urlsplit(value)
        # What stands before the host of a link is shown to every reader: no name, no password.
        is_plain = parts.hostname and "@" not in parts.netloc
        leads_somewhere = (parts.scheme in {"http", "https"} and is_plain) or (
            parts.scheme in {"mailto", "tel"} and parts.path
        )
    except ValueError:
        leads_somewhere = False
    if leads_somewhere:
        return value
    raise SettingError(
        f"{name} is not an address for a link: use an http, https, mailto or tel address"
        " without a password, or a path."
    )


def secret_header(name: str) -> str:
    """A header of a request, "Name: value"; what it holds is a secret and told to nobody."""
    value = text(name)
    if value and not SECRET_HEADER_FORM.fullmatch(value):
        raise SettingError(f"{name} is not a header: write it as Name: value.")
    return value


def contact(name: str, default: str) -> str:
    """An https, mailto or tel address: whom to write to or call (RFC 9116, 2.5.3)."""
    value = web_address(name, default)
    if urlsplit(value).scheme not in {"https", "mailto", "tel"}:
        raise SettingError(
            f"{name} is not a way to reach anybody: use an https, mailto or tel address."
        )
    return value


def provider_address(name: str) -> str:
    """An https address with a host; http is good enough for this machine's own. Empty where unset.

    What is sent there are secrets of ours, and what comes back decides who is let in. A refusal
    does not repeat the address, in which a secret may stand.
    """
    value = text(name)
    if value and not _keeps_secrets(value, _is_here):
        raise SettingError(f"{name} is not safe for secrets: use an https address.")
    return value


def purge_address(name: str) -> str:
    """An https address with a host; http is good enough for a cache nearby. Empty where unset.

    A secret of ours is sent there, and may stand in the address: a refusal does not repeat it.
    """
    value = text(name)
    if value and not _keeps_secrets(value, _is_near):
        raise SettingError(
            f"{name} is not an address that can be asked for a purge: use https, or http to this"
            " machine, to a private IP address, or to a name without dots."
        )
    return value


def _keeps_secrets(value: str, is_trusted: Callable[[str], bool]) -> bool:
    """Whether it is an https address, or one of a host that is spoken to in the clear."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not (host and ADDRESS_FORM.fullmatch(value)):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_trusted(host))


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


def _is_near(host: str) -> bool:
    """Whether a host is of this machine or of a network of its own, as its address or name says."""
    try:
        return ip_address(host).is_private
    except ValueError:
        # One that begins with a digit may be an IP address in another notation.
        return "." not in host and host[0].isalpha()


def database(name: str) -> dict[str, Any] | None:
    """Django's connection parameters from a `postgresql://user:password@host:port/name` address.

    None where the variable is unset. A host that starts with `/` (percent-encoded, or as the
    `host` parameter) is the folder of a Unix socket. How TLS is to be used stands in OPTIONS.
    """
    value = text(name)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        number = parts.port
    except ValueError:
        # What cannot be read may be a password, so none of it is repeated.
        raise SettingError(
            f"{name} is not an address that can be read: percent-encode what is special in its"
            " user and password, and give the port as a number."
        ) from None
    database_name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not database_name:
        raise SettingError(f"{name} must look like postgresql://user:password@host:5432/name.")
    given = dict(_database_parameter(name, said) for said in parts.query.split("&") if said)
    return {
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": given.pop("host", unquote(parts.hostname or "")),
        "PORT": str(number or ""),
        "OPTIONS": given,
    }


def _database_parameter(name: str, said: str) -> tuple[str, str]:
    """A parameter of a database's address, as libpq names it: its host, or how TLS is used."""
    key, _, value = said.partition("=")
    value = unquote(value)
    if key == "host":
        return key, value
    if key in TLS_WORDS:
        if value not in TLS_WORDS[key]:
            words = ", ".join(TLS_WORDS[key])
            raise SettingError(f"{name} has another {key} than {words}: use one of these.")
    elif key not in TLS_FILES:
        # It may be the rest of a password with a question mark in it.
        known = ", ".join(("host", *TLS_WORDS, *TLS_FILES))
        raise SettingError(f"{name} has another parameter than {known}: leave it out.")
    elif not (os.access(value, os.R_OK) or (key, value) == ("sslrootcert", "system")):
        raise SettingError(f"{name} has {key}={value!r}: there is no such file that can be read.")
    return key, value
