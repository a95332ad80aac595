"""Every property of the real bundles is declared: as saying something of its type, or as noise."""

from pathlib import Path

import orjson
import pytest

from importer.acquire import unpack
from library.identifiers import BESIDE
from library.substance import FIELDS, NOISE, substantive

pytestmark = pytest.mark.real_data


def test_every_property_of_every_type_is_declared(attack_bundles: Path) -> None:
    undeclared = set()
    for path in sorted(attack_bundles.glob("*.json.xz")):
        for found in orjson.loads(unpack(path.name, path.read_bytes()).raw)["objects"]:
            known = {*substantive(found["type"]), *NOISE}
            if found["type"] not in BESIDE:
                undeclared |= {(found["type"], name) for name in found if name not in known}
    assert undeclared == set()


def test_no_property_is_both_substance_and_noise() -> None:
    assert not FIELDS.keys() & NOISE.keys()
