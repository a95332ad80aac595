"""Files for other tools: STIX bundles that stix2 parses, layers that MITRE's classes read."""

import re
from typing import Any

import orjson
import pytest
import stix2
from mitreattack.navlayers import Layer

from importer.pipeline import Options, import_bundles
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    matrix,
    mitigation,
    relationship,
    source,
    tactic,
    technique,
)
from tests.importer.stix20 import stix20
from tests.library.pages import LIBRARY, MITIGATIONS, Site
from tests.library.taken import GROUPS, PAGE, loaded, measure

pytestmark = pytest.mark.django_db


def test_bundle_holds_the_object_and_what_is_related_to_it(site: Site) -> None:
    objects = measure(object_marking_refs=[marking()["id"]])
    import_objects(*objects, marking(), identity(), mitigation("M1001", "Another"))
    found = loaded(site, f"{PAGE}/stix")
    held = {one["id"]: one for one in found["objects"]}
    wanted = [*objects, marking(), identity()]
    assert held == {one["id"]: one for one in wanted}
    parsed = stix2.parse(found, allow_custom=True)
    assert len(parsed.objects) == len(wanted)
    assert loaded(site, f"{PAGE}/stix")["id"] == found["id"]


def marking() -> Properties:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168",
        "created": "2017-06-01T00:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": "Copyright."},
    }


def identity() -> Properties:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5",
        "created": "2017-06-01T00:00:00.000Z",
        "modified": "2017-06-01T00:00:00.000Z",
        "name": "The MITRE Corporation",
        "identity_class": "organization",
    }


def test_bundle_states_its_version_when_its_objects_are_in_stix_20(site: Site) -> None:
    text = orjson.dumps([without(found, "spec_version") for found in measure()]).decode()
    # In those days every id had to be a UUID of the fourth version.
    held = orjson.loads(re.sub("-5([0-9a-f]{3}-)", r"-4\1", text))
    bundle = stix20("enterprise", *held)
    import_bundles([source(bundle)], Options(validate=False, release="3.0"))
    found = loaded(site, f"{PAGE}/stix")
    assert found["spec_version"] == "2.0"
    assert stix2.parse(found, allow_custom=True, version="2.0")


def without(found: Properties, *names: str) -> Properties:
    return {key: value for key, value in found.items() if key not in names}


