"""Two small releases compared: objects, links, and what follows from both."""

import copy
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from library.identifiers import attack_reference
from library.models import Snapshot, SnapshotEdge, SnapshotObject
from library.releases.asked import Pair
from library.releases.compared import RELATIONSHIP, ReleaseDifference, Weight, difference
from library.releases.exchange import changes, link_changes
from library.releases.highlights import Highlight, highlights, told_move
from library.releases.kinds import ChangeKind
from library.releases.links import LinkFate
from tests.factories import (
    MOMENT,
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)

pytestmark = pytest.mark.django_db
LATER = "2025-01-02T03:04:05.000Z"

IMPACT, ACCESS = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
T1000 = technique("T1000", "Thing", ("impact",))
T1001 = technique("T1001", "Other", ("impact",))
M1000 = mitigation("M1000", "Measure")
GROUP = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", GROUP, T1000, "It ran.")
MITIGATES = relationship("mitigates", M1000, T1000, "Do.")


def compared(before: Iterable[Properties], after: Iterable[Properties]) -> ReleaseDifference:
    """Two releases of these objects."""
    import_objects(*before, release="1.0")
    import_objects(*after, release="2.0")
    return between("1.0", "2.0")


def between(before: str, after: str) -> ReleaseDifference:
    rows = {found.attack_version: found for found in Snapshot.objects.all()}
    return difference(rows[before], rows[after])


def told(of: ReleaseDifference, stix_type: str) -> dict[str, list[str]]:
    """The STIX ids by kind of change, without the kinds that have none."""
    kinds = of.by_type[stix_type]
    return {kind.value: [one.stix_id for one in found] for kind, found in kinds.items() if found}


def links(of: ReleaseDifference) -> dict[str, dict[str, int]]:
    return {
        words: {change.value: len(found) for change, found in by_change.items() if found}
        for words, by_change in of.links_by_words.items()
    }


def key_of(of: ReleaseDifference, found: Properties) -> int:
    return next(each.object_id for each in of.objects if each.stix_id == found["id"])


def test_objects_are_told_by_type_and_kind_of_change() -> None:
    patched = T1000 | {"description": "Another."}
    grown = GROUP | {"x_mitre_version": "1.1"}
    of = compared([T1000, GROUP, M1000], [patched, grown, T1001])
    assert told(of, "attack-pattern") == {"additions": [T1001["id"]], "patches": [T1000["id"]]}
    assert told(of, "intrusion-set") == {"minor_version_changes": [GROUP["id"]]}
    assert told(of, "course-of-action") == {"deletions": [M1000["id"]]}
    assert of.unchanged("attack-pattern") == 0
    assert of.unchanged("x-mitre-matrix") == 1


def test_every_type_has_every_kind_of_change() -> None:
    of = compared([T1000], [T1000, M1000])
    assert all(list(kinds) == list(ChangeKind) for kinds in of.by_type.values())
    assert set(of.by_type) == {
        *("attack-pattern", "course-of-action", "x-mitre-matrix", "x-mitre-collection"),
    }


def test_links_are_told_in_a_reader_s_words() -> None:
    added = relationship("uses", GROUP, T1001, "It walked.")
    strange = relationship("haunts", GROUP, T1001)
    edited = USES | {"description": "It ran on."}
    before = [T1000, T1001, M1000, GROUP, IMPACT, USES, MITIGATES]
    of = compared(before, [T1000, T1001, M1000, GROUP, IMPACT, edited, added, strange])
    assert links(of) == {
        "Procedure examples": {"added": 1, "edited": 1},
        "Mitigations of techniques": {"removed": 1},
        "“haunts” links": {"added": 1},
    }


def test_link_is_not_told_when_only_noise_of_it_changed() -> None:
    silent = USES | {"modified": LATER, "revoked": False, "x_mitre_attack_spec_version": "9.9.9"}
    of = compared([T1000, GROUP, USES], [T1000, GROUP, silent])
    assert links(of) == {}
    assert told(of, "relationship") == {"patches": [USES["id"]]}


def test_links_of_an_object_are_removed_when_it_is_revoked() -> None:
    of = compared([T1000, GROUP, USES], [T1000 | {"revoked": True}, GROUP, USES])
    assert links(of) == {"Procedure examples": {"removed": 1}}


