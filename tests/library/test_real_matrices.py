"""Every matrix on every platform, as the bundle itself and the list of techniques have it."""

import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import orjson
import pytest

from importer.acquire import read_bundle
from tests.library.pages import LIBRARY, Element, Site
from tests.library.soundness.counts import stated_results
from tests.library.soundness.matrices import wrong_matrices

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("every_release"),
]

DOMAINS = ["enterprise", "mobile", "ics"]
SEED = int(os.environ["CRAWL_SEED"])
OWNERS = 2

# The platforms of each live technique, by its ID.
type Platforms = Mapping[str, frozenset[str]]


def live(path: Path) -> Iterator[dict[str, Any]]:
    """What a bundle holds that is neither revoked nor deprecated."""
    for found in orjson.loads(read_bundle(path).raw)["objects"]:
        if not (found.get("revoked") or found.get("x_mitre_deprecated")):
            yield found


def own_id(found: dict[str, Any]) -> str:
    """The ATT&CK ID of an object, as its first reference has it: so it is in every one of 18.1."""
    first: str = found["external_references"][0]["external_id"]
    return first


def matrices(path: Path) -> Iterator[tuple[str, Platforms]]:
    """The STIX id of each matrix of a bundle with the techniques that serve its tactics."""
    held = list(live(path))
    names = {f["id"]: f["x_mitre_shortname"] for f in held if f["type"] == "x-mitre-tactic"}
    for matrix in held:
        if matrix["type"] == "x-mitre-matrix":
            served = {names[tactic] for tactic in matrix["tactic_refs"] if tactic in names}
            yield (
                matrix["id"],
                {
                    own_id(found): frozenset(found.get("x_mitre_platforms", ()))
                    for found in held
                    if found["type"] == "attack-pattern"
                    and served.intersection(p["phase_name"] for p in found["kill_chain_phases"])
                },
            )


def entries(page: Element, css: str = "matrix-entry") -> set[str]:
    """The IDs in the matrices of a page, without what only heads others."""
    return {
        entry.one(css="attack-id").words
        for table in page.all("table", css="matrix")
        for entry in table.all("a", css=css)
        if "matrix-heads-only" not in entry.classes
    }


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_matrix_has_all_that_is_on_each_platform(
    site: Site, attack_bundles: Path, domain: str
) -> None:
    everywhere: dict[str, set[str]] = {}
    for stix_id, held in matrices(attack_bundles / f"{domain}-attack-18.1.json.xz"):
        address = site.moves(f"{LIBRARY}/objects/{stix_id}", 302)
        offered = site.page(address).one("select", id="matrix-platform").all("option")
        platforms = {option["value"] for option in offered} - {""}
        assert platforms == set[str]().union(*held.values()) - {"None"}
        assert entries(site.page(address)) == set(held)
        for platform in platforms:
            page = site.page(f"{address}?platform={quote_plus(platform)}")
            expected = {attack_id for attack_id, stated in held.items() if platform in stated}
            assert entries(page) == expected, (address, platform)
            assert list(wrong_matrices(page)) == []
            everywhere.setdefault(platform, set()).update(expected)
    for platform, expected in everywhere.items():
        listed = f"{LIBRARY}/techniques?domain={domain}&platform={quote_plus(platform)}"
        assert stated_results(site.page(listed)) == len(expected), listed


def test_the_matrix_of_an_object_marks_all_that_it_has_on_each_platform(
    site: Site, attack_bundles: Path
) -> None:
    path = attack_bundles / "enterprise-attack-18.1.json.xz"
    ((_, platforms),) = matrices(path)
    held = {found["id"]: found for found in live(path)}
    uses: dict[str, set[str]] = {}
    for found in held.values():
        source, target = (held.get(found.get(f"{end}_ref", "")) for end in ("source", "target"))
        if not (source and target and found["relationship_type"] == "uses"):
            continue
        if source["type"] == "intrusion-set" and target["type"] == "attack-pattern":
            uses.setdefault(own_id(source), set()).add(own_id(target))
    for group in {"G0016", *random.Random(SEED).sample(sorted(uses), OWNERS)}:
        for platform in ("SaaS", "Identity Provider"):
            page = site.page(f"{LIBRARY}/groups/{group}/matrix?platform={quote_plus(platform)}")
            expected = {used for used in uses[group] if platform in platforms[used]}
            assert entries(page, "matrix-marked") == expected, (group, platform)
            assert list(wrong_matrices(page)) == []
