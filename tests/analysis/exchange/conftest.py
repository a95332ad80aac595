"""A library, a folder and the commands that take Takes from one to the other."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.analysis.exchange.files import MEASURE, OTHER, WAY, Run
from tests.factories import import_objects


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(MEASURE, OTHER, WAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "takes"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command's exit status, its lines, and its complaints."""

    def run(*command: Any) -> tuple[int, list[str], list[str]]:
        status = 0
        try:
            call_command(*map(str, command))
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, error = capsys.readouterr()
        return status, out.splitlines(), error.splitlines()

    return run