def test_revoked_object_names_what_replaced_it_hop_by_hop() -> None:
    then = technique("T1002", "Last")
    first = relationship("revoked-by", T1000, T1001)
    second = relationship("revoked-by", T1001, then)
    dead = [found | {"revoked": True} for found in (T1000, T1001)]
    of = compared([T1000, T1001, then], [*dead, then, first, second])
    assert told(of, "attack-pattern") == {"revocations": sorted(found["id"] for found in dead)}
    assert [found.attack_id for found in of.replaced_by(key_of(of, T1000))] == ["T1001", "T1002"]
    (entry,) = (
        found
        for found in changes(of)["attack-pattern"]["revocations"]
        if found["attack_id"] == "T1000"
    )
    assert [found["name"] for found in entry["revoked_by"]] == ["Other", "Last"]


def test_revocations_in_a_circle_replace_nothing() -> None:
    circle = [relationship("revoked-by", *two) for two in ((T1000, T1001), (T1001, T1000))]
    dead = [found | {"revoked": True} for found in (T1000, T1001)]
    of = compared([T1000, T1001], [*dead, *circle])
    for found in of.objects:
        if found.stix_type == "attack-pattern":
            assert of.replaced_by(found.object_id) == []


def test_technique_is_moved_when_it_stands_under_another_tactic() -> None:
    moved = T1000 | {"kill_chain_phases": technique("T1", "", ("access",))["kill_chain_phases"]}
    fresh = technique("T1003", "Fresh", ("access",))
    of = compared([T1000, T1001, IMPACT, ACCESS], [moved, T1001, IMPACT, ACCESS, fresh])
    (only,) = of.moved.values()
    assert of.weigh(of.objects)[key_of(of, T1000)] is Weight.MATERIAL
    assert {change: [end.name for end in ends] for change, ends in only.items()} == {
        LinkFate.ADDED: ["Access"],
        LinkFate.REMOVED: ["Impact"],
    }


def test_tactic_that_a_technique_left_has_the_name_that_it_had_then() -> None:
    renamed = IMPACT | {"name": "Effect", "x_mitre_shortname": "effect"}
    moved = T1000 | {"kill_chain_phases": technique("T1", "", ("access",))["kill_chain_phases"]}
    of = compared([T1000, IMPACT, ACCESS], [moved, renamed, ACCESS])
    (only,) = of.moved.values()
    assert told_move(only) == "from Impact to Access"
    (back,) = difference(of.after, of.before).moved.values()
    assert told_move(back) == "from Access to Impact"
    told = link_changes(of)["Techniques under tactics"]
    assert [link["target"]["name"] for link in told["removed"]] == ["Impact"]


def test_technique_is_not_moved_when_its_tactic_has_another_name() -> None:
    renamed = IMPACT | {"name": "Effect", "x_mitre_shortname": "effect"}
    follows = T1000 | {"kill_chain_phases": technique("T1", "", ("effect",))["kill_chain_phases"]}
    of = compared([T1000, IMPACT], [follows, renamed])
    assert of.moved == {}
    assert of.weigh(of.objects)[key_of(of, T1000)] is Weight.AROUND
    assert [found.stix_id for found in of.renamed] == [IMPACT["id"]]


def test_change_of_what_is_dead_weighs_by_the_tactics_it_states() -> None:
    dead = T1000 | {"revoked": True}
    of = compared([dead, IMPACT], [dead | {"kill_chain_phases": []}, IMPACT])
    assert of.weigh(of.objects)[key_of(of, T1000)] is Weight.MATERIAL


def test_change_of_what_is_dead_is_not_material_when_its_tactic_has_another_name() -> None:
    renamed = IMPACT | {"name": "Effect", "x_mitre_shortname": "effect"}
    old, new = (
        technique("T1000", "Thing", (each,)) | {"revoked": True} for each in ("impact", "effect")
    )
    of = compared([old, IMPACT], [new, renamed])
    assert of.weigh(of.objects)[key_of(of, T1000)] is Weight.AROUND


def test_name_that_differs_in_white_space_is_no_new_name() -> None:
    of = compared([T1000], [T1000 | {"name": f"{T1000['name']} "}])
    assert of.renamed == []
    assert of.weigh(of.objects)[key_of(of, T1000)] is Weight.NOISE


