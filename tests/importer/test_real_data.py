"""MITRE's own releases, against facts from the live site, the raw bundles and MITRE's library.

What is expected never comes from code of this project.
"""

import hashlib
import json
import lzma
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from mitreattack.stix20 import MitreAttackData

from importer.deletion import delete_snapshot
from importer.pipeline import Options, import_bundles
from importer.report import Report
from importer.sources import file_sources
from importer.verification import problems
from library.identifiers import MITIGATION, Domain
from library.models import ObjectVersion, Snapshot, SnapshotEdge, SnapshotObject
from library.querysets import SnapshotObjectQuerySet

type Properties = dict[str, Any]
type Edge = tuple[str, str, str, bool]

BUNDLES = [
    *(("ics", "17.1"), ("ics", "18.1"), ("mobile", "17.1"), ("mobile", "18.1")),
    *(("enterprise", "17.1"), ("enterprise", "18.1")),
]
OFFICIAL = {("ics", "17.1"), ("ics", "18.1"), ("mobile", "17.1")}
every_bundle = pytest.mark.parametrize(("domain", "release"), BUNDLES)

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real data")]


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """One transaction for all tests here, undone at the end; named so as pytest-django expects."""
    assert connection.settings_dict["NAME"].startswith("test_")
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield
        transaction.set_rollback(True)


