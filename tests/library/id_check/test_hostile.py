"""What nobody should send: noise, depth, archives, half characters, formulas, too much."""

import gzip
import io
import json
import random
import string
import zipfile
from typing import NoReturn

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import FakePayload

from tests.factories import import_objects, technique
from tests.library.id_check.asking import CHECK, body, checked, result, sent, trouble, verdicts
from tests.library.pages import Site
from tests.library.taken import FORMULA

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024
TOO_MUCH_PASTED = "Pasted text may have 2.5 MB: upload it as a file, which may have 5 MB."


@pytest.fixture(autouse=True)
def two_releases() -> None:
    import_objects(technique("T1000", "One"), release="1.0")
    import_objects(technique("T1000", "One"), release="2.0")


def noise(letters: str, size: int) -> bytes:
    return "".join(random.Random(5).choices(letters, k=size)).encode()


def test_noise_is_read_whole_and_its_ids_are_listed_up_to_a_bound(site: Site) -> None:
    letters = string.ascii_letters + string.digits + " .,;-\n"
    tokens = (f"{letter}{number}" for letter in "GSM" for number in range(1000, 9999))
    file = noise(letters, 4 * MEGABYTE) + b" T1000 " + " ".join(tokens).encode()
    told = checked(site, file=file)
    listed = {row["attack_id"]: row["verdict"] for row in told["ids"]}
    assert listed.pop("T1000") == "unchanged"
    assert len(listed) == 200
    assert told["unlisted"] == told["distinct"] - 201
    assert told["unlisted"] == 10_000
    assert told["unlisted_is_cut"]
    page = result(site, file=file)
    assert "10,000 or more further IDs that no release held here has are not listed." in page.words
    assert "too long to be carried in this page" in page.words


def test_a_file_of_the_bound_is_read_and_one_beyond_it_is_refused(site: Site) -> None:
    assert verdicts(site, "", file=b"T1000".ljust(5 * MEGABYTE)) == {"T1000": "unchanged"}
    response = sent(site, file=b"T1000".ljust(5 * MEGABYTE + 1))
    assert response.status_code == 413
    assert trouble(response) == "The file has more than 5 MB, which is the most that is read."


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("megabytes", [8, 99])
def test_nothing_is_read_of_a_form_that_says_it_is_too_large(
    site: Site, kind: str, megabytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_args: object) -> NoReturn:
        pytest.fail("it was read")

    monkeypatch.setattr(FakePayload, "read", read)
    length = str(megabytes * MEGABYTE)
    response = site.client.post(CHECK, b"", content_type=kind, CONTENT_LENGTH=length)
    assert response.status_code == 413
    assert "a file may have 5 MB, and pasted text 2.5 MB" in trouble(response)  # type: ignore[arg-type]


def test_the_largest_file_is_read_beside_the_longest_text(site: Site) -> None:
    text, file = "T1000".ljust(int(2.4 * MEGABYTE), " "), b"T1000".ljust(5 * MEGABYTE)
    assert checked(site, text, file=file)["mentions"] == 2


def test_pasted_text_beyond_its_bound_is_refused_in_one_sentence(site: Site) -> None:
    text = "T1000 " * (MEGABYTE // 2)
    for response in (
        site.client.post(CHECK, {"text": text}),
        site.client.post(CHECK, f"text={text}", content_type="application/x-www-form-urlencoded"),
    ):
        assert response.status_code == 413
        assert trouble(response) == TOO_MUCH_PASTED  # type: ignore[arg-type]


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("ids.txt", "T1000")
    return made.getvalue()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (zipped(), "The file is a ZIP archive or an Office document: unpack it, or copy its text."),
        (gzip.compress(b"T1000", mtime=0), "The file is compressed with gzip: unpack it first."),
        (b"%PDF-1.7 T1000", "The file is a PDF: copy its text."),
        (random.Random(1).randbytes(5000), "The file is not text:"),
        (b"T1000 \x00\x01\x02", "The file is not text:"),
    ],
)
def test_what_is_not_text_is_refused_in_one_sentence(site: Site, file: bytes, said: str) -> None:
    response = sent(site, file=file)
    assert response.status_code == 415
    assert trouble(response).startswith(said)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_a_file_is_read_however_it_is_encoded(site: Site, encoding: str) -> None:
    file = "Café: T1000, “quoted”".encode(encoding)
    assert verdicts(site, "", file=file) == {"T1000": "unchanged"}


@pytest.mark.parametrize(
    "text", ["", " \n", "\x00", "no ID in it", "\ud800 \udfff", "T1000\x00T1000"]
)
def test_text_without_sense_has_an_answer(site: Site, text: str) -> None:
    given = text.encode(errors="surrogatepass").decode(errors="replace")
    response = sent(site, given)
    assert response.status_code == (200 if given.strip() else 400)


