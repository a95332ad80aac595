"""Objects of two snapshots compared as the database holds them, links and all."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from library.changes import Change
from library.comparison import Transition, compare
from library.models import SnapshotObject
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)

pytestmark = pytest.mark.django_db

T1000 = technique("T1000", "Thing", ("impact",))
T1001 = technique("T1001", "Other", ("impact",))
M1000 = mitigation("M1000", "Measure")
G1000 = attack_object("intrusion-set", "G1000", "Band")
DET = attack_object("x-mitre-detection-strategy", "DET1000", "Strategy", x_mitre_analytic_refs=[])
ANALYTIC = attack_object("x-mitre-analytic", "AN1000", "Analytic")
IMPACT = tactic("TA1000", "Impact", "impact")
MITIGATES = relationship("mitigates", M1000, T1000, "Do.")
USES = relationship("uses", G1000, T1000, "It ran.")


def transition(of: Properties, before: str = "1.0", after: str = "2.0") -> Transition:
    rows = SnapshotObject.objects.filter(object__stix_id=of["id"]).select_related("snapshot")
    by_release = {row.snapshot.attack_version: row for row in rows}
    old, new = by_release[before], by_release[after]
    return Transition(
        old.object_id, old.snapshot_id, old.version_id, new.snapshot_id, new.version_id
    )


def changes(of: Properties, before: str = "1.0", after: str = "2.0") -> list[str]:
    asked = transition(of, before, after)
    return [found.phrase for found in compare([asked])[asked]]


def test_what_two_snapshots_hold_alike_is_no_change() -> None:
    for release in ("1.0", "2.0"):
        import_objects(T1000, M1000, G1000, IMPACT, MITIGATES, USES, release=release)
    for of in (T1000, M1000, G1000, IMPACT):
        assert changes(of) == []


def test_links_are_seen_from_both_ends_and_in_both_directions() -> None:
    import_objects(T1000, M1000, release="1.0")
    import_objects(T1000, M1000, MITIGATES, release="2.0")
    assert changes(T1000) == ["1 mitigation added"]
    assert changes(M1000) == ["1 technique added"]
    assert changes(T1000, "2.0", "1.0") == ["1 mitigation removed"]


@pytest.mark.parametrize("dead", [T1000, M1000, MITIGATES])
def test_a_link_is_gone_when_it_or_an_end_is_revoked(dead: Properties) -> None:
    import_objects(T1000, M1000, MITIGATES, release="1.0")
    given = [found | {"revoked": found is dead} for found in (T1000, M1000, MITIGATES)]
    import_objects(*given, release="2.0")
    if dead is not T1000:
        assert changes(T1000) == ["1 mitigation removed"]
    if dead is not M1000:
        assert changes(M1000) == ["1 technique removed"]


def test_a_relationship_is_edited_when_another_version_of_it_says_something_else() -> None:
    import_objects(T1000, G1000, USES, release="1.0")
    import_objects(T1000, G1000, USES | {"modified": "2025-01-01T00:00:00.000Z"}, release="2.0")
    import_objects(T1000, G1000, USES | {"description": "It walked."}, release="3.0")
    assert changes(T1000) == []
    assert changes(T1000, "2.0", "3.0") == ["1 procedure example edited"]
    assert changes(G1000, "2.0", "3.0") == ["note on 1 technique edited"]


def test_a_relationship_that_leads_elsewhere_is_gone_and_another_has_come() -> None:
    moved = USES | {"target_ref": T1001["id"]}
    import_objects(T1000, T1001, G1000, USES, release="1.0")
    import_objects(T1000, T1001, G1000, moved, release="2.0")
    assert changes(T1000) == ["1 procedure example removed"]
    assert changes(G1000) == ["1 technique added", "1 technique removed"]


def test_a_link_that_a_property_carries_is_the_same_whatever_else_the_object_says() -> None:
    linked = DET | {"x_mitre_analytic_refs": [ANALYTIC["id"]]}
    import_objects(linked, ANALYTIC, release="1.0")
    import_objects(linked | {"name": "Renamed"}, ANALYTIC, release="2.0")
    import_objects(DET, ANALYTIC, release="3.0")
    assert changes(ANALYTIC) == []
    assert changes(ANALYTIC, "2.0", "3.0") == ["1 detection strategy removed"]
    assert "1 analytic removed" in changes(DET, "2.0", "3.0")


def test_a_technique_keeps_its_tactic_when_that_is_renamed() -> None:
    import_objects(T1000, IMPACT, release="1.0")
    renamed = IMPACT | {"name": "Harm", "x_mitre_shortname": "harm"}
    import_objects(technique("T1000", "Thing", ("harm",)), renamed, release="2.0")
    import_objects(technique("T1000", "Thing"), renamed, release="3.0")
    assert changes(T1000) == ["tactic “Impact” renamed “Harm”"]
    assert changes(T1000, "2.0", "3.0") == ["tactic Harm removed"]
    assert changes(IMPACT)[0] == "renamed from “Impact”"


def test_the_cost_in_queries_does_not_depend_on_how_many_are_compared() -> None:
    many = [technique(f"T{number}", "Thing") for number in range(1000, 1010)]
    import_objects(*many, M1000, release="1.0")
    links = [relationship("mitigates", M1000, found, "Do.") for found in many]
    import_objects(*(found | {"name": "New"} for found in many), M1000, *links, release="2.0")
    for count in (1, 10):
        asked = [transition(found) for found in many[:count]]
        with CaptureQueriesContext(connection) as queries:
            found = compare(asked)
        assert len(queries) == 2
        renamed = Change("name", "renamed from “Thing”", material=True)
        added = Change("mitigates", "1 mitigation added", material=True)
        assert list(found.values()) == [(renamed, added)] * count


def test_nothing_is_asked_when_nothing_is_compared() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert compare([]) == {}
    assert not len(queries)
