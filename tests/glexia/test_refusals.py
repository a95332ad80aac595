"""The pages of what is refused, and what refuses: large requests, a database that gives up."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from glexia import urls
from glexia.logs import WithRequestId
from tests.databases import address
from tests.factories import import_objects, mitigation
from tests.library.pages import PARTIAL

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
HOME = "/learn/attack"
LOGIN = "/admin/login/"
BOUNDS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def slow(request: HttpRequest) -> HttpResponse:
    """A view whose statement takes longer than it may."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20ms'")
        cursor.execute("SELECT pg_sleep(60)")
    return HttpResponse()


def locked(request: HttpRequest) -> HttpResponse:
    """A view that waits for a lock that another holds."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20ms'")
        cursor.execute("SELECT pg_advisory_xact_lock(4711)")
    return HttpResponse()


def away(request: HttpRequest) -> HttpResponse:
    """A view that the database does not answer."""
    raise OperationalError("the connection is closed")


def broken(request: HttpRequest) -> HttpResponse:
    """A view with a fault."""
    raise ZeroDivisionError


urlpatterns = [
    *(path(view.__name__, view) for view in (slow, locked, away, broken)),
    *urls.urlpatterns,
]
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500


@pytest.fixture
def reader(plain_static: None, settings: Settings) -> Client:
    """A client that is answered as browsers are when something fails."""
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def test_page_is_503_when_its_statement_takes_too_long(reader: Client) -> None:
    answer = reader.get("/slow")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Cache-Control"] == "no-store"
    assert "The page took longer than a page may take" in answer.text
    assert "pg_sleep" not in answer.text


@pytest.fixture
def held_lock() -> Iterator[None]:
    """A lock that another session holds."""
    with psycopg.connect(address()) as other:
        other.execute("SELECT pg_advisory_lock(4711)")
        yield


@pytest.mark.parametrize("page", ["/locked", "/away"])
def test_page_is_503_when_the_database_does_not_answer(
    page: str, reader: Client, held_lock: None
) -> None:
    answer = reader.get(page)
    assert answer.status_code == 503
    assert "database does not answer just now" in answer.text


def test_fault_is_still_a_500(reader: Client) -> None:
    answer = reader.get("/broken")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text


def test_fault_tells_its_id_alone_which_the_log_has_beside_its_cause(
    reader: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(WithRequestId())
    answer = reader.get("/broken")
    (line,) = [one for one in caplog.records if one.exc_info]
    assert f"<code>{answer['X-Request-ID']}</code>" in answer.text
    assert vars(line)["request_id"] == answer["X-Request-ID"]
    assert [word for word in ("ZeroDivision", "Traceback", ".py") if word in answer.text] == []
    assert answer["Cache-Control"] == "no-store"


def test_missing_page_is_503_when_the_database_is_away(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr("library.conditional._read_shelf", fails)
    monkeypatch.setattr("library.conditional._Kept.at", {})
    for page in (f"{HOME}/no/such/page/at/all", HOME, f"{HOME}/search?q=a"):
        assert reader.get(page).status_code == 503


def settings_of_a_process(code: str) -> list[str]:
    """What PostgreSQL's bounds are in another process, once it has run some code."""
    shown = (
        "from django.db import connection; cursor = connection.cursor()\n"
        f"for name in {BOUNDS}:\n"
        "    cursor.execute(f'SHOW {name}'); print(*cursor.fetchone())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{shown}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={
            "DJANGO_SETTINGS_MODULE": "glexia.settings",
            "DATABASE_URL": address(),
            "SECRET_KEY": "of a test",
            "STATEMENT_SECONDS": "20",
            "DEBUG": "1",
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_web_process_does_not_wait_for_ever() -> None:
    assert settings_of_a_process("import glexia.wsgi") == ["20s", "5s", "40s"]


def test_command_takes_as_long_as_it_takes() -> None:
    code = "import django\ndjango.setup()"
    assert settings_of_a_process(code) == ["0", "0", "0"]


BIG = "x" * 3_000_000


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"username": BIG}, "The form holds more than is read here"),
        ({f"f{number}": "1" for number in range(1500)}, "more fields than are read here"),
    ],
)
def test_form_is_413_when_it_holds_too_much(
    fields: dict[str, str], said: str, reader: Client
) -> None:
    reader = Client(raise_request_exception=False, enforce_csrf_checks=True)
    reader.cookies["csrftoken"] = "a" * 32
    for answer in (
        reader.post(LOGIN, fields),
        reader.post(
            LOGIN,
            "&".join(f"{name}={value}" for name, value in fields.items()),
            content_type="application/x-www-form-urlencoded",
        ),
    ):
        assert answer.status_code == 413
        assert said in answer.text


def test_file_is_refused_before_it_is_kept_when_a_page_takes_none(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a file was kept")

    # By this name Django makes the files that it keeps.
    monkeypatch.setattr("django.core.files.temp.NamedTemporaryFile", kept)
    answer = reader.post(LOGIN, {"file": SimpleUploadedFile("big.bin", b"x" * 5_000_000)})
    assert answer.status_code == 413
    assert "The form holds more than is read here" in answer.text


def test_check_of_ids_still_takes_its_file(reader: Client) -> None:
    import_objects(mitigation("M1037", "Filter Network Traffic"))
    upload = SimpleUploadedFile("ids.txt", b"M1037 " * 500_000)
    assert reader.post(f"{HOME}/id-check", {"file": upload}).status_code == 200
    upload = SimpleUploadedFile("ids.txt", b"M1037 " * 1_000_000)
    assert reader.post(f"{HOME}/id-check", {"file": upload}).status_code == 413


@pytest.mark.parametrize("page", [f"{HOME}?{'a&' * 1500}", f"{HOME}/mitigations?{'q=a&' * 1500}"])
def test_address_is_413_when_it_has_too_many_parameters(page: str, reader: Client) -> None:
    import_objects(mitigation("M1037", "Filter Network Traffic"))
    answer = reader.get(page)
    assert answer.status_code == 413
    assert "more fields than are read here" in answer.text


def test_address_of_the_page_before_is_413_when_it_has_too_many_parameters(
    reader: Client,
) -> None:
    import_objects(mitigation("M1037", "Filter Network Traffic"))
    before = f"http://testserver{HOME}/mitigations?{'q=a&' * 1500}"
    headers = PARTIAL | {"HX-Current-URL": before}
    assert reader.get(f"{HOME}/mitigations", headers=headers).status_code == 413


@pytest.mark.parametrize("host", ["evil example", "a" * 300, "[::1", "evil.example"])
def test_request_is_400_when_its_host_is_not_ours(
    host: str, reader: Client, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    answer = reader.get(f"{HOME}/mitigations", headers={"Host": host})
    assert answer.status_code == 400
    assert "could not be read" in answer.text
    assert "a" * 300 not in answer.text
