"""PostgreSQL itself refuses to change what was imported."""

import itertools
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from importer.deletion import delete_snapshot
from library.epoch import advance_epoch
from library.models import (
    Edition,
    Epoch,
    Finding,
    KnownRelease,
    ObjectContent,
    SearchDocument,
    Snapshot,
    SnapshotObject,
    StixObject,
)
from tests.factories import import_objects, mitigation, relationship, technique
from tests.importer.test_store import library_state

# Search documents are made from the rest, and may be made anew; the epoch counts on; what is known
# of MITRE's releases changes with them.
MODELS = [
    model
    for model in apps.get_app_config("library").get_models()
    if model not in {SearchDocument, Epoch, KnownRelease}
]
CHANGES = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)",
    "DELETE FROM {table} WHERE false",
    "TRUNCATE {table} CASCADE",
    "MERGE INTO {table} t USING {table} s ON t.ctid = s.ctid WHEN MATCHED THEN DELETE",
)
DELETING = "SET LOCAL glexia.deleting = 'on'"

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(db: None) -> Iterator[dict[str, tuple[int, str]]]:
    """A library with a row in every table."""
    stops, attack = mitigation("M1", "Stop"), technique("T1", "Attack")
    report = import_objects(stops, attack, relationship("mitigates", stops, attack))
    version = SnapshotObject.objects.filter(snapshot=report.snapshot)[0].version
    Finding.objects.create(version=version, field="name", reason="For this test.")
    advance_epoch()
    # Foreign keys are checked at the end of a transaction; TRUNCATE insists that nothing waits.
    connection.check_constraints()
    state = library_state()
    assert all(state[model._meta.db_table][0] for model in MODELS)
    yield state
    assert library_state() == state


def execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_sql_is_refused_when_it_changes_a_table(filled: object, model: type[models.Model]) -> None:
    table, column = model._meta.db_table, model._meta.concrete_fields[-1].column

    for change in CHANGES:
        with pytest.raises(IntegrityError, match=r"is immutable: \w+ refused"):
            execute(change.format(table=table, column=column))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_the_orm_is_refused_when_it_changes_a_table(
    filled: object, model: type[models.Model]
) -> None:
    row = model._default_manager.all()[:1].get()

    with pytest.raises(IntegrityError, match="is immutable"), transaction.atomic():
        row.save(force_update=True)
    # Django itself protects what an edition shows before PostgreSQL is asked.
    with pytest.raises((IntegrityError, models.ProtectedError)), transaction.atomic():
        row.delete()
    with pytest.raises(IntegrityError, match="is immutable"), transaction.atomic():
        model._default_manager.filter(pk=row.pk)._raw_delete("default")


def test_deleting_is_refused_when_the_setting_is_not_exactly_on(filled: object) -> None:
    for setting in ("off", "", "ON", "true", "on "):
        with pytest.raises(IntegrityError, match="is immutable"):
            execute(f"SET LOCAL glexia.deleting = '{setting}'", "DELETE FROM library_snapshotedge")


def test_updates_are_refused_when_deleting_is_allowed(filled: object) -> None:
    for model in MODELS:
        table, column = model._meta.db_table, model._meta.concrete_fields[-1].column
        with pytest.raises(IntegrityError, match="UPDATE refused"):
            execute(DELETING, f"UPDATE {table} SET {column} = {column}")


def test_an_upsert_is_refused_when_the_row_is_there(filled: object) -> None:
    with pytest.raises(IntegrityError, match="is immutable"):
        execute(
            "INSERT INTO library_objectcontent (version_id, canonical)"
            " SELECT version_id, 'forged' FROM library_objectcontent"
            " ON CONFLICT (version_id) DO UPDATE SET canonical = 'forged'"
        )


def test_rows_can_be_added_when_nothing_else_changes(db: None) -> None:
    first = import_objects(mitigation("M1", "One"), release="1.0")
    before = library_state()
    import_objects(mitigation("M1", "One"), mitigation("M2", "Two"), release="2.0")

    after = library_state()
    assert after["library_objectversion"][0] > before["library_objectversion"][0]
    assert Snapshot.objects.filter(pk=first.snapshot).exists()
    assert Edition.objects.count() == 2


def test_deleting_is_refused_again_when_delete_snapshot_has_ended(db: None) -> None:
    report = import_objects(mitigation("M1", "One"), release="1.0", make_current=False)
    import_objects(mitigation("M2", "Two"), release="2.0")
    delete_snapshot(Snapshot.objects.get(pk=report.snapshot))

    # The test's own transaction is the one in which delete_snapshot ran.
    state = library_state()
    for model in MODELS:
        with pytest.raises(IntegrityError, match="is immutable"):
            execute(f"DELETE FROM {model._meta.db_table}")
    assert library_state() == state


def test_deleting_is_refused_again_when_delete_snapshot_has_failed(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = import_objects(mitigation("M1", "One"), release="1.0", make_current=False)
    import_objects(mitigation("M2", "Two"), release="2.0")
    state = library_state()
    monkeypatch.setattr("importer.deletion.UNUSED_OBJECTS", "SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        delete_snapshot(Snapshot.objects.get(pk=report.snapshot))

    assert library_state() == state
    with pytest.raises(IntegrityError, match="is immutable"):
        execute("DELETE FROM library_edition")


def test_one_content_cannot_be_forged_when_stored_beside_another(filled: object) -> None:
    content = ObjectContent.objects.all()[:1].get()
    forged = ObjectContent(version=content.version, canonical="{}")
    with pytest.raises(IntegrityError), transaction.atomic():
        forged.save(force_insert=True)


def test_an_identity_cannot_be_doubled_when_it_is_there(filled: object) -> None:
    for stix_id in itertools.islice(StixObject.objects.values_list("stix_id", flat=True), 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            StixObject.objects.create(stix_id=stix_id, stix_type="identity")
