"""Takes come back from their files as they were, and files are written with care."""

import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from analysis.models import Act, ActKind, Revision, State
from analysis.take import SECTIONS
from analysis.takefiles.exporting import held_files
from analysis.takefiles.shape import schema_text
from analysis.workflow import act
from tests.analysis.exchange.files import (
    MEASURE,
    NAME,
    OTHER,
    WAY,
    Run,
    confirm,
    epoch,
    exported,
    files_in,
    put,
)
from tests.factories import import_objects, mitigation
from tests.takes import delete_takes, draft, member, publish

LISTS = [name for name, _, is_list in SECTIONS if is_list]
pytestmark = pytest.mark.django_db


def much_written() -> None:
    """Takes with a history of many acts, drafts and awkward texts."""
    first = publish(MEASURE, summary="First.\r\nSecond line.", change_note="Begun.")
    confirm(first, "Still\r\nright.")
    sent = draft(MEASURE, summary="Trailing \n\n  space", likely_telemetry=["yes", "- a: b"])
    act(sent, ActKind.SUBMITTED, member("author"))
    act(sent, ActKind.SENT_BACK, member("reviewer"), "Not yet.")
    draft(MEASURE, summary="1.0", limits="Tab\there: 😀 #", confidence_why="“Why”: so")
    given_up = draft(OTHER, summary="No.")
    act(given_up, ActKind.WITHDRAWN, member("author"))
    publish(WAY, summary="A way, see T1000.")


def test_everything_comes_back_byte_for_byte_in_an_delete_takes(folder: Path, run: Run) -> None:
    much_written()
    before = list(Revision.objects.order_by("take__stix_id", "number").values())
    assert run("export_takes", folder)[0] == 0
    first = files_in(folder)
    assert set(first) == {NAME, "mitigations/M1001.yaml", "techniques/T1000.yaml"}
    delete_takes()
    assert run("import_takes", folder) == (
        0,
        [
            f"{NAME}: new, 3 revisions, the newest draft",
            "mitigations/M1001.yaml: new, withdrawn",
            "techniques/T1000.yaml: new, published",
            "3 files, 3 new",
        ],
        [],
    )
    after = list(Revision.objects.order_by("take__stix_id", "number").values())
    unlike = {"id", "take_id"}
    assert [{k: v for k, v in row.items() if k not in unlike} for row in after] == [
        {k: v for k, v in row.items() if k not in unlike} for row in before
    ]
    shutil.rmtree(folder)
    run("export_takes", folder)
    assert files_in(folder) == first


def test_importing_what_is_held_changes_nothing(folder: Path, run: Run) -> None:
    much_written()
    run("export_takes", folder)
    counts = Revision.objects.count(), Act.objects.count(), epoch()
    status, out, _ = run("import_takes", folder)
    assert (status, out[-1]) == (0, "3 files, 3 unchanged")
    assert (Revision.objects.count(), Act.objects.count(), epoch()) == counts


def test_takes_from_before_the_bounds_come_back_and_may_be_shortened(
    folder: Path, run: Run
) -> None:
    long: dict[str, Any] = {name: [f"{'x' * 9_999}{at}" for at in range(4)] for name in LISTS}
    publish(MEASURE, **long)
    draft(MEASURE, summary="Next.", **long)
    run("export_takes", folder)
    first = files_in(folder)
    jsonschema.validate(yaml.safe_load(first[NAME]), yaml.safe_load(schema_text()))
    assert run("import_takes", folder)[1] == [f"{NAME}: unchanged", "1 file, 1 unchanged"]
    delete_takes()
    assert run("import_takes", folder)[0] == 0
    assert held_files() == first
    given_up = Revision.objects.get(number=2)
    act(given_up, ActKind.WITHDRAWN, member("author"))
    short = {"summary": "Short.", "state": State.DRAFT, **{name: [] for name in long}}
    put(folder, exported().model_copy(update=short))
    assert run("import_takes", folder)[1][0] == f"{NAME}: revised, revision 3 draft"


def test_exporting_again_writes_nothing_anew(folder: Path, run: Run) -> None:
    publish(MEASURE)
    assert run("export_takes", folder)[1] == [f"{NAME}: written", "1 file, 1 written"]
    made = (folder / NAME).stat().st_mtime_ns
    assert run("export_takes", folder)[1][0] == f"{NAME}: unchanged"
    assert (folder / NAME).stat().st_mtime_ns == made


def test_export_leaves_other_files_alone_and_names_those_that_look_like_takes(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    (folder / "mitigations").mkdir(parents=True)
    (folder / "mitigations" / "M9999.yaml").write_text("mine")
    (folder / "README.md").write_text("mine")
    _, out, _ = run("export_takes", folder)
    assert "mitigations/M9999.yaml: not of a Take held, left alone" in out
    assert files_in(folder)["mitigations/M9999.yaml"] == files_in(folder)["README.md"] == b"mine"


def test_export_that_cannot_write_says_so_and_leaves_no_half_file(folder: Path, run: Run) -> None:
    publish(MEASURE)
    (folder / NAME).mkdir(parents=True)
    status, _, error = run("export_takes", folder)
    assert (status, error) == (2, [f"{NAME}: cannot be written: Is a directory"])
    assert files_in(folder) == {}


def test_export_writes_through_no_link(folder: Path, tmp_path: Path, run: Run) -> None:
    publish(MEASURE)
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "mitigations").symlink_to(tmp_path / "elsewhere")
    status, _, error = run("export_takes", folder)
    assert (status, len(error)) == (2, 1)
    assert "its folder is a link" in error[0]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_two_objects_of_one_id_have_a_file_each(folder: Path, run: Run) -> None:
    twin = mitigation("M1000", "Twin", id="course-of-action--" + "1" * 8 + OTHER["id"][-28:])
    import_objects(MEASURE, twin, release="2.0")
    publish(MEASURE)
    publish(twin)
    run("export_takes", folder)
    first = files_in(folder)
    assert set(first) == {f"objects/{found['id']}.yaml" for found in (MEASURE, twin)}
    delete_takes()
    assert run("import_takes", folder)[0] == 0
    assert held_files() == first


def test_a_take_of_an_object_renamed_since_keeps_both_names(folder: Path, run: Run) -> None:
    draft(MEASURE, summary="Then.")
    import_objects(MEASURE | {"name": "Renamed"}, release="2.0")
    draft(MEASURE, summary="Now.")
    run("export_takes", folder)
    delete_takes()
    run("import_takes", folder)
    assert list(Revision.objects.order_by("number").values_list("name", flat=True)) == [
        "Measure",
        "Renamed",
    ]