def test_change_under_the_same_date_is_counted_as_made_in_silence() -> None:
    silent, dated = T1000 | {"description": "A."}, T1001 | {"name": "B", "modified": LATER}
    of = compared([T1000, T1001, GROUP], [silent, dated, GROUP])
    assert of.changed_in_silence == 1


def test_change_weighs_as_much_as_the_weightiest_thing_in_it() -> None:
    around = GROUP | {"aliases": ["Band", "Gang"]}
    noise = M1000 | {"modified": LATER, "revoked": False}
    material = T1000 | {"description": "Another.", "modified": LATER}
    of = compared([GROUP, M1000, T1000], [around, noise, material])
    weights = {found.stix_id: of.weigh(of.objects).get(found.object_id) for found in of.objects}
    assert weights[GROUP["id"]] is Weight.AROUND
    assert weights[M1000["id"]] is Weight.NOISE
    assert weights[T1000["id"]] is Weight.MATERIAL


def test_change_is_material_when_what_mitigates_it_changed() -> None:
    silent = [found | {"modified": LATER} for found in (M1000, T1000)]
    of = compared([M1000, T1000], [*silent, MITIGATES])
    keys = {found.object_id: found.stix_type for found in of.objects}
    weighed = {keys[key]: weight for key, weight in of.weigh(of.objects).items()}
    assert weighed["course-of-action"] is weighed["attack-pattern"] is Weight.MATERIAL


def test_queries_do_not_grow_with_what_changed() -> None:
    def asked(count: int, first: int) -> int:
        made = [technique(f"T{first + at}", f"Way {at}") for at in range(count)]
        uses = [relationship("uses", GROUP, way) for way in made]
        import_objects(GROUP, *made, *uses, release=f"{first}.0"[-4:])
        other = [way | {"description": "Another."} for way in made]
        edited = [use | {"description": "Now."} for use in uses]
        import_objects(GROUP, *other, *edited, release=f"{first}.1"[-4:])
        with CaptureQueriesContext(connection) as queries:
            of = between(f"{first}.0"[-4:], f"{first}.1"[-4:])
            changes(of)
            assert links(of)
        return len(queries)

    assert asked(1, 1000) == asked(5, 2010) == 10


def test_entry_names_the_ends_of_a_relationship_and_its_contents() -> None:
    of = compared([T1000, GROUP], [T1000, GROUP, USES])
    (entry,) = changes(of)["relationship"]["additions"]
    held = SnapshotObject.objects.select_related("version").get(object__stix_id=USES["id"])
    assert entry == {
        "stix_id": USES["id"],
        "attack_id": None,
        "name": "Band uses Thing",
        "before": None,
        "after": {
            "content_sha256": held.version.sha256,
            "name": None,
            "x_mitre_version": "1.0",
            "modified": MOMENT.replace(".000Z", "Z"),
            "revoked": False,
            "deprecated": False,
        },
        "relationship_type": "uses",
        "source": {"stix_id": GROUP["id"], "attack_id": "G1000", "name": "Band"},
        "target": {"stix_id": T1000["id"], "attack_id": "T1000", "name": "Thing"},
    }


# What may become of an object from one release to another.
FATES: tuple[Properties | None, ...] = (
    None,
    {},
    {"description": "Another."},
    {"x_mitre_version": "1.1"},
    {"revoked": True},
    {"x_mitre_deprecated": True},
    {"description": "Third.", "x_mitre_deprecated": True},
)
POOL = [
    T1000,
    technique("T1001", "Other", ("impact", "access")),
    M1000,
    GROUP,
    USES,
    MITIGATES,
    relationship("uses", GROUP, T1001),
    IMPACT,
    ACCESS,
]
releases = st.lists(st.sampled_from(FATES), min_size=len(POOL), max_size=len(POOL)).map(
    lambda fates: [
        copy.deepcopy(found) | fate
        for found, fate in zip(POOL, fates, strict=True)
        if fate is not None
    ]
)


def members(release: Snapshot) -> dict[str, str]:
    """A release's set: the hash of every object."""
    rows = SnapshotObject.objects.filter(snapshot=release).select_related("object", "version")
    return {row.object.stix_id: row.version.sha256 for row in rows}


def edges(release: Snapshot) -> set[tuple[Any, ...]]:
    rows = SnapshotEdge.objects.filter(snapshot=release, live=True)
    return set(rows.values_list("kind", "source", "target"))


