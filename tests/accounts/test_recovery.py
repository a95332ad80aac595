"""Getting back in: no stranger can ask for it, and it tells nothing and hands over nothing."""

import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from accounts.models import AuditEntry
from tests.accounts.people import PASSWORD, SIGN_IN, sign_in, signed_in, staff, with_device
from tests.accounts.staff_addresses import SIGN_OUTS, answering, staff_addresses

pytestmark = pytest.mark.django_db
RECOVERY = re.compile(r"reset|forgot|recover|question|hint|remind", re.IGNORECASE)


def test_there_is_no_account_that_nobody_has_made() -> None:
    assert not User.objects.exists()


def test_no_address_recovers_anything_and_a_stranger_is_answered_by_the_sign_in_alone() -> None:
    staff("administrator")
    names = [str(name) for name in get_resolver().namespace_dict["admin"][1].reverse_dict]
    assert [one for one in (*names, *staff_addresses()) if RECOVERY.search(one)] == []
    assert answering(Client(), set(staff_addresses()) - SIGN_OUTS) == {SIGN_IN}


def test_the_sign_in_leads_to_no_recovery_and_gives_no_hint(client: Client) -> None:
    user = staff("author")
    user.first_name, user.email = "Annabelle", "ann@example.org"
    user.save()
    for page in (client.get(SIGN_IN), sign_in(client, password="wrong")):
        shown = page.content.decode()
        assert not RECOVERY.search(re.sub(r'class="[^"]*"', "", shown))
        assert "Annabelle" not in shown
        assert "example.org" not in shown


def test_a_password_given_anew_tells_nothing_of_the_one_before(client: Client) -> None:
    kept = staff("author").password
    said = StringIO()
    asked = ("create_staff", "ann", "--reset-password", "--password", "random")
    call_command(*asked, stdout=said, stderr=said)
    (fresh,) = re.findall(r"shown this once: (\S+)", said.getvalue())
    assert len(fresh) == 32
    told = said.getvalue() + "".join(one.detail_words for one in AuditEntry.objects.all())
    assert PASSWORD not in told
    assert kept not in told
    assert told.count(fresh) == 1
    assert sign_in(client).status_code == 200
    assert sign_in(client, password=fresh).status_code == 302
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/admin/first-password/"


def test_no_administrator_reads_a_password_or_the_key_of_a_device() -> None:
    ann = staff("author")
    device = with_device(ann)
    boss = signed_in(staff("administrator", name="boss"))
    for page in ("change", "password", "history"):
        shown = boss.get(f"/admin/auth/user/{ann.pk}/{page}/").content.decode()
        digest = ann.password.rpartition("$")[2]
        assert [one for one in (PASSWORD, digest, device.key) if one in shown] == [], page
