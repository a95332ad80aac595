"""Who may do what in the console: every role against every page and act."""

import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from importer.models import ImportRun, RunState
from library.models import Edition, Snapshot
from tests.factories import import_objects, mitigation
from tests.importer.console.conftest import back, client, run_in

pytestmark = pytest.mark.django_db
KEPT = mitigation("M1", "Kept")
LOGIN = reverse("admin:login")
PERMISSIONS = {
    "view": "view_importrun",
    "start": "start_imports",
    "switch": "switch_editions",
    "delete": "delete_snapshots",
}
# Each page or act, and which of the permissions it asks for.
ASKS = {
    "history": "view",
    "overview": "view",
    "run": "view",
    "findings": "view",
    "findings as CSV": "view",
    "start page": "start",
    "start": "start",
    "upload": "start",
    "confirm": "start",
    "cancel": "start",
    "retry": "start",
    "make current": "switch",
    "go back": "switch",
    "deletion page": "delete",
    "delete": "delete",
}


@pytest.fixture
def snapshot() -> Snapshot:
    """One that is not current, so that every act is possible."""
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, release="2.0")
    return Snapshot.objects.get(attack_version="1.0")


def ask(reader: Client, what: str, snapshot: Snapshot) -> int:
    """The status with which a page or an act is answered."""
    return answered(reader, what, snapshot).status_code


def answered(reader: Client, what: str, snapshot: Snapshot) -> HttpResponse:
    """The answer to who asks for a page or an act."""
    run = run_in({"confirm": RunState.PREVIEWED, "retry": RunState.FAILED}.get(what, "asked"))
    one = reverse("admin:importer_importrun_change", args=[run.pk])
    act = reverse("admin:import-act", args=[run.pk])
    findings = reverse("admin:import-findings", args=[snapshot.pk])
    deletion = reverse("admin:import-delete", args=[snapshot.pk])
    add = reverse("admin:importer_importrun_add")
    published = {"source": "published", "release": "17.1", "domain": "ics"}
    match what:
        case "history":
            answer = reader.get(reverse("admin:importer_importrun_changelist"))
        case "overview":
            answer = reader.get(reverse("admin:import-overview"))
        case "run":
            answer = reader.get(one)
        case "findings":
            answer = reader.get(findings)
        case "findings as CSV":
            answer = reader.get(f"{findings}?form=csv")
        case "start page":
            answer = reader.get(add)
        case "start":
            answer = reader.post(add, published)
        case "upload":
            answer = reader.post(reverse("admin:import-upload"), {"x": "y"})
        case "confirm" | "cancel" | "retry":
            answer = reader.post(act, {"kind": what})
        case "make current":
            answer = reader.post(reverse("admin:import-make-current", args=[snapshot.pk]))
        case "go back":
            answer = reader.post(reverse("admin:import-go-back"), back())
        case "deletion page":
            answer = reader.get(deletion)
        case "delete":
            answer = reader.post(deletion, {"typed": "enterprise 1.0"})
    return answer  # type: ignore[return-value]


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_each_permission_opens_what_asks_for_it_and_nothing_else(
    snapshot: Snapshot, permission: str, what: str
) -> None:
    reader = client(permissions=(PERMISSIONS[permission],))
    answer = answered(reader, what, snapshot)
    if ASKS[what] == permission:
        assert answer.status_code in ({400} if what == "upload" else {200, 302})
        assert not answer.get("Location", "").startswith(LOGIN)
    else:
        assert answer.status_code == 403
        assert Snapshot.objects.filter(pk=snapshot.pk).exists()
        assert Edition.objects.count() == 2
        assert ImportRun.objects.count() == 1


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("importer", set(PERMISSIONS)),
        ("viewer", {"view"}),
        ("author", set()),
        ("reviewer", set()),
        ("publisher", set()),
    ],
)
def test_each_role_may_do_what_is_its_own(
    snapshot: Snapshot, group: str, may: set[str], what: str
) -> None:
    status = ask(client(groups=(group,)), what, snapshot)
    assert (status != 403) == (ASKS[what] in may)


@pytest.mark.parametrize("what", ASKS)
def test_who_is_not_signed_in_is_asked_to(snapshot: Snapshot, what: str) -> None:
    user = User.objects.create_user("reader", is_staff=False)
    user.groups.set(Group.objects.filter(name="importer"))
    reader = Client()
    reader.force_login(user)
    for stranger in (Client(), reader):
        # What is done leads on as well.
        moved = answered(stranger, what, snapshot)
        assert (moved.status_code, moved["Location"].partition("?")[0]) == (302, LOGIN)
    assert Snapshot.objects.count() == 2
    assert Edition.objects.count() == 2


@pytest.mark.parametrize(
    "what", ["start", "upload", "confirm", "cancel", "retry", "make current", "go back", "delete"]
)
def test_nothing_is_done_without_the_form_s_token(snapshot: Snapshot, what: str) -> None:
    reader = client(groups=("importer",))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = reader.cookies
    assert ask(strict, what, snapshot) == 403
    assert Snapshot.objects.count() == Edition.objects.count() == 2
    assert ImportRun.objects.count() == 1


def test_a_viewer_sees_no_button(snapshot: Snapshot) -> None:
    run = run_in(RunState.FAILED, problem="It failed.")
    for address in (
        reverse("admin:import-overview"),
        reverse("admin:importer_importrun_change", args=[run.pk]),
    ):
        page = client(groups=("viewer",)).get(address).content.decode()
        content = page.partition('id="content"')[2]
        assert "<button" not in content
        assert "Delete" not in content
