"""The two roles that a public site's database has, made by the script that compose.yaml runs."""

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from glexia import embedded
from glexia.embedded.programs import program
from glexia.env import BASE_DIR
from scripts import two_roles
from scripts.two_roles import OWNER, PRODUCT, Roles
from tests.databases import manage_at
from tests.glexia.servers import clear_away, open_folder

SAMPLES = "fixtures/bundles/enterprise-sample-{}.json"
ADD = """
    INSERT INTO accounts_auditentry (at, actor, action, target, details)
    VALUES (now(), 'ann', 'Take published', 'M1037', '{}')
"""
# Tables whose rows nobody changes, by the trigger that stands before them.
GUARDED = """
    SELECT tgrelid::regclass::text, proname FROM pg_trigger
    JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgname = 'immutable' ORDER BY 1
"""
OWNED = """
    SELECT 'database', datname FROM pg_database WHERE pg_get_userbyid(datdba) = %(role)s
    UNION ALL SELECT relkind::text, relname FROM pg_class WHERE pg_get_userbyid(relowner) = %(role)s
    UNION ALL SELECT 'f', proname FROM pg_proc WHERE pg_get_userbyid(proowner) = %(role)s
"""
REFUSED_BY_TRIGGER = (
    "UPDATE accounts_auditentry SET actor = 'another'",
    "DELETE FROM accounts_auditentry",
    "SET glexia.deleting = 'on'; DELETE FROM accounts_auditentry",
    "INSERT INTO accounts_auditentry SELECT * FROM accounts_auditentry"
    " ON CONFLICT (id) DO UPDATE SET actor = 'another'",
    "MERGE INTO accounts_auditentry USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
)
REFUSED_TO_THE_ROLE = (
    "TRUNCATE accounts_auditentry",
    "ALTER TABLE accounts_auditentry DISABLE TRIGGER immutable",
    "ALTER TABLE accounts_auditentry DISABLE TRIGGER ALL",
    "ALTER TABLE accounts_auditentry RENAME TO another",
    "ALTER TABLE accounts_auditentry ADD another text",
    f"ALTER TABLE accounts_auditentry OWNER TO {PRODUCT}",
    "DROP TRIGGER immutable ON accounts_auditentry",
    "DROP TABLE accounts_auditentry",
    "CREATE TRIGGER another BEFORE UPDATE ON accounts_auditentry FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE another AS ON UPDATE TO accounts_auditentry DO INSTEAD NOTHING",
    "ALTER FUNCTION accounts_refuse_change() RENAME TO another",
    "DROP FUNCTION accounts_refuse_change() CASCADE",
    "CREATE OR REPLACE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql"
    " AS $$ BEGIN RETURN NULL; END $$",
    "ALTER FUNCTION library_analyze(text[]) RESET search_path",
    "SET session_replication_role = 'replica'",
    f"ALTER ROLE {PRODUCT} SET session_replication_role = 'replica'",
    f"SET ROLE {OWNER}",
    f"ALTER ROLE {OWNER} PASSWORD 'another'",
    f"GRANT {OWNER} TO {PRODUCT}",
    f"REASSIGN OWNED BY {OWNER} TO {PRODUCT}",
    f"DROP OWNED BY {OWNER}",
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA another",
    "CREATE TABLE another ()",
    "CREATE TEMPORARY TABLE another ()",
    f"ALTER DATABASE {PRODUCT} SET session_replication_role = 'replica'",
)


@pytest.fixture(scope="module")
def roles() -> Iterator[Roles]:
    """A server with both roles, and their database with a release in it."""
    folder = open_folder()
    with embedded.start(folder / "data") as server:
        roles = two_roles.as_new(server, folder / "data")
        done(roles.owner(), "migrate", "--verbosity", "0")
        done(roles.product(), "import_attack", SAMPLES.format(1))
        with psycopg.connect(roles.product()) as product:
            product.execute(ADD)
        yield roles
    clear_away(folder, folder / "data")