def applied(members_before: dict[str, str], of: ReleaseDifference) -> dict[str, str]:
    """A set after the changes that are shown."""
    now = dict(members_before)
    for stix_type, kinds in changes(of).items():
        for kind, entries in kinds.items():
            for entry in entries:
                assert entry["stix_id"].startswith(f"{stix_type}--")
                before, after = entry["before"], entry["after"]
                assert (before is None) == (kind == "additions")
                assert (after is None) == (kind == "deletions")
                assert now.pop(entry["stix_id"], None) == (before and before["content_sha256"])
                if after:
                    now[entry["stix_id"]] = after["content_sha256"]
    return now


def applied_links(before: set[tuple[Any, ...]], of: ReleaseDifference) -> set[tuple[Any, ...]]:
    now = set(before)
    for by_change in of.links_by_words.values():
        for change, found in by_change.items():
            for link in found:
                key = (link.kind, link.source_id, link.target_id)
                assert (key in now) == (change is not LinkFate.ADDED)
                (now.discard if change is LinkFate.REMOVED else now.add)(key)
    return now


@given(a=releases, b=releases, c=releases)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_releases_lead_to_each_other(
    a: list[Properties], b: list[Properties], c: list[Properties]
) -> None:
    for number, objects in enumerate((a, b, c), 1):
        import_objects(*objects, release=f"{number}.0")
    first, second, third = Snapshot.objects.order_by("-id")[:3][::-1]
    there, back, on = (
        difference(*two) for two in ((first, second), (second, first), (second, third))
    )
    itself = difference(first, first)
    assert not itself.objects
    assert not itself.links
    assert applied(members(first), there) == members(second)
    assert applied(applied(members(first), there), back) == members(first)
    assert applied(applied(members(first), there), on) == members(third)
    assert applied_links(edges(first), there) == edges(second)
    assert applied_links(applied_links(edges(first), there), on) == edges(third)
    assert applied_links(edges(second), back) == edges(first)
    _mirror(there, back)


@given(a=releases, b=releases, c=releases, d=releases)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_told_first_mirrors_itself_whatever_two_domains_hold(
    a: list[Properties], b: list[Properties], c: list[Properties], d: list[Properties]
) -> None:
    for number, two in enumerate(((a, b), (c, d)), 1):
        for domain, objects in zip(("enterprise", "mobile"), two, strict=True):
            import_objects(*objects, domain=domain, release=f"{number}.0")
    one, phone, later, later_phone = Snapshot.objects.order_by("-id")[:4][::-1]
    there = highlights(Pair("1.0", "2.0", "", ((one, later), (phone, later_phone)), ()))
    back = highlights(Pair("2.0", "1.0", "", ((later, one), (later_phone, phone)), ()))
    # What comes as dead is nothing new, and its going is told.
    dead = {
        attack_reference(found).get("external_id")
        for found in a + b + c + d
        if found.get("revoked") or found.get("x_mitre_deprecated")
    }
    for forward, backward in ((there, back), (back, there)):
        for came, went in (forward.added, backward.gone), (forward.spread, backward.left):
            assert _told(came) <= _told(went)
            assert _told(went) - _told(came) <= dead


def _told(lines: Iterable[Highlight]) -> set[str]:
    """The ATT&CK IDs that are named; each line names all that it counts."""
    told = [mention.attack_id for line in lines for mention in line.mentions]
    assert len(told) == sum(line.count for line in lines)
    return set(told)


def _mirror(there: ReleaseDifference, back: ReleaseDifference) -> None:
    assert [one.stix_id for one in there.objects] == [one.stix_id for one in back.objects]
    for one, other in zip(there.objects, back.objects, strict=True):
        assert (one.before, one.after) == (other.after, other.before)
        assert (one.kind is ChangeKind.ADDITIONS) == (other.kind is ChangeKind.DELETIONS)
        assert one.is_weighed == other.is_weighed
        if one.is_weighed and one.stix_type != RELATIONSHIP:
            assert there.weights[one.object_id] == back.weights[one.object_id]
    mirrored = {"added": "removed", "removed": "added", "edited": "edited"}
    assert links(back) == {
        words: {mirrored[change]: count for change, count in by_change.items()}
        for words, by_change in links(there).items()
    }
