"""Every relationship, both ways and of every object, as MITRE's own tool tells it."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from importer.acquire import read_bundle
from library.conditional import Shelf, current_shelf
from library.contexts.held import HeldObject, find_by_stix_id, find_objects
from library.contexts.object_page import Revocation, object_page
from library.contexts.tables import Table
from library.identifiers import CAMPAIGN, GROUP, OBJECT_TYPES, SOFTWARE, Domain, ObjectType
from library.models import SnapshotEdge, SnapshotObject
from library.parameters import TableFilters
from tests.library import oracle
from tests.library.attack_data import attack_data
from tests.library.oracle import ALL_OBJECTS, OTHERS, RELATIONS, Library, Pairs, Tool
from tests.library.pages import LIBRARY, Element, Site

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]

BUNDLES = [("ics", "17.1"), ("ics", "18.1"), ("enterprise", "18.1")]
# Getters that find nothing in a bundle, since it has no such relationship.
ABSENT = {
    ("ics", "17.1"): {
        *("get_parent_technique_of_subtechnique", "get_subtechniques_of_technique"),
        "get_techniques_detected_by_detection_strategy",
        "get_detection_strategies_detecting_technique",
        "get_analytics_by_detection_strategy",
    },
    ("ics", "18.1"): {
        *("get_parent_technique_of_subtechnique", "get_subtechniques_of_technique"),
        "get_techniques_detected_by_datacomponent",
        "get_datacomponents_detecting_technique",
    },
    ("enterprise", "18.1"): {
        *("get_assets_targeted_by_technique", "get_techniques_targeting_asset"),
        "get_techniques_detected_by_datacomponent",
        "get_datacomponents_detecting_technique",
    },
}
# Why a getter is none of a relationship.
NO_RELATIONSHIP = {
    "it lists the objects of a type": {
        *("get_analytics", "get_assets", "get_campaigns", "get_datacomponents", "get_datasources"),
        *("get_detectionstrategies", "get_groups", "get_matrices", "get_mitigations"),
        *("get_software", "get_subtechniques", "get_tactics", "get_techniques"),
        "get_objects_by_type",
    },
    "it finds objects by what they are or say": {
        *("get_objects_by_content", "get_objects_by_name", "get_object_by_attack_id"),
        *("get_object_by_stix_id", "get_objects_created_after", "get_objects_modified_after"),
        *("get_campaigns_by_alias", "get_groups_by_alias", "get_software_by_alias"),
        "get_techniques_by_platform",
    },
    "it reads a property": {"get_attack_id", "get_field", "get_name", "get_stix_type"},
    "all others of relationships are made of it": {"get_related"},
}
# What a section of a page lists, by the getters that say so.
SECTIONS = {
    ("techniques", "procedures"): (
        *("get_groups_using_technique", "get_campaigns_using_technique"),
        "get_software_using_technique",
    ),
    ("techniques", "mitigations"): ("get_mitigations_mitigating_technique",),
    ("techniques", "detections"): (
        *("get_detection_strategies_detecting_technique", "get_datacomponents_detecting_technique"),
    ),
    ("techniques", "sub-techniques"): ("get_subtechniques_of_technique",),
    ("techniques", "assets"): ("get_assets_targeted_by_technique",),
    ("groups", "campaigns"): ("get_campaigns_attributed_to_group",),
    ("groups", "techniques"): ("get_techniques_used_by_group",),
    ("groups", "software"): ("get_software_used_by_group",),
    ("software", "techniques"): ("get_techniques_used_by_software",),
    ("software", "groups"): ("get_groups_using_software",),
    ("software", "campaigns"): ("get_campaigns_using_software",),
    ("campaigns", "groups"): ("get_groups_attributing_to_campaign",),
    ("campaigns", "techniques"): ("get_techniques_used_by_campaign",),
    ("campaigns", "software"): ("get_software_used_by_campaign",),
    ("mitigations", "techniques"): ("get_techniques_mitigated_by_mitigation",),
    ("detection-strategies", "techniques"): ("get_techniques_detected_by_detection_strategy",),
    ("detection-strategies", "analytics"): ("get_analytics_by_detection_strategy",),
    ("data-components", "techniques"): ("get_techniques_detected_by_datacomponent",),
    ("assets", "techniques"): ("get_techniques_targeting_asset",),
}
PAGES_A_SECTION = 3


@pytest.fixture(scope="module", params=BUNDLES, ids=" ".join)
def tool(
    request: pytest.FixtureRequest,
    every_release: None,
    attack_bundles: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Tool]:
    """MITRE's own tool, with one bundle."""
    domain, release = request.param
    plain = tmp_path_factory.mktemp("oracle") / f"{domain}.json"
    plain.write_bytes(read_bundle(attack_bundles / f"{domain}-attack-{release}.json.xz").raw)
    with attack_data(plain) as data:
        yield Tool(data, domain, release)


@pytest.fixture(scope="module")
def library(tool: Tool, django_db_blocker: DjangoDbBlocker) -> Library:
    """What the library holds of the same bundle."""
    with django_db_blocker.unblock():
        return Library.of(tool.domain, tool.release)


def between_live(pairs: Pairs, library: Library) -> Pairs:
    """The pairs without a dead end."""
    return {pair for pair in pairs if set(pair) <= library.live}


def differences(ours: Pairs, theirs: Pairs) -> tuple[list[tuple[str, str]], ...]:
    """The first few pairs that only one of both has."""
    return sorted(ours - theirs)[:3], sorted(theirs - ours)[:3]


