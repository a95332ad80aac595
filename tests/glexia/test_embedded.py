"""The embedded PostgreSQL, started for real, by this process and by others."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from glexia import embedded, env
from glexia.embedded import cluster, failures, locks, programs, reach
from glexia.embedded.place import Place
from glexia.embedded.postmaster import Postmaster

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 150.0

USER = """
import sys
from glexia import embedded
server = embedded.start(sys.argv[1])
print(server.pid, flush=True)
"""
WAITS = USER + "sys.stdin.read()\n"
WAITS_WITH_FORKED_CHILD = (
    USER
    + """
import os
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print(child, flush=True)
os.waitpid(child, 0)
"""
)
FORKS_CHILD_THAT_EXITS = (
    USER
    + """
import os
child = os.fork()
if child == 0:
    sys.exit(0)
os.waitpid(child, 0)
print("child ended", flush=True)
sys.stdin.read()
"""
)
FORKS_CHILD_THAT_USES_SERVER = (
    USER
    + """
import os
child = os.fork()
if child == 0:
    server.stop()  # the parent's use: nothing happens
    print("child uses", embedded.shared(sys.argv[1]).pid, flush=True)
    sys.exit(0)
os.waitpid(child, 0)
sys.exit(not server.is_running())
"""
)
WAITS_FOR_INTERRUPT = """
import sys
import psycopg
from glexia import embedded
server = embedded.start(sys.argv[1])
try:
    print(server.pid, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    with psycopg.connect(server.dsn) as connection:
        print(connection.execute("select 'alive'").fetchone()[0], flush=True)
    sys.stdin.read()
"""
DJANGO = """
import sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(
    DATA_DIR=Path(sys.argv[1]),
    DATABASES={"default": {
        "ENGINE": "glexia.embedded", "NAME": "glexia", "USER": "glexia",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 2}},
    }},
)
django.setup()
from django.db import connection

def where():
    with connection.cursor() as cursor:
        cursor.execute("select current_user || ' in ' || current_database()")
        print(cursor.fetchone()[0], flush=True)

name = connection.creation.create_test_db(verbosity=0, serialize=False)
where()
connection.creation.destroy_test_db("glexia", verbosity=0)
where()
with connection._nodb_cursor() as cursor:
    cursor.execute("select count(*) from pg_database where datname = %s", [name])
    print("left:", *cursor.fetchone(), flush=True)
"""


class User:
    """Another process that uses the server."""

    def __init__(self, data: Path, script: str = WAITS) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def server(self) -> int:
        return int(self.line())

    def end(self) -> int:
        self.process.communicate("")
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def eventually(true: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.005)


def postmaster(data: Path) -> Postmaster:
    return Postmaster(Place.at(data))


def runs(data: Path) -> bool:
    return postmaster(data).find() is not None


def ask(server: embedded.Server, query: str) -> tuple[object, ...]:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def sentence(data: Path) -> str:
    """What the user is told, which is always one sentence."""
    with pytest.raises(embedded.EmbeddedError) as caught:
        embedded.start(data)
    told = str(caught.value)
    assert told.endswith(".")
    assert "\n" not in told
    assert not runs(data)
    return told


def may_unshare() -> bool:
    probe = "import os; os.unshare(os.CLONE_NEWNS)"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True).returncode == 0


def open_folder() -> Path:
    """A folder that everybody may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="glexia-"))
    folder.chmod(0o755)
    return folder


def clear_away(folder: Path, data: Path) -> None:
    postmaster(data).shut_down()
    shutil.rmtree(folder)


@pytest.fixture
def empty() -> Iterator[Path]:
    """A data directory that does not exist yet."""
    folder = open_folder()
    yield folder / "data"
    clear_away(folder, folder / "data")


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    folder = open_folder()
    embedded.start(folder / "data").stop()
    yield folder / "data"
    clear_away(folder, folder / "data")


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """A data directory made earlier, whose server does not run."""
    assert not runs(made)
    yield made
    postmaster(made).shut_down()


