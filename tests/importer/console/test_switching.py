"""The console's ways to another edition and back."""

import pytest
from django.test import Client
from django.urls import reverse

from importer.models import ImportRun, RunState
from importer.report import Report
from importer.runs.preview import kept_report
from library.models import Edition
from tests.factories import import_objects
from tests.importer.console.conftest import back, importer, run_in
from tests.importer.console.pages import GONE, KEPT, page_of, text, two_releases

pytestmark = pytest.mark.django_db


def test_readers_see_what_is_made_current_and_again_what_they_saw_before() -> None:
    first, second = two_releases()
    reader: Client = importer()
    page = reader.post(reverse("admin:import-make-current", args=[first.pk]), follow=True)
    assert "Readers now see enterprise 1.0." in page.content.decode()
    page = reader.post(reverse("admin:import-make-current", args=[first.pk]), follow=True)
    assert "Nothing to change" in page.content.decode()
    page = reader.post(reverse("admin:import-go-back"), back(), follow=True)
    assert "Readers now see enterprise 2.0." in page.content.decode()
    edition = Edition.objects.current()
    assert edition is not None
    assert (edition.enterprise, edition.made_by) == (second, "importer")


def done(report: Report) -> ImportRun:
    """The run that has made the edition at hand."""
    return run_in(
        RunState.DONE,
        report=kept_report(report) | {"edition": Edition.objects.latest("id").pk},
        domain=report.domain,
        release=report.release,
        sha256=report.bundle_sha256,
    )


def test_a_run_offers_the_way_back_while_readers_see_the_edition_that_it_made() -> None:
    import_objects(KEPT, domain="ics", release="1.0")
    ics = done(import_objects(KEPT, GONE, domain="ics", release="2.0"))
    assert "Go back to ics 1.0</button>" in page_of(ics)
    mobile = done(import_objects(KEPT, domain="mobile", release="2.0"))
    assert "Go back to no mobile</button>" in page_of(mobile)
    page = text(page_of(ics))
    assert "Readers see ics 2.0." in page
    assert "Go back" not in page
    assert "what readers see</a>" in page


def test_going_back_is_refused_when_it_is_sent_twice_or_from_an_old_page() -> None:
    two_releases()
    old = back()
    import_objects(KEPT, domain="ics", release="1.0")
    reader, address = importer(), reverse("admin:import-go-back")
    for sent in (old, {}, {"from": "x", "to": "9" * 40}, back() | {"to": old["from"] + 99}):
        page = reader.post(address, sent, follow=True).content.decode()
        assert "Nothing was changed" in page
    once = back()
    assert "Readers now see enterprise 2.0." in text(
        reader.post(address, once, follow=True).content.decode()
    )
    assert "Nothing was changed" in reader.post(address, once, follow=True).content.decode()
    page = reader.post(address, back(), follow=True).content.decode()
    assert "Readers now see enterprise 1.0." in page
    assert "nothing before the current edition" in page
