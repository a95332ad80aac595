"""The console's form that starts an import: what it offers, takes and refuses."""

import os
from pathlib import Path

import orjson
import pytest
from pytest_django import Settings

from importer.acts import MOST_OPEN
from importer.models import ImportRun, RunState, SourceKind
from tests import factories
from tests.importer.console.conftest import importer, run_in
from tests.importer.console.pages import ADD, KEPT, OVERVIEW

pytestmark = pytest.mark.django_db


def put(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "bundles" / name
    path.write_bytes(orjson.dumps(factories.bundle(KEPT)))
    return path


def test_a_published_release_is_asked_for_in_several_domains() -> None:
    sent = {"source": "published", "release": "17.1", "domain": ["ics", "mobile", "x"]}
    answer = importer().post(ADD, sent)
    assert answer["Location"] == OVERVIEW
    runs = ImportRun.objects.order_by("id").values_list("said_domain", "source_name", "asked_by")
    assert list(runs) == [("mobile", "17.1", "importer"), ("ics", "17.1", "importer")]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose where the bundle comes from"),
        ({"source": "nowhere"}, "Choose where the bundle comes from"),
        ({"source": "uploaded"}, "Choose where the bundle comes from"),
        ({"source": "published", "release": "17.1"}, "at least one domain"),
        ({"source": "published", "release": "17.1", "domain": "pre"}, "at least one domain"),
        ({"source": "published", "release": "999.9", "domain": "ics"}, "published no release"),
        ({"source": "published", "release": "../17.1", "domain": "ics"}, "published no release"),
        ({"source": "published", "release": "<b>", "domain": "ics"}, "“&lt;b&gt;”"),
        ({"source": "directory"}, "one of the files"),
        ({"source": "directory", "name": "../secret.json"}, "one of the files"),
        ({"source": "directory", "name": "/etc/passwd"}, "one of the files"),
        ({"source": "directory", "name": "link.json"}, "one of the files"),
        ({"source": "directory", "name": "folder.json"}, "one of the files"),
        ({"source": "directory", "name": "pipe.json"}, "one of the files"),
        ({"source": "directory", "name": ".hidden.json"}, "one of the files"),
        ({"source": "directory", "name": "a.json\x00"}, "one of the files"),
        ({"source": "directory", "name": "a.json", "said_domain": "x"}, "one of the domains"),
        ({"source": "directory", "name": "a.json", "said_release": "x;"}, "is not a release"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_a_sentence(
    tmp_path: Path, sent: dict[str, str], said: str
) -> None:
    put(tmp_path, "a.json")
    put(tmp_path, ".hidden.json")
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "bundles" / "link.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "bundles" / "folder.json").mkdir()
    os.mkfifo(tmp_path / "bundles" / "pipe.json")
    answer = importer().post(ADD, sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_bundle_on_the_server_is_chosen_by_name(tmp_path: Path) -> None:
    put(tmp_path, "a.json")
    assert "a.json (" in importer().get(ADD).content.decode()
    sent = {"source": "directory", "name": "a.json", "said_domain": "ics", "said_release": "9.0"}
    importer().post(ADD, sent)
    run = ImportRun.objects.get()
    assert (run.source_kind, run.source_name) == (SourceKind.DIRECTORY, "a.json")
    assert (run.said_domain, run.said_release) == ("ics", "9.0")


def test_a_server_without_an_import_directory_says_so(settings: Settings) -> None:
    settings.IMPORT_DIR = None
    assert "IMPORT_DIR names none" in importer().get(ADD).content.decode()


def test_no_more_imports_are_started_than_may_be_open() -> None:
    for _ in range(MOST_OPEN - 1):
        run_in(RunState.PREVIEWED)
    sent = {"source": "published", "release": "17.1", "domain": ["ics", "mobile"]}
    refused = importer().post(ADD, sent)
    assert refused.status_code == 400
    assert f"{MOST_OPEN} imports are open" in refused.content.decode()
    assert ImportRun.objects.count() == MOST_OPEN - 1
    importer().post(ADD, sent | {"domain": "ics"})
    assert ImportRun.objects.count() == MOST_OPEN
