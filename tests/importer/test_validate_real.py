"""Validation of real objects, each broken on purpose."""

import lzma
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from importer.validate import (
    Checked,
    Validator,
    check_object,
)
from tests.importer.objects import DROP, REQUIRED, TYPES, broken, fields, texts, wrong_types


def objects_of(path: Path) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
    return objects


@pytest.fixture(scope="module")
def newest_bundles() -> list[Path]:
    """The newest of each domain among the real bundles."""
    if not os.environ.get("ATTACK_BUNDLES"):
        pytest.skip("ATTACK_BUNDLES names no folder of real bundles")
    found = sorted(Path(os.environ["ATTACK_BUNDLES"]).glob("*.json.xz"))
    return list({path.name.split("-")[0]: path for path in found}.values())


@pytest.fixture(scope="module")
def real(newest_bundles: list[Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """A sound real object for each type and property that one has."""
    result: dict[tuple[str, str], dict[str, Any]] = {}
    for path in newest_bundles:
        for obj in objects_of(path):
            lacking = {(obj["type"], name) for name in obj} - result.keys()
            if lacking and not check_object(obj):
                result |= dict.fromkeys(lacking, obj)
    return result


@pytest.mark.real_data
def test_every_property_of_real_objects_is_found_when_its_json_type_is_wrong(
    real: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert {stix_type for stix_type, _ in real} == set(TYPES) - {"x-nobody-knows"}
    for (stix_type, name), obj in real.items():
        for value in wrong_types(obj[name]):
            assert fields(obj | {name: value}) == [name], (stix_type, name, value)


@pytest.mark.real_data
def test_every_required_property_of_real_objects_is_found_when_dropped(
    real: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (stix_type, name), obj in real.items():
        if name in REQUIRED[stix_type]:
            assert fields(broken(obj, name, DROP)) == [name], (stix_type, name)


@pytest.mark.real_data
def test_every_reference_of_real_objects_is_found_when_malformed(
    real: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (stix_type, name), obj in real.items():
        if name.endswith("_ref"):
            assert fields(broken(obj, name, obj[name][:-1])) == [name], stix_type
        if name.endswith("_refs"):
            cut = [item[:-1] for item in obj[name]]
            assert fields(obj | {name: cut}) == [f"{name}[{n}]" for n in range(len(cut))], stix_type


@pytest.mark.real_data
def test_only_true_breaches_are_found_when_real_bundles_are_checked(
    newest_bundles: list[Path],
) -> None:
    """An empty string where an id belongs, a strategy without analytics, and time going back."""
    for path in newest_bundles:
        objects = objects_of(path)
        with Validator() as validator:
            validator.submit(texts(objects))
            checked, found = validator.results()
        own = sum(obj["type"].startswith("x-mitre-") for obj in objects)
        assert checked == Checked(stix2=len(objects) - own, schema=own)
        assert sorted((f.stix_id, f.field) for f in found) == sorted(
            [(o["id"], f) for o in objects if o.get(f := "x_mitre_data_source_ref") == ""]
            + [
                (o["id"], f)
                for o in objects
                if o["type"] == "x-mitre-detection-strategy"
                and not o.get(f := "x_mitre_analytic_refs")
            ]
            + [
                (o["id"], "modified")
                for o in objects
                if o.get("modified", o["created"]) < o["created"]
            ]
        )
