"""Migrations run while the version before still serves: what each of them may do.

Expand first, contract a release later (docs/operations.md). Every operation of every migration of
the product is on the list below, or is one of the exceptions, each with its reason.
"""

import inspect
import re
from collections.abc import Iterator

import psycopg
import pytest
from django.apps.registry import Apps
from django.contrib.postgres import operations as postgres
from django.db import OperationalError, connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from importer.database import bring_up_to_date
from tests.databases import ROOT, address, database, in_use, manage

APPS = sorted(path.parent.name for path in ROOT.glob("*/migrations"))
# Those of the releases before: no release promised then that the version before serves on.
BEFORE = {"library": 8, "analysis": 3}

# What neither takes a long lock nor takes away what the version before reads or writes.
HARMLESS = (
    operations.CreateModel,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.SeparateDatabaseAndState,
    postgres.AddIndexConcurrently,
    postgres.RemoveIndexConcurrently,
    postgres.AddConstraintNotValid,
    postgres.ValidateConstraint,
)
# What does one or the other, and what to do in its place.
HARMFUL: dict[type[Operation], str] = {
    operations.RemoveField: "stop using it in one release, remove it in the next",
    operations.RenameField: "add a field, fill it, remove the old one a release later",
    operations.RenameModel: "set db_table",
    operations.DeleteModel: "stop using it in one release, delete it in the next",
    operations.AlterModelTable: "make a new table",
    operations.AlterField: "add another field: a new type or NOT NULL reads the whole table",
    operations.AddIndex: "AddIndexConcurrently, unless the table is new",
    operations.RemoveIndex: "RemoveIndexConcurrently",
    operations.AddConstraint: "AddConstraintNotValid, then ValidateConstraint",
    operations.RemoveConstraint: "drop it a release after the code that relies on it",
    operations.AlterUniqueTogether: "a constraint",
    operations.AlterIndexTogether: "AddIndexConcurrently",
    operations.RenameIndex: "leave its name",
}
# SQL that changes a table that is there; what it says of tables that are new does no harm.
ON_A_TABLE = re.compile(
    r"(?:ALTER TABLE(?: ONLY)?|UPDATE|DELETE FROM|LOCK(?: TABLE)?|TRUNCATE|DROP TABLE"
    r"|CREATE (?:UNIQUE )?INDEX(?! CONCURRENTLY)[\w\s]*? ON"
    r"|CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER \w+ [A-Z ]+? ON)\s+\"?(\w+)",
    re.IGNORECASE,
)
A_NEW_TABLE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (\w+)")
# Whose rows a release may add to: the version before looks up no more than it knows of them.
ADDED_TO = {"auth", "contenttypes"}
# What only a person can judge: operations by migration and place, each read and found harmless.
READ: dict[tuple[str, int], str] = {}


def migrations() -> Iterator[tuple[str, str, list[Operation]]]:
    """Every migration of this release and later, with its operations."""
    for (app, name), found in sorted(MigrationLoader(None).disk_migrations.items()):
        if app in APPS and int(name[:4]) > BEFORE.get(app, 0):
            yield app, name, list(found.operations)


def new_tables(app: str) -> set[str]:
    """The tables that migrations of this release make: nothing holds or reads them yet."""
    made = set()
    for of, _, found in migrations():
        for operation in found:
            if of == app and isinstance(operation, operations.CreateModel):
                made.add(operation.options.get("db_table") or f"{app}_{operation.name_lower}")
            if of == app and isinstance(operation, operations.RunSQL):
                made |= set(A_NEW_TABLE.findall(repr(operation.sql)))
    return made


def objection(app: str, operation: Operation) -> str:
    """What speaks against an operation beside the version before; nothing where all is well."""
    made = new_tables(app)
    if f"{app}_{getattr(operation, 'model_name', '')}" in made:
        return ""
    match operation:
        case operations.SeparateDatabaseAndState():
            return "; ".join(
                filter(None, (objection(app, o) for o in operation.database_operations))
            )
        case _ if isinstance(operation, HARMLESS):
            return ""
        case operations.AddField():
            return _of_field(operation.field)
        case operations.RunSQL():
            statements = operation.sql if isinstance(operation.sql, str) else repr(operation.sql)
            old = {table for table in ON_A_TABLE.findall(statements) if table not in made}
            return f"SQL that changes {', '.join(sorted(old))}" if old else ""
        case operations.AlterField():
            return HARMFUL[operations.AlterField]
        case operations.RunPython():
            asked = re.findall(r"get_model\(\s*\"(\w+)\"", inspect.getsource(operation.code))
            if asked and set(asked) <= ADDED_TO:
                return ""
            return "Python: name it in READ, with what it does to rows that the version before uses"
    return HARMFUL.get(type(operation), "unknown to this list")


