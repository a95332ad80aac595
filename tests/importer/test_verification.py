"""Verification finds every kind of damage, and none where there is none."""

import gzip
import lzma
from collections.abc import Callable

import orjson
import pytest
from django.db import connection

from importer.acquire import unpack
from importer.pipeline import Options, import_bundles
from importer.verification import problems
from library.models import Snapshot, SnapshotBundle
from tests import factories
from tests.factories import import_objects, mitigation, relationship, technique
from tests.importer.test_store import SAMPLES, import_sample

pytestmark = pytest.mark.django_db

STOP = mitigation("M1", "Stop")
HALT = mitigation("M2", "Halt")
ATTACK = technique("T1", "Attack", ("entry",))
TACTIC = factories.tactic("TA1", "Entry", "entry")
LINK = relationship("mitigates", STOP, ATTACK)
OBJECTS = (STOP, HALT, ATTACK, TACTIC, LINK)


@pytest.fixture
def snapshot(db: None) -> Snapshot:
    """A small sound snapshot; beside it another, whose rows damage can point at."""
    other = import_objects(STOP | {"description": "Otherwise."}, release="1.0")
    assert list(problems(Snapshot.objects.get(pk=other.snapshot))) == []
    return Snapshot.objects.get(pk=import_objects(*OBJECTS, release="2.0").snapshot)


