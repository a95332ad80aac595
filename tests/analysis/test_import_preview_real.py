"""What dry runs of 18.1 say of Takes on all of release 17.1, against the bundles themselves.

One domain at a time, while the others stay at 17.1. By the rules of `tests.analysis.change_oracle`,
and for a Take on an object that stands in several domains:

- It is compared in each of them that held the object before and holds it after.
- An object that leaves the domain it was written for, and is still in another, asks for a review.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from analysis import import_preview
from analysis.import_preview import takes_preview
from analysis.models import Revision
from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from library.identifiers import Domain
from library.previews import ImportPreview
from tests.analysis.change_oracle import Bundle, expected
from tests.analysis.test_staleness_real import NEW, OLD, bring_in, path, publish_all

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]

CURRENT, AROUND, REVIEW, RETIRE = GRAVITY = (
    "current",
    "changed around it",
    "must review",
    "move or retire",
)
BEGINNINGS = {
    AROUND: ("Changed around it: ",),
    REVIEW: ("To be reviewed: ",),
    RETIRE: ("To be moved or retired: ", "To be retired: "),
}


@pytest.fixture(scope="module")
def old(attack_bundles: Path) -> dict[str, Bundle]:
    return {domain: Bundle(path(attack_bundles, domain, OLD)) for domain in Domain.values}


@pytest.fixture(scope="module")
def takes(
    attack_bundles: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """A Take on each object of 17.1, while that is what readers see: its domain by STIX id."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert connection.settings_dict["NAME"].startswith("test_")
        bring_in(attack_bundles, OLD)
        publish_all()
        rows = Revision.objects.published()
        yield {revision.take.stix_id: revision.domain for revision in rows}
        transaction.set_rollback(True)


def dry_run(newer: Path) -> tuple[ImportPreview, int]:
    """What is said of Takes in a dry run, and how many queries it took."""
    with transaction.atomic():
        (report,) = import_bundles(file_sources([newer]), Options(validate=False))
        with CaptureQueriesContext(connection) as queries:
            preview = takes_preview(report.snapshot)
        transaction.set_rollback(True)
    return preview, len(queries)


def standing(domain: str, held: str, old: dict[str, Bundle], new: Bundle, stix_id: str) -> str:
    """How a Take written for 17.1 of one domain stands once 18.1 of another, or of it, is read."""
    if held == domain and stix_id not in new.objects:
        others = [bundle for other, bundle in old.items() if other != domain]
        if any(stix_id in bundle.objects for bundle in others):
            return REVIEW
    return expected(old, old | {domain: new}, held, stix_id)


@pytest.mark.parametrize("domain", Domain.values)
def test_a_dry_run_names_the_takes_that_the_bundles_make_stale_and_no_others(
    takes: dict[str, str],
    old: dict[str, Bundle],
    domain: str,
    attack_bundles: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_preview, "MOST_NAMED", len(takes))
    newer = path(attack_bundles, domain, NEW)
    preview, queries = dry_run(newer)
    assert queries <= 25
    *named, last = preview.lines
    told = {line.href.rpartition("/")[2]: line.detail for line in named}
    assert len(told) == len(named)
    new = Bundle(newer)
    now = {stix_id: expected(old, old, held, stix_id) for stix_id, held in takes.items()}
    then = {stix_id: standing(domain, held, old, new, stix_id) for stix_id, held in takes.items()}
    touched = {
        stix_id: found
        for stix_id, found in then.items()
        if GRAVITY.index(found) > GRAVITY.index(now[stix_id])
    }
    assert told.keys() == touched.keys()
    for stix_id, found in touched.items():
        assert told[stix_id].startswith(BEGINNINGS[found]), (stix_id, found, told[stix_id])
        if found == RETIRE and (successor := new.successor(stix_id)):
            assert f"replaced by {reference(new, successor)}." in told[stix_id]
    stale = [s for s, found in then.items() if found in {REVIEW, RETIRE} and s not in touched]
    assert last.text == f"{len(stale)} others are stale already."
    # Not for want of cases.
    counts = Counter(touched.values())
    assert min(counts[AROUND], counts[REVIEW], len(stale)) > 10


def reference(bundle: Bundle, stix_id: str) -> str:
    """The ATT&CK ID and name of an object."""
    found = bundle.objects[stix_id]
    (attack_id,) = [
        said["external_id"]
        for said in found["external_references"]
        if said["source_name"].startswith("mitre-") and "external_id" in said
    ]
    return f"{attack_id} {found['name']}"