def test_nothing_given_is_said_so(site: Site) -> None:
    response = sent(site)
    assert response.status_code == 400
    assert trouble(response) == "Nothing was given: paste a text, or choose a file."
    page = result(site, "nothing to find")
    assert "There is no ATT&CK ID in it." in page.words


def nested(levels: int) -> bytes:
    head = b'{"techniques": [{"techniqueID": "T1000"}], "x": '
    return head + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize("levels", [98, 200, 2_000, 100_000, 2_400_000])
def test_ids_are_read_however_deep_the_json_is_and_a_layer_up_to_a_bound(
    site: Site, levels: int
) -> None:
    told = checked(site, file=nested(levels))
    assert [row["attack_id"] for row in told["ids"]] == ["T1000"]
    assert (told["layer"] is None) == (levels > 98)


@pytest.mark.parametrize(
    "score", ["NaN", "-Infinity", "1e999", "9" * 5000, "9" * 400, '"\\ud800"', "1", "{}"]
)
def test_numbers_and_half_characters_in_a_layer_do_no_harm(site: Site, score: str) -> None:
    text = f'{{"techniques": [{{"techniqueID": "T1000", "score": {score}}}]}}'
    assert [row["attack_id"] for row in checked(site, text)["ids"]] == ["T1000"]
    response = sent(site, text, form="navigator")
    if response.status_code == 200:
        (entry,) = json.loads(body(response), parse_constant=pytest.fail)["techniques"]
        assert entry["score"] == json.loads(score)
    else:
        assert trouble(response).startswith("What was given is no Navigator layer")


def test_a_name_is_text_on_the_page_and_no_formula_in_a_file(site: Site) -> None:
    import_objects(technique("T1001", FORMULA), technique("T1002", "<b>x"), release="3.0")
    import_objects(technique("T1001", FORMULA), technique("T1002", "<b>x"), release="4.0")
    page = result(site, "T1001 T1002")
    assert FORMULA in page.words
    assert "<b>x" in page.words
    file = body(sent(site, "T1001", form="csv")).decode()
    assert f"'{FORMULA[:10]}" in file


@pytest.mark.parametrize(
    "fields",
    [{"from": "99"}, {"to": "\x00"}, {"from": "x" * 5000}, {"domain": "pre"}, {"domain": "\x00"}],
)
def test_what_cannot_be_chosen_is_refused(site: Site, fields: dict[str, str]) -> None:
    response = sent(site, "T1000", **fields)
    assert response.status_code == 400
    assert "choose one of those listed" in trouble(response)


def test_an_unknown_form_of_answer_is_a_page(site: Site) -> None:
    assert "T1000" in result(site, "T1000", form="exe").words


def test_a_sample_is_compared_with_samples_alone(site: Site) -> None:
    import_objects(technique("T1000", "One"), release="sample-1")
    response = sent(site, "T1000", **{"from": "sample-1"})
    assert trouble(response) == "A sample can be compared with another sample alone."


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Dis"),
        ("multipart/form-data", b"T1000"),
        ("multipart/form-data; boundary=" + "x" * 300, b"T1000"),
        ("text/plain", b"T1000"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"text=T1000"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(2000))),
        ("application/x-www-form-urlencoded", b"text=%ff%fe%00"),
    ],
)
def test_a_request_that_no_form_sends_has_a_page_for_an_answer(
    site: Site, content_type: str, content: bytes
) -> None:
    response = site.client.post(CHECK, content, content_type=content_type)
    assert response.status_code in {200, 400}
    assert response["Cache-Control"] == "no-store"


def test_one_file_is_read_when_many_are_sent(site: Site) -> None:
    files = [SimpleUploadedFile(f"{n}.txt", b"T1000".ljust(MEGABYTE // 2)) for n in range(10)]
    response = site.client.post(CHECK, {"file": files, "form": "json"})
    assert response.status_code == 200
    assert json.loads(body(response))["mentions"] == 1  # type: ignore[arg-type]
    too_many = [SimpleUploadedFile(f"{n}.txt", b"T1000") for n in range(200)]
    assert site.client.post(CHECK, {"file": too_many}).status_code == 400


def test_a_reader_without_cookies_or_token_may_send_the_form(plain_static: None) -> None:
    client = Client(enforce_csrf_checks=True, headers={"origin": "https://elsewhere.example"})
    response = client.post(CHECK, {"text": "T1000"})
    assert response.status_code == 200
    assert not response.cookies
    assert client.put(CHECK).status_code == client.delete(CHECK).status_code == 405