def test_role_of_app_owns_its_database_and_is_not_superuser(data: Path) -> None:
    with embedded.start(data) as server:
        assert ask(server, "select current_user, session_user") == ("glexia", "glexia")
        assert ask(
            server,
            "select rolsuper, rolcreaterole, rolreplication, rolbypassrls, rolcreatedb"
            " from pg_roles where rolname = current_user",
        ) == (False, False, False, False, True)
        assert ask(
            server,
            "select pg_get_userbyid(datdba) from pg_database where datname = current_database()",
        ) == ("glexia",)


def test_nobody_else_may_log_in(data: Path) -> None:
    with embedded.start(data) as server, pytest.raises(psycopg.OperationalError, match="pg_hba"):
        psycopg.connect(host=server.host, user="postgres", dbname="postgres")


def test_server_listens_on_its_socket_only_and_keeps_data_safe(data: Path) -> None:
    with embedded.start(data) as server:
        for setting, value in {
            "listen_addresses": "",
            "fsync": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "timezone": "UTC",
        }.items():
            assert ask(server, f"select current_setting('{setting}')") == (value,)


def test_letters_outside_ascii_have_cases(data: Path) -> None:
    with embedded.start(data) as server:
        assert ask(server, "select lower('ÉÜ'), 'Ž' ilike 'ž'") == ("éü", True)
        assert ask(server, "select to_tsvector('english', 'ÉCLAIRS') @@ to_tsquery('éclair')")[0]


def test_settings_read_the_dsn(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with embedded.start(data) as server:
        monkeypatch.setenv("DATABASE_URL", server.dsn)
        monkeypatch.setenv("PGPORT", "1")
        read = env.database("DATABASE_URL")
        assert read == {
            "NAME": "glexia",
            "USER": "glexia",
            "PASSWORD": "",
            "HOST": str(data.resolve() / "run"),
            "PORT": "5432",
        }
        assert ask(server, "select 1") == (1,)


def test_second_process_shares_server_when_first_is_running(data: Path) -> None:
    first, second = User(data), User(data)
    assert first.server() == second.server()
    assert first.end() == 0
    assert runs(data)
    assert second.end() == 0
    assert not runs(data)


def test_two_uses_in_one_process_count_twice(data: Path) -> None:
    first, second = embedded.start(data), embedded.start(data)
    assert first.pid == second.pid
    first.stop()
    first.stop()
    assert second.is_running()
    second.stop()
    assert not second.is_running()


def test_server_outlives_killed_user_until_next_one_ends(data: Path) -> None:
    killed = User(data)
    pid = killed.server()
    killed.kill()
    assert runs(data)
    following = User(data)
    assert following.server() == pid
    following.end()
    assert not runs(data)


def test_killed_server_heals_at_next_start_with_what_was_committed(data: Path) -> None:
    with embedded.start(data) as server:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("create table kept as select 42 as answer")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: not server.is_running(), "the server was killed")
    with embedded.start(data) as server:
        assert ask(server, "select answer from kept") == (42,)


def test_killed_server_heals_while_its_backend_still_computes(data: Path) -> None:
    user = User(data)
    pid = user.server()
    user.kill()
    server = embedded.Server(data)
    busy = psycopg.connect(server.dsn, autocommit=True)
    busy.pgconn.send_query(b"select count(*) from generate_series(1, 1000000000000)")
    busy.pgconn.flush()
    with psycopg.connect(server.dsn) as watch:
        active = "select count(*) from pg_stat_activity where state = 'active'"
        eventually(lambda: watch.execute(active).fetchone() == (2,), "the query runs")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not runs(data), "the server was killed")
    with server:
        assert server.pid != pid
        assert ask(server, "select 1") == (1,)
    busy.close()


def test_server_that_died_in_use_is_started_again(data: Path) -> None:
    with embedded.start(data) as server:
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        eventually(lambda: not server.is_running(), "the server was killed")
        server.ensure()
        assert server.pid != first
        assert ask(server, "select 1") == (1,)


def test_server_of_deleted_data_directory_is_stopped(empty: Path) -> None:
    server = embedded.start(empty)
    shutil.rmtree(empty)
    server.stop()
    assert not server.is_running()


