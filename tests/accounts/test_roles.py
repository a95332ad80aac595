"""Who may do what: every page of the admin site and every act on Takes, for every role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.audit import record
from accounts.models import AuditEntry
from accounts.roles import GRANTABLE, ROLES
from analysis.models import ActKind
from analysis.workflow import act
from tests.accounts.people import PASSWORD, signed_in, told
from tests.factories import import_objects, mitigation
from tests.takes import draft, member, publish

pytestmark = pytest.mark.django_db
MEASURE, OTHER = mitigation("M1000", "Measure"), mitigation("M1001", "Other")
NOBODY, SUPERUSER, STRANGER = "no role", "superuser", "a stranger"
TAKES = {"viewer", "author", "reviewer", "publisher"}
EVERYBODY = {*TAKES, "administrator", NOBODY}
# The console has a test of its own.
ELSEWHERE = ("importer", "library")
# Roles whose groups are made by the migrations of this worktree.
HERE = ("viewer", "author", "reviewer", "publisher", "administrator")


@dataclass(frozen=True)
class Page:
    """A page by the name of its address, who may come to it, and what is sent to it."""

    name: str
    roles: set[str]
    arguments: Callable[[], list[Any]] = list
    sends: dict[str, Any] | None = None


def user_key() -> list[Any]:
    return [User.objects.get(username="somebody").pk]


def group_key() -> list[Any]:
    return [Group.objects.create(name="watchers").pk]


def entry_key() -> list[Any]:
    record("ann", "Take published", "M1000")
    return [AuditEntry.objects.latest("id").pk]


def take_key() -> list[Any]:
    return [publish(MEASURE).take_id]


def compared() -> list[Any]:
    publish(MEASURE)
    return [draft(MEASURE).take_id]


def stix_id() -> list[Any]:
    return [MEASURE["id"]]


def revision_key() -> list[Any]:
    return [publish(MEASURE).pk]


PAGES = [
    *(Page(name, EVERYBODY) for name in ("index", "password_change", "password_change_done")),
    *(Page(name, EVERYBODY) for name in ("jsi18n", "second-factor")),
    Page("own-sessions", EVERYBODY),
    Page("second-factor-begin", EVERYBODY, sends={}),
    Page("second-factor-confirm", EVERYBODY, sends={"code": "000000"}),
    Page("second-factor-codes", EVERYBODY, sends={"code": "000000"}),
    Page("second-factor-remove", EVERYBODY, sends={"code": "000000"}),
    Page("auth_user_changelist", {"administrator"}),
    Page("auth_user_add", {"administrator"}),
    Page("auth_user_change", {"administrator"}, user_key),
    Page("auth_user_password_change", {"administrator"}, user_key),
    Page("auth_user_history", {"administrator"}, user_key),
    Page("auth_user_delete", set(), user_key),
    Page("auth_group_changelist", {"administrator"}),
    Page("auth_group_add", set()),
    Page("auth_group_change", {"administrator"}, group_key),
    Page("auth_group_history", {"administrator"}, group_key),
    Page("auth_group_delete", set(), group_key),
    Page("accounts_auditentry_changelist", {"administrator"}),
    Page("accounts_auditentry_change", {"administrator"}, entry_key),
    Page("accounts_auditentry_history", {"administrator"}, entry_key),
    Page("audit-export", {"administrator"}),
    Page("django_tasks_database_dbtaskresult_changelist", set()),
    Page("analysis_take_changelist", TAKES),
    Page("analysis_take_change", TAKES, take_key),
    Page("analysis_take_history", TAKES, take_key),
    Page("analysis_take_add", {"author"}),
    *(
        Page("take-queue", TAKES, lambda queue=queue: [queue])  # type: ignore[misc]
        for queue in ("review", "stale", "retire", "missing")
    ),
    Page("take-compare", TAKES, compared),
    Page("take-write", {"author"}, stix_id),
    Page("take-preview", {"author"}, stix_id, {"summary": "It matters."}),
    Page("take-move", {"author"}, revision_key, {}),
]
# Pages that nobody comes to, superusers neither.
NEVER = ("accounts_auditentry_add", "accounts_auditentry_delete", "analysis_take_delete")
# Pages whose own tests say who comes to them.
SAID_ELSEWHERE = {
    *(
        "login",
        "logout",
        "first-password",
        "second-factor-ask",
        "second-factor-leave",
        "second-factor-picture",
    ),
    # The queue's own pages have one permission, which no role has; its list stands above.
    *(f"django_tasks_database_dbtaskresult_{at}" for at in ("add", "change", "delete", "history")),
    *("oidc-begin", "oidc-callback", "take-act", "autocomplete", "view_on_site", "app_list"),
}


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(MEASURE, OTHER)
    User.objects.create_user("somebody", is_staff=True)


def client_of(role: str) -> Client:
    if role == STRANGER:
        return Client()
    if role == SUPERUSER:
        return signed_in(User.objects.create_superuser("root"))
    return signed_in(member(*([] if role == NOBODY else [role]), name=f"the {role}"))


def visit(client: Client, page: Page, arguments: list[Any]) -> int:
    path = reverse(f"admin:{page.name}", args=arguments)
    query = "?from=1&to=2" if page.name == "take-compare" else ""
    if page.sends is None:
        return client.get(f"{path}{query}").status_code
    return client.post(path, page.sends).status_code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_open_to_its_roles_and_closed_to_others(page: Page) -> None:
    arguments = page.arguments()
    # What is sent to an open page may not do, which it says; but it was looked at.
    opened = {200} if page.sends is None else {200, 302, 400}
    for role in (*HERE, NOBODY, SUPERUSER, STRANGER):
        allowed = role == SUPERUSER or role in page.roles
        expected = {302} if role == STRANGER else opened if allowed else {403}
        assert visit(client_of(role), page, arguments) in expected, role


@pytest.mark.parametrize("name", NEVER)
def test_a_page_is_closed_to_superusers_too(name: str) -> None:
    keys = {"accounts_auditentry_delete": entry_key, "analysis_take_delete": take_key}
    path = reverse(f"admin:{name}", args=keys[name]() if name in keys else [])
    root = client_of(SUPERUSER)
    assert root.get(path).status_code == 403
    assert root.post(path, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("kind", ActKind)
def test_an_act_on_a_take_is_done_by_its_role_alone(kind: ActKind) -> None:
    made = draft(MEASURE)
    steps = {
        ActKind.SUBMITTED: [],
        ActKind.SENT_BACK: [ActKind.SUBMITTED],
        ActKind.APPROVED: [ActKind.SUBMITTED],
        ActKind.PUBLISHED: [ActKind.SUBMITTED, ActKind.APPROVED],
        ActKind.CONFIRMED: [ActKind.SUBMITTED, ActKind.APPROVED, ActKind.PUBLISHED],
        ActKind.WITHDRAWN: [ActKind.SUBMITTED, ActKind.APPROVED, ActKind.PUBLISHED],
    }[kind]
    by = {ActKind.SUBMITTED: "author", ActKind.PUBLISHED: "publisher"}
    for step in steps:
        act(made, step, member(by.get(step, "reviewer")))
    if kind == ActKind.CONFIRMED:
        import_objects(MEASURE | {"description": "Other words."}, release="2.0")
    acts = made.acts.count()
    sent = {"kind": kind.value, "note": "Why."}
    path = reverse("admin:take-act", args=[made.pk])
    of_role = {
        ActKind.SUBMITTED: "author",
        ActKind.PUBLISHED: "publisher",
        ActKind.WITHDRAWN: "publisher",
    }.get(kind, "reviewer")
    for role in (*HERE, NOBODY):
        if role != of_role:
            client_of(role).post(path, sent)
            assert made.acts.count() == acts, role
    client_of(of_role).post(path, sent)
    assert made.acts.count() == acts + 1


def test_no_page_of_the_admin_site_is_forgotten() -> None:
    named = {page.name for page in PAGES} | set(NEVER) | SAID_ELSEWHERE
    of_site = {name for name in _patterns(admin.site.get_urls()) if not name.startswith(ELSEWHERE)}
    of_site = {name for name in of_site if not name.startswith("import")}
    assert of_site - named == set()
    assert named - of_site == set()


def _patterns(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name
        elif isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)


def test_roles_have_the_permissions_of_their_work_and_no_others() -> None:
    seen = {"analysis.view_take", "analysis.view_revision", "analysis.view_act"}
    wanted = {
        "viewer": seen,
        "author": seen | {"analysis.write_take"},
        "reviewer": seen | {"analysis.review_take"},
        "publisher": seen | {"analysis.publish_take"},
        "administrator": {
            *(f"auth.{verb}_user" for verb in ("view", "add", "change")),
            "auth.view_group",
            "accounts.view_auditentry",
        },
    }
    for role, permissions in wanted.items():
        ours = member(role).get_all_permissions()
        assert {name for name in ours if not name.startswith(ELSEWHERE)} == permissions
    assert wanted.keys() <= ROLES.keys()


def test_what_may_be_given_is_what_the_roles_hold_between_them() -> None:
    held = Permission.objects.filter(group__name__in=ROLES).select_related("content_type")
    assert {f"{one.content_type.app_label}.{one.codename}" for one in held} == GRANTABLE


# What an administrator might try, to have more than was given.


def boss() -> Client:
    return client_of("administrator")


def test_an_administrator_makes_no_superuser_and_gives_no_single_permission() -> None:
    somebody = User.objects.get(username="somebody")
    permission = Permission.objects.get(codename="delete_user")
    path = reverse("admin:auth_user_change", args=[somebody.pk])
    sent = {"username": "somebody", "is_active": "on", "is_staff": "on"}
    more = {"is_superuser": "on", "user_permissions": [permission.pk]}
    assert boss().post(path, sent | more).status_code == 302
    somebody.refresh_from_db()
    assert not somebody.is_superuser
    assert not somebody.user_permissions.exists()


def test_an_administrator_makes_and_changes_no_group() -> None:
    watchers = Group.objects.create(name="watchers")
    everything = [one.pk for one in Permission.objects.all()]
    sent = {"name": "helpers", "permissions": everything}
    client = boss()
    assert client.post(reverse("admin:auth_group_add"), sent).status_code == 403
    change = reverse("admin:auth_group_change", args=[watchers.pk])
    assert client.post(change, sent).status_code == 403
    assert not Group.objects.filter(name="helpers").exists()
    assert not watchers.permissions.exists()


def test_an_administrator_gives_roles_and_no_other_group() -> None:
    somebody = User.objects.get(username="somebody")
    helpers, watchers = (Group.objects.create(name=name) for name in ("helpers", "watchers"))
    somebody.groups.add(watchers)
    path = reverse("admin:auth_user_change", args=[somebody.pk])
    sent = {"username": "somebody", "is_active": "on", "is_staff": "on"}
    author = Group.objects.get(name="author")
    client = boss()
    refused = client.post(path, sent | {"groups": [helpers.pk]})
    assert "helpers" not in client.get(path).content.decode()
    assert refused.status_code == 200
    assert client.post(path, sent | {"groups": [author.pk]}).status_code == 302
    # What a superuser gave them stays.
    assert set(somebody.groups.all()) == {author, watchers}


def test_an_administrator_who_takes_another_role_is_in_the_audit_log() -> None:
    me = member("administrator", name="boss")
    client = signed_in(me)
    path = reverse("admin:auth_user_change", args=[me.pk])
    roles = Group.objects.filter(name__in=("administrator", "publisher"))
    sent = {"username": me.username, "is_active": "on", "is_staff": "on"}
    assert client.post(path, sent | {"groups": [role.pk for role in roles]}).status_code == 302
    assert ("boss", "groups changed", "boss") in told("groups changed")


def test_users_are_deleted_by_superusers_alone_whatever_others_hold() -> None:
    somebody = User.objects.get(username="somebody")
    holder = member("administrator", name="holder")
    holder.user_permissions.add(Permission.objects.get(codename="delete_user"))
    path = reverse("admin:auth_user_delete", args=[somebody.pk])
    assert signed_in(holder).post(path, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [somebody.pk], "post": "yes"}
    signed_in(holder).post(reverse("admin:auth_user_changelist"), chosen)
    assert User.objects.filter(pk=somebody.pk).exists()
    assert client_of(SUPERUSER).post(path, {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("codename", ["delete_user", "add_permission", "view_dbtaskresult"])
def test_a_superuser_gives_a_group_no_permission_that_no_role_holds(codename: str) -> None:
    watchers = Group.objects.create(name="watchers")
    ours = Permission.objects.get(codename="write_take")
    permission = Permission.objects.get(codename=codename)
    path, root = reverse("admin:auth_group_change", args=[watchers.pk]), client_of(SUPERUSER)
    sent = {"name": "watchers", "permissions": [ours.pk, permission.pk]}
    assert root.post(path, sent).status_code == 200
    assert not watchers.permissions.exists()
    assert root.post(path, sent | {"permissions": [ours.pk]}).status_code == 302
    assert list(watchers.permissions.all()) == [ours]


@pytest.mark.parametrize("name", ["change", "password_change", "delete"])
def test_an_administrator_does_nothing_to_a_superuser(name: str) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    path = reverse(f"admin:auth_user_{name}", args=[root.pk])
    sent = {"username": "mine", "password1": "a-new-lantern-77", "password2": "a-new-lantern-77"}
    assert boss().post(path, sent | {"usable_password": "true", "post": "yes"}).status_code == 403
    root.refresh_from_db()
    assert (root.username, root.check_password(PASSWORD)) == ("root", True)


@pytest.mark.parametrize("role", HERE)
def test_a_role_is_changed_by_superusers_alone_and_deleted_by_nobody(role: str) -> None:
    group = Group.objects.get(name=role)
    held = set(group.permissions.all())
    change = reverse("admin:auth_group_change", args=[group.pk])
    delete = reverse("admin:auth_group_delete", args=[group.pk])
    administrator, root = boss(), client_of(SUPERUSER)
    assert administrator.post(change, {"name": "mine", "permissions": []}).status_code == 403
    assert administrator.post(delete, {"post": "yes"}).status_code == 403
    assert root.post(delete, {"post": "yes"}).status_code == 403
    assert root.post(change, {"name": "mine", "permissions": []}).status_code == 302
    group.refresh_from_db()
    assert group.name == role
    assert held
    assert not group.permissions.exists()


def test_a_user_is_given_roles_by_ticking_them() -> None:
    page = boss().get(reverse("admin:auth_user_add")).content.decode()
    for role in HERE:
        assert f"{role}: {ROLES[role]}" in page