def _of_field(field: "models.Field[object, object]") -> str:
    if field.many_to_many or field.null or field.has_db_default():
        return ""
    return "a column that is NOT NULL without db_default: the version before cannot insert rows"


def test_migrations_of_this_release_run_beside_the_version_before() -> None:
    found = [
        f"{app}.{name}, operation {place} ({type(operation).__name__}): {said}"
        for app, name, held in migrations()
        for place, operation in enumerate(held)
        if (f"{app}.{name}", place) not in READ and (said := objection(app, operation))
    ]
    assert found == []


def test_what_was_read_by_a_person_is_there() -> None:
    places = {(f"{a}.{n}", place) for a, n, held in migrations() for place in range(len(held))}
    assert READ.keys() <= places


def add_a_group(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Code that adds to rows that every version may add to."""
    apps.get_model("auth", "Group").objects.get_or_create(name="new")


def change_rows(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Code that changes rows which the version before reads."""
    apps.get_model("auth", "Group")
    apps.get_model("library", "Snapshot").objects.update(domain="other")


def index() -> models.Index:
    return models.Index(fields=["name"], name="an_index")


@pytest.mark.parametrize(
    "operation",
    [
        operations.AddField("snapshot", "a", models.TextField()),
        operations.AddField("snapshot", "a", models.TextField(default="x")),
        operations.RemoveField("snapshot", "domain"),
        operations.RenameField("snapshot", "domain", "area"),
        operations.AlterField("snapshot", "domain", models.IntegerField()),
        operations.AddIndex("objectversion", index()),
        operations.RemoveIndex("objectversion", "version_attack_id"),
        operations.DeleteModel("finding"),
        operations.RenameModel("finding", "remark"),
        operations.AddConstraint(
            "snapshot", models.UniqueConstraint(fields=["domain"], name="one")
        ),
        operations.RunSQL("ALTER TABLE library_snapshot ADD x int NOT NULL"),
        operations.RunSQL("CREATE INDEX x ON library_snapshotedge (kind)"),
        operations.RunSQL([("UPDATE library_snapshot SET domain = %s", ["x"])]),
        operations.RunSQL("CREATE TRIGGER t BEFORE UPDATE OR DELETE ON library_snapshot"),
        operations.RunPython(operations.RunPython.noop),
        operations.RunPython(change_rows),
        operations.SeparateDatabaseAndState([operations.RemoveField("snapshot", "domain")]),
        Operation(),
    ],
)
def test_operation_is_objected_to_when_the_version_before_could_not_go_on(
    operation: Operation,
) -> None:
    assert objection("library", operation)


@pytest.mark.parametrize(
    "operation",
    [
        operations.CreateModel("new", []),
        operations.AddField("snapshot", "a", models.TextField(null=True)),
        operations.AddField("snapshot", "a", models.TextField(db_default="")),
        postgres.AddIndexConcurrently("objectversion", index()),
        operations.RunSQL("CREATE SEQUENCE a_sequence"),
        operations.RunPython(add_a_group),
        operations.RunSQL("CREATE INDEX CONCURRENTLY x ON library_snapshotedge (kind)"),
        operations.SeparateDatabaseAndState([], [operations.RemoveField("snapshot", "domain")]),
    ],
)
def test_operation_is_let_through_when_the_version_before_goes_on(operation: Operation) -> None:
    assert objection("library", operation) == ""


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


def test_migration_gives_a_lock_up_and_changes_nothing_when_somebody_holds_it(
    db: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), database() as name:
        begun = manage(name, "migrate", "library", "0006", "--verbosity", "0")
        assert begun.returncode == 0, begun.stderr
        with psycopg.connect(address(name)) as other, in_use(name):
            other.execute("LOCK TABLE library_objectcontent IN SHARE MODE")
            with (
                override_settings(MIGRATION_LOCK_SECONDS=1),
                pytest.raises(OperationalError, match="lock timeout"),
            ):
                bring_up_to_date()
            applied = other.execute("SELECT name FROM django_migrations WHERE app = 'library'")
            assert "0007_content_statistics" not in {row[0] for row in applied.fetchall()}
            connection.close()
        with in_use(name):
            bring_up_to_date()
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                assert cursor.fetchone() == ("0",)


def test_migrate_says_in_a_sentence_that_somebody_holds_a_lock(
    db: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), database() as name:
        begun = manage(name, "migrate", "library", "0006", "--verbosity", "0")
        assert begun.returncode == 0, begun.stderr
        with psycopg.connect(address(name)) as other:
            other.execute("LOCK TABLE library_objectcontent IN SHARE MODE")
            ended = manage(name, "migrate")
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        assert "has held a table for longer than the 5 seconds (MIGRATION" in ended.stderr
        assert manage(name, "migrate", "--verbosity", "0").returncode == 0