@pytest.mark.parametrize("left", ["number used again", "", "garbage"])
def test_lock_files_of_another_life_do_not_hinder_start(data: Path, left: str) -> None:
    left = str(os.getpid()) if left == "number used again" else left
    (data / "postgres" / "postmaster.pid").write_text(left)
    (data / "run" / ".s.PGSQL.5432.lock").write_text(left)
    (data / "run" / ".s.PGSQL.5432").touch()
    with embedded.start(data) as server:
        assert ask(server, "select 1") == (1,)


def test_five_first_starts_at_once_make_one_cluster(empty: Path) -> None:
    users = [User(empty) for _ in range(5)]
    assert len({user.server() for user in users}) == 1
    assert [user.end() for user in users] == [0] * 5
    assert not runs(empty)
    assert (empty / "postgres.log").read_text().count("files belonging to this database") == 1


def test_interrupted_first_start_begins_anew(empty: Path) -> None:
    killed = User(empty)
    eventually((empty / "postgres.new" / "PG_VERSION").exists, "initdb has begun")
    killed.kill()
    assert not (empty / "postgres").exists()
    with embedded.start(empty) as server:
        assert ask(server, "select 1") == (1,)
    assert not (empty / "postgres.new").exists()


def test_half_made_folder_of_earlier_start_is_cleared_away(empty: Path) -> None:
    (empty / "postgres.new" / "base").mkdir(parents=True)
    (empty / "postgres.new" / "PG_VERSION").write_text("18")
    with embedded.start(empty) as server:
        assert ask(server, "select 1") == (1,)


def test_forked_child_does_not_stop_server_at_its_end(data: Path) -> None:
    user = User(data, FORKS_CHILD_THAT_EXITS)
    user.server()
    assert user.line() == "child ended"
    assert runs(data)
    user.end()
    assert not runs(data)


def test_forked_child_of_killed_user_does_not_keep_server(data: Path) -> None:
    user = User(data, WAITS_WITH_FORKED_CHILD)
    pid = user.server()
    child = int(user.line())
    user.kill()
    following = User(data)
    assert following.server() == pid
    following.end()
    assert not runs(data)
    os.kill(child, signal.SIGKILL)


def test_forked_child_may_use_server_of_its_own_accord(data: Path) -> None:
    user = User(data, FORKS_CHILD_THAT_USES_SERVER)
    pid = user.server()
    assert user.line() == f"child uses {pid}"
    assert user.end() == 0
    assert not runs(data)


def test_interrupt_from_terminal_leaves_server_to_its_user(data: Path) -> None:
    user = User(data, WAITS_FOR_INTERRUPT)
    user.server()
    os.killpg(user.process.pid, signal.SIGINT)
    assert user.line() == "alive"
    assert runs(data)
    user.end()
    assert not runs(data)


def test_django_connects_and_makes_test_databases(data: Path) -> None:
    user = User(data, DJANGO)
    assert user.line() == "glexia in test_glexia"
    assert user.line() == "glexia in glexia"
    assert user.line() == "left: 0"
    assert user.end() == 0
    assert not runs(data)


def test_folder_without_version_is_no_data_folder(empty: Path) -> None:
    (empty / "postgres").mkdir(parents=True)
    (empty / "postgres" / "letter.txt").write_text("Dear Sir")
    assert "move it away" in (told := sentence(empty))
    assert str(empty.resolve() / "postgres") in told
    assert (empty / "postgres" / "letter.txt").exists()


def test_file_in_place_of_data_folder_is_named(empty: Path) -> None:
    empty.mkdir()
    (empty / "postgres").write_text("Dear Sir")
    assert "it is not a folder" in sentence(empty)


@pytest.mark.parametrize(
    ("version", "words"), [("16\n", "PostgreSQL 16 and this is PostgreSQL 18"), ("x", "no version")]
)
def test_other_version_is_refused(empty: Path, version: str, words: str) -> None:
    (empty / "postgres").mkdir(parents=True)
    (empty / "postgres" / "PG_VERSION").write_text(version)
    assert words in sentence(empty)


def test_truncated_file_is_reported_with_the_words_of_the_log(empty: Path) -> None:
    embedded.start(empty).stop()
    os.truncate(empty / "postgres" / "global" / "pg_control", 100)
    told = sentence(empty)
    assert "pg_control" in told
    assert str(empty.resolve() / "postgres.log") in told
    assert "restore it from a backup" in told


