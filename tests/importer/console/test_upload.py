"""Uploads, as they should be and as an attacker makes them: bounded, on disk, gone when unused."""

import gzip
import lzma
import os
import stat
from pathlib import Path

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from importer.models import ImportRun, SourceKind
from importer.runs import spool
from tests import factories
from tests.factories import mitigation
from tests.importer.console.conftest import client, importer
from tests.importer.console.pages import ADD

pytestmark = pytest.mark.django_db
GOOD = orjson.dumps(factories.bundle(mitigation("M1", "Kept")))
BOUNDARY = "----boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def send(content: bytes, name: str = "mine.json", **more: str) -> HttpResponse:
    file = SimpleUploadedFile(name, content, content_type="application/json")
    answer: HttpResponse = importer().post(  # type: ignore[assignment]
        reverse("admin:import-upload"), {**more, "bundle": file}
    )
    return answer


def send_raw(body: bytes, content_type: str = FORM) -> HttpResponse:
    """A body as it is, of what claims to be a form."""
    address = reverse("admin:import-upload")
    answer: HttpResponse = importer().generic("POST", address, body, content_type)  # type: ignore[assignment]
    return answer


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    shown = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def spooled() -> list[Path]:
    return sorted(spool.folder().iterdir())


def test_an_upload_stands_in_the_spool_and_waits_for_its_dry_run() -> None:
    answer = send(GOOD)
    run = ImportRun.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:importer_importrun_change", args=[run.pk])
    assert (run.source_kind, run.source_name) == (SourceKind.UPLOADED, "mine.json")
    assert spooled() == [spool.place(run.stored_as)]
    assert spool.place(run.stored_as).read_bytes() == GOOD
    assert spool.place(run.stored_as).stat().st_size == len(GOOD)


def test_files_of_the_spool_are_for_their_owner_alone_whatever_the_umask_is() -> None:
    before = os.umask(0)
    try:
        send(GOOD)
        spool.keep(spool.fresh_name(), GOOD)
    finally:
        os.umask(before)
    assert stat.S_IMODE(spool.folder().stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in spooled()] == [0o600, 0o600]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_compressed_bundle_is_kept_as_it_came(pack: object) -> None:
    packed = pack(GOOD)  # type: ignore[operator]
    send(packed)
    assert spooled()[0].read_bytes() == packed


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/cron.d/x.json", "x.json"),
        ("<script>alert(1)</script>.json", "script>.json"),
        ("<script>alert(1).json", "<script>alert(1).json"),
        ("\u202enosj.json", "nosj.json"),
        ("x" * 400 + ".json", None),
        ("=cmd|' /C calc'!A0.json", None),
    ],
)
def test_the_name_of_an_upload_leads_nowhere(sent: str, shown: str | None) -> None:
    send_raw(part("bundle", GOOD, sent) + END)
    run = ImportRun.objects.get()
    (path,) = spooled()
    assert path.name == run.stored_as
    assert spool.NAME_FORM.fullmatch(path.name)
    assert len(run.source_name) <= 255
    if shown is not None:
        assert run.source_name == shown
    page = importer().get(reverse("admin:importer_importrun_change", args=[run.pk]))
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "Choose a file", id="nothing"),
        pytest.param(END, "Choose a file", id="no part"),
        pytest.param(part("bundle", b"", "a.json") + END, "none came, or an empty", id="empty"),
        pytest.param(part("bundle", GOOD) + END, "Choose a file", id="a field, not a file"),
        pytest.param(part("other", GOOD, "a.json") + END, "Choose a file", id="another field"),
        pytest.param(part("bundle", GOOD, "") + END, "Choose a file", id="a file without a name"),
        pytest.param(
            part("said_domain", b"pre") + part("bundle", GOOD, "a.json") + END,
            "Choose one of the domains",
            id="an unknown domain",
        ),
        pytest.param(
            part("said_release", b"18.1'; --") + part("bundle", GOOD, "a.json") + END,
            "is not a release",
            id="a release that is none",
        ),
        pytest.param(
            part("said_release", "١٨.1".encode()) + part("bundle", GOOD, "a.json") + END,
            "is not a release",
            id="digits of another script",
        ),
    ],
)
def test_what_is_no_upload_is_refused_in_a_sentence_and_leaves_nothing(
    body: bytes, said: str
) -> None:
    answer = send_raw(body)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert spooled() == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"x" * 99, "text/plain", id="no form"),
        pytest.param(b"{}", "application/json", id="JSON"),
        pytest.param(GOOD, "multipart/form-data", id="no boundary"),
        pytest.param(GOOD, FORM, id="another boundary"),
        pytest.param(part("bundle", GOOD, "a.json")[:-40], FORM, id="broken off"),
        pytest.param(b"\r\n" * 5000, FORM, id="line ends"),
        pytest.param(part("bundle", GOOD, "\x00.json") + END, FORM, id="a NUL in the name"),
        pytest.param(part("x", b"y") * 2000 + END, FORM, id="very many fields"),
        pytest.param(part("bundle", GOOD, "a.json") * 300 + END, FORM, id="very many files"),
    ],
)
def test_a_body_that_is_no_form_never_breaks_the_server(body: bytes, content_type: str) -> None:
    answer = send_raw(body, content_type)
    assert answer.status_code in {302, 400, 413}
    assert len(spooled()) == ImportRun.objects.count() <= 1


def test_the_first_of_several_files_counts() -> None:
    send_raw(part("bundle", GOOD, "a.json") + part("bundle", b"other", "b.json") + END)
    assert ImportRun.objects.get().source_name == "a.json"
    assert [path.read_bytes() for path in spooled()] == [GOOD]


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an upload may be read: what is refused later is in the spool for a moment."""
    monkeypatch.setattr(spool, "create", lambda _: pytest.fail("it was read"))


def test_an_upload_that_says_it_is_too_large_is_not_read(settings: Settings, unread: None) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    answer = send(b"x" * (2 * 1024 * 1024))
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.content.decode()
    assert spooled() == []
    assert not ImportRun.objects.exists()


def test_an_upload_that_is_a_little_too_large_is_stopped(settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    answer = send(b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 400
    assert "larger than 1 MB" in answer.content.decode()
    assert spooled() == []


def test_an_upload_as_large_as_allowed_is_taken(settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    assert send(b"x" * (1024 * 1024)).status_code == 302
    assert spooled()[0].stat().st_size == 1024 * 1024


def test_an_upload_is_refused_before_it_is_read_without_permission(unread: None) -> None:
    file = SimpleUploadedFile("a.json", GOOD)
    answer = client(groups=("viewer",)).post(reverse("admin:import-upload"), {"bundle": file})
    assert answer.status_code == 403
    assert spooled() == []


def test_an_upload_is_gone_when_the_form_s_token_is_wrong() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = importer().cookies
    # Without the cookie that comes with the form, nothing of an upload would be read.
    assert "csrftoken" in strict.get(ADD).cookies
    sent = {"csrfmiddlewaretoken": "x" * 64, "bundle": SimpleUploadedFile("a.json", GOOD)}
    answer = strict.post(reverse("admin:import-upload"), sent)
    assert answer.status_code == 403
    assert spooled() == []


def test_a_full_disk_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, raw: bytes, start: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("importer.console.upload.SpoolHandler.receive_data_chunk", full)
    answer = send(GOOD)
    assert answer.status_code == 507
    assert "No space left on device" in answer.content.decode()
    assert spooled() == []
    assert not ImportRun.objects.exists()
