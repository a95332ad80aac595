"""Takes in the admin site, as tests write and act on them."""

from typing import Any

from django.test import Client
from django.urls import reverse

from analysis.models import Revision
from tests.accounts import people
from tests.factories import Properties, mitigation, technique
from tests.takes import as_seen, member

MEASURE = mitigation("M1000", "Measure")
HEIR = mitigation("M1001", "Heir")
TARGET = technique("T1000", "Shell", ("execution",))


def signed_in(*roles: str, name: str = "") -> Client:
    """A client of the same member of staff for the same name."""
    return people.signed_in(member(*roles, name=name))


def address(of: Properties) -> str:
    return reverse("admin:take-write", args=[of["id"]])


def text(based_on: int = 0, **sections: Any) -> dict[str, Any]:
    """What the form of a Take on the measure sends."""
    given = {"based_on": based_on, "confidence": "moderate", "summary": "It matters."}
    return given | as_seen(MEASURE) | sections


def post_act(revision: Revision, role: str, kind: str, **more: str) -> str:
    """Post an act, and say what the page that follows tells of it."""
    client = signed_in(role, name=f"another {role}")
    address = reverse("admin:take-act", args=[revision.pk])
    return client.post(address, {"kind": kind, **more}, follow=True).content.decode()
