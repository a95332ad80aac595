"""Who may not see things of a kind is not told either which of them there are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_tasks_db.models import DBTaskResult

from accounts.audit import record
from accounts.models import AuditEntry
from accounts.roles import ROLES
from analysis.models import Revision, Take
from importer import acts
from importer.models import ImportRun, SourceKind
from library.models import Snapshot
from tests.accounts.people import signed_in
from tests.accounts.staff_addresses import staff_addresses
from tests.factories import import_objects, mitigation
from tests.takes import member, publish

pytestmark = pytest.mark.django_db
MEASURE = mitigation("M1000", "Measure")
NOBODY: Final = "no role"
MISSING: Final = "99999"
SLOT: Final = "77077"


@dataclass(frozen=True)
class Kind:
    """Things that addresses with this beginning lead to, and what one needs to see them."""

    begin: str
    permission: str
    key: Callable[[], Any]


# The first whose beginning fits.
KINDS: Final = (
    Kind("accounts/auditentry/", "accounts.view_auditentry", lambda: _newest(AuditEntry)),
    Kind("analysis/take/act/", "analysis.view_take", lambda: _newest(Revision)),
    Kind("analysis/take/move/", "analysis.view_take", lambda: _newest(Revision)),
    Kind("analysis/take/preview/", "analysis.view_take", lambda: MEASURE["id"]),
    Kind("analysis/take/write/", "analysis.view_take", lambda: MEASURE["id"]),
    Kind("analysis/take/queue/", "analysis.view_take", lambda: "review"),
    Kind("analysis/take/", "analysis.view_take", lambda: _newest(Take)),
    Kind("auth/group/", "auth.view_group", lambda: _newest(Group)),
    Kind("auth/user/", "auth.view_user", lambda: _newest(User)),
    Kind(
        "django_tasks_database/dbtaskresult/",
        "django_tasks_database.view_dbtaskresult",
        lambda: _newest(DBTaskResult),
    ),
    Kind("importer/importrun/snapshots/", "importer.view_importrun", lambda: _newest(Snapshot)),
    Kind("importer/importrun/", "importer.view_importrun", lambda: _newest(ImportRun)),
)
# Of no kind: they lead to where a page is, or nowhere, whatever stands in them.
OTHERS: Final = {f"/admin/{SLOT}", f"/admin/{SLOT}/", f"/admin/r/{SLOT}/{SLOT}/"}


def _newest(model: Any) -> Any:
    return model.objects.latest("pk").pk


@pytest.fixture(autouse=True)
def one_of_each() -> None:
    import_objects(MEASURE)
    publish(MEASURE)
    record("ann", "Take published", "M1000")
    acts.start("ann", acts.Asked(SourceKind.DIRECTORY, "bundle.json"))
    Group.objects.create(name="watchers")


def _kind_of(address: str) -> Kind:
    return next(kind for kind in KINDS if address.startswith(f"/admin/{kind.begin}"))


def _answers(client: Client, address: str, key: str) -> list[tuple[int, str]]:
    """How an address answers, with the key of something in it."""
    filled = address.replace(SLOT, key)
    sent = {"kind": "published", "post": "yes"}
    answers = (client.get(filled), client.post(filled, sent))
    return [(a.status_code, a.get("Location", "").replace(key, SLOT)) for a in answers]


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_what_there_is_and_what_there_is_not_are_refused_alike(role: str) -> None:
    user = member(*([] if role == NOBODY else [role]), name=f"the {role}")
    client = signed_in(user)
    with_key = {address for address in staff_addresses(SLOT) if SLOT in address}
    assert with_key > OTHERS
    for address in sorted(with_key - OTHERS):
        kind = _kind_of(address)
        if user.has_perm(kind.permission):
            continue
        there = _answers(client, address, str(kind.key()))
        assert there == _answers(client, address, MISSING), address
        # An address without its last word leads to the page, which refuses.
        assert set(there) <= {(403, ""), (405, ""), (302, f"{address}change/")}, address