def layer(site: Site, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A layer as MITRE's own classes read it, and its scored techniques by ID."""
    found = loaded(site, path)
    read = Layer(found, strict=True)
    assert read.layer is not None
    techniques = {one["techniqueID"]: one for one in found["techniques"]}
    assert {one.techniqueID for one in read.layer.techniques} == set(techniques)
    return found, {key: one for key, one in techniques.items() if "score" in one}


def test_layer_marks_the_techniques_of_a_page_with_their_notes(site: Site) -> None:
    import_objects(*measure())
    found, marked = layer(site, f"{PAGE}/navigator")
    assert set(marked) == {"T1000", "T1000.001"}
    assert marked["T1000"]["showSubtechniques"] is True
    assert marked["T1000"]["comment"] == "First.\nThen x < y.[1]"
    assert found["domain"] == "enterprise-attack"
    assert found["versions"]["attack"] == "1"


def test_layer_opens_a_technique_for_its_marked_sub_techniques(site: Site) -> None:
    own, stage, head, sub, below, _, noted = measure()
    import_objects(own, stage, head, sub, below, noted)
    found, marked = layer(site, f"{PAGE}/navigator")
    assert set(marked) == {"T1000.001"}
    assert {"techniqueID": "T1000", "showSubtechniques": True} in found["techniques"]


def test_layer_of_each_domain_has_its_own_techniques(site: Site) -> None:
    shared = mitigation("M1000", "Shared")
    one, two = technique("T1000", "One"), technique("T0800", "Two", domain="ics")
    import_objects(shared, one, relationship("mitigates", shared, one))
    import_objects(shared, two, relationship("mitigates", shared, two), domain="ics")
    assert set(layer(site, f"{PAGE}/navigator?domain=enterprise")[1]) == {"T1000"}
    assert set(layer(site, f"{PAGE}/navigator?domain=ics")[1]) == {"T0800"}
    assert site.get(f"{PAGE}/navigator?domain=mobile").status_code == 404


def test_layer_of_a_list_is_scored_by_how_many_of_it_use_a_technique(site: Site) -> None:
    one, two = (attack_object("intrusion-set", f"G000{n}", f"Crew {n}") for n in (1, 2))
    head, other = technique("T1000", "Head"), technique("T1001", "Other")
    uses = [relationship("uses", *pair) for pair in ((one, head), (two, head), (two, other))]
    import_objects(one, two, head, other, *uses)
    found, marked = layer(site, f"{GROUPS}/navigator")
    assert {key: mark["score"] for key, mark in marked.items()} == {"T1000": 2, "T1001": 1}
    assert found["gradient"]["maxValue"] == 2
    assert set(layer(site, f"{GROUPS}/navigator?q=crew+1")[1]) == {"T1000"}
    assert set(layer(site, f"{LIBRARY}/techniques/navigator")[1]) == {"T1000", "T1001"}


def test_no_layer_is_made_where_there_are_no_techniques(site: Site) -> None:
    import_objects(attack_object("x-mitre-data-source", "DS0001", "Source"))
    page = f"{LIBRARY}/data-sources/DS0001"
    assert site.get(f"{page}/navigator").status_code == 404
    assert site.get(f"{LIBRARY}/data-sources/navigator").status_code == 404
    assert "navigator" not in str([a["href"] for a in site.page(page).all("a")])


def test_a_list_offers_layers_of_the_domains_whose_live_entries_have_techniques(
    site: Site,
) -> None:
    alpha, beta = mitigation("M1000", "Alpha"), mitigation("M1002", "Beta", "ics")
    old, bare = mitigation("M1001", "Old", revoked=True), mitigation("M1003", "Bare")
    shell, mail = technique("T1000", "Shell"), technique("T0800", "Mail", domain="ics")
    used = [relationship("mitigates", measure, shell) for measure in (alpha, old)]
    import_objects(alpha, old, bare, shell, *used)
    import_objects(beta, mail, relationship("mitigates", beta, mail), domain="ics")

    def layers(query: str, path: str = MITIGATIONS) -> list[str]:
        links = site.page(path + query).one(id="results").all("a")
        return [a.words for a in links if a.words.startswith("Navigator")]

    both = ["Navigator layer, Enterprise", "Navigator layer, ICS"]
    assert layers("") == layers("?q=a") == both
    assert layers("?q=beta") == layers("?domain=ics") == both[1:]
    assert layers("?q=old&includeRevoked=true") == layers("?q=bare") == []
    assert layers("", f"{LIBRARY}/techniques") == both
    assert layers("?q=shell", f"{LIBRARY}/techniques") == both[:1]


def test_a_list_offers_layers_by_ways_of_more_than_one_step(site: Site) -> None:
    analytics = [attack_object("x-mitre-analytic", f"AN000{n}", f"Analytic {n}") for n in (1, 2)]
    used, spare = (
        attack_object(
            *("x-mitre-detection-strategy", f"DET000{n}", f"Strategy {n}"),
            x_mitre_analytic_refs=[analytic["id"]],
        )
        for n, analytic in enumerate(analytics, 1)
    )
    shell = technique("T1000", "Shell")
    import_objects(*analytics, used, spare, shell, relationship("detects", used, shell))
    path = f"{LIBRARY}/analytics"
    for query, offered in (("", True), ("?q=analytic+1", True), ("?q=analytic+2", False)):
        assert ("Navigator" in site.page(path + query).one(id="results").words) is offered


def test_bundle_of_a_matrix_holds_its_tactics_and_techniques(site: Site) -> None:
    import_objects(*measure())
    found = loaded(site, f"{LIBRARY}/matrices/enterprise-attack/stix")
    types = {one["type"] for one in found["objects"]}
    assert types >= {"x-mitre-matrix", "x-mitre-tactic", "attack-pattern"}


def test_bundle_of_a_deprecated_matrix_holds_what_was_let_go_with_it(site: Site) -> None:
    gone: Properties = {"x_mitre_deprecated": True}
    live, old = tactic("TA0001", "Live", "live"), tactic("TA0003", "Old", "old") | gone
    lost = technique("T1900", "Lost", ("old", "live"), revoked=True)
    dead = attack_object(
        *("x-mitre-matrix", "old-attack", "Old matrix"), tactic_refs=[old["id"]], **gone
    )
    kept = technique("T1000", "Kept", ("live",))
    import_objects(matrix("enterprise", [live]), live, kept, dead, old, lost)
    found = loaded(site, f"{LIBRARY}/matrices/old-attack/stix")
    assert {one["id"] for one in found["objects"]} == {dead["id"], old["id"], lost["id"]}
    # A live matrix still leaves out what is dead.
    held = loaded(site, f"{LIBRARY}/matrices/enterprise-attack/stix")["objects"]
    assert lost["id"] not in {one["id"] for one in held}


def revoked() -> list[Properties]:
    """Two mitigations of which one was revoked in favour of the other."""
    old, new = mitigation("M1900", "Old", revoked=True), mitigation("M1901", "New")
    return [old, new, relationship("revoked-by", old, new)]


def test_files_of_a_revoked_object_say_what_replaced_it(site: Site) -> None:
    old, new, by = revoked()
    import_objects(old, new, by)
    held = loaded(site, f"{MITIGATIONS}/M1900/stix")["objects"]
    assert {one["id"] for one in held} >= {old["id"], new["id"], by["id"]}
    found = loaded(site, f"{MITIGATIONS}/M1900/json")
    assert [one["attack_id"] for one in found["replaced_by"]] == ["M1901"]


def test_bundle_of_a_twice_revoked_object_holds_the_whole_chain(site: Site) -> None:
    first, second = (technique(f"T100{n}", f"Gone {n}", revoked=True) for n in (1, 2))
    last = technique("T1003", "Last")
    hops = relationship("revoked-by", first, second), relationship("revoked-by", second, last)
    import_objects(first, second, last, *hops)
    chain = [second["id"], last["id"]]
    replaced = loaded(site, f"{LIBRARY}/techniques/T1001/json")["replaced_by"]
    assert [one["stix_id"] for one in replaced] == chain
    held = loaded(site, f"{LIBRARY}/techniques/T1001/stix")["objects"]
    assert {one["id"] for one in held} == {first["id"], *chain, *(hop["id"] for hop in hops)}
