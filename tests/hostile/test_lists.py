"""The lists of the admin site: each parameter with each value, one at a time."""

from typing import Final
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.test import Client

from accounts.lists import BoundedAdmin
from tests.hostile.digest import digest
from tests.hostile.test_pages import SESSIONS, check
from tests.hostile.world import World

pytestmark = pytest.mark.django_db

RUNS, TAKES = "/admin/importer/importrun/", "/admin/analysis/take/"
USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
LOG, EXPORT = "/admin/accounts/auditentry/", "/admin/accounts/auditentry/export.csv"
ALL: Final = ("q", "o", "p", "_facets")
DATES: Final = ("at__gte", "at__lt", "at__isnull", "at__year", "at__month", "at__day")
# What the filters of each list ask for.
TAKEN: Final = {
    RUNS: ("state__exact", "domain__exact", "domain__isnull", "source_kind__exact"),
    TAKES: ALL,
    USERS: ("groups__id__exact", "groups__isnull", "is_active__exact", "is_superuser__exact"),
    GROUPS: ALL,
    LOG: ("who", *DATES),
    EXPORT: DATES,
}
# Look-ups of columns that are there, which no filter asks for.
REFUSED: Final = {
    RUNS: (
        *("state__in", "state__regex", "preview__exact", "source_name__regex", "sha256__regex"),
        *("asked_at__lt", "asked_at__year", "asked_by__contains", "id__in", "domain"),
    ),
    TAKES: ("stix_id__regex", "revisions__name__regex", "id__in", "id__exact"),
    USERS: (
        *("username__regex", "username__exact", "password__startswith", "last_login__gte"),
        *("last_login__year", "date_joined__in", "groups__name__regex", "id__in", "email__iregex"),
    ),
    GROUPS: ("name__regex", "name__exact", "name__in", "id__in", "user__password__startswith"),
    LOG: (
        *("actor__regex", "details__x__y__regex", "details__x", "at__in", "at__date"),
        *("target__in", "id__in", "at", "action__iregex"),
    ),
    EXPORT: ("actor__regex", "details__x__y__regex", "at__in", "id__in"),
}
VALUES: Final = {
    "a NUL": "\x00",
    "a NUL in a word": "imported\x00",
    "half a pattern": "((",
    "a pattern that takes for ever": "(a+)++",
    "before the first day": "0001-01-01 00:00:00-23:00",
    "after the last day": "9999-12-31 23:59:59-23:00",
    "the last year": "9999",
    "a year that is none": "99999999999",
    "a number of a thousand digits": "9" * 1000,
    "below nothing": "-1",
    "a list": "1,,x",
    "a lone surrogate": "\\ud800",
    "another statement": "1' OR pg_sleep(9)--",
    "nothing": "",
}


@pytest.fixture
def client(world: World) -> Client:
    made = Client()
    made.force_login(world.staff)
    return made


@pytest.mark.parametrize("page", TAKEN)
def test_list_is_clean_when_a_parameter_is_hostile(page: str, world: World, client: Client) -> None:
    before = digest(SESSIONS)
    for parameter in TAKEN[page]:
        for called, value in VALUES.items():
            asked = f"{page}?{urlencode({parameter: value})}"
            check(client.get(asked), f"{parameter}: {called}")
    assert digest(SESSIONS) == before


@pytest.mark.parametrize("page", REFUSED)
def test_list_is_looked_up_by_nothing_that_its_filters_do_not_ask_for(
    page: str, world: World, client: Client
) -> None:
    for at, parameter in enumerate(REFUSED[page]):
        value = list(VALUES.values())[at % len(VALUES)]
        answer = client.get(page, {parameter: value})
        assert answer.status_code in {302, 400}, parameter
        if answer.status_code == 302:
            assert answer["Location"] == (LOG if page == EXPORT else f"{page}?e=1")


def test_list_says_that_its_filters_were_left_out(world: World, client: Client) -> None:
    said = "it does not have"
    assert said not in client.get(GROUPS).content.decode()
    answer = client.get(GROUPS, {"id__in": "1"}, follow=True)
    assert said in answer.content.decode()
    # Asked for again with the mark of the answer, it is answered in the same way.
    again = client.get(GROUPS, {"id__in": "1", "e": "1"}, follow=True)
    assert said in again.content.decode()


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_completion_of_words_is_clean_when_they_are_hostile(
    value: str, world: World, client: Client
) -> None:
    of = {"app_label": "auth", "model_name": "user", "field_name": "groups"}
    check(client.get("/admin/autocomplete/", of | {"term": value}), value)
    for name in of:
        check(client.get("/admin/autocomplete/", of | {name: value}), value)


def test_every_list_of_the_site_is_bounded() -> None:
    found = {model._meta.label for model in admin.site._registry}
    bounded = {
        m._meta.label for m, one in admin.site._registry.items() if isinstance(one, BoundedAdmin)
    }
    assert found == bounded
