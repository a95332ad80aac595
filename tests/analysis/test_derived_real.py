"""Derived Takes of all that release 18.1 holds: built, read, and counted again."""

import html
import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from analysis.derivation import Derivation, derive
from analysis.derived.adversary import KINDS
from analysis.derived.rules import RULES
from analysis.landscape import Landscape, landscape_of
from library.conditional import current_shelf
from library.identifiers import MITIGATION, Domain
from library.text.words import words
from tests.analysis.oracle import Expected
from tests.analysis.printed import base, printed
from tests.analysis.raw_bundles import Raw, attack_id

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("every_release"),
]

SEED = int(os.environ["CRAWL_SEED"])
COUNTED, READ = 50, 100
# What templates get wrong.
NOUNS = "technique|group|campaign|piece|analytic|tactic"
MISTAKES = {
    "a word twice": re.compile(r"\b(\w+) \1\b", re.IGNORECASE),
    "one of many": re.compile(rf"(?<![\d.,])1 (?:{NOUNS})s\b"),
    "many of one": re.compile(rf"\b(?:[2-9]|\d\d+) (?:{NOUNS})\b"),
    "an empty list": re.compile(r": \.|\(\)|:\s*$"),
    "a dangling word": re.compile(r"\b(?:and|or|in|of|for|by)[.,;:)]|\b(?:and|or) (?:and|or)\b"),
    "spacing": re.compile(r" [.,;:)]|\( |[.,]{2}"),
    "nothing said": re.compile(r"\b(?:None(?! of the \d)|nan|0 of)\b|\{\w*\}"),
    "markup": re.compile(r"[<>]|&(?:amp|lt|gt|quot|#)"),
}
# Names of MITRE's that have a word twice, or markup, are theirs.
# A number by itself, which is no part of a name or of a release.
NUMBER = re.compile(r"(?<![\w.:-])\d+(?![\w.:-]*\w)")
NAMED = re.compile(r'<a href="/learn/attack/(?!tactics/)[^"#]*">([^<]*)</a>')
SUPERLATIVE = re.compile(
    r"No mitigation|more than any other|Of the mitigations|the only mitigation"
)
NOT_OURS = re.compile(r"<a[^>]*>.*?</a>|<span[^>]*>.*?</span>", re.DOTALL)


@pytest.fixture(scope="module")
def landscape(every_release: None, django_db_blocker: DjangoDbBlocker) -> Landscape:
    with django_db_blocker.unblock():
        return landscape_of(current_shelf().snapshot_ids)


@pytest.fixture(scope="module")
def raw(attack_bundles: Path) -> Raw:
    found = Raw()
    for domain in Domain.values:
        found.read(attack_bundles / f"{domain}-attack-18.1.json.xz")
    return found


@pytest.fixture(scope="module")
def takes(landscape: Landscape, django_db_blocker: DjangoDbBlocker) -> dict[int, Derivation]:
    """What is derived for every object that has something derived for it."""
    with django_db_blocker.unblock():
        addresses = current_shelf().addresses
    derived = (
        (object_id, derive(landscape, object_id, addresses)) for object_id in landscape.nodes
    )
    return {object_id: found for object_id, found in derived if found is not None}


def chosen(landscape: Landscape, count: int) -> list[int]:
    """Objects of every kind at random, as many of each kind as it takes."""
    seed = random.Random(SEED)
    each = count // len(RULES) + 1
    found = []
    for kind in RULES:
        ids = sorted(node.object_id for node in landscape.of_kind(kind))
        found += seed.sample(ids, min(each, len(ids)))
    return found


def test_the_landscape_is_that_of_the_bundles(landscape: Landscape, raw: Raw) -> None:
    kinds = {stix_type for kind in RULES for stix_type in kind.stix_types}
    live = {key for key, found in raw.objects.items() if found["type"] in kinds}
    assert {node.stix_id for node in landscape.nodes.values()} == live


