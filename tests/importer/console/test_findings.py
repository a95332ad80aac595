"""The console's lists of what validation found."""

import csv
import io
import re

import pytest
from django.urls import reverse

from library.models import Snapshot
from tests.factories import import_objects, mitigation, technique
from tests.importer.console.conftest import importer
from tests.importer.console.pages import KEPT

pytestmark = pytest.mark.django_db


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


def test_findings_lead_to_the_release_they_are_of_and_nowhere_else() -> None:
    bad = mitigation("M1", "Bad", x_mitre_version=7)
    import_objects(bad, validate=True)
    only = Snapshot.objects.get()
    reader = importer()

    def links(snapshot: Snapshot) -> list[str]:
        page = reader.get(reverse("admin:import-findings", args=[snapshot.pk])).content.decode()
        return re.findall(r'<th scope="row"><a href="([^"]*)">M1 Bad', page)

    assert links(only) == [f"/learn/attack/objects/{bad['id']}"]
    import_objects(KEPT, release="2.0")
    assert links(only) == [f"/learn/attack/v/1.0/objects/{bad['id']}"]
    assert "Bad" in reader.get(links(only)[0], follow=True).content.decode()
    # The newest import of a release stands for it, and this one for nothing any more.
    import_objects(KEPT, release="1.0")
    assert links(only) == []


def test_findings_are_saved_as_csv_that_no_program_runs(flawed: Snapshot) -> None:
    address = reverse("admin:import-findings", args=[flawed.pk])
    answer = importer().get(f"{address}?form=csv&type=course-of-action")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["Type", "ID", "Name", "STIX id", "Field", "Finding"]
    assert [row[2] for row in rows[1:]] == ["'=HYPERLINK(1)", "Two"]
    assert answer["Content-Disposition"] == 'attachment; filename="findings-enterprise-1.0.csv"'
