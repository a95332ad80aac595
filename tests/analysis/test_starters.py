"""The starter Takes: loaded once, and out of the way of what people do."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analysis.models import ActKind, Revision, State
from analysis.starters import load_starters
from analysis.takefiles.exporting import export_folder, held_files
from analysis.takefiles.importing import import_folder
from analysis.takefiles.layout import file_bytes
from analysis.takefiles.problems import BadTakesError
from analysis.takefiles.reading import read_take
from analysis.takefiles.shape import TakeFile
from analysis.workflow import act, save
from analysis.writing import Subject
from glexia.env import BASE_DIR
from library.conditional import current_shelf
from tests.factories import import_objects, mitigation
from tests.takes import delete_takes, member, same, writing

pytestmark = pytest.mark.django_db
SHIPPED = BASE_DIR / "fixtures" / "takes"
NAME = "mitigations/M1037.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two starter Takes."""
    import_objects(mitigation("M1000", "Measure"))
    for name in (NAME, "techniques/T1105.yaml"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


def ship(folder: Path, *, later: bool = True) -> TakeFile:
    """A newer text of the first one, as the next version of the library has it."""
    take = read_take(NAME, (folder / NAME).read_bytes()).take
    assert take is not None
    moment = take.written_at + timedelta(days=30 if later else -30)
    newer = take.model_copy(update={"summary": "Newer.", "written_at": moment})
    (folder / NAME).write_bytes(file_bytes(newer))
    return newer


def of_first() -> list[Revision]:
    return list(Revision.objects.filter(attack_id="M1037").order_by("number"))


@pytest.mark.parametrize("release", ["18.1", "17.1", "sample-1"])
def test_all_are_loaded_as_shipped_and_unconfirmed_whatever_is_held(release: str) -> None:
    import_objects(mitigation("M1000", "Measure"), release=release)
    epoch = current_shelf().epoch
    assert load_starters(SHIPPED) == 36
    assert Revision.objects.published().count() == 36
    assert all(found.is_unconfirmed_starter for found in Revision.objects.all())
    assert current_shelf().epoch != epoch


def test_nothing_is_loaded_twice(folder: Path) -> None:
    assert load_starters(folder) == 2
    epoch = current_shelf().epoch
    with CaptureQueriesContext(connection) as queries:
        assert load_starters(folder) == 0
    assert len(queries) == 2
    assert Revision.objects.count() == 2
    assert current_shelf().epoch == epoch


def test_a_text_shipped_later_supersedes_the_one_shipped_before(folder: Path) -> None:
    load_starters(folder)
    ship(folder)
    assert load_starters(folder) == 1
    first, second = of_first()
    assert (first.state, second.state) == (State.SUPERSEDED, State.PUBLISHED)
    assert second.sections["summary"] == "Newer."
    assert load_starters(folder) == 0


def test_an_older_version_of_the_library_takes_nothing_back(folder: Path) -> None:
    load_starters(folder)
    ship(folder, later=False)
    assert load_starters(folder) == 0


def confirm(starter: Revision) -> None:
    act(starter, ActKind.CONFIRMED, member("reviewer"), against=same(starter))


def withdraw(starter: Revision) -> None:
    act(starter, ActKind.WITHDRAWN, member("publisher"))


def edit(starter: Revision) -> None:
    subject = Subject(
        starter.take.stix_id,
        starter.attack_id,
        starter.name,
        {
            name: getattr(starter, name)
            for name in ("domain", "attack_version", "content_sha256", "snapshot")
        },
    )
    save(subject, writing("Our own."), member("author"), starter.number)


@pytest.mark.parametrize("do", [confirm, withdraw, edit])
def test_what_people_have_done_is_left_alone(folder: Path, do: Callable[[Revision], None]) -> None:
    load_starters(folder)
    (starter,) = of_first()
    do(starter)
    before = list(Revision.objects.order_by("pk").values())
    assert load_starters(folder) == 0
    ship(folder)
    assert load_starters(folder) == 0
    assert list(Revision.objects.order_by("pk").values()) == before


def test_a_damaged_file_is_named_and_nothing_is_loaded(folder: Path) -> None:
    (folder / NAME).write_text("summary: [")
    with pytest.raises(BadTakesError, match="M1037"):
        load_starters(folder)
    assert not Revision.objects.exists()


# --- the same by import_takes ---


def test_starters_exported_come_back_byte_for_byte(tmp_path: Path) -> None:
    import_objects(mitigation("M1000", "Measure"), release="17.1")
    load_starters(SHIPPED)
    confirm(of_first()[0])
    shipped = held_files()
    list(export_folder(tmp_path))
    delete_takes()
    assert len(import_folder(tmp_path).outcomes) == 36
    assert held_files() == shipped
    assert load_starters(SHIPPED) == 0


def test_a_starter_edited_in_its_file_is_refused_as_one(folder: Path) -> None:
    ship(folder)
    with pytest.raises(BadTakesError) as refused:
        import_folder(folder)
    said = {(found.file, found.field) for found in refused.value.problems}
    assert said >= {(NAME, "state"), (NAME, "starter")}
    assert not Revision.objects.exists()


def test_a_starter_without_its_mark_is_a_text_that_nobody_published(folder: Path) -> None:
    text = (folder / NAME).read_text()
    (folder / NAME).write_text(text.replace("starter: true\n", ""))
    with pytest.raises(BadTakesError, match="state: its acts do not say") as refused:
        import_folder(folder)
    assert (NAME, "state") in [(found.file, found.field) for found in refused.value.problems]


@pytest.mark.parametrize("do", [confirm, edit])
def test_an_import_puts_no_starter_in_place_of_what_people_have_done(
    folder: Path, do: Callable[[Revision], None]
) -> None:
    ship(folder, later=False)
    load_starters(folder)
    do(of_first()[0])
    shutil.copy(SHIPPED / NAME, folder / NAME)
    with pytest.raises(BadTakesError, match="state: its acts do not say"):
        import_folder(folder)