def test_every_live_object_has_a_take(landscape: Landscape, takes: dict[int, Derivation]) -> None:
    assert takes.keys() == landscape.nodes.keys()
    for found in takes.values():
        assert found.take.sections[0].name == "summary"
        assert found.take.sections[0].parts[0]


def test_takes_have_none_of_the_mistakes_that_templates_make(
    landscape: Landscape, takes: dict[int, Derivation]
) -> None:
    for object_id in chosen(landscape, READ):
        node = landscape.nodes[object_id]
        for section in takes[object_id].take.sections:
            for part in section.parts:
                said = words(part).replace(node.name, "It")
                own = words(NOT_OURS.sub("X", part)).replace(node.name, "It")
                for mistake, pattern in MISTAKES.items():
                    text = own if mistake in {"a word twice", "markup", "spacing"} else said
                    assert not pattern.search(text), (SEED, node.attack_id, mistake, text)


def test_every_figure_counts_what_the_bundles_say(
    landscape: Landscape, raw: Raw, takes: dict[int, Derivation]
) -> None:
    nodes = landscape.nodes
    for object_id in chosen(landscape, COUNTED):
        expected = Expected(raw, nodes[object_id].stix_id)
        for figure in takes[object_id].figures:
            counted = {node.stix_id for node in figure.nodes}
            said = (SEED, nodes[object_id].attack_id, figure.title)
            assert counted == expected.objects(figure.title), said


def test_every_figure_is_printed_as_the_bundles_have_it(
    landscape: Landscape, raw: Raw, takes: dict[int, Derivation]
) -> None:
    shares = 0
    for object_id in chosen(landscape, COUNTED):
        node, found = landscape.nodes[object_id], takes[object_id]
        expected = Expected(raw, node.stix_id)
        read = list(printed(found))
        assert {figure.title for figure in found.figures} == {told.title for told in read}
        for told in read:
            told_of = (SEED, node.attack_id, told)
            assert told.number == len(expected.objects(told.title)), told_of
            if told.base is not None:
                shares += 1
                assert told.base == base(expected, told.title), told_of
    assert shares


def test_every_number_leads_to_what_it_counts(
    landscape: Landscape, takes: dict[int, Derivation]
) -> None:
    for object_id in chosen(landscape, READ):
        for section in takes[object_id].take.sections:
            for part in section.parts:
                own = words(NOT_OURS.sub("X", part)).replace(landscape.nodes[object_id].name, "It")
                assert not NUMBER.search(own), (SEED, landscape.nodes[object_id].attack_id, own)


def test_a_name_stands_without_its_id_only_where_no_other_object_has_it(
    landscape: Landscape, raw: Raw, takes: dict[int, Derivation]
) -> None:
    bearers = Counter(
        found["name"].casefold()
        for found in raw.objects.values()
        if "name" in found and found["type"] != "x-mitre-tactic"
    )
    read = 0
    for node in landscape.nodes.values():
        if node.kind not in KINDS and node.kind is not MITIGATION:
            continue
        for section in takes[node.object_id].take.sections:
            for name in NAMED.findall("".join(section.parts)):
                read += 1
                assert bearers[html.unescape(name).casefold()] == 1, (node.attack_id, name)
    assert read


def test_no_mitigation_is_said_to_be_the_widest_where_pre_compromise_is_not_counted(
    landscape: Landscape, raw: Raw, takes: dict[int, Derivation]
) -> None:
    (before,) = (key for key, found in raw.objects.items() if attack_id(found) == "M1056")
    before_an_intrusion = raw.to("mitigates", [before])
    read = 0
    for node in landscape.nodes.values():
        used = Expected(raw, node.stix_id).techniques() if node.kind in KINDS else set()
        if len(used) < 2 or not used & before_an_intrusion:
            continue
        sections = takes[node.object_id].take.sections
        (executive,) = (found for found in sections if found.name == "executive_priority")
        said = words("".join(executive.parts))
        if SUPERLATIVE.search(said):
            read += 1
            assert "that can be put in place" in said, (node.attack_id, said)
    assert read > len(KINDS)
