"""The audit log: what is kept, how it is read, and that nothing changes it."""

import csv
import io
import sys

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts.actors import NOBODY, command_actor
from accounts.admin import AuditLogAdmin
from accounts.audit import record
from accounts.models import AuditEntry
from tests.accounts.people import PASSWORD, sign_in, signed_in, staff, told

pytestmark = pytest.mark.django_db
LOG = "/admin/accounts/auditentry/"
SHA1_FIRST = "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET actor = 'another'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "SET LOCAL glexia.deleting = 'on'; DELETE FROM accounts_auditentry",
    ],
)
def test_the_database_refuses_to_change_the_log(statement: str) -> None:
    record("ann", "Take published", "M1037")
    with (
        pytest.raises(DatabaseError, match="the audit log is immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert told("Take published") == [("ann", "Take published", "M1037")]


def test_the_application_cannot_change_an_entry_either() -> None:
    record("ann", "Take published", "M1037")
    entry = AuditEntry.objects.get()
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert AuditEntry.objects.count() == 1


def test_an_entry_goes_with_the_transaction_that_is_rolled_back() -> None:
    with transaction.atomic():
        record("ann", "Take published", "M1037")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_an_entry_is_one_readable_line_whatever_it_is_given() -> None:
    record("a\x00b\nc", "x" * 2000, "\u202egnp.exe", note="a\r\nb", many=list(range(500)), n=None)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.target) == ("a b c", " gnp.exe")
    assert len(entry.action) == 1000
    assert entry.details["note"] == "a  b"
    assert len(entry.details["many"]) == 200
    assert entry.details["n"] is None


def test_who_acts_is_the_command_and_the_systems_user_when_nobody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "createsuperuser"])
    User.objects.create_superuser("root", "root@example.org", PASSWORD)
    who = command_actor("createsuperuser")
    assert who.startswith("command createsuperuser by ")
    assert (who, "user made", "root") in told()


def test_a_user_is_recorded_when_made_changed_and_deactivated() -> None:
    boss = signed_in(staff("administrator", name="boss"))
    author = Group.objects.get(name="author")
    reviewer = Group.objects.get(name="reviewer")
    made = {"username": "bob", "email": "", "usable_password": "true", "groups": [author.pk]}
    answer = boss.post(
        "/admin/auth/user/add/", made | {"password1": PASSWORD, "password2": PASSWORD}
    )
    bob = User.objects.get(username="bob")
    assert answer.status_code == 302
    assert bob.is_staff
    form = {"username": "bob", "email": "bob@example.org", "groups": [reviewer.pk]}
    boss.post(f"/admin/auth/user/{bob.pk}/change/", form | {"is_staff": "on"})
    boss.post(f"/admin/auth/user/{bob.pk}/password/", _twice("another-lantern-77"))
    entries = AuditEntry.objects.filter(actor="boss", target="bob").order_by("id")
    assert [(entry.action, entry.details) for entry in entries] == [
        ("user made", {"address": "127.0.0.1", "is_active": True, "is_staff": True}),
        ("groups changed", {"address": "127.0.0.1", "added": ["author"]}),
        ("user deactivated", {"address": "127.0.0.1"}),
        ("user changed", {"address": "127.0.0.1", "email": " → bob@example.org"}),
        ("groups changed", {"address": "127.0.0.1", "removed": ["author"]}),
        ("groups changed", {"address": "127.0.0.1", "added": ["reviewer"]}),
        ("password changed", {"address": "127.0.0.1"}),
    ]


def _twice(password: str) -> dict[str, str]:
    return {"usable_password": "true", "password1": password, "password2": password}


def test_a_group_is_recorded_from_whichever_side_it_changes() -> None:
    user = staff()
    group = Group.objects.create(name="readers")
    group.user_set.add(user)
    user.groups.clear()
    group.permissions.set([])
    group.name = "watchers"
    group.save()
    group.delete()
    assert [(action, target) for _, action, target in told()[1:]] == [
        ("password changed", "ann"),
        ("group made", "readers"),
        ("groups changed", "ann"),
        ("groups changed", "ann"),
        ("group renamed", "watchers"),
        ("group deleted", "watchers"),
    ]


def test_nothing_is_lost_with_a_user_who_is_deleted() -> None:
    user = staff("author")
    user.delete()
    entry = AuditEntry.objects.get(action="user deleted")
    assert (entry.target, entry.details) == ("ann", {"groups": ["author"]})
    assert AuditEntry.objects.filter(target="ann", action="user made").exists()