def damage(statement: str, **values: str | bytes) -> None:
    """Change rows as nothing but the owner of the tables can, with the triggers out of the way.

    In the statement `{STOP}` and its like stand for the keys of objects.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT stix_id, id FROM library_stixobject")
        keys = dict(cursor.fetchall())
        named = {"STOP": STOP, "HALT": HALT, "ATTACK": ATTACK, "LINK": LINK}
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'immutable'")
        tables = [table for (table,) in cursor.fetchall()]
        connection.check_constraints()
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER immutable")
        cursor.execute(
            statement.format(**{name: keys[found["id"]] for name, found in named.items()}), values
        )
        assert cursor.rowcount == 1
        connection.check_constraints()
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER immutable")


def test_nothing_is_found_when_nothing_is_damaged(snapshot: Snapshot) -> None:
    assert list(problems(snapshot)) == []


@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_nothing_is_found_when_a_whole_sample_was_imported(db: None, domain: str) -> None:
    for release in ("sample-1", "sample-2"):
        import_sample(domain, release)
    assert [list(problems(held)) for held in Snapshot.objects.all()] == [[], []]


CURRENT = "(SELECT max(id) FROM library_snapshot)"
OLDER = "(SELECT min(id) FROM library_snapshot)"
VERSION = (
    f"(SELECT version_id FROM library_snapshotobject WHERE snapshot_id = {CURRENT}"
    " AND object_id = {STOP})"
)
MEMBER = f"WHERE snapshot_id = {CURRENT} AND object_id = {{STOP}}"
EDGE = f"WHERE snapshot_id = {CURRENT} AND kind = 'mitigates'"
ENDS = "the live link {STOP} mitigates {ATTACK} of {LINK}"
SAID = "the snapshot's {} is not what its bundle says."
DAMAGES = {
    "provenance forged": (
        f"UPDATE library_snapshot SET provenance = 'official' WHERE id = {CURRENT}",
        [SAID.format("provenance")],
    ),
    "date changed": (
        f"UPDATE library_snapshot SET released_at = now() WHERE id = {CURRENT}",
        [SAID.format("released_at")],
    ),
    "types changed": (
        f"UPDATE library_snapshot SET objects_by_type = '{{{{}}}}' WHERE id = {CURRENT}",
        [SAID.format("objects_by_type")],
    ),
    "encoding changed": (
        f"UPDATE library_snapshotbundle SET encoding = 'xz' WHERE snapshot_id = {CURRENT}",
        ["the bundle's encoding is not what it is kept in."],
    ),
    "type changed": (
        "UPDATE library_stixobject SET stix_type = 'tool' WHERE id = {STOP}",
        ["{STOP}: listed under another type."],
    ),
    "content changed": (
        "UPDATE library_objectcontent SET canonical = replace(canonical, 'Stop', 'Shop')"
        f" WHERE version_id = {VERSION}",
        ["{STOP}: the stored content does not have its version's SHA-256."],
    ),
    "content respaced": (
        f"UPDATE library_objectcontent SET canonical = canonical || ' '"
        f" WHERE version_id = {VERSION}",
        ["{STOP}: the stored content does not have its version's SHA-256."],
    ),
    "content gone": (
        f"DELETE FROM library_objectcontent WHERE version_id = {VERSION}",
        ["{STOP}: its version has no stored content."],
    ),
    "hash changed": (
        "UPDATE library_objectversion SET content_sha256 = decode(repeat('00', 32), 'hex')"
        f" WHERE id = {VERSION}",
        [
            "{STOP}: the stored content does not have its version's SHA-256.",
            "{STOP}: held with another content than the bundle's.",
        ],
    ),
    "column changed": (
        f"UPDATE library_objectversion SET revoked = true WHERE id = {VERSION}",
        ["{STOP}: looked up by something else than its content says."],
    ),
    "version of another object": (
        f"UPDATE library_objectversion SET object_id = {{HALT}} WHERE id = {VERSION}",
        ["{STOP}: its version belongs to another object."],
    ),
    "membership of another release": (
        "UPDATE library_snapshotobject SET version_id = (SELECT version_id FROM"
        f" library_snapshotobject WHERE snapshot_id = {OLDER} AND object_id = {{STOP}}) {MEMBER}",
        ["{STOP}: held with another content than the bundle's."],
    ),
    "membership of no version": (
        f"UPDATE library_snapshotobject SET version_id = 2000000000 {MEMBER}",
        ["6 objects are held, 7 were imported.", "{STOP}: in the bundle, but not held."],
    ),
    "membership gone": (
        f"DELETE FROM library_snapshotobject {MEMBER}",
        ["6 objects are held, 7 were imported.", "{STOP}: in the bundle, but not held."],
    ),
    "membership too many": (
        "INSERT INTO library_snapshotobject (snapshot_id, object_id, version_id)"
        f" SELECT {CURRENT}, o.id, {VERSION} FROM library_stixobject o"
        " WHERE o.stix_id = %(extra)s",
        [
            "{EXTRA}: its version belongs to another object.",
            "8 objects are held, 7 were imported.",
            "{EXTRA}: held, but not in the bundle.",
        ],
    ),
    "end that is not there": (
        f"UPDATE library_snapshotedge SET target_id = 2000000000 {EDGE}",
        [
            f"{ENDS}: in the bundle, but not held.",
            "the live link {STOP} mitigates nothing that is stored of {LINK}:"
            " held, but not in the bundle.",
        ],
    ),
    "another end": (
        f"UPDATE library_snapshotedge SET source_id = {{HALT}} {EDGE}",
        [
            f"{ENDS}: in the bundle, but not held.",
            "the live link {HALT} mitigates {ATTACK} of {LINK}: held, but not in the bundle.",
        ],
    ),
    "another carrier": (
        f"UPDATE library_snapshotedge SET version_id = 2000000000 {EDGE}",
        [
            f"{ENDS}: in the bundle, but not held.",
            "the live link {STOP} mitigates {ATTACK} of no version held:"
            " held, but not in the bundle.",
        ],
    ),
    "dead link": (
        f"UPDATE library_snapshotedge SET live = false {EDGE}",
        [
            f"{ENDS}: in the bundle, but not held.",
            f"{ENDS}: held, but not in the bundle.".replace("live", "dead"),
        ],
    ),
    "link gone": (
        f"DELETE FROM library_snapshotedge {EDGE}",
        [f"{ENDS}: in the bundle, but not held."],
    ),
    "count changed": (
        f"UPDATE library_snapshot SET object_count = 3 WHERE id = {CURRENT}",
        ["7 objects are held, 3 were imported."],
    ),
    "bundle gone": (
        f"DELETE FROM library_snapshotbundle WHERE snapshot_id = {CURRENT}",
        ["the bundle is not stored."],
    ),
    "bundle's hash changed": (
        f"UPDATE library_snapshot SET bundle_sha256 = '\\x00' WHERE id = {CURRENT}",
        ["the bundle's bytes do not have the bundle's SHA-256."],
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_found_and_named_when_it_is_there(snapshot: Snapshot, kind: str) -> None:
    statement, expected = DAMAGES[kind]
    extra = factories.stix_id("tool", "extra")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO library_stixobject (stix_id, stix_type) VALUES (%s, 'tool')", [extra]
        )
    damage(statement, extra=extra)

    named = {"STOP": STOP["id"], "HALT": HALT["id"], "ATTACK": ATTACK["id"], "LINK": LINK["id"]}
    found = list(problems(Snapshot.objects.get(pk=snapshot.pk)))
    assert found == [sentence.format(EXTRA=extra, **named) for sentence in expected]


def with_another_object(raw: bytes) -> bytes:
    content = orjson.loads(raw)
    content["objects"][0]["description"] = "Forged."
    return orjson.dumps(content)


def text_of(data: bytes) -> bytes:
    """The JSON text in a bundle as it is kept."""
    return bytes(unpack("kept", data).raw)


BUNDLES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda data: data[:-20], "the bundle cannot be read again: kept bytes"),
    "one byte turned": (
        lambda data: data[:60] + bytes([data[60] ^ 255]) + data[61:],
        "the bundle cannot be read again: kept bytes",
    ),
    "empty": (lambda _: b"", "the bundle"),
    "other bytes of the same objects": (
        lambda data: gzip.compress(text_of(data) + b"\n"),
        "the bundle's bytes do not have the bundle's SHA-256.",
    ),
    "another object": (
        lambda data: gzip.compress(with_another_object(text_of(data))),
        "the bundle's bytes do not have the bundle's SHA-256.",
    ),
    "not a bundle": (lambda _: gzip.compress(b"[]"), "the bundle's bytes do not have"),
}


@pytest.mark.parametrize("kind", BUNDLES)
def test_a_damaged_bundle_is_found_when_its_bytes_changed(snapshot: Snapshot, kind: str) -> None:
    change, expected = BUNDLES[kind]
    data = change(bytes(snapshot.bundle.data))
    damage(
        f"UPDATE library_snapshotbundle SET data = %(data)s WHERE snapshot_id = {CURRENT}",
        data=data,
    )

    first, *_ = problems(Snapshot.objects.get(pk=snapshot.pk))
    assert first.startswith(expected)


def test_other_snapshots_stay_sound_when_one_is_damaged(snapshot: Snapshot) -> None:
    damage(f"DELETE FROM library_snapshotedge {EDGE}")
    assert list(problems(Snapshot.objects.exclude(pk=snapshot.pk).get())) == []


def test_nothing_is_found_when_the_bundle_came_as_padded_or_joined_xz(db: None) -> None:
    content = (SAMPLES / "ics-sample-1.json").read_bytes()
    # Both are what xz itself reads: several streams, and zeros after them.
    stored = lzma.compress(content[:500]) + lzma.compress(content[500:]) + bytes(8)
    (report,) = import_bundles([factories.source(stored)], Options(validate=False))

    snapshot = Snapshot.objects.get(pk=report.snapshot)
    assert bytes(SnapshotBundle.objects.get().data) == stored
    assert list(problems(snapshot)) == []
