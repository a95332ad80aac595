"""Whatever takes files against the corpus: one clear sentence, and nothing changes.

These are commands; bundles that come in by the console have a module of their own.
"""

import os
import re
from pathlib import Path

import pytest
import yaml

from tests.hostile.corpus import CATEGORIES, LEAST
from tests.hostile.digest import digest
from tests.hostile.files import REPLAYED, ended, sentence
from tests.hostile.pages import text_of
from tests.hostile.world import ROLES, World
from tests.importer.test_commands import SOUND

# The history of imports tells of those that failed, too.
HISTORY = "importer_importrun"

# --- the importer, by file and by folder ---


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["by file", "by folder"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_bundle_is_refused_when_it_is_hostile(
    category: str, way: str, world: World, tmp_path: Path
) -> None:
    before, held = digest(HISTORY), CATEGORIES[category]
    for at, (name, made) in enumerate(held.files.items()):
        folder = tmp_path / str(at)
        folder.mkdir()
        file = folder / "bundle.json"
        file.write_bytes(made())
        options = {"domain": "enterprise", "dry_run": name in held.sound}
        status, said = ended("import_attack", file if way == "by file" else folder, **options)
        assert status == (0 if name in held.sound else 2), (name, said)
        if status:
            assert sentence(said).startswith(f"{file}: "), name
        file.unlink()
    assert digest(HISTORY) == before


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["by file", "by folder"])
def test_library_is_the_same_when_a_bundle_comes_again(
    way: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "first.json"
    file.write_bytes(SOUND)
    assert ended("import_attack", file, domain="enterprise")[0] == 0
    before = digest(HISTORY)
    for at, (name, made) in enumerate(REPLAYED.items()):
        folder = tmp_path / str(at)
        folder.mkdir()
        again = folder / f"again {at}.json"
        again.write_bytes(made())
        status, said = ended("import_attack", again if way == "by file" else folder)
        assert (status, said) == (0, ""), name
    assert digest(HISTORY) == before


# --- Takes from files ---


def exported(folder: Path) -> dict[str, str]:
    """The Takes of the world as files, by name."""
    assert ended("export_takes", folder)[0] == 0
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}


def put(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


STRICT = ("stix_id", "state", "confidence", "written_at", "written_against", "attack_id")


@pytest.mark.django_db
@pytest.mark.parametrize("category", CATEGORIES)
def test_take_is_refused_when_its_file_is_hostile(
    category: str, world: World, tmp_path: Path
) -> None:
    whole = exported(tmp_path / "sound")
    name, text = next(iter(sorted(whole.items())))
    before = digest()
    held = CATEGORIES[category]
    hostile = {called: made() for called, made in held.files.items()}
    for at, (called, value) in enumerate(held.values.items()):
        written = yaml.safe_load(text) | {STRICT[at % len(STRICT) - 1]: text_of(value)}
        hostile[f"field: {called}"] = yaml.safe_dump(written, allow_unicode=True).encode()
    for at, (called, content) in enumerate(hostile.items()):
        folder = tmp_path / str(at)
        put(folder, name, content)
        status, said = ended("import_takes", folder)
        assert status == 2, (called, said)
        assert said.strip(), called
        assert "Traceback" not in said
    assert digest() == before


@pytest.mark.django_db
def test_takes_are_the_same_when_they_come_again(world: World, tmp_path: Path) -> None:
    whole = exported(tmp_path / "sound")
    before = digest()
    for at in range(LEAST):
        folder = tmp_path / str(at)
        for name, text in whole.items():
            # Line ends, a byte-order mark and blank lines mean nothing.
            odd = (text, text.replace("\n", "\r\n"), f"\ufeff{text}", f"{text}\n\n")[at % 4]
            put(folder, name, odd.encode())
        status, said = ended("import_takes", folder)
        assert (status, said) == (0, ""), at
    assert digest() == before


# --- people ---


@pytest.mark.django_db
@pytest.mark.parametrize("category", CATEGORIES)
def test_account_is_refused_when_what_it_is_made_of_is_hostile(category: str, world: World) -> None:
    before = digest()
    for at, (called, value) in enumerate(CATEGORIES[category].values.items()):
        # As an argument of a process comes that is no UTF-8: with halves of surrogates.
        odd = text_of(value) if at else os.fsdecode(b"x\xff\xfe")
        # What would do as a name has a space at its end, with which nothing does.
        no_name = f"{odd} " if re.fullmatch(r"[\w.@+-]{1,150}", odd) else odd
        name, email = ("fresh", odd or "@") if at % 2 else (no_name, "fresh@example.org")
        status, said = ended("create_staff", name, f"--email={email}", "--password=random")
        assert status, called
        assert said.strip(), called
    assert digest() == before


@pytest.mark.django_db
def test_account_is_the_same_when_it_is_made_again(world: World) -> None:
    before = digest()
    for role in (*ROLES, *ROLES):
        status, said = ended("create_staff", "ann", f"--role={role}", "--password=random")
        assert (status, said) == (0, "")
    assert digest() == before
