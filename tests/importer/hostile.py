"""Hostile input for the importer's pure steps: arbitrary JSON, and bundles gone wrong."""

import copy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import Properties

LARGEST = 2**53 - 1
OFTEN = settings(database=None, max_examples=150)

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        "\x00",
        "\x1f\x7f",
        '"\\/',
        "é",
        "€",
        "\ue000",
        "\U0001f600",
        "\ufb33",
        "a\u2028b",
        "1",
        "-1",
    ]
)
INTEGERS = st.integers(min_value=-LARGEST, max_value=LARGEST)
FLOATS = st.floats(min_value=-LARGEST, max_value=LARGEST, allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS


def _containers(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(parts, max_size=4) | st.dictionaries(TEXTS, parts, max_size=4)


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(LEAVES, _containers, max_leaves=12)
JSON_OBJECTS: st.SearchStrategy[Properties] = st.dictionaries(TEXTS, JSON_VALUES, max_size=6)

# One value of every JSON type, and what lies inside the fields that the steps look into.
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, "", "x", "\x00", "x" * 10_000, "18.1'; DROP TABLE x; --"),
    *([], {}, [None], [[]], [{}], [1], ["x"], {"x": 1}, {"": None}, [[[[]]]]),
    [{"source_name": "mitre-attack"}],
    [{"source_name": "mitre-attack", "external_id": 7}],
    [{"source_name": "mitre-attack", "external_id": ["enterprise-attack"]}],
    [{"source_name": 5, "external_id": "T1"}],
    [{"source_name": ["mitre-attack"], "external_id": "T1"}],
    [{"source_name": {}}],
    [{"kill_chain_name": "mitre-attack", "phase_name": None}],
    [{"kill_chain_name": ["mitre-attack"], "phase_name": {}}],
    [{"kill_chain_name": "mitre-attack", "phase_name": "entry"}],
    [{"x_mitre_data_component_ref": {}}],
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "2024-13-45T99:99:99Z",
)

DATA_COMPONENT = factories.attack_object("x-mitre-data-component", "DC0001", "Flow")
TACTIC = factories.tactic("TA0001", "Entry", "entry")
ANALYTIC = factories.attack_object(
    "x-mitre-analytic",
    "AN0001",
    "Watch",
    x_mitre_log_source_references=[{"x_mitre_data_component_ref": DATA_COMPONENT["id"]}],
)
STRATEGY = factories.attack_object(
    "x-mitre-detection-strategy", "DET0001", "Look", x_mitre_analytic_refs=[ANALYTIC["id"]]
)
TECHNIQUE = factories.technique("T1001", "Attack", ("entry",))
MITIGATION = factories.mitigation("M1001", "Stop")
MITIGATES = factories.relationship("mitigates", MITIGATION, TECHNIQUE, "A note.")
VALID = factories.bundle(
    TACTIC, TECHNIQUE, MITIGATION, MITIGATES, DATA_COMPONENT, ANALYTIC, STRATEGY
)
FIELDS = sorted(
    {field for found in VALID["objects"] for field in found}
    | {"kill_chain_phases", "revoked", "x_mitre_data_source_ref", "x_mitre_version"}
)


@st.composite
def damaged_bundles(draw: st.DrawFn, values: st.SearchStrategy[Any] | None = None) -> Properties:
    """A valid bundle with a few of its fields dropped, retyped or copied, or objects repeated."""
    broken = copy.deepcopy(VALID)
    given = st.sampled_from(ODD_VALUES) | JSON_VALUES if values is None else values
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        objects = broken.get("objects")
        places = [broken]
        if isinstance(objects, list):
            places += [found for found in objects if isinstance(found, dict)]
        place = draw(st.sampled_from(places))
        other = draw(st.sampled_from(places))
        field = draw(st.sampled_from(sorted(place) or ["id"]) | st.sampled_from(FIELDS))
        match draw(st.sampled_from(["drop", "retype", "copy", "repeat"])):
            case "drop":
                place.pop(field, None)
            case "retype":
                place[field] = copy.deepcopy(draw(given))
            case "copy" if field in other:
                place[field] = copy.deepcopy(other[field])
            case "repeat" if isinstance(objects, list) and place is not broken:
                objects.append(copy.deepcopy(place))
    return broken


def nested(levels: int) -> Any:
    """Lists inside each other, so many."""
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value
