"""The worst that anybody may ask of the real bundles: within the database's own bound.

No time is measured: PostgreSQL itself ends a statement after the seconds that web processes give
it, and then the test fails. Queries and bytes are counted.
"""

from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest
from django.conf import settings
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from library.models import ObjectVersion, Snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]

HOME = "/learn/attack"
COMMON = "the of and to in is that for with adversaries may use"
SEARCHES = [
    COMMON,
    " ".join(COMMON.split()[:6]),
    " ".join(COMMON.split()[:3]),
    "a",
    "%",
    "%_%_%_%",
    "(a+)+$",
    ".*.*.*.*.*",
    "a:* b:* c:*",
    "& | ! <->",
    "x" * 200,
    "ab" * 100,
    "1059",
    "analytic 1000",
    "windows linux macos cloud network system",
    "é" * 200,
    "command and control over encrypted channels",
]
MOST_QUERIES = 60
# The largest page is that of a technique with some 500 procedure examples.
MOST_PAGE = 3_000_000


@pytest.fixture(autouse=True)
def bounded(every_release: None, plain_static: None) -> Iterator[None]:
    """Statements end as those of web processes do."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{settings.STATEMENT_SECONDS}s'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def size(answer: HttpResponseBase) -> int:
    """The bytes of an answer, all of it read."""
    if answer.streaming:
        return sum(len(piece) for piece in answer)
    return len(answer.content)  # type: ignore[attr-defined]


def ask(page: str, most: int = MOST_PAGE) -> HttpResponseBase:
    """An answer that takes few queries and is no larger than it may be."""
    with CaptureQueriesContext(connection) as queries:
        answer = Client().get(f"{HOME}{page}")
        assert size(answer) <= most, page
    assert len(queries) <= MOST_QUERIES, page
    return answer


@pytest.mark.parametrize("text", SEARCHES)
def test_search_is_bounded_whatever_is_looked_for(text: str) -> None:
    asked = quote_plus(text)
    for page in (
        f"/search?q={asked}",
        f"/search?q={asked}&includeRevoked=true&offset=1000000",
        f"/search?q={asked}&live=1",
        f"/v/17.1/search?q={asked}",
        f"/techniques?q={asked}&includeRevoked=true",
        f"/techniques/T1105?filter={asked}&sort=-name",
        f"/mitigations/M1018/matrix?find={asked}&subs=open",
        f"/takes?q={asked}",
    ):
        assert ask(page).status_code in (200, 302)


@pytest.mark.parametrize(
    "page",
    [
        "/techniques?includeRevoked=true&offset=1000000000",
        "/techniques/T1105",
        "/techniques/T1105/evidence",
        "/techniques/T1105/history",
        "/techniques/T1059?sort=-name",
        "/groups/G0016",
        "/mitigations/M1018",
        "/mitigations/M1018/matrix?subs=open",
        "/matrices/enterprise-attack?subs=open",
        "/releases",
        "/releases/17.1...18.1",
        "/releases/17.1...18.1/changes?offset=1000000000",
        "/releases/17.1...18.1/changes?links=with&with=T1105",
        "/releases/17.1...18.1/matrix",
        "/releases/17.1...18.1/brief",
        "/techniques/T1105/history?from=17.1&to=18.1",
        "/techniques/T1O59" + "x" * 300,
        "/software/" + "S0" * 100,
        "/techniques/atom",
    ],
)
def test_largest_pages_are_bounded(page: str) -> None:
    assert ask(page).status_code in (200, 302, 404)


@pytest.mark.parametrize(
    "page",
    [
        "/techniques/json?includeRevoked=true",
        "/techniques/csv?includeRevoked=true",
        "/techniques/xlsx?includeRevoked=true",
        "/techniques/T1105/json",
        "/techniques/T1105/stix",
        "/techniques/T1105/xlsx",
        "/releases/17.1...18.1/json",
        "/releases/17.1...18.1/xlsx",
        "/workbooks/enterprise",
    ],
)
def test_largest_files_are_bounded(page: str) -> None:
    assert ask(page, most=40_000_000).status_code in (200, 404)


def test_bundle_comes_a_piece_at_a_time_and_no_longer_than_it_is() -> None:
    largest = Snapshot.objects.order_by("-bundle_bytes")[0]
    answer = ask(f"/bundles/{largest.sha256}", most=largest.bundle_bytes)
    assert answer.streaming


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"T{number:04}" for number in range(1, 10_000)),
        " ".join(f"T{n:04}.{m:03}" for n in range(1000, 1700) for m in range(60)),
        "T" * 2_000_000,
        "T1059" * 400_000,
        "T1059." * 300_000,
        "{" * 1_000_000,
    ],
)
def test_check_of_ids_is_bounded_however_many_there_are(text: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = Client().post(f"{HOME}/id-check", {"text": text, "from": "17.1", "to": "18.1"})
        assert size(answer) <= 40_000_000
    assert answer.status_code in (200, 400, 413)
    assert len(queries) <= MOST_QUERIES


def test_check_of_every_id_there_is_takes_few_queries() -> None:
    every = ObjectVersion.objects.exclude(attack_id="").values_list("attack_id", flat=True)
    with CaptureQueriesContext(connection) as queries:
        text = " ".join(sorted(set(every)))
        answer = Client().post(f"{HOME}/id-check", {"text": text, "from": "17.1", "to": "18.1"})
    assert answer.status_code == 200
    assert len(queries) <= MOST_QUERIES
