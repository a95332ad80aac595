"""What of an object is more than any page should show: refused, and the library is as it was."""

from typing import Any

import pytest

from importer import bounds
from importer.bounds import LONGEST_SHORT, MOST_BYTES, MOST_ENTRIES, refuse_too_large
from importer.digest import digest
from importer.errors import BundleError
from importer.pipeline import Options, import_bundles
from library.models import Snapshot
from tests.factories import (
    bundle,
    import_objects,
    mitigation,
    relationship,
    source,
    stix_object,
    tactic,
    technique,
)
from tests.importer.test_store import library_state

pytestmark = pytest.mark.django_db


def references(count: int) -> list[dict[str, str]]:
    return [{"source_name": f"R{number}"} for number in range(count)]


def refusal(*objects: dict[str, Any]) -> str:
    before = library_state()
    with pytest.raises(BundleError) as caught:
        import_bundles([source(bundle(*objects))], Options(validate=False))
    assert library_state() == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"name": "x" * 1001}, ": its name has 1,001 characters, and at most 1,000 are taken."),
        ({"name": "x" * 5_000_000}, ": its name has 5,000,000 characters"),
        ({"x_mitre_version": "1" * 1001}, ": its x_mitre_version has 1,001 characters"),
        (
            {"external_references": references(5001)},
            ": its 'external_references' has 5,001 entries",
        ),
        ({"external_references": references(100_000)}, "has 100,000 entries, and at most 5,000"),
        ({"aliases": ["x"] * 5001}, ": its 'aliases' has 5,001 entries"),
        ({"x" * 500: ["x"] * 5001}, "xxx' has 5,001 entries"),
        ({"x_mitre_platforms": ["P" * 1001]}, "'x_mitre_platforms' has a text that has 1,001"),
        ({"description": "x" * 1_000_000}, "bytes, and at most 1,000,000 are taken."),
        ({"x_other": {"a": ["é" * 500_000]}}, "bytes, and at most 1,000,000 are taken."),
    ],
)
def test_a_bundle_is_refused_when_an_object_is_too_large(
    properties: dict[str, Any], said: str
) -> None:
    large = mitigation("M1", "One") | properties
    told = refusal(technique("T1", "Way"), large)
    assert str(large["id"]) in told
    assert said in told
    assert len(told) < 300
    assert "\n" not in told


def test_a_bundle_is_refused_when_an_object_has_too_many_links(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MOST_LINKS", 3)
    one, others = mitigation("M1", "One"), [technique(f"T{n}", f"Way {n}") for n in range(4)]
    links = [relationship("mitigates", one, other) for other in others]
    assert f"{one['id']}' has 4 links to others, and at most 3 are taken." in refusal(
        one, *others, *links
    )
    import_objects(one, *others, *links[:3])


def test_links_that_properties_carry_count_as_relationships_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MOST_LINKS", 4)
    # Beside the techniques, its matrix.
    stage = tactic("TA1", "Stage", "stage")
    ways = [technique(f"T{n}", f"Way {n}", ("stage",)) for n in range(4)]
    assert f"{stage['id']}' has 5 links to others" in refusal(stage, *ways)
    import_objects(stage, *ways[:3])


def test_a_bundle_is_refused_when_its_relationships_say_too_much_of_an_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MOST_NOTES", 100)
    one, others = mitigation("M1", "One"), [technique(f"T{n}", f"Way {n}") for n in range(2)]
    links = [relationship("mitigates", one, other, note="x" * 60) for other in others]
    told = f"{one['id']}' has 120 characters in the notes of its relationships"
    assert told in refusal(one, *others, *links)
    import_objects(one, *others, links[0])


def test_an_object_is_taken_when_it_is_as_large_as_may_be() -> None:
    named = mitigation("M1", "x" * LONGEST_SHORT) | {"aliases": ["x"] * MOST_ENTRIES}
    long = mitigation("M2", "Two", description="x" * (MOST_BYTES - 2_000))
    import_objects(named, long)
    assert Snapshot.objects.get().object_count >= 2


@pytest.mark.parametrize(("count", "is_taken"), [(6_000, True), (200_001, False)])
def test_the_collection_may_list_what_a_bundle_holds(count: int, is_taken: bool) -> None:
    contents = [{"object_ref": f"x--{number:036}"} for number in range(count)]
    collection = stix_object("x-mitre-collection", x_mitre_contents=contents)
    assert takes(collection) == is_taken
    assert not takes(collection | {"type": "x-mitre-other"})


def takes(properties: dict[str, Any]) -> bool:
    try:
        refuse_too_large(properties, digest(properties).canonical)
    except BundleError:
        return False
    return True
