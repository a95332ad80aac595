"""Every address and every parameter with values nobody means: a clean answer, and a bounded one."""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from django.db import connection, transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker, Settings

from glexia.limits import view_name
from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from tests.databases import ROOT
from tests.library.pages import PARTIAL

pytestmark = pytest.mark.django_db

METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What public views read from an address, a form or a header of htmx (see the test that looks).
PARAMETERS = {
    *("q", "domain", "tactic", "platform", "includeRevoked", "offset"),
    *("table", "filter", "sort", "find", "subs", "embedded", "live", "type", "status"),
    *("view", "replaces", "redirect", "sha256", "release", "from", "to", "before"),
    *("kind", "weight", "links", "with", "new", "stands", "confidence", "form", "text"),
    *("again", "state", "version", "layer", "old", "earlier", "attack_id", "stix_id"),
}
EXTREMES = [
    "",
    "0",
    "-1",
    "25",
    "999999999999999999999999999999",
    "9" * 3000,
    "1e9",
    "٣",
    "²",
    "x" * 3000,
    "%" * 1000,
    "_%_%_%" * 100,
    "(a+)+$" * 50,
    ".*" * 500,
    "[" * 1000,
    "'; DROP TABLE library_snapshot; --",
    "\x00",
    "a\x00b",
    "\ud800".encode("utf-16", "surrogatepass").hex(),
    "\u202e\u200b\ufeff",
    "é" * 1500,
    "the of and to in is that for with as on by",
    "a " * 1500,
    "& | ! <-> ( ) :* ",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "T1059" * 500,
    "sample-2",
    "true",
    "{}",
    "None",
]
IN_PATHS = [
    "x" * 2000,
    "%00",
    "%",
    "..",
    "'",
    "٣",
    "M1037",
    "m1037",
    "M" + "9" * 1500,
    "sample-1",
    "course-of-action--00000000-0000-0000-0000-000000000000",
    "course-of-action",
    "x-" * 500,
    "%ED%A0%80",
    "0" * 64,
    "json",
]
ALLOWED = {200, 301, 302, 304, 400, 404, 405, 413, 414}
# The most that a page of the sample takes: far fewer than there are rows.
MOST_QUERIES, MOST_BYTES = 45, 2_500_000


def views() -> dict[str, str]:
    """One address pattern of each public view."""
    found: dict[str, str] = {}
    for address, name in _views(get_resolver(), ""):
        if not address.startswith("admin/"):
            found[name] = max(found.get(name, ""), address)
    return found


def _views(resolver: URLResolver, before: str) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address, view_name(pattern.callback)
        else:
            yield from _views(pattern, address)


GIVEN = {
    "attack_id": "M1037",
    "stix_id": "course-of-action--00000000-0000-0000-0000-000000000000",
    "stix_type": "x-mitre-tactic",
    "form": "json",
    "release": "sample-1",
    "before": "sample-1",
    "after": "sample-2",
    "domain": "enterprise",
    "sha256": "0" * 64,
    "section": "mitigations",
    "name": "object-1",
    "path": "techniques/T1059",
    "rest": "mitigations/M1037",
}
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def filled(pattern: str, **other: str) -> str:
    """An address of a pattern."""
    return "/" + ARGUMENT.sub(lambda found: (GIVEN | other)[found[1]], pattern)


@pytest.fixture(scope="module")
def library(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Both samples, in a transaction that is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        import_bundles(file_sources([ROOT / "fixtures" / "bundles"]), Options(validate=False))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def reader(library: None, plain_static: None, settings: Settings) -> Client:
    """A client that no fault of the product is kept from."""
    settings.LANGUAGE_CODE = "en-us"
    return Client()


def check(answer: HttpResponseBase, asked: str, queries: CaptureQueriesContext) -> None:
    """That an answer is clean and bounded."""
    assert answer.status_code in ALLOWED, asked
    size = sum(len(p) for p in answer) if answer.streaming else len(answer.content)  # type: ignore[attr-defined]
    assert size <= MOST_BYTES, asked
    assert len(queries) <= MOST_QUERIES, asked


@pytest.mark.parametrize("name", sorted(views()))
def test_answer_is_clean_and_bounded_whatever_the_parameters_are(name: str, reader: Client) -> None:
    page = filled(views()[name])
    for at, value in enumerate(EXTREMES):
        # Every third time all parameters stand there often; every second, htmx asks for a part.
        often = 12 if at % 3 == 0 else 1
        given = urlencode([(each, value) for each in sorted(PARAMETERS) for _ in range(often)])
        before = PARTIAL | {"HX-Current-URL": f"http://testserver{page}?{given}"}
        with CaptureQueriesContext(connection) as queries:
            answer = reader.get(f"{page}?{given}", headers=before if at % 2 else {})
            check(answer, f"{page}?{given[:200]}", queries)


@pytest.mark.parametrize(
    "name", sorted(name for name, pattern in views().items() if ARGUMENT.search(pattern))
)
def test_answer_is_clean_and_bounded_whatever_the_address_is(name: str, reader: Client) -> None:
    pattern = views()[name]
    for argument in ARGUMENT.findall(pattern):
        for value in IN_PATHS:
            with CaptureQueriesContext(connection) as queries:
                page = filled(pattern, **{argument: value})
                check(reader.get(page), page[:200], queries)


@pytest.mark.parametrize("name", sorted(views()))
def test_other_methods_change_nothing(name: str, reader: Client) -> None:
    page = filled(views()[name])
    for method in METHODS:
        with CaptureQueriesContext(connection) as queries:
            answer = reader.generic(method, page, b"x" * 3_000_000, "application/octet-stream")
        assert answer.status_code in ALLOWED, page
        assert not [q["sql"] for q in queries if re.match("INSERT|UPDATE|DELETE", q["sql"])]


def test_every_list_ends_where_its_rows_end(reader: Client) -> None:
    pages = ("mitigations", "techniques?includeRevoked=true", "search?q=a", "takes")
    for page in (*pages, "releases/sample-1...sample-2/changes"):
        joint = "&" if "?" in page else "?"
        for offset in (10**6, 10**9, 10**18, 10**40):
            with CaptureQueriesContext(connection) as queries:
                answer = reader.get(f"/learn/attack/{page}{joint}offset={offset}")
            assert answer.status_code == 200
            assert len(queries) <= MOST_QUERIES


def test_every_parameter_that_public_views_read_is_tried() -> None:
    sources = [
        path
        for app in ("library", "analysis")
        for path in (ROOT / app).rglob("*.py")
        if not {"migrations", "authoring", "management"} & set(path.parts)
    ]
    read = re.compile(
        r"(?:GET|POST|query|fields|data)\.get(?:list)?\(\s*\"([\w-]+)\""
        r"|\"(\w+)\" in (?:request\.GET|query)"
    )
    named = {
        name for path in sources for pair in read.findall(path.read_text()) for name in pair if name
    }
    assert len(named) > 20
    assert named <= PARAMETERS


def test_address_with_what_no_text_can_hold_is_clean(reader: Client) -> None:
    for raw in ("%FF", "%ED%A0%80", "%00", "+" * 3000, quote("\U0010ffff" * 300)):
        for page in ("search?q=", "mitigations?q=", "mitigations/M1037?filter=", "techniques/"):
            answer = reader.get(f"/learn/attack/{page}{raw}")
            assert answer.status_code in ALLOWED
