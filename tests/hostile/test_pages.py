"""Every public address and the staff's pages against the corpus, and the check of IDs."""

from collections.abc import Iterable
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client

from tests.glexia.test_bounds import PARAMETERS
from tests.glexia.test_middleware import inline
from tests.hostile.corpus import CATEGORIES, LEAST, Value
from tests.hostile.corpus.injected import SCRIPT
from tests.hostile.corpus.replayed import READ_AGAIN
from tests.hostile.digest import digest
from tests.hostile.pages import ADMIN_PARAMETERS, PUBLIC, STAFF, in_path, public, some, text_of
from tests.hostile.world import World

pytestmark = pytest.mark.django_db
CLEAN = {200, 301, 302, 304, 400, 403, 404, 405, 413, 414, 415, 416, 429}
CHECK = "/learn/attack/id-check"
CHECK_FIELDS = ("text", "form", "release", "from", "to", "domain", "old", "earlier")
SESSIONS = "django_session"
SITE = "http://testserver/admin/login/"
# Who takes the log away is in the log.
RECORDED = {"audit log: export": ("accounts_auditentry",)}
# When it was made stands in it.
DATED = {"workbook"}


def check(answer: HttpResponseBase, asked: str) -> bytes:
    """What an answer holds, which is clean."""
    assert answer.status_code in CLEAN, asked
    body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert b"Traceback" not in body, asked
    if answer.get("Content-Type", "").startswith("text/html"):
        assert SCRIPT.encode() not in body, asked
    if "Location" in answer:
        assert urlsplit(urljoin(SITE, answer["Location"])).netloc == "testserver", asked
    return body


def query(names: Iterable[str], value: Value) -> str:
    several = value if isinstance(value, list) else [text_of(value)]
    # As much as a web server takes for an address, some of each.
    return urlencode([(name, each[:1500]) for name in sorted(names) for each in several[:9]])


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("name", PUBLIC)
def test_page_is_clean_when_what_is_asked_is_hostile(
    name: str, category: str, world: World
) -> None:
    before, client = digest(), Client()
    for at, called, value in some(CATEGORIES[category].values, name):
        page = public(name, text_of(value) if at % 2 else "")
        check(client.get(f"{page}?{query(PARAMETERS, value)}"), called)
    assert digest() == before


@pytest.mark.parametrize("name", PUBLIC)
def test_page_is_the_same_when_it_is_asked_for_again(name: str, world: World) -> None:
    before, client, page = digest(), Client(), public(name)
    answer = client.get(page)
    # There is no bundle of the hash that is asked for.
    assert answer.status_code in {200, 301, 302} or name == "bundle"
    first = check(answer, "first")
    assert len(READ_AGAIN) >= LEAST
    for called, headers in READ_AGAIN.items():
        answer = client.get(page, headers=headers)
        again = check(answer, called)
        if answer.status_code == 200 and not called.startswith("as a part") and name not in DATED:
            assert again == first, called
    assert digest() == before


@pytest.mark.parametrize("name", PUBLIC)
def test_page_has_nothing_inline(name: str, world: World) -> None:
    answer = Client().get(public(name), follow=True)
    if answer.get("Content-Type", "").startswith("text/html"):
        assert inline(check(answer, name).decode()) == []


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("name", STAFF)
def test_staff_s_page_is_clean_when_what_is_asked_is_hostile(
    name: str, category: str, world: World
) -> None:
    client = Client()
    client.force_login(world.staff)
    besides = (SESSIONS, *RECORDED.get(name, ()))
    before = digest(*besides)
    for at, called, value in some(CATEGORIES[category].values, name):
        # By turns something else in its path, all parameters, and one: it hides no other.
        page = STAFF[name](world, in_path(text_of(value).replace("/", "%2F")) if at % 3 else "")
        one = ADMIN_PARAMETERS[at % len(ADMIN_PARAMETERS)]
        check(client.get(f"{page}?{query([one] if at % 2 else ADMIN_PARAMETERS, value)}"), called)
    assert digest(*besides) == before


@pytest.mark.parametrize("name", STAFF)
def test_staff_s_page_changes_nothing_when_it_is_asked_for_again(name: str, world: World) -> None:
    client = Client()
    client.force_login(world.staff)
    besides = (SESSIONS, *RECORDED.get(name, ()))
    before = digest(*besides)
    for called, headers in READ_AGAIN.items():
        check(client.get(STAFF[name](world, ""), headers=headers), called)
    assert digest(*besides) == before


@pytest.mark.parametrize("category", CATEGORIES)
def test_check_of_ids_is_clean_when_its_text_is_hostile(category: str, world: World) -> None:
    before, client = digest(), Client()
    for at, (called, value) in enumerate(CATEGORIES[category].values.items()):
        sent = SimpleUploadedFile("x", value) if isinstance(value, bytes) else value
        fields = CHECK_FIELDS if at % 2 else CHECK_FIELDS[:1]
        check(client.post(CHECK, dict.fromkeys(fields, sent)), called)
    assert digest() == before


@pytest.mark.parametrize("category", CATEGORIES)
def test_check_of_ids_is_clean_when_its_file_is_hostile(category: str, world: World) -> None:
    before, client = digest(), Client()
    for called, made in CATEGORIES[category].files.items():
        check(client.post(CHECK, {"file": SimpleUploadedFile(f"{called}.txt", made())}), called)
    assert digest() == before


def test_check_of_ids_says_the_same_when_it_is_asked_again(world: World) -> None:
    before, client = digest(), Client()
    given = {"text": "T1000 M1000", "form": "json"}
    first = check(client.post(CHECK, given), "first")
    for called, headers in READ_AGAIN.items():
        answer = client.post(CHECK, given, headers=headers)
        again = check(answer, called)
        assert answer.status_code != 200 or again == first, called
    assert digest() == before


# Asked for without what they need, these show nothing.
@pytest.mark.parametrize(
    "name", sorted(set(STAFF) - {"compare Takes", "view on site", "autocomplete"})
)
def test_staff_s_page_is_kept_by_no_cache(name: str, world: World) -> None:
    client = Client()
    client.force_login(world.staff)
    answer = client.get(STAFF[name](world, ""))
    assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))
