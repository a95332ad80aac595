"""The console's pages: overview, start, runs in every state, findings, switching, deleting."""

import csv
import io
import os
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from importer.deletion import delete_snapshot, would_go
from importer.known_releases import note_published
from importer.models import ImportRun, RunState, SourceKind
from importer.pipeline import Options, import_bundles
from importer.published import published_releases
from importer.report import Report
from importer.runs.preview import kept_report, library_state, preview_of
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import import_objects, mitigation, source, technique
from tests.importer.console.conftest import importer, run_in

pytestmark = pytest.mark.django_db
KEPT, GONE = mitigation("M1", "Kept"), mitigation("M2", "Gone")
ADD = reverse("admin:importer_importrun_add")
OVERVIEW = reverse("admin:import-overview")


def page_of(run: ImportRun, **headers: str) -> str:
    address = reverse("admin:importer_importrun_change", args=[run.pk])
    answer = importer().get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def text(page: str) -> str:
    return " ".join(page.split())


def put(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "bundles" / name
    path.write_bytes(orjson.dumps(factories.bundle(KEPT)))
    return path


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


def test_a_run_that_waits_asks_again_by_itself_and_offers_to_cancel() -> None:
    page = page_of(run_in(RunState.ASKED))
    assert 'hx-trigger="every 1s"' in page
    assert "Waiting for its dry run" in page
    assert 'value="cancel"' in page
    assert "No worker has taken it" not in page


def test_a_run_that_waits_for_long_asks_whether_there_is_a_worker() -> None:
    run = run_in(RunState.ASKED, queued_at=timezone.now() - timedelta(minutes=1))
    assert "Is <code>manage.py db_worker</code> running?" in page_of(run)


def test_a_partial_request_gets_what_changes_alone() -> None:
    run = run_in(RunState.ASKED)
    part = page_of(run, hx_request_type="partial")
    assert part.strip().startswith('<div id="run"')
    assert "<html" not in part


def dry_run(*objects: factories.Properties, release: str) -> tuple[Report, dict[str, object]]:
    """A report and a preview, as a dry run makes them."""
    previews: list[dict[str, object]] = []
    state = library_state()
    content = factories.bundle(*objects, release=release)
    (report,) = import_bundles(
        [source(content)],
        Options(dry_run=True, validate=False),
        at_end=lambda reports: previews.append(preview_of(reports[0], state)),
    )
    return report, previews[0]


def test_a_previewed_run_shows_what_would_change_and_asks_to_confirm() -> None:
    import_objects(KEPT, GONE)
    _, preview = dry_run(KEPT, release="2.0")
    preview["others"] = [
        {"title": "Takes", "none": "", "lines": [{"text": "One is stale.", "href": "/t"}]},
        {"title": "Plans", "none": "No plan changes.", "lines": []},
    ]
    run = run_in(RunState.PREVIEWED, preview=preview, domain="enterprise", release="2.0")
    page = text(page_of(run))
    assert 'Deletions</th><td data-label="Objects">1</td>' in page
    assert "<li>M2 Gone</li>" in page
    assert '<a href="/t">One is stale.</a>' in page
    assert "<p>No plan changes.</p>" in page
    assert "Import enterprise 2.0</button>" in page
    assert "enterprise 2.0: would be imported from test.json" in page
    assert "has changed since this dry run" not in page
    assert "hx-trigger" not in page
    import_objects(KEPT, domain="ics")
    assert "has changed since this dry run" in page_of(run)


def test_a_run_that_is_done_leads_to_its_report_findings_and_comparison() -> None:
    import_objects(KEPT, GONE)
    report = import_objects(KEPT, release="2.0")
    snapshot = Snapshot.objects.get(pk=report.snapshot)
    run = run_in(
        RunState.DONE,
        report=kept_report(report),
        domain="enterprise",
        release="2.0",
        sha256=snapshot.sha256,
    )
    page = text(page_of(run))
    assert f"enterprise 2.0: imported as snapshot {snapshot.pk}" in page
    assert 'href="/learn/attack/releases/1.0...2.0?domain=enterprise"' in page
    assert "Readers see enterprise 2.0." in page
    assert "Go back to the release before" in page
    assert importer().get("/learn/attack/releases/1.0...2.0?domain=enterprise").status_code == 200
    importer().post(reverse("admin:import-go-back"))
    assert "readers see another snapshot" in page_of(run)
    delete_snapshot(snapshot)
    assert "has been deleted since" in page_of(run)


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_a_run_that_came_to_nothing_offers_a_retry(state: RunState) -> None:
    run = run_in(state, problem="a.json: not JSON.")
    page = page_of(run)
    assert "a.json: not JSON." in page
    assert "Retry</button>" in page
    act = reverse("admin:import-act", args=[run.pk])
    again = importer().post(act, {"kind": "retry"})
    made = ImportRun.objects.get(retry_of=run)
    assert again["Location"] == reverse("admin:importer_importrun_change", args=[made.pk])
    assert f">run {made.pk}</a>" in page_of(run)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (RunState.ASKED, "confirm"),
        (RunState.DONE, "confirm"),
        (RunState.FAILED, "confirm"),
        (RunState.DONE, "cancel"),
        (RunState.CANCELLED, "cancel"),
        (RunState.DONE, "retry"),
        (RunState.ASKED, "retry"),
    ],
)
def test_an_act_that_comes_too_late_or_too_early_is_refused(state: RunState, kind: str) -> None:
    run = run_in(state)
    act = reverse("admin:import-act", args=[run.pk])
    page = importer().post(act, {"kind": kind}, follow=True).content.decode()
    assert "Nothing was" in page
    assert ImportRun.objects.get().state == state


