"""Killed, broken off or at the same time: the library is as before, or all of it is there.

Real processes work on a database that really commits. A test stops them where it wants by a lock
that they come to wait for.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection, transaction

from importer.pipeline import Options, import_bundles
from importer.sources import file_sources
from importer.store import IMPORT_LOCK, SnapshotWriter
from importer.verification import problems
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import import_objects, mitigation
from tests.importer.test_commands import PATIENCE, ROOT, environment
from tests.importer.test_store import SAMPLES, import_sample, library_state, sample_objects

# How often a test looks whether a process has come to where it waits.
TICK = 0.02
# Who waits for a lock in this database, or for this very connection.
WAITING = """
    SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND (
        database = (SELECT oid FROM pg_database WHERE datname = current_database())
        OR pg_backend_pid() = ANY(pg_blocking_pids(pid)))
"""
# What an import of the sample waits for, from just after it took the import lock to its end.
STOPS = {
    "it begins": "LOCK TABLE library_snapshot",
    "it copies objects": "INSERT INTO library_stixobject (stix_id, stix_type) VALUES (%s, '')",
    "it copies contents": "LOCK TABLE library_objectcontent",
    "it copies memberships": "LOCK TABLE library_snapshotobject",
    "it copies links": "LOCK TABLE library_snapshotedge",
    "it has validated": "LOCK TABLE library_finding",
    "it makes the edition": "LOCK TABLE library_edition",
}

type Process = subprocess.Popen[str]
type Start = Callable[..., Process]


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture
def start(db: None, committed_db: None) -> Iterator[Start]:
    """Starts `manage.py` with arguments, in processes that do not outlive the test."""
    with ExitStack() as running:

        def start_one(*arguments: str | Path) -> Process:
            process = subprocess.Popen(
                [sys.executable, ROOT / "manage.py", *arguments],
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            running.enter_context(process)
            running.callback(process.kill)
            return process

        yield start_one


@contextmanager
def held(statement: str, *parameters: object) -> Iterator[None]:
    """What the statement locks is locked, and all of it undone at the end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, list(parameters))  # type: ignore[arg-type]
        yield
        transaction.set_rollback(True)


def stopped(*processes: subprocess.Popen[Any]) -> list[int]:
    """The server's processes that these wait by, once all of them have come to wait."""
    for _ in range(int(PATIENCE / TICK)):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            pids = [pid for (pid,) in cursor.fetchall()]
        if len(pids) >= len(processes):
            return pids
        try:
            processes[-1].wait(TICK)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"It did not wait: {processes[-1].communicate()}")
    raise AssertionError("It came to no lock.")


