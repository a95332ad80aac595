"""Files of Takes that cannot be read: each problem is told, and nothing is written."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.models import Revision, State, Take
from analysis.takefiles import folder as folders
from tests.analysis.exchange.files import MEASURE, NAME, Run, epoch, exported, line_of, put
from tests.takes import publish

pytestmark = pytest.mark.django_db


def test_every_problem_of_every_file_is_told_and_nothing_is_written(folder: Path, run: Run) -> None:
    publish(MEASURE)
    edit = {"summary": "Edited.", "state": State.DRAFT}
    good = put(folder, exported().model_copy(update=edit))
    (folder / "mitigations" / "M1001.yaml").write_bytes(
        good.read_bytes().replace(b"summary: Edited.", b"summary: ''\nlimit: x")
    )
    (folder / "a.yaml").write_text("a: [")
    (folder / "techniques").mkdir()
    shutil.copy(good, folder / "techniques" / "T1000.yml")
    before = Revision.objects.count(), Take.objects.count(), epoch()
    status, out, error = run("import_takes", folder)
    assert (status, out) == (2, [])
    belongs = f"the Take inside belongs in {NAME} or objects/{MEASURE['id']}.yaml"
    twice = f"line 1: stix_id: {NAME} is about the same object"
    bad = "mitigations/M1001.yaml"
    summary = good.read_text().splitlines().index("summary: Edited.") + 1
    assert error == [
        "a.yaml, line 1: not YAML: did not find expected node content",
        f"{bad}: {belongs}",
        f"{bad}, {twice}",
        f"{bad}, line {summary}: summary: nothing is filled in",
        f"{bad}, line {summary + 1}: limit: there is no such key",
        f"techniques/T1000.yml: {belongs}",
        f"techniques/T1000.yml, {twice}",
    ]
    assert (Revision.objects.count(), Take.objects.count(), epoch()) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.exists, "there is no such folder"),
        (Path.mkdir, "there is no .yaml file in it"),
    ],
)
def test_a_folder_without_takes_is_one_sentence(
    folder: Path, run: Run, make: Callable[[Path], object], said: str
) -> None:
    make(folder)
    assert run("import_takes", folder) == (2, [], [f"{folder}: {said}"])


def test_a_pipe_and_a_huge_file_are_not_read(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(MEASURE)
    path = put(folder, exported())
    os.mkfifo(folder / "pipe.yaml")
    monkeypatch.setattr(folders, "LONGEST_FILE", path.stat().st_size - 1)
    status, _, error = run("import_takes", folder)
    assert status == 2
    assert error[0].startswith(f"{NAME}: larger than ")
    assert error[1] == "pipe.yaml: this is not a file"


def test_names_of_files_are_printed_without_what_moves_a_terminal(folder: Path, run: Run) -> None:
    folder.mkdir()
    (folder / "\x1b[2J\n.yaml").write_text("a: b")
    _, _, error = run("import_takes", folder)
    assert len({line.split(",")[0] for line in error}) == 1
    assert error[0].startswith("?[2J?.yaml, line 1: a: there is no such key")


def test_a_text_of_any_size_is_refused_or_taken_but_does_no_harm(folder: Path, run: Run) -> None:
    publish(MEASURE)
    put(folder, exported().model_copy(update={"summary": "x" * 100_000}))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert error.endswith("summary: 100,000 characters: at most 10,000")


def test_a_take_that_is_too_long_in_all_is_told_where_it_goes_beyond(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    entries = [f"{'x' * 1998}{at:02}" for at in range(15)]
    edit = {"likely_telemetry": entries, "state": State.DRAFT}
    put(folder, exported().model_copy(update=edit))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    said = "the Take goes beyond 30,000 characters here: it has 30,014 in all"
    # An entry begins with a line that says how its text is folded.
    line = line_of(folder, "x14") - 1
    assert error == f"{NAME}, line {line}: likely_telemetry, entry 15: {said}"


def test_an_entry_that_was_made_too_long_in_a_file_is_refused(folder: Path, run: Run) -> None:
    publish(MEASURE)
    edit = {"likely_telemetry": ["Short.", "x" * 2_001], "state": State.DRAFT}
    put(folder, exported().model_copy(update=edit))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert error.endswith("likely_telemetry, entry 2: 2,001 characters: at most 2,000")