def test_a_confirmation_sent_twice_counts_once() -> None:
    run = run_in(RunState.PREVIEWED)
    act = reverse("admin:import-act", args=[run.pk])
    reader = importer()
    reader.post(act, {"kind": "confirm", "make_current": "on"})
    again = reader.post(act, {"kind": "confirm"}, follow=True).content.decode()
    assert "Nothing was confirmed" in again
    run.refresh_from_db()
    assert (run.state, run.confirmed_by, run.make_current) == ("confirmed", "importer", True)


@pytest.mark.parametrize(
    "path", ["0/change/", "999999/change/", "x/change/", "٣/change/", "9999999999/change/"]
)
def test_a_run_that_is_none_is_not_found(path: str) -> None:
    assert importer().get(f"/admin/importer/importrun/{path}").status_code == 404


@pytest.mark.parametrize("kind", ["", "drop", "confirm'--"])
def test_an_act_that_is_none_is_not_found(kind: str) -> None:
    act = reverse("admin:import-act", args=[run_in(RunState.PREVIEWED).pk])
    assert importer().post(act, {"kind": kind}).status_code == 404


def test_the_history_tells_of_every_run() -> None:
    begun = timezone.now()
    run_in(
        RunState.FAILED,
        name="=1+1.json",
        sha256="ab" * 32,
        started_at=begun,
        finished_at=begun + timedelta(seconds=2.5),
    )
    page = importer().get(reverse("admin:importer_importrun_changelist")).content.decode()
    for said in ("Import directory: =1+1.json", "ann", "abababababab", "Failed", "2.5 s"):
        assert said in page


@pytest.fixture
def flawed() -> Snapshot:
    """A snapshot with findings of two types."""
    bad = [
        mitigation("M1", "=HYPERLINK(1)", x_mitre_version=7),
        mitigation("M2", "Two", x_mitre_version=7),
        technique("T1", "Way", ("x",), x_mitre_platforms="none"),
    ]
    import_objects(*bad, validate=True)
    return Snapshot.objects.get()


