"""The console's pages as tests read them, and what the library holds meanwhile."""

from django.urls import reverse

from importer.models import ImportRun
from library.models import Snapshot
from tests.factories import import_objects, mitigation
from tests.importer.console.conftest import importer

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


def two_releases() -> tuple[Snapshot, Snapshot]:
    import_objects(KEPT, GONE, release="1.0")
    import_objects(KEPT, release="2.0")
    first, second = Snapshot.objects.order_by("pk")
    return first, second
