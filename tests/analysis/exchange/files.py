"""Files of Takes as tests write them, and the small library that they come from and go to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from analysis.models import ActKind, Revision
from analysis.takefiles.exporting import held_files
from analysis.takefiles.layout import file_bytes
from analysis.takefiles.reading import read_take
from analysis.takefiles.shape import TakeFile
from analysis.workflow import act
from library.conditional import current_shelf
from tests.factories import Properties, import_objects, mitigation, technique
from tests.takes import delete_takes, draft, member, subject

MEASURE, OTHER = mitigation("M1000", "Measure"), mitigation("M1001", "Other")
WAY = technique("T1000", "Way")
NAME = "mitigations/M1000.yaml"

type Run = Callable[..., tuple[int, list[str], list[str]]]


def put(folder: Path, take: TakeFile, name: str = NAME) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(take))
    return path


def exported(name: str = NAME) -> TakeFile:
    take = read_take(name, held_files()[name]).take
    assert take is not None
    return take


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def epoch() -> int:
    return current_shelf().epoch


def states(of: Properties = MEASURE) -> list[str]:
    rows = Revision.objects.of_objects([of["id"]]).order_by("number")
    return list(rows.values_list("state", flat=True))


def confirm(revision: Revision, note: str = "") -> None:
    """Confirm a text on the measure against a further release, which readers see from then on."""
    import_objects(MEASURE, OTHER, WAY, release="2.0")
    act(revision, ActKind.CONFIRMED, member("reviewer"), note, against=subject(MEASURE))


def written(release: str = "1.0", **changes: Any) -> TakeFile:
    """A draft by somebody else, as a file that is to be imported has it."""
    draft(MEASURE, summary="Held.")
    take = exported()
    delete_takes()
    against = take.written_against.model_copy(update={"release": release})
    given = {"written_against": against, "author": "ann", "attack_id": "M1000"}
    return TakeFile.model_validate(take.model_dump() | given | changes)


def line_of(folder: Path, word: str, name: str = NAME) -> int:
    lines = (folder / name).read_text().splitlines()
    return next(at for at, line in enumerate(lines, 1) if word in line)
