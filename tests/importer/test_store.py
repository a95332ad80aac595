"""Storing: contents once, memberships, and links with what makes them live."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from importer.pipeline import Options, import_bundles
from importer.report import Report
from library.models import (
    ObjectContent,
    ObjectVersion,
    Snapshot,
    SnapshotBundle,
    SnapshotEdge,
    SnapshotObject,
    StixObject,
)
from tests import factories
from tests.factories import Properties, import_objects, mitigation, relationship, technique

SAMPLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"
ABSENT = f"x-mitre-data-component--{'0' * 8}-0000-4000-8000-{'0' * 12}"

pytestmark = pytest.mark.django_db


def library_state(app: str = "library") -> dict[str, tuple[int, str]]:
    """Of every table of an app, how many rows it has and a digest of all that is in them."""
    found = {}
    for model in apps.get_app_config(app).get_models():
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY t::text)), '')"
                f" FROM {table} t"
            )
            found[table] = cursor.fetchone()
    return found


def sample_objects(domain: str, release: str) -> dict[str, Properties]:
    """The objects of a sample bundle by id, straight from its file."""
    held = orjson.loads((SAMPLES / f"{domain}-{release}.json").read_bytes())["objects"]
    return {found["id"]: found for found in held}


def import_sample(domain: str, release: str) -> Report:
    content = (SAMPLES / f"{domain}-{release}.json").read_bytes()
    (report,) = import_bundles([factories.source(content)], Options(validate=False))
    return report


def stored(snapshot: int) -> dict[str, bytes]:
    """The canonical bytes that a snapshot holds, by STIX id."""
    held = SnapshotObject.objects.filter(snapshot=snapshot)
    pairs = held.values_list("object__stix_id", "version__content__canonical")
    return {stix_id: canonical.encode() for stix_id, canonical in pairs}


def links(report: Report, kind: str) -> dict[tuple[str, str], bool]:
    """The links of one kind in a snapshot: (source, target) and whether it is live."""
    held = SnapshotEdge.objects.filter(snapshot=report.snapshot, kind=kind)
    rows = held.values_list("source__stix_id", "target__stix_id", "live")
    return {(source, target): live for source, target, live in rows}


@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_every_object_is_stored_canonically_when_first_imported(domain: str) -> None:
    given = sample_objects(domain, "sample-1")
    report = import_sample(domain, "sample-1")

    assert stored(report.snapshot) == {i: rfc8785.dumps(found) for i, found in given.items()}
    hashes = SnapshotObject.objects.values_list("object__stix_id", "version__content_sha256")
    assert {stix_id: bytes(sha256).hex() for stix_id, sha256 in hashes} == {
        stix_id: hashlib.sha256(rfc8785.dumps(found)).hexdigest()
        for stix_id, found in given.items()
    }
    assert (report.objects, report.added) == (len(given), len(given))
    assert (report.changed, report.removed, report.unchanged) == (0, 0, 0)
    assert sum(report.objects_by_type.values()) == len(given)


@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_differences_are_counted_by_hash_when_the_next_release_comes(domain: str) -> None:
    old, new = sample_objects(domain, "sample-1"), sample_objects(domain, "sample-2")
    import_sample(domain, "sample-1")
    report = import_sample(domain, "sample-2")

    both = old.keys() & new.keys()
    changed = {i for i in both if rfc8785.dumps(old[i]) != rfc8785.dumps(new[i])}
    assert (report.added, report.removed) == (len(new.keys() - both), len(old.keys() - both))
    assert (report.changed, report.unchanged) == (len(changed), len(both - changed))
    assert report.before == "sample-1"
    assert min(report.added, report.changed, report.removed, report.unchanged) > 0


def test_contents_are_stored_once_over_snapshots_when_nothing_changed_in_them() -> None:
    for release in ("sample-1", "sample-2"):
        for domain in ("enterprise", "mobile", "ics"):
            import_sample(domain, release)

    every = [
        found
        for release in ("sample-1", "sample-2")
        for domain in ("enterprise", "mobile", "ics")
        for found in sample_objects(domain, release).values()
    ]
    contents = {rfc8785.dumps(found) for found in every}
    assert ObjectVersion.objects.count() == len(contents) < len(every)
    canonical = ObjectContent.objects.values_list("canonical", flat=True)
    assert {text.encode() for text in canonical} == contents
    assert SnapshotObject.objects.count() == len(every)
    assert {found["id"] for found in every} <= set(
        StixObject.objects.values_list("stix_id", flat=True)
    )


def test_a_content_is_a_new_version_when_it_changed_under_the_same_id_and_modified() -> None:
    before = mitigation("M1037", "Filter Network Traffic")
    after = before | {"description": "About something else."}
    assert before["modified"] == after["modified"]
    first = import_objects(before, release="1.0")
    second = import_objects(after, release="2.0")

    assert ObjectVersion.objects.filter(object__stix_id=before["id"]).count() == 2
    assert orjson.loads(stored(first.snapshot)[before["id"]]) == before
    assert orjson.loads(stored(second.snapshot)[after["id"]]) == after


def test_a_content_is_changed_and_no_new_version_when_it_is_an_older_one_again() -> None:
    first = mitigation("M1037", "Filter Network Traffic")
    for release, content in (("1.0", first), ("2.0", first | {"description": "Otherwise."})):
        import_objects(content, release=release)
    report = import_objects(first, release="3.0")

    # The collection is new as well; the matrix is not.
    assert (report.added, report.changed, report.unchanged) == (0, 2, 1)
    assert ObjectVersion.objects.filter(object__stix_id=first["id"]).count() == 2


def test_versions_are_shared_when_two_domains_hold_the_same_content() -> None:
    shared = mitigation("M1013", "Application Developer Guidance")
    differs = mitigation("M1014", "Another")
    theirs = differs | {"x_mitre_domains": ["mobile-attack"]}
    import_objects(shared, differs, domain="enterprise")
    import_objects(shared, theirs, domain="mobile")

    versions = SnapshotObject.objects.values_list("version", flat=True)
    assert len(set(versions.filter(object__stix_id=shared["id"]))) == 1
    assert len(set(versions.filter(object__stix_id=differs["id"]))) == 2
    assert SnapshotObject.objects.filter(object__stix_id=shared["id"]).count() == 2


def test_types_and_fields_are_kept_when_they_were_never_seen_before() -> None:
    strange = factories.stix_object("x-mitre-horoscope", "Libra", x_mitre_houses={"7": [1.5, None]})
    known = mitigation("M1037", "Filter", x_mitre_mood="good", another=[{"deep": True}])
    report = import_objects(strange, known)

    held = stored(report.snapshot)
    assert held[strange["id"]] == rfc8785.dumps(strange)
    assert held[known["id"]] == rfc8785.dumps(known)
    assert report.objects_by_type["x-mitre-horoscope"] == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"name": "nul \x00 inside", "description": "and \x00 here"},
        {"name": 7, "modified": "yesterday", "x_mitre_version": ["1.0"], "revoked": "true"},
        {"external_references": {"source_name": "mitre-attack"}, "x_mitre_deprecated": 1},
        {"kill_chain_phases": [None, {"phase_name": 3}], "tactic_refs": "x", "modified": None},
        {"x_mitre_log_source_references": [{}], "x_mitre_data_source_ref": {"a": "b"}},
        {"name": "a\tb\\N\n\\.\r\n'\"\u2028😀", "description": "\\.\n\\N\t\x01\x7f"},
        {
            "modified": "0001-01-01T00:00:00+23:59",
            "name": "x" * 1_000,
            "description": "y" * 300_000,
        },
    ],
)
def test_an_object_is_kept_verbatim_when_its_fields_are_odd(broken: dict[str, Any]) -> None:
    odd = mitigation("M1037", "Filter") | broken
    report = import_objects(odd, mitigation("M1038", "Sound"))

    assert orjson.loads(stored(report.snapshot)[odd["id"]]) == odd
    version = ObjectVersion.objects.get(object__stix_id=odd["id"])
    name = odd["name"] if isinstance(odd["name"], str) else ""
    assert version.name == name.replace("\x00", "�")
    assert version.live


def test_relationships_become_links_when_imported() -> None:
    filters, scans = technique("T1001", "Filters"), technique("T1002", "Scans")
    stops = mitigation("M1", "Stop")
    report = import_objects(
        *(filters, scans, stops),
        relationship("mitigates", stops, filters, note="By stopping it."),
        relationship("mitigates", stops, scans),
        relationship("never-seen-before", scans, stops),
    )

    expected = {(stops["id"], filters["id"]): True, (stops["id"], scans["id"]): True}
    assert links(report, "mitigates") == expected
    assert links(report, "never-seen-before") == {(scans["id"], stops["id"]): True}


def test_every_link_in_properties_is_an_edge_when_imported() -> None:
    tactic = factories.tactic("TA0001", "Initial Access", "initial-access")
    entry = technique("T1001", "Entry", ("initial-access", "no-such-phase"))
    source = factories.attack_object("x-mitre-data-source", "DS1", "Logs")
    component = factories.attack_object(
        "x-mitre-data-component", "DC1", "Log", x_mitre_data_source_ref=source["id"]
    )
    analytic = factories.attack_object(
        "x-mitre-analytic",
        "AN1",
        "Analytic",
        x_mitre_log_source_references=[
            {"x_mitre_data_component_ref": component["id"], "name": "a"},
            {"x_mitre_data_component_ref": component["id"], "name": "b"},
            {"x_mitre_data_component_ref": ABSENT, "name": "c"},
        ],
    )
    strategy = factories.attack_object(
        "x-mitre-detection-strategy", "DET1", "D", x_mitre_analytic_refs=[analytic["id"]]
    )
    matrix = factories.matrix("enterprise", [tactic])
    report = import_objects(tactic, entry, source, component, analytic, strategy, matrix)

    assert links(report, "kill_chain_phases") == {(entry["id"], tactic["id"]): True}
    assert links(report, "tactic_refs") == {(matrix["id"], tactic["id"]): True}
    assert links(report, "x_mitre_analytic_refs") == {(strategy["id"], analytic["id"]): True}
    assert links(report, "x_mitre_data_source_ref") == {(component["id"], source["id"]): True}
    assert links(report, "x_mitre_log_source_references") == {
        (analytic["id"], component["id"]): True,
        (analytic["id"], ABSENT): False,
    }
    carriers = SnapshotEdge.objects.values_list("source__stix_id", "version__object__stix_id")
    assert all(source == carrier for source, carrier in carriers)


@pytest.mark.parametrize("state", [{"revoked": True}, {"x_mitre_deprecated": True}])
@pytest.mark.parametrize("dead", ["source", "target", "relationship"])
def test_a_link_is_dead_when_an_end_or_the_relationship_is(
    dead: str, state: dict[str, bool]
) -> None:
    stops, attack = mitigation("M1", "Stop"), technique("T1001", "Attack")
    link = relationship("mitigates", stops, attack)
    {"source": stops, "target": attack, "relationship": link}[dead].update(state)
    report = import_objects(stops, attack, link)

    assert links(report, "mitigates") == {(stops["id"], attack["id"]): False}


@pytest.mark.parametrize("missing", ["source", "target"])
def test_a_link_is_dead_when_the_bundle_lacks_an_end(missing: str) -> None:
    stops, attack = mitigation("M1", "Stop"), technique("T1001", "Attack")
    link = relationship("mitigates", stops, attack)
    report = import_objects(attack if missing == "source" else stops, link)

    assert links(report, "mitigates") == {(stops["id"], attack["id"]): False}
    # Live where the bundle of another release holds both ends.
    later = import_objects(stops, attack, link, release="2.0")
    assert links(later, "mitigates") == {(stops["id"], attack["id"]): True}
    assert links(report, "mitigates") == {(stops["id"], attack["id"]): False}


def test_a_property_link_is_dead_when_its_tactic_is_deprecated() -> None:
    tactic = factories.tactic("TA0001", "Initial Access", "initial-access")
    tactic["x_mitre_deprecated"] = True
    entry = technique("T1001", "Entry", ("initial-access",))
    report = import_objects(tactic, entry)

    assert links(report, "kill_chain_phases") == {(entry["id"], tactic["id"]): False}
    # Of two tactics of one short name the live one is meant, whichever comes first.
    living = factories.tactic("TA0002", "Initial Access", "initial-access")
    for release, tactics in (("2.0", (tactic, living)), ("3.0", (living, tactic))):
        report = import_objects(*tactics, entry, release=release)
        assert links(report, "kill_chain_phases") == {(entry["id"], living["id"]): True}


def test_the_bundle_says_how_it_is_kept_when_stored() -> None:
    report = import_sample("ics", "sample-1")
    content = (SAMPLES / "ics-sample-1.json").read_bytes()

    snapshot = Snapshot.objects.get(pk=report.snapshot)
    assert snapshot.sha256 == report.bundle_sha256 == hashlib.sha256(content).hexdigest()
    assert snapshot.bundle_bytes == len(content)
    assert SnapshotBundle.objects.get(snapshot=snapshot).encoding == "zstd"


@pytest.mark.parametrize(
    "model", [StixObject, ObjectVersion, ObjectContent, SnapshotObject, SnapshotEdge]
)
def test_the_planner_is_told_of_the_rows_when_an_import_ends(model: type[Model]) -> None:
    # What it takes for empty it reads whole for every row of the rest.
    shell, measure = technique("T1000", "Shell"), mitigation("M1000", "Measure")
    # ANALYZE reads a large table in part and estimates the rest: what other tests rolled back has
    # its pages until it is vacuumed.
    factories.clear_library()
    with CaptureQueriesContext(connection) as queries:
        import_objects(shell, measure, relationship("mitigates", measure, shell))
    table = model._meta.db_table
    (told,) = [query["sql"] for query in queries if "library_analyze" in query["sql"]]
    assert table in told
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        assert cursor.fetchone() == (model._default_manager.count(),)
