"""The import directory: what is listed, and that no name leads out of it."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from importer.errors import BundleError
from importer.runs import directory


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    found = tmp_path / "bundles"
    found.mkdir(exist_ok=True)
    settings.IMPORT_DIR = found
    (tmp_path / "secret.json").write_text("secret")
    (found / "a.json").write_text("{}")
    (found / "b.json.xz").write_bytes(b"\xfd7zXZ\x00")
    (found / "notes.txt").write_text("no bundle")
    (found / ".hidden.json").write_text("{}")
    (found / "link.json").symlink_to(tmp_path / "secret.json")
    (found / "out.json").symlink_to("../secret.json")
    (found / "folder.json").mkdir()
    (found / "line\nend.json").write_text("{}")
    os.mkfifo(found / "pipe.json")
    return found


def test_bundles_are_listed_by_name_and_nothing_else(folder: Path) -> None:
    assert directory.listed() == [("a.json", 2), ("b.json.xz", 6)]


def test_nothing_is_listed_when_there_is_no_directory(settings: Settings, tmp_path: Path) -> None:
    for missing in (None, tmp_path / "gone", tmp_path / "file"):
        (tmp_path / "file").touch()
        settings.IMPORT_DIR = missing
        assert directory.listed() == []
        with pytest.raises(BundleError):
            directory.read("a.json", 100)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.json",
        "link.json",
        "out.json",
        "folder.json",
        "pipe.json",
        ".hidden.json",
        "line\nend.json",
        "gone.json",
        "",
        ".",
        "..",
        "/etc/passwd",
        "a.json/",
        "./a.json",
        "x/../a.json",
        "a.json\x00",
        "x" * 300 + ".json",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_in_one_sentence(folder: Path, name: str) -> None:
    with pytest.raises(BundleError) as refused:
        directory.read(name, 100)
    assert "secret" not in str(refused.value).replace("../secret.json", "")


def test_a_file_is_read_no_further_than_the_limit(folder: Path) -> None:
    assert directory.read("a.json", 2).raw == b"{}"
    with pytest.raises(BundleError, match=r"a.json: larger than the limit"):
        directory.read("a.json", 1)