@pytest.mark.parametrize("getter", RELATIONS)
def test_relationships_of_every_object_are_those_of_mitre_s_own_tool(
    tool: Tool, library: Library, getter: str
) -> None:
    relation = RELATIONS[getter]
    ours = relation.ours(library)
    # Where there is nothing at all the tool looks through everything for each object anew.
    is_absent = getter in ABSENT[tool.domain, tool.release]
    told = tool.pairs(getter, relation.asked, most=3 if is_absent else None)
    theirs = between_live(told, library)
    assert differences(ours, theirs) == ([], [])
    assert is_absent is not bool(ours)
    if getter in ALL_OBJECTS:
        assert between_live(tool.all_pairs(ALL_OBJECTS[getter]), library) == theirs


@pytest.mark.parametrize("getter", OTHERS)
def test_what_is_asked_otherwise_is_that_of_mitre_s_own_tool(
    tool: Tool, library: Library, getter: str
) -> None:
    theirs, ours = OTHERS[getter]
    held = ours(library)
    assert held
    told = theirs(tool)
    # What replaced a dead object is all that is told of one.
    told = told if getter == "get_revoking_object" else between_live(told, library)
    assert differences(held, told) == ([], [])


def test_every_getter_of_a_relationship_is_asked() -> None:
    asked = RELATIONS.keys() | OTHERS.keys() | set(ALL_OBJECTS.values())
    others = set[str]().union(*NO_RELATIONSHIP.values())
    assert not asked & others
    assert oracle.getters() == asked | others


@pytest.mark.parametrize(("kind", "section"), SECTIONS)
def test_tables_of_pages_at_random_list_what_mitre_s_own_tool_does(
    tool: Tool, library: Library, site: Site, kind: str, section: str
) -> None:
    seed = random.Random(int(os.environ["CRAWL_SEED"]))
    stix_types = next(found.stix_types for found in OBJECT_TYPES if found.path == kind)
    for stix_id in some(tool, library, stix_types, SECTIONS[kind, section], seed):
        related = {
            found for getter in SECTIONS[kind, section] for found in tool.related(getter, stix_id)
        }
        expected = {tool.data.get_attack_id(found) or "no ID" for found in related & library.live}
        page, _ = site.follow(f"{LIBRARY}/v/{tool.release}/objects/{stix_id}")
        assert listed(page, section, Domain(tool.domain).label) == expected, stix_id


def some(
    tool: Tool,
    library: Library,
    types: tuple[str, ...],
    getters: tuple[str, ...],
    seed: random.Random,
) -> list[str]:
    """A few live objects of these types, among them some that the getters answer for."""
    held = sorted(library.live.intersection(tool.ids(types)))
    answered = [each for each in held if any(tool.related(getter, each) for getter in getters)]
    chosen = seed.sample(answered, min(PAGES_A_SECTION, len(answered)))
    return [*chosen, *seed.sample(held, min(1, len(held)))]


def listed(page: Element, section: str, domain: str) -> set[str]:
    """The IDs in the rows of a section that a domain states."""
    rows = [row for found in page.all("section", id=section) for row in found.all("tr", css="row")]
    return {
        row.one("th").words
        for row in rows
        if domain in [mark.words for mark in row.all(css="domain")]
    }


def test_rows_list_beside_them_what_any_of_their_domains_does(every_release: None) -> None:
    """Every row of groups and campaigns that several domains state, by the links themselves."""
    shelf = current_shelf()
    snapshots = [(Domain(held.domain).label, held.pk) for held in shelf.snapshots]
    uses = SnapshotEdge.objects.live_in(shelf.snapshots).filter(
        kind="uses", target__stix_type="attack-pattern"
    )
    used: dict[tuple[int, int], set[int]] = {}
    for snapshot_id, source_id, target_id in uses.values_list("snapshot", "source", "target"):
        used.setdefault((snapshot_id, source_id), set()).add(target_id)
    shared = [held for kind in (GROUP, CAMPAIGN) for held in in_several(shelf, kind)]
    seen = 0
    for held in shared:
        page = object_page(shelf, [held], held.href, TableFilters(), Revocation())
        table = page.table("software")
        assert table is None or isinstance(table, Table)
        for row in table.rows if table else ():
            stated = [pk for label, pk in snapshots if label in row.domains]
            every = [used.get((pk, row.object.object_id), set()) for pk in stated]
            assert {named.object_id for named in row.beside} == set().union(*every)
            seen += len([found for found in every if found]) > 1
    assert seen >= 5


@pytest.mark.parametrize(("kind", "most"), [(GROUP, None), (SOFTWARE, 60)], ids=["groups", "some"])
def test_no_citation_lacks_a_source_that_its_row_s_object_lists(
    every_release: None, kind: ObjectType, most: int | None
) -> None:
    shelf = current_shelf()
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind).live()
    ids = sorted(set(rows.values_list("version__attack_id", flat=True)))
    if most:
        ids = random.Random(os.environ["CRAWL_SEED"]).sample(ids, most)
    seen = 0
    for attack_id in ids:
        (held, *_) = find_objects(shelf, kind, attack_id)
        page = object_page(shelf, [held], held.href, TableFilters(), Revocation())
        table = page.table("campaigns")
        listed = {
            source.name
            for row in (table.rows if isinstance(table, Table) else ())
            if (campaign := find_by_stix_id(shelf, row.object.stix_id))
            for source in campaign.sources
        }
        unresolved = {r.reference.name for r in page.references if not r.reference.resolved}
        assert not unresolved & listed, attack_id
        seen += bool(listed)
    assert seen


def in_several(shelf: Shelf, kind: ObjectType) -> list[HeldObject]:
    """The live objects of a kind that more than one domain holds."""
    rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind).live()
    counts = Counter(rows.values_list("version__attack_id", flat=True))
    shared = sorted(attack_id for attack_id, count in counts.items() if count > 1)
    return [find_objects(shelf, kind, attack_id)[0] for attack_id in shared]
