"""Golden files of what is stored of each sample bundle, and of what its validation finds."""

from collections import Counter

import pytest

from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from library.models import SearchDocument, Snapshot
from tests.importer import golden

pytestmark = pytest.mark.django_db


@golden.each_sample
def test_store_agrees_with_the_golden_file_when_a_sample_is_imported(name: str) -> None:
    (report,) = import_bundles(file_sources([golden.path_of(name)]), Options())
    snapshot = Snapshot.objects.get(pk=report.snapshot)
    edges = snapshot.edges.values_list("kind", "live")
    members = snapshot.members.select_related("object", "version")
    wanted = {found["id"] for found in golden.chosen(golden.bundle_of(name).objects)}
    versions = {
        member.object.stix_id: [
            member.version.sha256,
            *(member.version.attack_id, member.version.name, member.version.x_mitre_version),
            *(member.version.revoked, member.version.deprecated),
        ]
        for member in members
        if member.object.stix_id in wanted
    }
    found = {
        "row": [snapshot.domain, snapshot.attack_version, snapshot.provenance, snapshot.sha256],
        "objects_by_type": snapshot.objects_by_type,
        "links": {
            f"{'live' if live else 'dead'} {kind}": count
            for (kind, live), count in sorted(Counter(edges).items())
        },
        "versions": versions,
        "documents": SearchDocument.objects.filter(version__memberships__snapshot=snapshot).count(),
    }
    golden.check(name, "store", found)


@golden.each_sample
def test_validate_agrees_with_the_golden_file_when_a_sample_is_imported(name: str) -> None:
    (report,) = import_bundles(file_sources([golden.path_of(name)]), Options())
    golden.check(name, "validate", {"checked": report.checked, "findings": report.finding_details})
