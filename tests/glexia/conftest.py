"""Machines to install on and data directories of the embedded PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from glexia import embedded
from tests.glexia.machine import Machine
from tests.glexia.servers import (
    clear_away,
    open_folder,
    postmaster,
    runs,
)


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


@pytest.fixture(params=["dash", "bash"])
def any_shell(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    found = shutil.which(request.param)
    if not found:
        pytest.skip(f"{request.param} is not installed")
    return Machine(tmp_path / "machine", found)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def ready(machine: Machine) -> Machine:
    machine.python("python3.13", "3.13")
    code, _, error = machine.setup()
    assert (code, error) == (0, "")
    return machine
