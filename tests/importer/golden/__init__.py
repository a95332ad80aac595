"""Golden files: what each step of the importer makes of the sample bundles.

One readable JSON file a bundle, with a part for each step. After a change that is meant, write
them anew and read the diff:

    GOLDEN=write python -m pytest tests/importer
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from importer.parse import Bundle, Properties, parse

HERE = Path(__file__).parent
BUNDLES = HERE.parents[2] / "fixtures" / "bundles"
NAMES = sorted(path.stem for path in BUNDLES.glob("*.json"))
each_sample = pytest.mark.parametrize("name", NAMES)

TYPES = (
    *("x-mitre-matrix", "x-mitre-tactic", "attack-pattern", "course-of-action"),
    *("x-mitre-detection-strategy", "x-mitre-analytic", "x-mitre-data-component", "relationship"),
)


def path_of(name: str) -> Path:
    """The file of a sample bundle."""
    return BUNDLES / f"{name}.json"


def raw_of(name: str) -> bytes:
    """The JSON text of a sample bundle."""
    return path_of(name).read_bytes()


def bundle_of(name: str) -> Bundle:
    """A sample bundle, parsed."""
    return parse(raw_of(name))


def chosen(objects: list[Properties]) -> list[Properties]:
    """Ten objects: the first live one of eight types, the first revoked, the first deprecated."""
    revoked = [found for found in objects if found.get("revoked")]
    deprecated = [found for found in objects if found.get("x_mitre_deprecated")]
    live = [found for found in objects if found not in revoked + deprecated]
    firsts = [next(found for found in live if found["type"] == wanted) for wanted in TYPES]
    return [*firsts, revoked[0], deprecated[0]]


def check(name: str, step: str, found: dict[str, Any]) -> None:
    """That a step made of a sample bundle what its golden file says; with GOLDEN=write, say so."""
    path = HERE / f"{name}.json"
    held = json.loads(path.read_text()) if path.exists() else {}
    if os.environ.get("GOLDEN") == "write":
        text = json.dumps(held | {step: found}, indent=1, ensure_ascii=False, sort_keys=True)
        path.write_text(text + "\n")
        return
    assert found == held.get(step), f"{path.name} says otherwise of the step {step}"
