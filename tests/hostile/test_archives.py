"""Backups against the corpus: one clear sentence, and the database as it was.

What only an empty database can tell has its tests in `tests/importer/backup/test_hostile.py`.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.backup.archive import Manifest, Table, Writer
from importer.backup.saving import applied
from importer.backup.tables import carried, columns_of
from tests.hostile.corpus import CATEGORIES, LEAST, Value
from tests.hostile.digest import digest
from tests.hostile.files import ended, sentence
from tests.hostile.pages import text_of
from tests.hostile.world import World
from tests.importer.backup.test_hostile import refusal, with_manifest, written

pytestmark = pytest.mark.django_db
TABLE = {
    "name": "a_table",
    "columns": ["id", "name"],
    "rows": 2,
    "size": 12,
    "sha256": "0" * 64,
}


def told(at: int, value: Value) -> dict[str, Any]:
    """What a manifest says that has a hostile value, each time in another place."""
    odd = text_of(value)
    places: list[dict[str, Any]] = [
        {"tables": [TABLE | {"name": odd}]},
        {"tables": [TABLE | {"size": odd}]},
        {"tables": [TABLE | {"sha256": odd}]},
        {"tables": odd},
        {"sequences": [{"name": odd, "last": 1}]},
        {"format": odd},
        {"version": odd},
        {"migrations": odd},
    ]
    return places[at % len(places)]


@pytest.mark.parametrize("category", CATEGORIES)
def test_backup_is_refused_when_it_is_hostile(category: str, world: World, tmp_path: Path) -> None:
    before, path, held = digest(), tmp_path / "a.backup", CATEGORIES[category]
    for name, made in held.files.items():
        path.write_bytes(made())
        assert refusal(path), name
        assert sentence(restored(path)), name
    for at, (name, value) in enumerate(held.values.items()):
        with_manifest(written(path), **told(at, value))
        assert refusal(path), name
        assert sentence(restored(path)), name
    assert digest() == before


def restored(path: Path, **options: Any) -> str:
    """Why a restore refuses."""
    status, said = ended("restore", path, **options)
    assert status == 2
    return said


def sound(path: Path) -> Path:
    """A backup of this very state of the product, with nothing in it."""
    path.touch()
    with Writer(path) as writer:
        tables = []
        for name in carried():
            size, sha256 = writer.add(name, [b""])
            columns = columns_of(name)
            tables.append(Table(name=name, columns=columns, rows=0, size=size, sha256=sha256))
        writer.finish(
            Manifest(
                made_at="now", postgresql="18", migrations=applied(), tables=tables, sequences=[]
            )
        )
    return path


def link(how: Callable[[Path, Path], object], path: Path) -> Path:
    place = path.with_name(f"{how.__name__}.backup")
    how(path, place)
    return place


def test_backup_is_refused_when_the_database_has_been_filled(world: World, tmp_path: Path) -> None:
    path, before = sound(tmp_path / "a.backup"), digest()
    ways: dict[str, Path] = {
        **{f"again, time {n}": path for n in range(1, 5)},
        "a copy": link(shutil.copy, path),
        "a copy with its times": link(shutil.copy2, path),
        "a symbolic link": link(os.symlink, path),
        "a hard link": link(os.link, path),
        "by a way round": tmp_path / ".." / tmp_path.name / path.name,
        "by another name": path.rename(tmp_path / "b"),
    }
    path.symlink_to(tmp_path / "b")
    assert len(ways) >= LEAST
    for name, way in ways.items():
        for damaged in (False, True):
            said = sentence(restored(way, even_damaged=damaged))
            assert "The database is not empty" in said, name
    assert digest() == before