def test_signing_in_and_out_is_recorded_with_the_address(client: Client) -> None:
    staff("author")
    sign_in(client, password="wrong")
    sign_in(client)
    client.post("/admin/logout/")
    entries = AuditEntry.objects.filter(target="ann").order_by("id")
    assert [(entry.actor, entry.action) for entry in entries][-3:] == [
        (NOBODY, "sign-in failed"),
        ("ann", "signed in"),
        ("ann", "signed out"),
    ]
    assert {entry.details["address"] for entry in list(entries)[-3:]} == {"127.0.0.1"}


def test_a_password_hashed_anew_at_a_sign_in_is_no_change_of_it(
    client: Client, settings: Settings
) -> None:
    user = staff()
    count = AuditEntry.objects.count()
    settings.PASSWORD_HASHERS = [SHA1_FIRST, *settings.PASSWORD_HASHERS]
    sign_in(client)
    before, user = user, User.objects.get()
    assert user.password != before.password
    assert [action for _, action, _ in told()][count:] == ["signed in"]


def test_no_password_is_in_the_log(client: Client) -> None:
    staff()
    sign_in(client, password="secret-of-ann")
    call_command("create_staff", "bob", "--password", "random")
    words = "".join(entry.detail_words + str(entry) for entry in AuditEntry.objects.all())
    assert PASSWORD not in words
    assert "secret-of-ann" not in words
    assert "md5" not in words


def test_the_log_is_found_by_who_what_and_when() -> None:
    boss = signed_in(staff("administrator", name="boss"))
    record("ann", "Take published", "M1037 Filter")
    record("bob", "snapshot deleted", "ics 17.1")
    for query, seen, unseen in (
        ("who=ann", "M1037 Filter", "ics 17.1"),
        ("what=snapshot+deleted", "ics 17.1", "M1037 Filter"),
        ("q=17.1", "ics 17.1", "M1037 Filter"),
    ):
        _, _, rows = boss.get(f"{LOG}?{query}").content.decode().partition('id="result_list"')
        assert seen in rows.partition("</table>")[0]
        assert unseen not in rows.partition("</table>")[0]
    for never in ("at__lt=2001-01-01", "at__gte=2999-01-01"):
        answer = boss.get(f"{LOG}?{never}")
        assert answer.status_code == 200
        assert "result_list" not in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    ["who=%00", "what=no", "q=%00", "at__gte=x", "at__gte=%00", "o=9", "p=x", "all=", "id=1'--"],
)
def test_a_filter_that_means_nothing_changes_nothing(query: str) -> None:
    boss = signed_in(staff("administrator", name="boss"))
    record("ann", "Take published", "M1037 Filter")
    answer = boss.get(f"{LOG}?{query}", follow=True)
    assert answer.status_code == 200
    assert "M1037 Filter" in answer.content.decode()
    assert boss.get(f"{LOG}export.csv?{query}").status_code in (200, 302)


def test_the_export_holds_what_is_shown_and_no_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    boss = signed_in(staff("administrator", name="boss"))
    record("ann", "Take saved", '=HYPERLINK("https://example.org")', note="+1")
    record("ann", "Take saved", " @sum(A1)", note='a "b", c')
    answer = boss.get(f"{LOG}export.csv?what=Take+saved")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["When (UTC)", "Who", "What", "To what", "Details"]
    assert [row[1:] for row in rows] == [
        ["ann", "Take saved", "' @sum(A1)", 'note: a "b", c'],
        ["ann", "Take saved", '\'=HYPERLINK("https://example.org")', "note: +1"],
    ]
    assert answer["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert told("audit log exported") == [("boss", "audit log exported", "what=Take+saved")]
    monkeypatch.setattr("accounts.admin.MOST_EXPORTED", 1)
    answer = boss.get(f"{LOG}export.csv?what=Take+saved")
    lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2


def test_an_entry_has_a_page_and_no_way_to_change_it() -> None:
    boss = signed_in(staff("administrator", name="boss"))
    record("ann", "Take published", "<script>alert(1)</script>")
    entry = AuditEntry.objects.get(action="Take published")
    page = boss.get(f"{LOG}{entry.pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert 'name="_save"' not in page
    assert boss.post(f"{LOG}{entry.pk}/change/", {"actor": "x"}).status_code == 403
    assert boss.post(f"{LOG}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AuditLogAdmin.actions is None
