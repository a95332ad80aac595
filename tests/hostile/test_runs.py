"""Bundles that come in by the console against the corpus: a dry run that fails in a sentence.

The console's forms take them, and a worker does their dry runs, on a database that commits.
"""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from importer.models import ImportRun, RunState
from importer.runs.work import work
from tests.hostile.corpus import CATEGORIES
from tests.hostile.corpus.injected import SCRIPT
from tests.hostile.digest import Digest, digest
from tests.hostile.files import REPLAYED, ended, sentence
from tests.hostile.world import World
from tests.importer.test_commands import SOUND

# What a run is made of, whatever becomes of it.
RUNS = ("importer_importrun", "django_tasks_database_dbtaskresult", "accounts_auditentry")


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture
def importers(db: None, committed_world: World) -> tuple[Client, Digest]:
    """Somebody who imports, and what there is before."""
    client = Client()
    client.force_login(committed_world.staff)
    return client, digest("django_session", *RUNS)


def asked(client: Client, way: str, content: bytes) -> ImportRun:
    """A run whose dry run has been done, of a file that came in some way."""
    if way == "by upload":
        answer = client.post(
            reverse("admin:import-upload"),
            {"bundle": SimpleUploadedFile("hostile.json", content), "said_domain": "enterprise"},
        )
    else:
        folder: Path = settings.IMPORT_DIR  # type: ignore[assignment]
        (folder / "hostile.json").write_bytes(content)
        given = {"source": "directory", "name": "hostile.json", "said_domain": "enterprise"}
        answer = client.post(reverse("admin:importer_importrun_add"), given)
    if answer.status_code != 302:
        assert answer.status_code in {400, 413}
        assert 'role="alert"' in answer.content.decode()
        return ImportRun(state=RunState.FAILED, problem="It was not taken.")
    run = ImportRun.objects.latest("id")
    work(run.pk)
    return ImportRun.objects.get(pk=run.pk)


@pytest.mark.parametrize("way", ["by upload", "by directory"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_run_fails_in_a_sentence_when_its_bundle_is_hostile(
    category: str, way: str, importers: tuple[Client, Digest]
) -> None:
    client, before = importers
    held = CATEGORIES[category]
    for name, made in held.files.items():
        run = asked(client, way, made())
        expected = RunState.PREVIEWED if name in held.sound else RunState.FAILED
        assert run.state == expected, (name, run.problem)
        if run.state == RunState.FAILED:
            sentence(run.problem)
        if run.pk:
            page = client.get(reverse("admin:importer_importrun_change", args=[run.pk]))
            assert page.status_code == 200
            assert SCRIPT.encode() not in page.content
    assert digest("django_session", *RUNS) == before


@pytest.mark.parametrize("way", ["by upload", "by directory"])
def test_run_finds_nothing_new_when_its_bundle_comes_again(
    way: str, importers: tuple[Client, Digest], tmp_path: Path
) -> None:
    client, _ = importers
    file = tmp_path / "first.json"
    file.write_bytes(SOUND)
    assert ended("import_attack", file, domain="enterprise")[0] == 0
    before = digest("django_session", *RUNS)
    for name, made in REPLAYED.items():
        run = asked(client, way, made())
        assert run.state == RunState.DONE, (name, run.problem)
    assert digest("django_session", *RUNS) == before
