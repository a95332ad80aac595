"""What somebody may not do is refused in words: who they are, what it takes, and ways on."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.refusals import forbidden
from tests.accounts.people import signed_in
from tests.takes import member

pytestmark = pytest.mark.django_db
NEEDED = {
    "/admin/importer/importrun/overview/": "the role viewer or importer",
    "/admin/importer/importrun/": "the role viewer or importer",
    "/admin/importer/importrun/add/": "the role importer",
    "/admin/analysis/take/": "the role viewer or author or reviewer or publisher",
    "/admin/analysis/take/add/": "the role author",
    "/admin/auth/user/": "the role administrator",
    "/admin/auth/group/add/": "the role superuser",
    "/admin/accounts/auditentry/export.csv": "the role administrator",
    "/admin/django_tasks_database/dbtaskresult/": "the role superuser",
}


@pytest.mark.parametrize("path", NEEDED)
def test_a_refusal_says_who_one_is_and_which_role_it_takes(path: str) -> None:
    answer = signed_in(member(name="ann")).get(path)
    content = answer.content.decode()
    assert answer.status_code == 403
    assert "You are signed in as <strong>ann</strong>, who has no role yet." in content
    assert f"It takes {NEEDED[path]}." in content
    assert f'href="{reverse("admin:index")}"' in content
    assert "no-store" in answer["Cache-Control"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_refusal_names_the_roles_that_one_has() -> None:
    client = signed_in(member("author", "viewer", name="ann"))
    content = client.get("/admin/auth/user/").content.decode()
    assert "<strong>ann</strong>, with the roles author, viewer." in content


def test_who_has_the_role_is_told_that_nobody_does_this_in_this_way() -> None:
    root = signed_in(User.objects.create_superuser("root"))
    content = root.get("/admin/accounts/auditentry/add/").content.decode()
    assert "Nobody does this in this way" in content
    assert "It takes" not in content


def test_a_refusal_to_a_stranger_leads_to_the_sign_in() -> None:
    request = RequestFactory().get("/somewhere")
    request.user = AnonymousUser()
    request.resolver_match = None
    answer = forbidden(request, PermissionError())
    assert answer.status_code == 403
    assert reverse("admin:login") in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_with_how_to_go_on() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("author"))
    answer = client.post(reverse("admin:password_change"), {"old_password": "x"})
    content = answer.content.decode()
    assert answer.status_code == 403
    for said in ("The form was not accepted", "Nothing was changed", "load the page again"):
        assert said in content
    assert reverse("admin:index") in content