def test_folder_of_another_user_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = programs.find_account()
    other = programs.Account("somebody", here.uid + 1, here.gid, here.app)
    monkeypatch.setattr(cluster, "find_account", lambda: other)
    assert f"belongs to {here.name}, but PostgreSQL runs as somebody" in sentence(data)


def test_folder_in_use_out_of_sight_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glexia.embedded.postmaster.READY_WITHIN", 0.5)
    elsewhere = locks.take(Place.at(data).alive)
    assert elsewhere is not None
    assert "in use by a server that was started elsewhere" in sentence(data)
    os.close(elsewhere)


def test_data_directory_that_is_a_file_is_named(empty: Path) -> None:
    empty.write_text("Dear Sir")
    with pytest.raises(embedded.EmbeddedError, match="set GLEXIA_DATA_DIR"):
        embedded.start(empty)


def test_path_too_long_for_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="too long for a Unix socket"):
        embedded.start(tmp_path / ("x" * 100))


def test_path_with_comma_is_refused(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="comma"):
        embedded.start(tmp_path / "a,b")


def test_path_with_space_and_quotes_works(empty: Path) -> None:
    with embedded.start(empty / 'a "b" ü%') as server:
        assert ask(server, "select 1") == (1,)


def test_missing_wheel_is_named(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WHEEL", "no_such_wheel")
    assert "run make setup" in sentence(empty)


def test_user_without_name_is_told_so(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert "/etc/passwd" in sentence(empty)


def test_full_disk_is_told_as_such(tmp_path: Path) -> None:
    printed = "FATAL:  could not write to file: No space left on device\nHINT:  Check free space.\n"
    told = str(failures.explain(Place(tmp_path), printed, 1))
    assert told == f"The disk that holds {tmp_path} is full: free some space and try again."


def test_nothing_outside_data_directory_changes(empty: Path) -> None:
    empty.mkdir()
    (empty / "secret-key").touch(mode=0o600)
    watched = [empty / "secret-key", *programs.find_folders(), Path(programs.__file__)]
    watched += [parent for path in tuple(watched) for parent in path.resolve().parents]
    watched.remove(empty.resolve())

    def modes() -> list[tuple[int, int, int]]:
        return [(at.st_mode, at.st_uid, at.st_gid) for at in map(Path.stat, watched)]

    before = modes()
    embedded.start(empty).stop()
    assert modes() == before


def test_server_starts_in_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    mounts = Path("/proc/self/mounts")
    before = mounts.read_text() if mounts.exists() else ""
    if os.geteuid() == 0 and not may_unshare():
        assert "who may not enter" in sentence(closed / "data")
    else:
        with embedded.start(closed / "data") as server:
            assert ask(server, "select 1") == (1,)
    assert not mounts.exists() or mounts.read_text() == before
    assert closed.stat().st_mode & 0o777 == 0o700


def test_closed_folder_is_named_where_it_cannot_be_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = reach.Plan(1, 1, "nobody", "/root/app/data", ["/root/app/data/run"], ["/usr/pg"])

    def refuse() -> None:
        raise PermissionError

    monkeypatch.setattr(reach, "_privatise", refuse)
    monkeypatch.setattr(reach, "_closed", lambda _: {"/root/app/data/run": "/root"})
    with pytest.raises(reach.UnreachableError, match=r"may not enter /root on the way.*DATA_DIR"):
        reach.open_way(plan)
    monkeypatch.setattr(reach, "_closed", lambda _: {"/usr/pg": "/usr"})
    with pytest.raises(reach.UnreachableError, match=r"may not enter /usr on the way.*checkout"):
        reach.open_way(plan)


def test_server_runs_from_installation_that_only_its_owner_can_read(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation, *libraries = programs.find_folders()
    private = empty.parent / "site" / "wheel" / installation.name
    ignore = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(installation, private, ignore=ignore, symlinks=True)
    copied = [shutil.copytree(found, private.parents[1] / found.name) for found in libraries]
    for folder in (private, *copied):
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.setattr(cluster, "find_folders", lambda: [private, *copied])
    if os.geteuid() == 0 and not may_unshare():
        assert "who may not enter" in sentence(empty)
    else:
        with embedded.start(empty) as server:
            assert ask(server, "select 1") == (1,)
