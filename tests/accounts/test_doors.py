"""The first page of the staff and the head of every page: each role is led to what it does."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts.doors import ROOMS
from accounts.roles import ROLES
from tests.accounts.people import signed_in
from tests.takes import member

pytestmark = pytest.mark.django_db
TAKES = ["Takes", "To review", "Stale", "No Take yet"]
DOORS = {
    "viewer": ["Releases and imports", "History of all imports", *TAKES],
    "importer": ["Releases and imports", "Start an import", "History of all imports"],
    "author": [TAKES[0], "Write a Take", *TAKES[1:]],
    "reviewer": TAKES,
    "publisher": TAKES,
    "administrator": ["Users", "Add a user", "Roles and groups", "Audit log"],
}
HEADS = {
    "/admin/importer/importrun/": ("History of all imports", "Start an import"),
    "/admin/auth/user/": ("Users", "Add a user"),
    "/admin/auth/group/": ("Roles and groups", "Add a group"),
    "/admin/analysis/take/": ("Takes", "Write a Take"),
    "/admin/accounts/auditentry/": ("Audit log", "Export as CSV"),
}


def page(client: Client, path: str = "/admin/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def links(part: str) -> list[str]:
    return re.findall(r"<a [^>]*>([^<]*)</a>", part)


def root() -> Client:
    return signed_in(User.objects.create_superuser("root"))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_finds_the_doors_of_its_work_and_no_others(role: str) -> None:
    client = signed_in(member(role))
    content = page(client)
    shown = content.split('<ul class="staff-doors">')[1].split("</main>")[0]
    assert links(shown) == DOORS[role]
    for href in re.findall(r'<a href="([^"]*)"', shown):
        assert client.get(href).status_code == 200, href


def test_somebody_without_a_role_is_told_who_gives_one() -> None:
    assert "An administrator gives roles." in page(signed_in(member()))


def test_a_superuser_finds_every_door() -> None:
    content = page(root())
    for room in ROOMS:
        for door in (room.door, *room.inner):
            assert f'href="{door.href}">{door.title}</a>' in content


@pytest.mark.parametrize("path", HEADS)
def test_a_list_is_named_in_the_product_s_own_words(path: str) -> None:
    content, (title, act) = page(root(), path), HEADS[path]
    assert re.findall(r"<h1>([^<]*)</h1>", content) == [title]
    assert act in links(content)
    assert "Select " not in content.split("<main")[1].split("- Select")[0]


def test_a_part_of_the_site_leads_to_its_first_page() -> None:
    client = root()
    for part in ("auth", "importer", "analysis", "accounts"):
        assert client.get(f"/admin/{part}/")["Location"] == "/admin/"
    assert client.get("/admin/nothing/").status_code == 404
    assert signed_in(member("author")).get("/admin/auth/").status_code == 404


def test_the_sign_in_says_what_it_is() -> None:
    content = page(Client(), reverse("admin:login"))
    assert re.findall(r"<h1>([^<]*)</h1>", content) == ["Sign in"]
    assert "Glexia" in content
