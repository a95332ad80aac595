"""`make run`: what it starts, serves and stops; and commands that begin together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from glexia.env import BASE_DIR

DEADLINE = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


class Machine:
    """A data directory and a port of its own, with the sample for bundles, so without a network."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "GLEXIA_DATA_DIR": str(folder / "data"),
            "ATTACK_BUNDLES": str(BASE_DIR / "fixtures" / "bundles"),
            "PORT": str(self.port),
        }
        self.started: list[subprocess.Popen[str]] = []
        self.said: list[str] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(self) -> subprocess.Popen[str]:
        """`make run`, once it is ready."""
        process = self.start("-m", "glexia.run")
        assert process.stdout is not None
        self.said = []
        while "Ready" not in (line := process.stdout.readline()):
            assert line, process.stderr.read() if process.stderr else ""
            self.said.append(line)
        return process

    def page(self) -> str:
        address = f"http://127.0.0.1:{self.port}/learn/attack/mitigations"
        with urllib.request.urlopen(address, timeout=30) as answer:
            return str(answer.read().decode())

    def is_free(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    for process in machine.started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=DEADLINE)


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_everything_it_started_ends_when_it_is_stopped(
    machine: Machine, number: signal.Signals
) -> None:
    process = machine.run()
    assert "sample content" in machine.page()
    family = descendants(process)
    assert len(family) > 1
    process.send_signal(number)
    _, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, error) == (0, "")
    assert not [child for child in family if child.is_running()]
    assert machine.is_free()


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that import in the background."""
    found = []
    for child in descendants(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "db_worker" in child.cmdline():
                found.append(child)
    return found


def test_the_worker_is_started_again_when_it_dies(machine: Machine) -> None:
    process = machine.run()
    (first,) = workers(process)
    first.kill()
    eventually(lambda: any(each.pid != first.pid for each in workers(process)))
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, error) == (0, "")


def test_starter_takes_are_loaded_by_the_first_run_alone(machine: Machine) -> None:
    loaded = "Loaded 36 starter Takes, which your organisation has not reviewed.\n"
    first = machine.run()
    assert loaded in machine.said
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=DEADLINE)
    machine.run()
    assert loaded not in machine.said


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children of the killed")
def test_the_next_run_works_when_one_was_killed(machine: Machine) -> None:
    process = machine.run()
    process.kill()
    process.wait(DEADLINE)
    eventually(machine.is_free)
    machine.run()
    assert "sample content" in machine.page()


def test_a_port_in_use_is_one_sentence(machine: Machine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", machine.port))
        taken.listen()
        process = machine.start("-m", "glexia.run")
        _, error = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert len(error.splitlines()) == 1
    assert f"Port {machine.port} is in use" in error


def test_commands_work_together_when_there_is_no_database_yet(machine: Machine) -> None:
    importing = machine.start("manage.py", "import_attack", machine.environment["ATTACK_BUNDLES"])
    listing = machine.start("manage.py", "snapshots")
    outcomes = [process.communicate(timeout=DEADLINE)[1] for process in (importing, listing)]
    assert (importing.returncode, listing.returncode, outcomes) == (0, 0, ["", ""])


def test_a_database_that_cannot_be_reached_is_one_sentence(machine: Machine) -> None:
    machine.environment["DATABASE_URL"] = f"postgresql://nobody@127.0.0.1:{machine.port}/none"
    process = machine.start("manage.py", "snapshots")
    _, error = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert len(error.splitlines()) == 1
    assert "cannot be reached: connection failed" in error
