"""Takes on all of release 17.1 once 18.1 is read, against the bundles themselves."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from analysis.models import Revision, State, Take
from analysis.staleness import standings
from analysis.standing import Freshness, Standing
from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from library.conditional import current_shelf
from library.identifiers import TYPE_OF, Domain
from library.models import SnapshotObject
from tests.analysis.change_oracle import Bundle, expected, is_live, read

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]

OLD, NEW = "17.1", "18.1"


@pytest.fixture(scope="module")
def old(attack_bundles: Path) -> dict[str, Bundle]:
    return {domain: Bundle(path(attack_bundles, domain, OLD)) for domain in Domain.values}


@pytest.fixture(scope="module")
def new(attack_bundles: Path) -> dict[str, Bundle]:
    return {domain: Bundle(path(attack_bundles, domain, NEW)) for domain in Domain.values}


def path(bundles: Path, domain: str, release: str) -> Path:
    return bundles / f"{domain}-attack-{release}.json.xz"


@pytest.fixture(scope="module")
def stood(
    attack_bundles: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[tuple[str, str], Standing]]:
    """How each Take on an object of 17.1 stands once 18.1 is read, by domain and STIX id."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert connection.settings_dict["NAME"].startswith("test_")
        bring_in(attack_bundles, OLD)
        publish_all()
        bring_in(attack_bundles, NEW)
        revisions = list(Revision.objects.published())
        found = standings(current_shelf(), revisions)
        yield {(r.domain, r.take.stix_id): found[r.pk] for r in revisions}
        transaction.set_rollback(True)


def bring_in(bundles: Path, release: str) -> None:
    paths = [path(bundles, domain, release) for domain in Domain.values]
    import_bundles(file_sources(paths), Options(validate=False))


def publish_all() -> None:
    """A published Take on every object, in the first domain that holds it."""
    held: dict[str, SnapshotObject] = {}
    rows = SnapshotObject.objects.in_snapshots(current_shelf().snapshots)
    for row in rows.filter(object__stix_type__in=list(TYPE_OF)).order_by("snapshot_id"):
        held.setdefault(row.object.stix_id, row)
    takes = Take.objects.bulk_create(Take(stix_id=stix_id) for stix_id in held)
    Revision.objects.bulk_create(
        Revision(
            take=take,
            number=1,
            state=State.PUBLISHED,
            author_name="Ann",
            written_at=datetime(2026, 1, 1, tzinfo=UTC),
            name=row.version.name or take.stix_id,
            confidence="low",
            sections={"summary": "What it means."},
            domain=row.snapshot.domain,
            attack_version=row.snapshot.attack_version,
            content_sha256=bytes(row.version.content_sha256),
            snapshot=row.snapshot,
        )
        for take, row in zip(takes, held.values(), strict=True)
    )


def test_every_take_stands_as_the_bundles_say(
    stood: dict[tuple[str, str], Standing], old: dict[str, Bundle], new: dict[str, Bundle]
) -> None:
    wanted = {(d, stix_id): expected(old, new, d, stix_id) for d, stix_id in stood}
    differing = {
        place: (wanted[place], standing)
        for place, standing in stood.items()
        if standing.freshness != wanted[place]
    }
    assert not differing
    # Not for want of cases.
    counts = Counter(wanted.values())
    assert all(counts[found] > 100 for found in Freshness if found != Freshness.INCOMPARABLE)


def test_no_mitigation_is_stale_for_another_domain_alone(
    stood: dict[tuple[str, str], Standing], old: dict[str, Bundle], new: dict[str, Bundle]
) -> None:
    """Of release 18.1 none is, so that what is told of other domains makes no Take stale."""
    stale = {place for place, found in stood.items() if found.freshness == Freshness.MUST_REVIEW}
    for domain, stix_id in stale:
        assert old[domain].core(stix_id) != new[domain].core(stix_id), (domain, stix_id)


def on_live_techniques(
    stood: dict[tuple[str, str], Standing], old: dict[str, Bundle], new: dict[str, Bundle]
) -> Iterator[tuple[str, str, Standing]]:
    """Domain, STIX id and standing of each Take on a technique that is live in both releases."""
    for (domain, stix_id), standing in stood.items():
        both = old[domain].is_live(stix_id) and new[domain].is_live(stix_id)
        if both and stix_id.startswith("attack-pattern"):
            yield domain, stix_id, standing


