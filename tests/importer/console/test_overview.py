"""The console's overview: what readers see, what is newer, and which imports are open."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry
from importer import known_releases
from importer.errors import BundleError
from importer.known_releases import note_published
from importer.models import ImportRun, RunState
from importer.published import published_releases
from tests.factories import import_objects
from tests.importer.console.conftest import importer, run_in
from tests.importer.console.pages import ADD, GONE, KEPT, OVERVIEW, text

pytestmark = pytest.mark.django_db


def test_the_overview_says_what_readers_see_and_what_is_newer() -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, GONE, release="2.0")
    run_in(RunState.DONE, domain="enterprise", release="2.0", finished_at=timezone.now())
    note_published()
    page = text(importer().get(OVERVIEW).content.decode())
    newest = published_releases("enterprise")[0]
    assert f"{newest} <strong" in page
    assert "newer than what readers see" in page
    assert "in 2 snapshots" in page
    assert "Before, readers saw enterprise 1.0" in page
    assert page.count("Make current<") == 1


def test_the_overview_of_an_empty_library_says_so() -> None:
    page = text(importer().get(OVERVIEW).content.decode())
    assert page.count('<td data-label="Readers see">nothing</td>') == 3
    assert "nothing before the current edition" in page


@pytest.mark.parametrize("page", [OVERVIEW, reverse("admin:importer_importrun_changelist")])
def test_a_page_takes_as_many_queries_with_30_open_runs_as_with_one(
    page: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reader = importer()
    run_in(RunState.ASKED)
    with CaptureQueriesContext(connection) as one:
        reader.get(page)
    for _ in range(29):
        run_in(RunState.ASKED)
    with django_assert_num_queries(len(one)):
        reader.get(page)


def test_the_overview_lists_the_newest_open_imports_and_counts_all() -> None:
    run = run_in(RunState.ASKED)
    fields = {f.attname: getattr(run, f.attname) for f in ImportRun._meta.concrete_fields}
    del fields["id"]
    ImportRun.objects.bulk_create(ImportRun(**fields) for _ in range(60))
    page = text(importer().get(OVERVIEW).content.decode())
    assert "Open imports: 61" in page
    assert page.count("asked for by ann") == 50
    assert "the 50 newest of 61" in page


def test_the_overview_tells_of_an_import_that_a_command_made() -> None:
    import_objects(KEPT, release="1.0")
    assert "1.0, imported 20" in text(importer().get(OVERVIEW).content.decode())
    run_in(RunState.FAILED, name="x.json", domain="enterprise", finished_at=timezone.now())
    page = text(importer().get(OVERVIEW).content.decode())
    assert ">x.json, failed</a>" in page
    assert "1.0, imported 20" not in page
    import_objects(KEPT, release="2.0")
    assert "2.0, imported 20" in text(importer().get(OVERVIEW).content.decode())


def test_a_failed_run_counts_for_the_domain_that_was_asked_for() -> None:
    importer().post(ADD, {"source": "published", "release": "17.1", "domain": "ics"})
    ImportRun.objects.update(state=RunState.FAILED, finished_at=timezone.now())
    assert ">ics 17.1, failed</a>" in text(importer().get(OVERVIEW).content.decode())


def test_reading_the_index_is_in_the_audit_log_whatever_came_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known_releases, "fetch_releases", lambda: {"ics": ["99.0"]})
    reader, address = importer(), reverse("admin:import-check")
    assert "index was read" in reader.post(address, follow=True).content.decode()

    def fail() -> dict[str, list[str]]:
        raise BundleError("the network is not there.")

    monkeypatch.setattr(known_releases, "fetch_releases", fail)
    page = reader.post(address, follow=True).content.decode()
    assert "The index could not be read: the network is not there." in page
    told = AuditEntry.objects.filter(action__startswith="index").order_by("id")
    assert [(one.actor, one.action) for one in told] == [
        ("importer", "index read"),
        ("importer", "index not read"),
    ]
    assert "ics 99.0" in told[0].details["newest"]
    assert told[1].details["problem"] == "the network is not there."
