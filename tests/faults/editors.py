"""Staff who act on Takes through the web, by their browsers' requests."""

from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from django.urls import reverse

from analysis.models import ActKind, Revision
from tests.glexia.web import Web
from tests.takes import member

TOKEN = "a" * 32


def signed_in(role: str) -> dict[str, str]:
    """The headers of a member of staff who has signed in and looks at a form."""
    client = Client()
    client.force_login(member(role))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    return {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}


def press(web: Web, revision: Revision, kind: ActKind, headers: dict[str, str]) -> int:
    """Press a button of a revision; the status of the answer, 0 where none came."""
    form = urlencode({"kind": kind.value, "csrfmiddlewaretoken": TOKEN})
    address = reverse("admin:take-act", args=[revision.pk])
    try:
        return web.get(address, "POST", form, headers=headers)[0]
    except OSError:
        return 0