def test_no_component_is_told_as_removed_that_strategies_lead_to(
    stood: dict[tuple[str, str], Standing], old: dict[str, Bundle], new: dict[str, Bundle]
) -> None:
    seen = 0
    for domain, stix_id, standing in on_live_techniques(stood, old, new):
        before, after = old[domain].sensed(stix_id), new[domain].sensed(stix_id)
        seen += bool(before & after)
        lost = len(before - after)
        told = [
            phrase for phrase in standing.around if re.search("data components? removed", phrase)
        ]
        wanted = [f"{lost} data component{'s' if lost != 1 else ''} removed"] if lost else []
        assert told == wanted, (domain, stix_id)
    assert seen > 100


def test_what_was_revoked_leads_to_the_end_of_its_chain(
    stood: dict[tuple[str, str], Standing], new: dict[str, Bundle]
) -> None:
    retired = {p: s for p, s in stood.items() if s.freshness == Freshness.RETIRE}
    assert {p: s.successor_id for p, s in retired.items()} == {
        (domain, stix_id): new[domain].successor(stix_id) for domain, stix_id in retired
    }


def test_what_a_technique_gained_and_lost_is_counted(
    stood: dict[tuple[str, str], Standing], old: dict[str, Bundle], new: dict[str, Bundle]
) -> None:
    seen = 0
    for domain, stix_id, standing in on_live_techniques(stood, old, new):
        told = [*standing.material, *standing.around]
        for kind, noun in (("mitigates", "mitigation"), ("uses", "procedure example")):
            before = old[domain].others(stix_id, kind, "from")
            after = new[domain].others(stix_id, kind, "from")
            for count, verb in ((len(after - before), "added"), (len(before - after), "removed")):
                phrase = f"{count} {noun}{'s' if count != 1 else ''} {verb}"
                assert (phrase in told) == bool(count), (domain, stix_id, phrase, told)
                seen += bool(count)
    assert seen > 100


def test_a_rule_that_took_every_technique_for_stale_would_be_worthless(
    stood: dict[tuple[str, str], Standing], old: dict[str, Bundle], new: dict[str, Bundle]
) -> None:
    """18.1 has no detection text on any of the 679 techniques that are live in both releases.

    It took that of 583 away; 96 had none. It changed 54 in what a Take rests on. Of another 127 it
    put the platforms in another order, and one definition lost a link but no word (T1037.004):
    neither says anything to a reader. Compared as written it would be 182.
    """
    before, after = old["enterprise"], new["enterprise"]
    techniques = [
        stix_id
        for stix_id, found in before.objects.items()
        if found["type"] == "attack-pattern" and is_live(found) and after.is_live(stix_id)
    ]
    assert len(techniques) == 679
    assert not any(after.objects[found].get("x_mitre_detection") for found in techniques)
    emptied = {found for found in techniques if before.objects[found].get("x_mitre_detection")}
    assert len(emptied) == 583
    changed = {found for found in techniques if before.core(found) != after.core(found)}
    assert len(changed) == 54
    as_written = {found for found in techniques if written(before, found) != written(after, found)}
    assert len(as_written) == 182
    assert changed < as_written
    by_freshness = {
        freshness: {t for t in techniques if stood["enterprise", t].freshness == freshness}
        for freshness in Freshness
    }
    assert by_freshness[Freshness.MUST_REVIEW] == changed
    assert emptied - changed <= by_freshness[Freshness.AROUND]
    for found in emptied:
        is_text = bool(read(before.objects[found]["x_mitre_detection"]))
        told = stood["enterprise", found].around
        assert ("detection text removed" in told) == is_text


def written(bundle: Bundle, stix_id: str) -> dict[str, object]:
    """The same as a Take rests on, with lists in the order in which they stand, and with links."""
    found = bundle.objects[stix_id]
    uncited = re.sub(r"\s*\(Citation:[^)]*\)", "", found["description"])
    return bundle.core(stix_id) | {
        "prose": " ".join(re.sub(r"\]\([^)]*\)", "]", uncited).split()),
        "platforms": found.get("x_mitre_platforms"),
    }
