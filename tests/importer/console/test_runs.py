"""The console's page of an import, in every state that it may be in."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from importer.deletion import delete_snapshot
from importer.models import ImportRun, RunState
from importer.pipeline import Options, import_bundles
from importer.report import Report
from importer.runs.preview import kept_report, library_state, preview_of
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import import_objects, source
from tests.importer.console.conftest import back, importer, run_in
from tests.importer.console.pages import GONE, KEPT, page_of, text
from tests.library.pages import PARTIAL

pytestmark = pytest.mark.django_db


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


def test_a_page_that_asks_after_its_session_has_ended_is_led_to_sign_in() -> None:
    run = run_in(RunState.ASKED)
    page = reverse("admin:importer_importrun_change", args=[run.pk])
    answer = Client().get(page, headers=PARTIAL)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["HX-Redirect"] == f"/admin/login/?next={quote(page, safe='')}"
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(page)["Location"] == f"/admin/login/?next={page}"


def dry_run(*objects: factories.Properties, release: str) -> tuple[Report, dict[str, object]]:
    """A report and a preview, as a dry run makes them."""
    previews: list[dict[str, object]] = []
    state = library_state("enterprise", release)
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
    assert "has changed since this dry run" not in page_of(run)
    import_objects(KEPT, release="1.1")
    page = page_of(run)
    assert "has changed since this dry run" in page
    assert 'value="confirm"' not in page
    assert 'class="button" name="kind" value="retry">Dry run again</button>' in page


def test_a_confirmation_says_first_what_would_be_another_for_readers() -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, GONE, release="2.0")
    _, preview = dry_run(KEPT | {"description": "Doctored."}, GONE, release="2.0")
    run = run_in(RunState.PREVIEWED, preview=preview, domain="enterprise", release="2.0")
    page = text(page_of(run))
    warning = page.index('<p class="warning">2.0 is held already, from an unrecognised bundle')
    shown = page.index("<strong>Against enterprise 2.0</strong>")
    before = page.index("<summary>Against enterprise 1.0, the release before</summary>")
    assert warning < shown < before
    assert "this one is another: 1 object differs.</p>" in page
    assert "which readers see now: 1 difference; the bundle holds" in page
    assert "<summary>Patches by name</summary><ul><li>M1 Kept</li></ul>" in page
    assert "no earlier release" not in page


def test_a_dry_run_that_an_older_version_made_is_to_be_made_again() -> None:
    _, preview = dry_run(KEPT, release="2.0")
    del preview["comparisons"]
    run = run_in(RunState.PREVIEWED, preview=preview, domain="enterprise", release="2.0")
    page = page_of(run)
    assert "run it again to see what the import would do now" in page
    assert 'value="confirm"' not in page
    assert "no earlier release" not in page


def test_a_confirmation_is_refused_when_the_library_has_changed_since_the_dry_run() -> None:
    import_objects(KEPT, GONE)
    _, preview = dry_run(KEPT, release="2.0")
    run = run_in(RunState.PREVIEWED, preview=preview, domain="enterprise", release="2.0")
    import_objects(KEPT, release="1.1")
    act = reverse("admin:import-act", args=[run.pk])
    page = importer().post(act, {"kind": "confirm"}, follow=True).content.decode()
    assert "Nothing was confirmed: the library has changed since the dry run" in page
    run.refresh_from_db()
    assert (run.state, run.confirmed_by) == (RunState.PREVIEWED, "")


@pytest.mark.parametrize(
    ("provenance", "said", "warns"),
    [
        ("official", "MITRE published this very file.", False),
        ("unrecognised", "Not a file that MITRE published", True),
        ("sample", "a sample that came with the product", False),
    ],
)
def test_a_confirmation_says_whether_the_bundle_is_mitres_and_counts_findings(
    provenance: str, said: str, warns: bool
) -> None:
    _, preview = dry_run(KEPT, release="2.0")
    report = preview["report"]
    assert isinstance(report, dict)
    report |= {"provenance": provenance, "findings": 1234}
    run = run_in(RunState.PREVIEWED, preview=preview, domain="enterprise", release="2.0")
    above, _, _ = text(page_of(run)).partition('value="confirm"')
    assert said in above[-900:]
    assert ('<p class="warning">Not a file' in above) == warns
    assert '<a href="#report">Findings: 1,234</a>' in above


def test_a_run_that_is_done_leads_to_its_report_findings_and_comparison() -> None:
    import_objects(KEPT, GONE)
    report = import_objects(KEPT, release="2.0")
    snapshot = Snapshot.objects.get(pk=report.snapshot)
    run = run_in(
        RunState.DONE,
        report=kept_report(report) | {"edition": Edition.objects.latest("id").pk},
        domain="enterprise",
        release="2.0",
        sha256=snapshot.sha256,
    )
    page = text(page_of(run))
    assert f"enterprise 2.0: imported as snapshot {snapshot.pk}" in page
    assert 'href="/learn/attack/releases/1.0...2.0?domain=enterprise"' in page
    assert "Readers see enterprise 2.0." in page
    assert "Go back to enterprise 1.0</button>" in page
    assert importer().get("/learn/attack/releases/1.0...2.0?domain=enterprise").status_code == 200
    importer().post(reverse("admin:import-go-back"), back())
    assert "readers see another snapshot" in page_of(run)
    delete_snapshot(snapshot)
    assert "has been deleted since" in page_of(run)


def test_a_run_leads_to_no_comparison_when_the_release_before_it_has_been_deleted() -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, GONE, release="2.0")
    # The release is held still, but in another domain.
    import_objects(KEPT, domain="ics", release="2.0")
    report = import_objects(KEPT, release="3.0")
    snapshot = Snapshot.objects.get(pk=report.snapshot)
    known = {"domain": "enterprise", "release": "3.0", "sha256": snapshot.sha256}
    run = run_in(RunState.DONE, report=kept_report(report) | {"edition": None}, **known)
    assert "/learn/attack/releases/2.0...3.0?domain=enterprise" in page_of(run)
    delete_snapshot(Snapshot.objects.get(domain="enterprise", attack_version="2.0"))
    page = page_of(run)
    assert "/learn/attack/releases/" not in page
    assert "and 3.0 compared" not in page
    assert "Readers see enterprise 3.0." in page


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


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
def test_a_retry_is_refused_with_a_link_when_there_is_one_already(state: RunState) -> None:
    run = run_in(state)
    act = reverse("admin:import-act", args=[run.pk])
    for _ in range(3):
        page = importer().post(act, {"kind": "retry"}, follow=True).content.decode()
    made = ImportRun.objects.get(retry_of=run)
    address = reverse("admin:importer_importrun_change", args=[made.pk])
    assert f"Nothing was started: it was started again already, as run {made.pk}" in page
    assert f'<a href="{address}">run {made.pk}</a>' in page


def test_a_retry_says_the_domain_and_release_that_the_bundle_does_not() -> None:
    run = run_in(
        RunState.FAILED, problem="x.json: the bundle does not say its domain: say it beside Retry."
    )
    page = page_of(run)
    assert "<details open>" in page
    act = reverse("admin:import-act", args=[run.pk])
    for sent, said in (
        ({"said_domain": "x"}, "one of the domains"),
        ({"said_release": ";"}, "is not"),
    ):
        page = importer().post(act, {"kind": "retry", **sent}, follow=True).content.decode()
        assert said in page
    importer().post(act, {"kind": "retry", "said_domain": "ics", "said_release": "9.0"})
    made = ImportRun.objects.get(retry_of=run)
    assert (made.said_domain, made.said_release) == ("ics", "9.0")
    ImportRun.objects.filter(pk=made.pk).update(state=RunState.FAILED)
    page = page_of(made)
    assert '<option value="ics" selected>' in page
    assert 'value="9.0"' in page
    importer().post(reverse("admin:import-act", args=[made.pk]), {"kind": "retry"})
    again = ImportRun.objects.get(retry_of=made)
    assert (again.said_domain, again.said_release) == ("ics", "9.0")


def test_the_time_of_the_dry_run_is_called_so_and_gone_while_the_import_is_waited_for() -> None:
    begun = timezone.now()
    took: dict[str, Any] = {"started_at": begun, "finished_at": begun + timedelta(seconds=2.7)}
    _, preview = dry_run(KEPT, release="2.0")
    run = run_in(RunState.PREVIEWED, preview=preview, **took)
    assert "<dt>Dry run took</dt><dd>2.7 s</dd>" in page_of(run)
    run = run_in(RunState.CONFIRMED, **took)
    assert "2.7 s" not in page_of(run)


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
        confirmed_by="bob",
    )
    page = importer().get(reverse("admin:importer_importrun_changelist")).content.decode()
    for said in (
        "Import directory: =1+1.json",
        "ann, confirmed by bob",
        "abababababab",
        # The word alone is among the filters as well.
        '<td class="field-outcome">Failed</td>',
        "2.5 s",
    ):
        assert said in page