def until_it_is_gone() -> None:
    """Wait until the server has noticed that an importing process is no more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])


def at_stop(when: str) -> tuple[str, ...]:
    new = sample_objects("enterprise", "sample-2").keys()
    last = max(new - sample_objects("enterprise", "sample-1").keys())
    return (STOPS[when], last) if "%s" in STOPS[when] else (STOPS[when],)


def everything_is_sound() -> None:
    for snapshot in Snapshot.objects.all():
        assert list(problems(snapshot)) == []


def the_next_import_works(*paths: Path) -> None:
    """Import what did not come in before, and verify all that is there."""
    known = Snapshot.objects.count()
    import_bundles(file_sources(paths), Options(validate=False))
    assert Snapshot.objects.count() == known + len(paths)
    everything_is_sound()


NEXT = SAMPLES / "enterprise-sample-2.json"
OTHER = SAMPLES / "ics-sample-2.json"


@pytest.mark.parametrize("when", STOPS)
def test_the_library_is_as_before_when_an_import_is_killed_as(start: Start, when: str) -> None:
    import_sample("enterprise", "sample-1")
    state = library_state()
    with held(*at_stop(when)):
        process = start("import_attack", NEXT, OTHER)
        stopped(process)
        process.kill()
        process.wait(PATIENCE)
    until_it_is_gone()

    assert library_state() == state
    the_next_import_works(NEXT, OTHER)


def test_the_library_is_whole_when_an_import_is_killed_at_any_moment(
    start: Start, tmp_path: Path
) -> None:
    import_sample("enterprise", "sample-1")
    path = tmp_path / "large.json"
    objects = [mitigation(f"M{number}", f"Mitigation {number}") for number in range(3000)]
    path.write_bytes(orjson.dumps(factories.bundle(*objects)))
    for ticks in range(0, 50, 10):
        state = library_state()
        # Counted from where it begins: a process takes longer than all these ticks to start.
        with held(*at_stop("it begins")):
            process = start("import_attack", path)
            stopped(process)
        try:
            process.wait(ticks * TICK)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)
        until_it_is_gone()
        if Snapshot.objects.count() == 1:
            assert library_state() == state
        else:
            everything_is_sound()
            break
    else:
        the_next_import_works(path)


@pytest.mark.parametrize("when", ["it copies objects", "it copies links", "it makes the edition"])
def test_one_line_says_so_when_the_connection_ends_as(start: Start, when: str) -> None:
    import_sample("enterprise", "sample-1")
    state = library_state()
    with held(*at_stop(when)):
        process = start("import_attack", "--json", NEXT)
        (server_process,) = stopped(process)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [server_process])
        out, error = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out) == (1, "")
    assert len(error.splitlines()) == 1
    assert "database" in error
    assert library_state() == state
    the_next_import_works(NEXT)


@pytest.mark.parametrize(
    ("sent", "status", "lines"),
    [(signal.SIGINT, 130, 1), (signal.SIGTERM, 128 + signal.SIGTERM, 0)],
)
def test_the_library_is_as_before_when_an_import_is_stopped(
    start: Start, sent: signal.Signals, status: int, lines: int
) -> None:
    import_sample("enterprise", "sample-1")
    state = library_state()
    with held(*at_stop("it makes the edition")):
        process = start("import_attack", NEXT)
        stopped(process)
        process.send_signal(sent)
        out, error = process.communicate(timeout=PATIENCE)
    until_it_is_gone()

    assert (process.returncode, out, len(error.splitlines())) == (status, "", lines)
    assert library_state() == state
    the_next_import_works(NEXT)


def run_at_once(start: Start, *bundles: Path) -> list[str]:
    """The statuses of imports that all wait when the way becomes free."""
    with held("SELECT pg_advisory_xact_lock(%s)", IMPORT_LOCK):
        processes = [start("import_attack", "--json", path) for path in bundles]
        stopped(*processes)
    ended = [(process.communicate(timeout=PATIENCE), process.returncode) for process in processes]
    assert [(error, code) for (_, error), code in ended] == [("", 0)] * len(bundles)
    everything_is_sound()
    return [orjson.loads(out)["status"] for (out, _), _ in ended]


def test_one_snapshot_comes_in_when_a_bundle_is_imported_twice_at_once(start: Start) -> None:
    statuses = run_at_once(start, NEXT, NEXT)

    assert sorted(statuses) == ["already-imported", "imported"]
    assert Snapshot.objects.get().members.count() == len(sample_objects("enterprise", "sample-2"))
    assert Edition.objects.count() == 1


@pytest.mark.parametrize(
    "bundles",
    [
        pytest.param((SAMPLES / "enterprise-sample-1.json", NEXT), id="one domain"),
        pytest.param((OTHER, NEXT), id="two domains"),
    ],
)
def test_both_come_in_when_two_bundles_are_imported_at_once(
    start: Start, bundles: tuple[Path, Path]
) -> None:
    assert run_at_once(start, *bundles) == ["imported", "imported"]

    assert Snapshot.objects.count() == 2
    edition = Edition.objects.current()
    assert edition is not None
    assert edition.enterprise is not None
    assert edition.enterprise.attack_version == "sample-2"
    assert (edition.ics is not None) == (OTHER in bundles)


def test_neither_is_lost_when_a_choice_and_an_import_end_at_once(
    start: Start, tmp_path: Path
) -> None:
    import_objects(release="1.0", domain="ics")
    import_objects(release="2.0", domain="ics")
    path = tmp_path / "mobile.json"
    path.write_bytes(orjson.dumps(factories.bundle(domain="mobile")))
    # What is current can be read, and nothing can become current.
    with held("LOCK TABLE library_edition IN SHARE MODE"):
        choice = start("make_current", "ics", "1.0")
        stopped(choice)
        importing = start("import_attack", path)
        stopped(choice, importing)
    assert choice.wait(PATIENCE) == importing.wait(PATIENCE) == 0

    edition = Edition.objects.current()
    assert edition is not None
    assert [held.attack_version for held in edition.snapshots] == ["1.0", "1.0"]


def test_a_choice_is_refused_when_the_snapshot_is_deleted_at_once(start: Start) -> None:
    import_objects(release="1.0")
    import_objects(release="2.0")
    with held("LOCK TABLE library_edition IN SHARE MODE"):
        deletion = start("delete_snapshot", "enterprise", "1.0")
        stopped(deletion)
        choice = start("make_current", "enterprise", "1.0")
        stopped(deletion, choice)
    _, error = choice.communicate(timeout=PATIENCE)

    assert (deletion.wait(PATIENCE), choice.returncode) == (0, 2)
    assert len(error.splitlines()) == 1
    assert Snapshot.objects.get().attack_version == "2.0"
    everything_is_sound()


def test_a_writer_refuses_to_begin_when_there_is_no_transaction(start: Start) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        SnapshotWriter("enterprise", ThreadPoolExecutor())
