"""The sample against the real bundles: the same facts, none of the words."""

import json
import lzma
import os
import re
from pathlib import Path

import pytest

from tests.importer.samples import (
    BUNDLES,
    DOMAINS,
    EARLIER_NAMES,
    OWN,
    Object,
    Objects,
    attack_id,
    is_alive,
    label,
    load,
    state,
    values,
)


def real_bundles() -> list[Path]:
    """The real bundles, newest release last; the test is skipped without them."""
    folder = os.environ.get("ATTACK_BUNDLES")
    if not folder:
        pytest.skip("ATTACK_BUNDLES names no real bundles")
    return sorted(Path(folder).glob("*.json.xz"), key=lambda path: path.name.split("-")[-1])


def real_objects(path: Path) -> list[Object]:
    """The objects of one real bundle."""
    found: list[Object] = json.loads(lzma.decompress(path.read_bytes()))["objects"]
    return found


def facts(each: Object) -> Object:
    """What a sample object has to share with the real one of the same id."""
    same = ("type", "created", "labels", "aliases", "x_mitre_aliases", "x_mitre_platforms")
    more = ("kill_chain_phases", "x_mitre_shortname", "x_mitre_sectors", "first_seen", "last_seen")
    ends = ("relationship_type", "source_ref", "target_ref", "x_mitre_is_subtechnique")
    return {
        "attack_id": attack_id(each),
        **{name: each[name] for name in (*same, *more, *ends) if each.get(name)},
    }


@pytest.mark.real_data
def test_facts_agree_with_the_real_objects() -> None:
    real: Objects = {}
    wanted = {each for bundle in BUNDLES for each in load(*bundle)}
    for path in real_bundles():
        real |= {each["id"]: each for each in real_objects(path) if each["id"] in wanted}

    for domain, release in BUNDLES:
        objects = load(domain, release)
        for each in objects.values():
            named = f"{domain} {release} {label(objects, each)}"
            if each["id"] not in real:
                assert each["type"] in OWN, named
                continue
            original = real[each["id"]]
            assert facts(each) == facts(original), named
            names = {original.get("name")}
            if release == "sample-1":
                names.add(EARLIER_NAMES.get(attack_id(each)))
            else:
                assert state(each) == state(original), named
                assert each.get("x_mitre_version") == original.get("x_mitre_version"), named
            assert each.get("name") in names, named


@pytest.mark.real_data
@pytest.mark.parametrize("domain", DOMAINS)
def test_what_is_live_in_sample_2_is_live_in_attack(domain: str) -> None:
    (path,) = (path for path in real_bundles() if path.name == f"{domain}-attack-18.1.json.xz")
    live = {each["id"] for each in real_objects(path) if state(each) == "live"}
    objects = load(domain, "sample-2")

    for each in objects.values():
        if attack_id(each) and state(each) == "live":
            assert each["id"] in live, label(objects, each)
        if each["type"] == "relationship" and is_alive(objects, each):
            assert each["id"] in live, label(objects, each)


def words(text: str) -> list[str]:
    """The words of a text, without the names it cites and the addresses it links."""
    text = re.sub(r"\]\([^)]*\)", "] ", text)
    text = re.sub(r"\(Citation: (?:[^()]|\([^()]*\))*\)", " ", text)
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of eight words in a text."""
    found = words(text)
    return set(zip(*(found[start:] for start in range(8)), strict=False))


@pytest.mark.real_data
def test_no_run_of_eight_words_is_in_a_real_bundle() -> None:
    ours: dict[tuple[str, ...], str] = {}
    for bundle in BUNDLES:
        for each in load(*bundle).values():
            for name, text in values(each):
                if name in ("description", "statement", "channel"):
                    ours |= dict.fromkeys(runs(text), text)
    seen, taken = set(), set()
    for path in real_bundles():
        for each in real_objects(path):
            for name, text in values(each):
                if name in ("description", "statement", "channel") and text not in seen:
                    seen.add(text)
                    taken |= runs(text) & ours.keys()

    assert len(ours) > 3000
    assert {" ".join(run) for run in taken} == set()
