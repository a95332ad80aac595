"""Histories over the real bundles, beside what the bundles themselves say."""

import lzma
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.library.history.test_text_difference import sides
from tests.library.pages import LIBRARY, Element, Site
from tests.library.raw_links import dead, fates

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_data,
    pytest.mark.usefixtures("every_release"),
]

T1562_FAMILY = ["T1562", *(f"T1562.{number:03}" for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12))]

type Bundle = dict[str, dict[str, Any]]


@cache
def objects(path: Path) -> Bundle:
    """The objects of a bundle by their STIX ids."""
    read = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
    return {found["id"]: found for found in read}


def having_id(bundle: Bundle, stix_type: str, attack_id: str) -> dict[str, Any]:
    """The live object of a type with an ATT&CK ID."""
    (only,) = [
        found
        for found in bundle.values()
        if found["type"] == stix_type
        and not dead(found)
        and any(
            reference.get("external_id") == attack_id
            for reference in found.get("external_references", [])[:1]
        )
    ]
    return only


def links(bundle: Bundle, stix_id: str) -> Bundle:
    """The relationships of an object that hold, by their ids."""
    return {
        key: found
        for key, found in bundle.items()
        if found["type"] == "relationship"
        and stix_id in {found["source_ref"], found["target_ref"]}
        and not dead(found)
        and not any(dead(bundle[found[end]]) for end in ("source_ref", "target_ref"))
    }


def rows(page: Element, verb: str) -> list[Element]:
    """The relationships that are shown as added, removed or edited, without those of properties."""
    signs = page.all("table", css="link-differences")
    every = [tr for table in signs for tr in table.one("tbody").all("tr")]
    return [tr for tr in every if tr.one(css="change-sign").words == verb]


def compared(site: Site, path: str, query: str) -> Element:
    return site.page(f"{LIBRARY}/{path}/history{query}")


@pytest.mark.parametrize(
    ("domain", "path", "stix_type", "attack_id", "edits"),
    [
        ("enterprise", "techniques", "attack-pattern", "T1105", 6),
        ("enterprise", "techniques", "attack-pattern", "T1562.001", 1),
        ("enterprise", "techniques", "attack-pattern", "T1059", 0),
        ("enterprise", "groups", "intrusion-set", "G0129", 30),
        ("enterprise", "mitigations", "course-of-action", "M1013", 1),
        ("mobile", "mitigations", "course-of-action", "M1013", 0),
        ("mobile", "mitigations", "course-of-action", "M1006", 2),
        ("ics", "techniques", "attack-pattern", "T0886", 0),
    ],
)
def test_relationships_are_those_of_the_bundles(
    site: Site,
    attack_bundles: Path,
    domain: str,
    path: str,
    stix_type: str,
    attack_id: str,
    edits: int,
) -> None:
    before, after = (
        objects(attack_bundles / f"{domain}-attack-{release}.json.xz")
        for release in ("17.1", "18.1")
    )
    stix_id = having_id(after, stix_type, attack_id)["id"]
    old, new = links(before, stix_id), links(after, stix_id)
    page = compared(site, f"{path}/{attack_id}", f"?from=17.1&to=18.1&domain={domain}")
    assert len(rows(page, "Added")) == len(new.keys() - old.keys())
    assert len(rows(page, "Removed")) == len(old.keys() - new.keys())
    edited = [
        (words, ends)
        for words, by_fate in fates(before, after).items()
        for ends in by_fate["edited"]
        if stix_id in ends
    ]
    assert len(rows(page, "Edited")) == len(edited) == edits
    back = compared(site, f"{path}/{attack_id}", f"?from=18.1&to=17.1&domain={domain}")
    assert len(rows(back, "Added")) == len(rows(page, "Removed"))
    assert len(rows(back, "Edited")) == len(rows(page, "Edited"))


def test_technique_that_is_live_again_has_all_its_relationships_as_new(
    site: Site, attack_bundles: Path
) -> None:
    """T1453 of mobile is deprecated in 17.1 and live in 18.1."""
    after = objects(attack_bundles / "mobile-attack-18.1.json.xz")
    technique = having_id(after, "attack-pattern", "T1453")
    others = [
        after[end]
        for found in links(after, technique["id"]).values()
        for end in (found["source_ref"], found["target_ref"])
        if end != technique["id"]
    ]
    ids = {other["external_references"][0]["external_id"] for other in others}
    assert len(ids) == 7
    page = compared(site, "techniques/T1453", "?from=17.1&to=18.1")
    assert {tr.one("th").words for tr in rows(page, "Added")} == ids | {"TA0031", "TA0035"}
    told = page.one("ul", css="told-changes").words
    assert "2 references added" in told
    assert "3 references removed" in told
    back = compared(site, "techniques/T1453", "?from=18.1&to=17.1")
    assert len(rows(back, "Removed")) == len(ids) + 2


@pytest.mark.parametrize("attack_id", T1562_FAMILY)
def test_the_whole_history_tells_what_its_steps_do(site: Site, attack_id: str) -> None:
    page = compared(site, f"techniques/{attack_id}", "")
    (steps,) = page.all("ol", css="passages")
    links = [link for link in steps.all("a") if "?from=" in link["href"]]
    assert links
    for link in links:
        step = site.page(link["href"])
        assert step.one("h1").words.startswith(attack_id)
        told = step.all("section", css="in-short")[0].all("li")
        assert bool(told) == (link.words.endswith("side by side"))


def test_a_description_s_two_sides_are_the_two_releases_words(
    site: Site, attack_bundles: Path
) -> None:
    before, after = (
        objects(attack_bundles / f"enterprise-attack-{release}.json.xz")
        for release in ("18.0", "18.1")
    )
    component = having_id(after, "x-mitre-data-component", "DC0032")
    was, now = before[component["id"]]["description"], component["description"]
    assert was != now
    response = site.get(f"{LIBRARY}/data-components/DC0032/history?from=18.0&to=18.1")
    html = response.content.decode()
    part = html.partition('<div class="word-difference">')[2].partition("</div>")[0]
    for shown, stored in zip(sides(part), (was, now), strict=True):
        letters = [letter for letter in shown if letter.isalnum()]
        assert len(letters) > 60
        # Markdown's marks are no letters; addresses of links are not shown.
        assert "".join(letters[:60]) in "".join(filter(str.isalnum, stored))
