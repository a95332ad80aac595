"""The processes that validate beside the import."""

import os
import signal
import subprocess
import sys

import pytest

from importer.validate import (
    Checked,
    Validator,
    ValidatorError,
    check_batch,
)
from tests.importer.objects import ROOT, TYPES, sample, texts


@pytest.fixture(scope="module")
def many() -> list[bytes]:
    """Some four megabytes of objects, every third of them broken in its own way."""
    result = []
    for number in range(900):
        for stix_type in ("relationship", "x-mitre-tactic", "x-nobody-knows"):
            obj = sample(stix_type) | {"description": "word " * 300}
            if number % 3 == 0:
                obj["created"] = f"day {number}"
            result.append(obj)
    return texts(result)


def test_a_batch_counts_what_was_checked_how_when_types_are_mixed() -> None:
    checked, found = check_batch(texts([sample(name) for name in TYPES]))
    assert found == []
    assert checked == Checked(stix2=9, schema=8, envelope=1)
    assert checked + checked == Checked(stix2=18, schema=16, envelope=2)


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_results_are_the_same_in_order_when_processes_differ(
    processes: int, many: list[bytes]
) -> None:
    with Validator(processes) as validator:
        for start in range(0, len(many), 1000):
            validator.submit(many[start : start + 1000])
        validator.submit([])
        results = validator.results()
        assert validator.results() == (Checked(), [])
    assert results == check_batch(many)
    assert len(results[1]) == 900


def test_results_are_of_what_came_since_when_some_were_taken() -> None:
    with Validator(1) as validator:
        validator.submit(texts([sample("tool")]))
        assert validator.results()[0] == Checked(stix2=1)
        validator.submit(texts([sample("x-mitre-tactic")]))
        assert validator.results()[0] == Checked(schema=1)


@pytest.mark.parametrize("processes", [1, 2])
def test_the_user_is_told_when_a_process_is_killed(processes: int, many: list[bytes]) -> None:
    with Validator(processes) as validator:
        for worker in validator._workers:
            os.kill(worker._process.pid, signal.SIGKILL)
        # More than may wait.
        with pytest.raises(ValidatorError, match="SIGKILL"):
            validator.submit(many * 20)
        with pytest.raises(ValidatorError, match="SIGKILL"):
            validator.results()


def test_no_process_is_left_when_the_user_fails(many: list[bytes]) -> None:
    validator = Validator(2)

    def fail() -> None:
        with validator:
            validator.submit(many)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    # A return code means it has ended and been waited for.
    assert [w._process.returncode for w in validator._workers] == [-signal.SIGKILL] * 2


def program(text: str) -> subprocess.Popen[bytes]:
    """A program of its own session, in which Validator is known, that has said "ready"."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"import sys\nfrom importer.validate import Validator\n{text}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


WAITING = """
try:
    with Validator(2) as validator:
        validator.submit([b'{"type":"x-new"}'])
        validator.results()
        print("ready", flush=True)
        sys.stdin.read()
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_processes_end_without_a_word_when_the_importer_is_killed() -> None:
    process = program(WAITING)
    process.kill()
    # The processes hold its standard error: this ends when the last of them has.
    assert process.communicate(timeout=60)[1] == b""


def test_processes_end_without_a_word_when_the_importer_is_interrupted() -> None:
    process = program(WAITING)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 130


def test_only_what_is_needed_is_loaded_when_a_process_starts() -> None:
    loaded = (
        "import sys, importer.validate\n"
        "light = {'stix2', 'pydantic'} & set(sys.modules)\n"
        "import importer.schemas.rules, importer.schemas.standard\n"
        "heavy = {'django', 'mitreattack', 'psycopg'} & set(sys.modules)\n"
        "print(sorted(light | heavy))"
    )
    output = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True)
    assert output.stdout.strip() == b"[]"
