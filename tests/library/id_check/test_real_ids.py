"""Every ID of enterprise 17.1 against 18.1, and the raw bundles read apart from the library.

The bundles tell a verdict by these rules. An ID stands for the object that bears it in 17.1: a live
one before others, then one of the kind that its letters name. It is *revoked* or *deprecated* where
18.1 says so of that object, *gone* where 18.1 has no such object, *renamed* where its name differs,
*tactic-moved* where the tactics differ whose short names its kill chain phases are. Of the others
it is *changed* where more differs than when and by whom the object was written, or where a link
that holds does; that is the library's own rule (`library.substance`), which other tests hold to its
word, so that here both are "standing". An ID that 18.1 alone has is *new*, or *id-changed* where
17.1 has its object without one; so is one whose object has another, or none, in 18.1.
"""

import lzma
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from library.identifiers import ATTACK_SOURCES
from tests.library.id_check.asking import checked
from tests.library.pages import Site

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("every_release"),
]

# The types whose IDs begin so.
NAMED = {
    "A": "x-mitre-asset",
    "T": "attack-pattern",
    "TA": "x-mitre-tactic",
    "M": "course-of-action",
    "G": "intrusion-set",
    "S": "malware tool",
    "C": "campaign",
    "DS": "x-mitre-data-source",
    "DC": "x-mitre-data-component",
    "DET": "x-mitre-detection-strategy",
    "AN": "x-mitre-analytic",
}
STANDING = {"changed", "unchanged"}


class Bundle:
    """A bundle as MITRE wrote it."""

    def __init__(self, path: Path) -> None:
        objects = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
        self.by_stix_id = {found["id"]: found for found in objects}
        self.by_attack_id: dict[str, list[Any]] = defaultdict(list)
        for found in objects:
            for reference in found.get("external_references", ()):
                if reference.get("source_name") in ATTACK_SOURCES:
                    self.by_attack_id[reference.get("external_id", "")].append(found)
                    break
        self.revoked_by = {
            found["source_ref"]: found["target_ref"]
            for found in objects
            if found.get("relationship_type") == "revoked-by"
        }
        self.tactics = {
            found["x_mitre_shortname"]: found["id"]
            for found in objects
            if found["type"] == "x-mitre-tactic"
        }

    def meant(self, attack_id: str) -> Any:
        """The object that an ID stands for."""
        types = NAMED[attack_id.partition(".")[0].rstrip("0123456789")].split()
        held = self.by_attack_id[attack_id]
        return min(held, key=lambda found: (is_dead(found), found["type"] not in types))

    def served(self, found: Any) -> set[str]:
        """The tactics that a technique serves."""
        phases = {phase["phase_name"] for phase in found.get("kill_chain_phases", ())}
        return {self.tactics[phase] for phase in phases}

    def chain(self, found: Any) -> list[str]:
        """The names of what replaced an object."""
        chain = []
        while found.get("revoked") and found["id"] in self.revoked_by:
            found = self.by_stix_id[self.revoked_by[found["id"]]]
            chain.append(found["name"])
        return chain


def is_dead(found: Any) -> bool:
    return found.get("revoked") is True or found.get("x_mitre_deprecated") is True


def verdict(old: Bundle, new: Bundle, attack_id: str) -> str:
    if attack_id not in old.by_attack_id:
        return "id-changed" if new.meant(attack_id)["id"] in old.by_stix_id else "new"
    was = old.meant(attack_id)
    now = new.by_stix_id.get(was["id"])
    if now is None:
        return "gone"
    if now.get("revoked"):
        return "revoked"
    if now.get("x_mitre_deprecated"):
        return "deprecated"
    if now["name"] != was["name"]:
        return "renamed"
    if now not in new.by_attack_id.get(attack_id, ()):
        return "id-changed"
    if old.served(was) != new.served(now):
        return "tactic-moved"
    return "standing"


def test_every_id_has_the_verdict_that_the_bundles_tell(site: Site, attack_bundles: Path) -> None:
    old, new = (
        Bundle(attack_bundles / f"enterprise-attack-{release}.json.xz")
        for release in ("17.1", "18.1")
    )
    ids = sorted(
        each for each in old.by_attack_id.keys() | new.by_attack_id.keys() if each[-1:].isdigit()
    )
    asked = {"from": "17.1", "to": "18.1", "domain": "enterprise"}
    told = {row["attack_id"]: row for row in checked(site, "\n".join(ids), **asked)["ids"]}
    assert [*told] == ids
    wrong = {
        each: (row["verdict"], verdict(old, new, each))
        for each, row in told.items()
        if ("standing" if row["verdict"] in STANDING else row["verdict"])
        # A new ID may be that of an object which is dead already.
        != verdict(old, new, each)
        and not (verdict(old, new, each) in {"new", "id-changed"} and is_dead(new.meant(each)))
    }
    assert wrong == {}
    for each, row in told.items():
        if row["verdict"] == "revoked" and each in old.by_attack_id:
            now = new.by_stix_id[old.meant(each)["id"]]
            assert [step["name"] for step in row["replaced_by"]] == new.chain(now), each
    counts = Counter(row["verdict"] for row in told.values())
    assert counts["changed"] > 500
    assert counts["revoked"] > 100
    assert counts["new"] > 1000


def test_an_object_that_reads_the_same_in_both_bundles_is_unchanged_but_for_its_links(
    site: Site, attack_bundles: Path
) -> None:
    old, new = (
        Bundle(attack_bundles / f"ics-attack-{release}.json.xz") for release in ("17.1", "18.1")
    )
    ids = [each for each in old.by_attack_id if each[-1:].isdigit()]
    asked = {"from": "17.1", "to": "18.1", "domain": "ics"}
    links = ("added", "removed", "edited", "note on")
    for row in checked(site, " ".join(ids), **asked)["ids"]:
        was = old.by_attack_id[row["attack_id"]][0]
        now = new.by_stix_id.get(was["id"])
        if was == now and not is_dead(was):
            assert row["verdict"] in STANDING
            assert all(any(word in said for word in links) for said in row["changes"])
        if row["verdict"] == "unchanged":
            assert now is not None
            assert was["name"] == now["name"]
            assert was.get("description", "").split() == now.get("description", "").split() or (
                "(Citation" in was["description"] + now["description"]
            )