class Bundles:
    """The real bundles, and their imports: each once, when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reports: dict[tuple[str, str], Report] = {}

    def path(self, domain: str, release: str) -> Path:
        return self._folder / f"{domain}-attack-{release}.json.xz"

    def report(self, domain: str, release: str) -> Report:
        """The report of the import; ICS is imported with validation, and older releases first."""
        for known, earlier in BUNDLES:
            if known != domain or (known, earlier) in self._reports:
                continue
            sources = file_sources([self.path(known, earlier)])
            options = Options(validate=domain == Domain.ICS)
            (self._reports[known, earlier],) = import_bundles(sources, options)
        return self._reports[domain, release]

    def snapshot(self, domain: str, release: str) -> Snapshot:
        return Snapshot.objects.get(pk=self.report(domain, release).snapshot)

    @cache  # noqa: B019  (there is one for the module)
    def raw(self, domain: str, release: str) -> dict[str, Properties]:
        """The objects of a bundle by id."""
        objects = json.loads(lzma.decompress(self.path(domain, release).read_bytes()))["objects"]
        return {found["id"]: found for found in objects}


@pytest.fixture(scope="module")
def bundles(attack_bundles: Path, db: None) -> Bundles:
    return Bundles(attack_bundles)


def is_live(properties: Properties | None) -> bool:
    return properties is not None and not (
        properties.get("revoked", False) or properties.get("x_mitre_deprecated", False)
    )


@every_bundle
def test_every_content_is_the_raw_objects_when_imported(
    bundles: Bundles, domain: str, release: str
) -> None:
    snapshot, raw = bundles.snapshot(domain, release), bundles.raw(domain, release)
    # Keys are ASCII and there is no number but small integers: so this is RFC 8785.
    canonical = {
        stix_id: json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        for stix_id, found in raw.items()
    }
    rows = snapshot.members.values_list(
        "object__stix_id",
        "object__stix_type",
        "version__content_sha256",
        "version__content__canonical",
    )
    seen = set()
    for stix_id, stix_type, sha256, text in rows.iterator():
        seen.add(stix_id)
        assert text == canonical[stix_id]
        assert bytes(sha256) == hashlib.sha256(text.encode()).digest()
        assert stix_type == raw[stix_id]["type"]
    assert seen == raw.keys()


@every_bundle
def test_every_hash_is_right_when_verified(bundles: Bundles, domain: str, release: str) -> None:
    assert list(problems(bundles.snapshot(domain, release))) == []


@every_bundle
def test_the_report_is_what_the_raw_bundle_says(
    bundles: Bundles, domain: str, release: str
) -> None:
    report, raw = bundles.report(domain, release), bundles.raw(domain, release)

    assert (report.domain, report.release, report.objects) == (domain, release, len(raw))
    assert report.objects_by_type == Counter(found["type"] for found in raw.values())
    official = (domain, release) in OFFICIAL
    assert report.provenance == ("official" if official else "unrecognised")
    if official:
        data = lzma.decompress(bundles.path(domain, release).read_bytes())
        assert report.bundle_sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("domain", ["enterprise", "ics", "mobile"])
def test_differences_of_releases_are_those_of_the_raw_bundles(
    bundles: Bundles, domain: str
) -> None:
    old, new = bundles.raw(domain, "17.1"), bundles.raw(domain, "18.1")
    report = bundles.report(domain, "18.1")
    both = old.keys() & new.keys()
    changed = {stix_id for stix_id in both if old[stix_id] != new[stix_id]}

    assert report.before == "17.1"
    assert (report.added, report.removed) == (len(new.keys() - both), len(old.keys() - both))
    assert (report.changed, report.unchanged) == (len(changed), len(both - changed))
    versions = ObjectVersion.objects.filter(object__stix_id__in=changed)
    assert versions.filter(memberships__snapshot__domain=domain).distinct().count() >= len(changed)


@pytest.mark.parametrize(("domain", "count"), [("enterprise", 103), ("ics", 70)])
def test_objects_are_told_apart_by_content_when_id_and_modified_are_the_same(
    bundles: Bundles, domain: str, count: int
) -> None:
    old, new = bundles.raw(domain, "17.1"), bundles.raw(domain, "18.1")
    same_pair = {
        stix_id
        for stix_id in old.keys() & new.keys()
        if old[stix_id].get("modified") == new[stix_id].get("modified")
        and old[stix_id] != new[stix_id]
    }
    members = [bundles.snapshot(domain, release).members for release in ("17.1", "18.1")]
    first, second = (
        dict(held.filter(object__stix_id__in=same_pair).values_list("object", "version"))
        for held in members
    )

    assert len(same_pair) == count
    assert first.keys() == second.keys()
    assert all(first[key] != second[key] for key in first)


def test_every_object_of_ics_is_checked_when_validation_is_on(bundles: Bundles) -> None:
    old, new = (bundles.report("ics", release) for release in ("17.1", "18.1"))

    assert sum(old.checked.values()) == old.objects
    assert old.checked["envelope"] == new.checked["envelope"] == 0
    # What 17.1 had, nobody checks again.
    assert sum(new.checked.values()) == new.added + new.changed
    for report in (old, new):
        ids = bundles.raw("ics", report.release).keys()
        assert {found["stix_id"] for found in report.finding_details} <= ids
        assert len(report.finding_details) < len(ids) / 100


def raw_edges(raw: dict[str, Properties]) -> Iterator[Edge]:
    """Every link of a bundle as attack.mitre.org shows them, from the raw objects alone."""
    tactics = {
        found["x_mitre_shortname"]: stix_id
        for stix_id, found in sorted(raw.items(), key=lambda pair: is_live(pair[1]))
        if found["type"] == "x-mitre-tactic"
    }
    for stix_id, found in raw.items():
        ends: set[tuple[str, str, str]] = set()
        if found["type"] == "relationship":
            kind, source, target = (
                found[name] for name in ("relationship_type", "source_ref", "target_ref")
            )
            ends.add((kind, source, target))
        for phase in found.get("kill_chain_phases", []):
            ends.add(("kill_chain_phases", stix_id, tactics[phase["phase_name"]]))
        for name in ("tactic_refs", "x_mitre_analytic_refs"):
            ends |= {(name, stix_id, target) for target in found.get(name, [])}
        for log in found.get("x_mitre_log_source_references", []):
            target = log["x_mitre_data_component_ref"]
            ends.add(("x_mitre_log_source_references", stix_id, target))
        # Data components new in 18.0 have no data source: the text is empty.
        if target := found.get("x_mitre_data_source_ref"):
            ends.add(("x_mitre_data_source_ref", stix_id, target))
        for kind, source, target in ends:
            live = is_live(found) and is_live(raw.get(source)) and is_live(raw.get(target))
            yield kind, source, target, live


@every_bundle
def test_every_link_is_the_raw_bundles_when_imported(
    bundles: Bundles, domain: str, release: str
) -> None:
    edges = SnapshotEdge.objects.filter(snapshot=bundles.snapshot(domain, release))
    rows = edges.values_list("kind", "source__stix_id", "target__stix_id", "live")

    assert Counter(rows.iterator()) == Counter(raw_edges(bundles.raw(domain, release)))


@every_bundle
def test_every_mitigation_addresses_what_mitres_library_says(
    bundles: Bundles, domain: str, release: str, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.json"
    path.write_bytes(lzma.decompress(bundles.path(domain, release).read_bytes()))
    oracle = MitreAttackData(str(path))
    mitigations = oracle.get_mitigations()
    edges = SnapshotEdge.objects.filter(
        snapshot=bundles.snapshot(domain, release), kind="mitigates", live=True
    )
    rows = edges.values_list(
        "source__stix_id", "target__stix_id", "version__object__stix_id"
    ).iterator()
    found: dict[str, Counter[tuple[str, str]]] = {held["id"]: Counter() for held in mitigations}
    for mitigation, technique, relationship in rows:
        found[mitigation][technique, relationship] += 1

    for held in mitigations:
        expected = Counter(
            (entry["object"]["id"], related["id"])
            for entry in oracle.get_techniques_mitigated_by_mitigation(held["id"])
            for related in entry["relationships"]
        )
        # MITRE's library does not ask whether the mitigation itself is revoked or deprecated; here
        # a relationship is dead when either end is (DESIGN.md §5).
        if not is_live(dict(held)):
            expected = Counter()
        assert found[held["id"]] == expected, held["name"]
    assert sum(map(len, found.values())) > 100


def mitigations_of_18_1(bundles: Bundles) -> SnapshotObjectQuerySet:
    held = [bundles.snapshot(domain, "18.1") for domain in Domain.values]
    return SnapshotObject.objects.in_snapshots(held).of_type(MITIGATION)


def test_mitigations_are_as_many_as_on_the_live_site(bundles: Bundles) -> None:
    every = mitigations_of_18_1(bundles)

    assert (every.live().count(), every.count()) == (109, 335)
    assert every.live().values("object").distinct().count() == 108


@pytest.mark.parametrize(
    ("live", "offset", "expected"),
    [
        (True, 25, "M0953 M1057 M0803 M1010 M1042 M0942 M1055 M1059"),
        (False, 175, "M0805 M0806 M0816 T1031 T1112"),
    ],
)
def test_mitigations_are_in_the_order_of_the_live_site(
    bundles: Bundles, *, live: bool, offset: int, expected: str
) -> None:
    every = mitigations_of_18_1(bundles)
    asked = (every.live() if live else every).in_list_order()[offset : offset + 25]

    ids = [row.version.attack_id for row in asked]
    assert " ".join(ids).startswith(expected)


def test_m1037_addresses_49_techniques(bundles: Bundles) -> None:
    (row,) = mitigations_of_18_1(bundles).named(["M1037"])
    edges = SnapshotEdge.objects.live_in([row.snapshot]).filter(
        source=row.object_id, kind="mitigates"
    )

    assert edges.count() == 49


def test_the_others_are_sound_when_a_release_is_deleted(bundles: Bundles) -> None:
    kept = [bundles.snapshot(*bundle) for bundle in (("ics", "18.1"), ("mobile", "17.1"))]
    old, new = bundles.raw("ics", "17.1"), bundles.raw("ics", "18.1")
    changed = {stix_id for stix_id in old if old[stix_id] != new.get(stix_id)}
    elsewhere = SnapshotObject.objects.exclude(snapshot__domain="ics")
    used = set(elsewhere.values_list("version", flat=True))
    versions = bundles.snapshot("ics", "17.1").members.filter(object__stix_id__in=changed)
    gone = set(versions.values_list("version", flat=True)) - used
    with transaction.atomic():
        deleted = delete_snapshot(bundles.snapshot("ics", "17.1"))
        assert deleted.memberships == len(old)
        assert deleted.versions == len(gone)
        assert not ObjectVersion.objects.filter(pk__in=gone).exists()
        assert [list(problems(snapshot)) for snapshot in kept] == [[], []]
        transaction.set_rollback(True)
