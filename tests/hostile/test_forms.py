"""Every form of the staff's site against the corpus: refused in words, and nothing changes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, resolve

from tests.databases import ROOT
from tests.hostile.corpus import CATEGORIES, LEAST, Value
from tests.hostile.corpus.injected import SCRIPT
from tests.hostile.corpus.replayed import FIELD, MANNERS, TOKEN, Request, new_client
from tests.hostile.digest import KEPT_OF_TRIES, digest
from tests.hostile.form import Form
from tests.hostile.forms import ELSEWHERE, FORMS, READ
from tests.hostile.pages import STAFF, some, text_of
from tests.hostile.world import World

pytestmark = pytest.mark.django_db
REFUSED = {400, 401, 403, 404, 405, 409, 413, 415, 429}
# Sessions come and go with browsers: nobody's input is in them.
SESSIONS = "django_session"
COOKIES = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
# Pages that are forms, and have their tests as such.
SENT = {"a user", "a group", "write a Take", "delete a snapshot", "sign-in", "sessions"}
TOLD = re.compile(r'role="alert"|errornote|errorlist|messagelist|class="error')


def by_name(form: Form) -> str:
    return form.name


def user_of(form: Form, world: World) -> Any:
    return getattr(world, form.who) if form.who else None


def device_of(form: Form, world: World) -> Any:
    return getattr(world, form.device) if form.device else None


def as_sent(value: Value) -> Any:
    return SimpleUploadedFile("x.png", value) if isinstance(value, bytes) else value


def hostile(form: Form, valid: Mapping[str, Any], at: int, value: Value) -> dict[str, Any]:
    """By turns a form of hostile fields alone and one of which one field, by turns, is hostile."""
    if not form.strict:
        # What it has is its token, which is one field and short.
        return {**valid, FIELD: as_sent(value)}
    if at % 2 or form.means(value):
        return {name: text_of(value) if name == form.file else as_sent(value) for name in valid} | {
            FIELD: TOKEN
        }
    return {**valid, FIELD: TOKEN, form.strict[at // 2 % len(form.strict)]: as_sent(value)}


def check(answer: HttpResponseBase, asked: str) -> None:
    """That an answer is a refusal, or says what is wrong."""
    body = b"" if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert SCRIPT.encode() not in body, asked
    assert b"Traceback" not in body, asked
    assert answer.cookies.keys() <= COOKIES, asked
    if answer.status_code in {301, 302}:
        assert answer["Location"].startswith("/admin/"), asked
    else:
        assert answer.status_code in REFUSED | {200}, asked


def said(answer: HttpResponseBase) -> bool:
    """Whether an answer says in words that nothing was done."""
    if answer.status_code in {301, 302}:
        told = get_messages(answer.wsgi_request)  # type: ignore[attr-defined]
        return getattr(told, "added_new", False) or "/login/" in answer["Location"]
    return answer.status_code != 200 or bool(TOLD.search(answer.content.decode()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("form", FORMS, ids=by_name)
def test_form_is_refused_and_changes_nothing_when_it_is_hostile(
    form: Form, category: str, world: World
) -> None:
    client = new_client(user_of(form, world), device=device_of(form, world))
    path, valid = form.path(world), form.valid(world)
    before, spooled = digest(SESSIONS, *form.grows), list(settings.IMPORT_SPOOL.iterdir())
    for at, name, value in some(CATEGORIES[category].values, form.name):
        answer = client.post(path, hostile(form, valid, at, value))
        check(answer, name)
        assert said(answer) or not form.changes, (name, answer.status_code)
    assert digest(SESSIONS, *form.grows) == before
    assert list(settings.IMPORT_SPOOL.iterdir()) == spooled


@pytest.mark.parametrize("form", FORMS, ids=by_name)
def test_form_changes_nothing_more_when_it_is_replayed(form: Form, world: World) -> None:
    who, path, valid = user_of(form, world), form.path(world), form.valid(world)
    device = device_of(form, world)

    def request() -> Request:
        return Request(new_client(who, device=device), path, valid, who, device)

    is_of = {"": True, "session": form.who, "role": form.who and not form.own, "once": form.once}
    used = {name: manner for name, manner in MANNERS.items() if is_of[manner.needs]}
    assert len(used) >= LEAST
    # What is still to be done is done by nobody who may not, and in no manner in which it may not.
    besides = (SESSIONS, *KEPT_OF_TRIES, *form.grows)
    still = digest(*besides)
    for name, manner in used.items():
        if manner.needs != "once":
            check(manner.send(request()), name)
            assert digest(*besides) == still, name
    first = request()
    untouched = digest(SESSIONS)
    done = first.post()
    assert done.status_code in {200, 302}
    assert done.cookies.keys() <= COOKIES
    before, spooled = digest(SESSIONS, *form.grows), list(settings.IMPORT_SPOOL.iterdir())
    assert (digest(SESSIONS) != untouched) == form.changes
    for name, manner in used.items():
        answer = manner.send(request())
        check(answer, name)
        after = digest(SESSIONS, *form.grows)
        changed = {table for table in before if after[table] != before[table]}
        assert changed <= {"accounts_auditentry"}, (name, changed)
    assert list(settings.IMPORT_SPOOL.iterdir()) == spooled


def test_no_form_is_forgotten(world: World) -> None:
    tried = {resolve(form.path(world)).url_name for form in FORMS}
    assert names(admin.site.get_urls()) - {*tried, *ELSEWHERE, *READ} == set()
    assert {*ELSEWHERE, *READ} - names(admin.site.get_urls()) == set()
    assert [file for file in ELSEWHERE.values() if not (ROOT / "tests" / file).is_file()] == []


def test_what_is_only_read_changes_nothing_when_it_is_sent(world: World) -> None:
    client = new_client(world.staff)
    before = digest(SESSIONS)
    for name, path in STAFF.items():
        for page in (path(world, ""), f"{path(world, '')}?_method=DELETE"):
            if name not in SENT:
                check(client.post(page, {FIELD: TOKEN, "post": "yes", "action": "x"}), page)
    after = digest(SESSIONS)
    # Who takes the log away is in the log.
    assert {table for table in before if after[table] != before[table]} == {"accounts_auditentry"}


def test_list_without_actions_does_none_of_them_on_what_is_ticked(world: World) -> None:
    client = new_client(world.chief)
    before = digest(SESSIONS)
    for path, ticked in (
        ("/admin/auth/group/", world.group.pk),
        ("/admin/importer/importrun/", world.run.pk),
        ("/admin/analysis/take/", world.published.take_id),
        ("/admin/accounts/auditentry/", world.entry.pk),
    ):
        sent = {"action": "delete_selected", "_selected_action": [ticked], "post": "yes"}
        check(client.post(path, sent | {FIELD: TOKEN}), path)
    assert digest(SESSIONS) == before


def names(patterns: list[Any]) -> set[str]:
    return set(_names(patterns))


def _names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name
        elif isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
