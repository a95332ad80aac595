"""Checking IDs as a reader does: paste or upload, read, take away; with and without scripts."""

import csv
import json
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import Readers
from tests.browser.test_accessible import DESK, PHONE, SMALL_PHONE, STICKING_OUT, show, violations

pytestmark = pytest.mark.browser

CHECK = "/learn/attack/id-check"
TEXT = "M1037 T9999 M1037 T1059.001 https://attack.mitre.org/techniques/T1059/001 A9999 G0034"
LAYER = {
    "name": "Ours",
    "versions": {"attack": "18", "navigator": "5.1.0", "layer": "4.5"},
    "domain": "enterprise-attack",
    "techniques": [{"techniqueID": "T1059", "score": 1}, {"techniqueID": "T9999", "score": 2}],
}


def choose(page: Page, form: str = "") -> None:
    """The first two samples, which both have Enterprise."""
    page.get_by_label("The release you mapped to").select_option("sample-1")
    page.get_by_label("The release you want").select_option("sample-2")
    page.get_by_label("Answer with").select_option(form)


def pasted(page: Page, text: str) -> None:
    """The result of pasting a text."""
    page.goto(CHECK)
    page.get_by_label("Paste").fill(text)
    choose(page)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#check-count")).to_be_visible()


def is_for_everyone(page: Page) -> None:
    """Nothing that axe finds, and nothing that sticks out."""
    for size, scheme in [(DESK, "light"), (DESK, "dark"), (PHONE, "light")]:
        show(page, size, scheme)
        assert violations(page) == [], f"{scheme} at {size[0]} px"
    for size in (PHONE, SMALL_PHONE):
        show(page, size, "light")
        assert page.evaluate(STICKING_OUT) == []


def text_of(download: Download) -> str:
    path = download.path()
    return Path(path).read_text()


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_ids_are_pasted_read_and_taken_away(readers: Readers, javascript: bool) -> None:
    page = readers(javascript=javascript).page
    pasted(page, TEXT)
    expect(page.locator("#check-count strong")).to_have_text("5 different IDs")
    page.get_by_role("link", name="2 Never existed").click()
    expect(page.locator("#never-existed")).to_be_in_viewport()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "id-check-sample-1-to-sample-2.csv"
    rows = list(csv.DictReader(text_of(download.value).splitlines()))
    assert [row["ID"] for row in rows] == ["M1037", "T9999", "T1059.001", "A9999", "G0034"]
    assert [row["Count"] for row in rows] == ["2", "1", "2", "1", "1"]


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_a_layer_is_uploaded_and_comes_back_upgraded(
    readers: Readers, tmp_path: Path, javascript: bool
) -> None:
    file = tmp_path / "layer.json"
    file.write_text(json.dumps(LAYER))
    page = readers(javascript=javascript).go(CHECK)
    page.get_by_label("Or choose a file").set_input_files(file)
    choose(page)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#layer")).to_contain_text("1 is left as it was")
    with page.expect_download() as download:
        page.get_by_role("button", name="Navigator layer").click()
    made = json.loads(text_of(download.value))
    assert made["techniques"] == LAYER["techniques"]
    assert made["versions"]["attack"] == "sample-2"


def test_a_file_is_the_answer_when_one_is_asked_for(readers: Readers) -> None:
    page = readers(javascript=False).go(CHECK)
    page.get_by_label("Paste").fill(TEXT)
    choose(page, "json")
    with page.expect_download() as download:
        page.get_by_role("button", name="Check").click()
    assert json.loads(text_of(download.value))["distinct"] == 5


def test_what_is_too_long_is_said_on_a_page(readers: Readers, tmp_path: Path) -> None:
    reader = readers()
    page = reader.go(CHECK)
    page.get_by_label("Paste").evaluate("(area) => { area.value = 'T1059 '.repeat(600000); }")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#check-trouble")).to_contain_text("Pasted text may have 2.5 MB")
    # The file alone is read and measured; what is larger still is refused before it is read.
    for length, said in ((5_300_000, "more than 5 MB"), (9_000_000, "That is more than is read")):
        file = tmp_path / f"{length}.txt"
        file.write_bytes(b"T1059 ".ljust(length))
        page.get_by_label("Or choose a file").set_input_files(file)
        page.get_by_role("button", name="Check").click()
        expect(page.locator("#check-trouble")).to_contain_text(said)
    # A browser reports the refusal as an error, which here is what was asked for.
    reader.faults[:] = [fault for fault in reader.faults if "413" not in fault]


def test_a_result_is_for_everyone(readers: Readers) -> None:
    reader = readers()
    page = reader.page
    pasted(page, f"{TEXT} {json.dumps(LAYER)} M1038 T1059 A0003 DS0029 {'T0886 ' * 3}")
    is_for_everyone(page)
    page.goto(CHECK)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#check-trouble")).to_be_visible()
    is_for_everyone(page)
    reader.faults[:] = [fault for fault in reader.faults if "400" not in fault]


def test_a_layer_s_result_is_for_everyone(readers: Readers, tmp_path: Path) -> None:
    page = readers().page
    wide = LAYER | {"name": "W" * 300, "techniques": [{"techniqueID": "T9" + "x" * 300, "a": 1}]}
    for layer in (LAYER, wide):
        pasted(page, json.dumps(layer))
        is_for_everyone(page)
