"""Who acts: the name that the audit log keeps, by itself and for good."""

import contextvars
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from glexia.clients import client_address

NOBODY: Final = "nobody signed in"
_request: contextvars.ContextVar[HttpRequest | None] = contextvars.ContextVar(
    "request", default=None
)


def knowing_who_asks(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers with the request at hand for `current_actor`; neither user nor session is read."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        token = _request.set(request)
        try:
            return answer(request)
        finally:
            _request.reset(token)

    return respond


def current_actor() -> str:
    """Who asks in the request at hand; without one, the command that runs and who runs it."""
    if _request.get() is None:
        return command_actor(_command())
    return asking_user() or NOBODY


def asking_user() -> str:
    """The name of the user who asks in the request at hand; empty without one."""
    user = getattr(_request.get(), "user", None)
    return user.get_username() if user is not None and user.is_authenticated else ""


def current_address() -> str:
    """The address that the request at hand comes from; empty without one."""
    request = _request.get()
    return client_address(request) if request is not None else ""


def command_actor(command: str) -> str:
    """A command and the system's user who runs it: "command import_attack by alice"."""
    return f"command {command} by {_system_user()}"


def _command() -> str:
    program = Path(sys.argv[0]).stem if sys.argv else ""
    return sys.argv[1] if program == "manage" and len(sys.argv) > 1 else program or "python"


def _system_user() -> str:
    # Asked of the system: LOGNAME and USER say what anybody likes. Containers may have no names.
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
