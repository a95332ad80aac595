"""Secrets kept out of logs, whoever writes the line: by what they are, and by what names them."""

import copy
import logging
import os
import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote, urlsplit

from django.conf import settings

HIDDEN = "[hidden]"
# Settings that hold a header of a request, whose value is a secret.
SECRET_HEADERS = ("PURGE_HEADER",)
# A longer text is cut: what is logged of hostile input is bounded.
LONGEST = 20_000
# A known secret shorter than this is a word that other things are called by, too.
LEAST = 8

_WORDS = r"passw(?:or)?d|passwd|passphrase|secret|token|api.?key|private.?key|authori[sz]ation"
_WORDS += r"|credential|session.?(?:id|key)|csrf|dsn"
SENSITIVE = re.compile(_WORDS, re.IGNORECASE)
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)"""
_VALUE = rf"""(?:{_QUOTED}|(?:(?:Bearer|Basic|Digest)\s+)?[^\s,;&\]}})"']+)"""
# password=…, 'password': ['…'], "token": "…", Authorization: Bearer …
_NAME = rf"""(?:{_WORDS})[\w-]{{0,40}}["']?\s{{0,4}}[:=]\s{{0,4}}[\[(]?\s{{0,4}}"""
_NAMED = re.compile(rf"({_NAME}){_VALUE}", re.IGNORECASE)
# The same in a line of Python, where what is not in quotes is the name of something.
_NAMED_IN_CODE = re.compile(rf"({_NAME}){_QUOTED}", re.IGNORECASE)
# What a traceback shows of a source: the lines below `File "…", line 1, in name`, set in by four.
_SOURCE = re.compile(r"""^ {2}File "[^"\n]+", line \d+, in [^\n]+\n(?: {4}[^\n]*(?:\n|$))+""", re.M)
_COOKIE = re.compile(r"""(cookie["']?\s{0,4}[:=]\s{0,4})[^\r\n]+""", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)([^\s:/@]{0,100}:)[^\s]+@")
# What a sign-in elsewhere sends back (RFC 6749, 4.1.2).
_IN_QUERY = re.compile(r"([?&](?:code|state)=)[^&\s]+")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id"}


def without_secrets(text: str) -> str:
    """The text, at most 20,000 characters of it, with each secret in it hidden."""
    return _without_named(_without_known(text[:LONGEST]))


def without_secrets_of_traceback(text: str) -> str:
    """The same of a traceback: the lines of sources that it shows stay legible."""
    text = _without_known(text[:LONGEST])
    shown, at = [], 0
    for source in _SOURCE.finditer(text):
        shown += [_without_named(text[at : source.start()]), _in_code(source[0])]
        at = source.end()
    return "".join([*shown, _without_named(text[at:])])


def _without_known(text: str) -> str:
    for secret in _known(settings.configured):
        text = text.replace(secret, HIDDEN)
    return text


def _in_code(lines: str) -> str:
    return _NAMED_IN_CODE.sub(rf"\1{HIDDEN}", _IN_ADDRESS.sub(rf"\1{HIDDEN}@", lines))


def _without_named(text: str) -> str:
    text = _COOKIE.sub(rf"\1{HIDDEN}", text)
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    text = _IN_QUERY.sub(rf"\1{HIDDEN}", text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


@cache
def _known(configured: bool) -> tuple[str, ...]:
    """The secrets that this process was given, longest first; read once, and again with Django."""
    found = set(_in_environment())
    if configured:
        found.add(settings.SECRET_KEY)
        found |= {str(given.get("PASSWORD") or "") for given in settings.DATABASES.values()}
    return tuple(sorted((one for one in found if len(one) >= LEAST), key=len, reverse=True))


def _in_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if SENSITIVE.search(name) or name.endswith("_KEY"):
            yield value
        elif name in SECRET_HEADERS:
            # "Authorization: Bearer …": all of it, and what is behind the scheme.
            said = value.partition(":")[2].strip()
            yield from (said, said.rpartition(" ")[2])
        elif "://" in value:
            try:
                password = urlsplit(value).password or ""
            except ValueError:
                continue
            yield from (password, unquote(password))


class Secrecy(logging.Filter):
    """Hands on a copy of each record: plain text without secrets, and plain values beside it.

    What else was given with a record, a request or a form, is left out: it could hold anything.
    """

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record as it may be written."""
        safe = copy.copy(record)
        safe.msg, safe.args = without_secrets(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            safe.exc_text = logging.Formatter().formatException(record.exc_info)
        safe.exc_info = None
        if safe.exc_text:
            safe.exc_text = without_secrets_of_traceback(safe.exc_text)
        if safe.stack_info:
            safe.stack_info = without_secrets_of_traceback(safe.stack_info)
        for name in set(vars(safe)) - _STANDARD:
            value = getattr(safe, name)
            if SENSITIVE.search(name) or "cookie" in name.lower():
                setattr(safe, name, HIDDEN)
            elif isinstance(value, str):
                setattr(safe, name, without_secrets(value))
            elif not isinstance(value, (int, float, bool, type(None))):
                delattr(safe, name)
        return safe