def test_findings_are_listed_and_filtered(flawed: Snapshot) -> None:
    address = reverse("admin:import-findings", args=[flawed.pk])

    def listed(query: str) -> int:
        page = importer().get(address + query).content.decode()
        return page.count('<th scope="row">')

    every = listed("")
    assert listed("?type=course-of-action") == 2
    assert listed("?field=x_mitre_version") == 2
    assert 0 < listed("?type=attack-pattern") < every
    assert listed("?q=zzzz") == listed("?type=%00x") == listed("?field='; DROP TABLE") == 0
    assert listed("?offset=999999") == listed("?offset=x") == every


def test_findings_are_saved_as_csv_that_no_program_runs(flawed: Snapshot) -> None:
    address = reverse("admin:import-findings", args=[flawed.pk])
    answer = importer().get(f"{address}?form=csv&type=course-of-action")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["Type", "ID", "Name", "STIX id", "Field", "Finding"]
    assert [row[2] for row in rows[1:]] == ["'=HYPERLINK(1)", "Two"]
    assert answer["Content-Disposition"] == 'attachment; filename="findings-enterprise-1.0.csv"'


def two_releases() -> tuple[Snapshot, Snapshot]:
    import_objects(KEPT, GONE, release="1.0")
    import_objects(KEPT, release="2.0")
    first, second = Snapshot.objects.order_by("pk")
    return first, second


def test_readers_see_what_is_made_current_and_again_what_they_saw_before() -> None:
    first, second = two_releases()
    reader: Client = importer()
    page = reader.post(reverse("admin:import-make-current", args=[first.pk]), follow=True)
    assert "Readers now see enterprise 1.0." in page.content.decode()
    page = reader.post(reverse("admin:import-make-current", args=[first.pk]), follow=True)
    assert "Nothing to change" in page.content.decode()
    page = reader.post(reverse("admin:import-go-back"), follow=True)
    assert "Readers now see enterprise 2.0." in page.content.decode()
    edition = Edition.objects.current()
    assert edition is not None
    assert (edition.enterprise, edition.made_by) == (second, "importer")


def test_a_deletion_says_what_would_go_and_wants_it_typed() -> None:
    first, _ = two_releases()
    address = reverse("admin:import-delete", args=[first.pk])
    reader = importer()
    page = text(reader.get(address).content.decode())
    assert "1 past edition that showed it" in page
    assert "Type <strong>enterprise 1.0</strong>" in page
    for typed in ("", "enterprise 2.0", "ENTERPRISE 1.0", "enterprise 1.0 x"):
        refused = reader.post(address, {"typed": typed})
        assert refused.status_code == 400
        assert "Nothing was deleted" in refused.content.decode()
    assert Snapshot.objects.count() == 2
    done = reader.post(address, {"typed": " enterprise  1.0 "}, follow=True)
    assert "Enterprise 1.0 is deleted" in done.content.decode()
    assert Snapshot.objects.get().attack_version == "2.0"
    assert reader.post(address, {"typed": "enterprise 1.0"}).status_code == 404


def test_what_would_go_is_what_goes() -> None:
    first, _ = two_releases()
    told = would_go(first)
    gone = delete_snapshot(first)
    assert (told.memberships, told.edges, told.versions, told.editions) == (
        gone.memberships,
        gone.edges,
        gone.versions,
        gone.editions,
    )
    assert told.versions > 0


def test_what_readers_see_is_not_deleted() -> None:
    _, second = two_releases()
    address = reverse("admin:import-delete", args=[second.pk])
    assert "cannot be deleted" in importer().get(address).content.decode()
    page = importer().post(address, {"typed": "enterprise 2.0"}, follow=True).content.decode()
    assert "is current: make another snapshot current first" in page
    assert Snapshot.objects.count() == 2


def test_nothing_is_deleted_while_an_import_is_under_way() -> None:
    first, _ = two_releases()
    run_in(RunState.IMPORTING)
    address = reverse("admin:import-delete", args=[first.pk])
    page = importer().post(address, {"typed": "enterprise 1.0"}, follow=True).content.decode()
    assert "an import is under way" in page
    assert Snapshot.objects.count() == 2
