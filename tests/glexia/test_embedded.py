"""The embedded PostgreSQL, started for real, by this process and by others."""

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest

from glexia import embedded, env
from tests.glexia.servers import (
    DJANGO,
    FORKS_CHILD_THAT_EXITS,
    FORKS_CHILD_THAT_USES_SERVER,
    WAITS_FOR_INTERRUPT,
    WAITS_WITH_FORKED_CHILD,
    User,
    ask,
    eventually,
    runs,
)


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
            "OPTIONS": {},
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
        state = f"select state from pg_stat_activity where pid = {busy.info.backend_pid}"
        eventually(lambda: watch.execute(state).fetchone() == ("active",), "the query runs")
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