def done(url: str, *arguments: str) -> str:
    """What a command says that goes well, and has nothing to complain of."""
    ended = manage_at(url, *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def owned(roles: Roles, role: str, database: str = PRODUCT) -> set[tuple[str, str]]:
    with psycopg.connect(roles.superuser(database)) as superuser:
        return set(superuser.execute(OWNED, {"role": role}).fetchall())


def log(roles: Roles, database: str = PRODUCT) -> list[tuple[object, ...]]:
    with psycopg.connect(roles.product(database)) as product:
        return product.execute("SELECT * FROM accounts_auditentry ORDER BY id").fetchall()


def refuses(roles: Roles, statement: str, expected: type[psycopg.Error]) -> None:
    with psycopg.connect(roles.product(), autocommit=True) as product, pytest.raises(expected):
        product.execute(statement.encode())


@pytest.mark.parametrize("statement", REFUSED_BY_TRIGGER)
def test_the_role_that_serves_changes_no_entry_of_the_log(roles: Roles, statement: str) -> None:
    before = log(roles)
    assert ("ann", "Take published") in [entry[2:4] for entry in before]
    refuses(roles, statement, errors.IntegrityConstraintViolation)
    assert log(roles) == before


@pytest.mark.parametrize("statement", REFUSED_TO_THE_ROLE)
def test_the_role_that_serves_takes_nothing_away_that_guards_the_log(
    roles: Roles, statement: str
) -> None:
    refuses(roles, statement, errors.InsufficientPrivilege)
    refuses(roles, REFUSED_BY_TRIGGER[0], errors.IntegrityConstraintViolation)


def test_the_role_that_serves_takes_no_guard_from_snapshots_takes_and_revisions_either(
    roles: Roles,
) -> None:
    with psycopg.connect(roles.product()) as product:
        guarded = product.execute(GUARDED).fetchall()
    assert {"library_snapshot", "library_objectcontent", "analysis_revision"} <= dict(
        guarded
    ).keys()
    for table, function in guarded:
        for statement in (
            f"ALTER TABLE {table} DISABLE TRIGGER immutable",
            f"DROP TRIGGER immutable ON {table}",
            f"TRUNCATE {table} CASCADE",
            f"DROP FUNCTION {function}() CASCADE",
        ):
            refuses(roles, statement, errors.InsufficientPrivilege)


def test_whatever_migrations_make_is_the_owners_and_nothing_is_the_serving_roles(
    roles: Roles,
) -> None:
    assert owned(roles, PRODUCT) == set()
    assert owned(roles, OWNER) >= {
        ("database", PRODUCT),
        ("r", "accounts_auditentry"),
        ("f", "accounts_refuse_change"),
        ("S", "library_epoch_number"),
    }
    with psycopg.connect(roles.superuser()) as superuser:
        rights = superuser.execute(
            "SELECT rolname::text, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
            " OR rolbypassrls FROM pg_roles WHERE rolname = ANY(%s)",
            [[OWNER, PRODUCT]],
        )
        assert dict(rights.fetchall()) == {OWNER: False, PRODUCT: False}


def test_nobody_else_comes_into_the_database(roles: Roles) -> None:
    with psycopg.connect(roles.superuser()) as superuser:
        granted = superuser.execute(
            "SELECT pg_get_userbyid(a.grantee), a.privilege_type FROM pg_database,"
            " aclexplode(datacl) a WHERE datname = current_database() AND a.grantee <> datdba"
        )
        assert granted.fetchall() == [(PRODUCT, "CONNECT")]


def test_the_planner_learns_of_an_import_by_the_role_that_serves(roles: Roles) -> None:
    with psycopg.connect(roles.product()) as product:
        held = product.execute(
            "SELECT reltuples, (SELECT count(*) FROM library_snapshotobject) FROM pg_class"
            " WHERE relname = 'library_snapshotobject'"
        ).fetchone()
    assert held
    assert held[0] == held[1] > 0


def test_the_check_of_a_deployment_warns_when_the_role_that_serves_owns_the_log(
    roles: Roles,
) -> None:
    asked = ("check", "--deploy", "--database", "default", "--fail-level", "ERROR")
    warning = f"(accounts.W001) The database role {OWNER} owns the audit log"
    assert "accounts.W001" not in manage_at(roles.product(), *asked).stderr
    assert warning in manage_at(roles.owner(), *asked).stderr
    assert "accounts.W001" in manage_at(roles.superuser(), *asked).stderr


def test_migrate_says_in_a_sentence_that_the_role_that_serves_may_not(roles: Roles) -> None:
    roles.make("glexia_fresh")
    empty = manage_at(roles.product("glexia_fresh"), "migrate")
    done(roles.owner("glexia_fresh"), "migrate", "library", "0011", "--verbosity", "0")
    older = manage_at(roles.product("glexia_fresh"), "migrate", "--verbosity", "0")
    for ended in (empty, older):
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        assert "does not own the tables, and so may not migrate (permission" in ended.stderr
    # Where there is nothing to do, it does nothing.
    done(roles.product(), "migrate", "--verbosity", "0")


def test_commands_do_their_work_as_the_role_that_serves(roles: Roles, tmp_path: Path) -> None:
    product, saved = roles.product(), str(tmp_path / "all.backup")
    done(product, "import_attack", SAMPLES.format(2))
    done(product, "create_staff", "ann", "--role", "author", "--password", "random")
    done(product, "import_takes", "fixtures/takes")
    done(product, "clearsessions")
    done(product, "backup", saved)
    first, second = releases(product)
    done(product, "verify_snapshot", "enterprise", second)
    done(product, "delete_snapshot", "enterprise", first)
    assert releases(product) == [second]
    roles.make("glexia_restored")
    done(roles.owner("glexia_restored"), "migrate", "--verbosity", "0")
    said = done(roles.product("glexia_restored"), "restore", saved)
    assert "every hash as saved." in said
    assert releases(roles.product("glexia_restored")) == [first, second]


def releases(url: str) -> list[str]:
    with psycopg.connect(url) as product:
        found = product.execute("SELECT attack_version FROM library_snapshot ORDER BY id")
        return [release for (release,) in found.fetchall()]


def test_an_installation_of_one_role_comes_to_have_two(roles: Roles) -> None:
    before = "glexia_before"
    with psycopg.connect(roles.superuser("postgres"), autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {before} OWNER {PRODUCT}".encode())
    done(roles.product(before), "migrate", "--verbosity", "0")
    done(roles.product(before), "import_attack", SAMPLES.format(1))
    assert ("r", "accounts_auditentry") in owned(roles, PRODUCT, before)
    entries = log(roles, before)
    roles.make(before)
    assert owned(roles, PRODUCT, before) == set()
    assert log(roles, before) == entries
    done(roles.owner(before), "migrate", "--verbosity", "0")
    done(roles.product(before), "import_attack", SAMPLES.format(2))
    assert len(log(roles, before)) > len(entries)
    roles.make(before)
    assert len(releases(roles.product(before))) == 2


def test_a_dump_by_the_role_that_serves_is_restored_by_the_owner(
    roles: Roles, tmp_path: Path
) -> None:
    dump = dump_as_documented(roles, tmp_path)
    roles.make("glexia_dumped")
    url, plain = f"--dbname={roles.owner('glexia_dumped')}", ("--no-owner", "--no-privileges")
    call("pg_restore", "--exit-on-error", "--single-transaction", *plain, url, str(dump))
    assert log(roles, "glexia_dumped") == log(roles)
    assert owned(roles, PRODUCT, "glexia_dumped") == set()
    done(roles.product("glexia_dumped"), "import_attack", "fixtures/bundles/ics-sample-1.json")


def test_a_dump_is_for_its_owner_alone_when_it_is_made_as_documented(
    roles: Roles, tmp_path: Path
) -> None:
    assert stat.filemode(dump_as_documented(roles, tmp_path).stat().st_mode) == "-rw-------"


def dump_as_documented(roles: Roles, folder: Path) -> Path:
    """What the line of the documentation makes where files are for everybody to read."""
    page = (BASE_DIR / "docs" / "operations.md").read_text()
    (line,) = (line for line in page.splitlines() if "pg_dump --format" in line)
    where = {"PATH": f"{program('pg_dump').parent}:/usr/bin:/bin", "DATABASE_URL": roles.product()}
    recipe = ["sh", "-ec", f"umask 022\n{line}"]
    ended = subprocess.run(recipe, cwd=folder, env=where, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder / "glexia.dump"


def call(name: str, *arguments: str) -> None:
    ended = subprocess.run([program(name), *arguments], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
