"""The starter Takes against the bundles they were written for: each true, and like no other."""

import hashlib
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785

from analysis.markdown import attack_ids
from analysis.takefiles.folder import read_folder
from analysis.takefiles.shape import TakeFile
from glexia.env import BASE_DIR
from library.identifiers import Domain
from tests.analysis.raw_bundles import Raw, attack_id

pytestmark = pytest.mark.real_data

RELEASE = "18.1"
TAKES = [file.take for file in read_folder(BASE_DIR / "fixtures" / "takes") if file.take]
# How many mitigations that address most techniques have one, by domain; techniques by groups.
MITIGATIONS = {Domain.ENTERPRISE: 20, Domain.MOBILE: 3, Domain.ICS: 3}
TECHNIQUES = 10
SHORTEST, LONGEST = 380, 620
RUN = 8
RELATED, DISTINCT = 3, 2
# A sentence that says something of an ID has this many words beside IDs and names of logs.
EXPLAINING = 12

every_take = pytest.mark.parametrize("take", TAKES, ids=lambda take: take.attack_id)


def bundle_path(folder: Path, domain: str) -> Path:
    return folder / f"{domain}-attack-{RELEASE}.json.xz"


def texts(take: TakeFile) -> list[str]:
    """Every text of a Take: paragraphs of prose, entries of lists, the line on confidence."""
    said = [take.confidence_why]
    for section in take.sections.values():
        said += section if isinstance(section, list) else section.split("\n\n")
    return said


def named(take: TakeFile) -> set[str]:
    return {found for text in texts(take) for found in attack_ids(text)} - {take.attack_id}


def related(raw: Raw, stix_id: str) -> set[str]:
    """The ATT&CK IDs of what an object is linked to.

    Of a mitigation its techniques, and of every technique its tactics, users, strategies, their
    analytics and the data components those read; of a technique its mitigations, its parent and
    the sub-techniques beside it, too.
    """
    techniques = {stix_id}
    beside: set[str] = set()
    if raw.objects[stix_id]["type"] == "course-of-action":
        techniques = raw.to("mitigates", [stix_id])
    else:
        parents = raw.to("subtechnique-of", [stix_id])
        beside = parents | raw.back("subtechnique-of", [stix_id, *parents])
        beside |= raw.back("mitigates", [stix_id])
    strategies = raw.back("detects", techniques)
    analytics = raw.to("analytic", strategies)
    beside |= raw.to("tactic", techniques) | raw.back("uses", techniques) | strategies | analytics
    beside |= raw.to("reads", analytics)
    return {attack_id(raw.objects[found]) for found in techniques | beside} - {""}


def most(count: Counter[str], number: int) -> set[str]:
    """Those that are counted most often; nobody shares the last place."""
    ranked = count.most_common(number + 1)
    assert ranked[number - 1][1] > ranked[number][1]
    return {found for found, _ in ranked[:number]}


def test_they_are_of_the_objects_that_matter_most(raws: dict[str, Raw]) -> None:
    wanted = set()
    for domain, number in MITIGATIONS.items():
        addressing = Counter(source for source, _ in raws[domain].pairs("mitigates"))
        wanted |= most(addressing, number)
    objects = {key: found for raw in raws.values() for key, found in raw.objects.items()}
    uses = {pair for raw in raws.values() for pair in raw.pairs("uses")}
    used = Counter(
        technique
        for group, technique in uses
        if objects[group]["type"] == "intrusion-set"
        and objects[technique]["type"] == "attack-pattern"
    )
    wanted |= most(used, TECHNIQUES)
    assert {take.stix_id for take in TAKES} == wanted
    assert len(TAKES) == sum(MITIGATIONS.values()) + TECHNIQUES


@every_take
def test_it_is_marked_as_starter_content_and_names_the_content_it_was_written_for(
    take: TakeFile, raws: dict[str, Raw]
) -> None:
    found = raws[take.written_against.domain].objects[take.stix_id]
    assert (take.starter, take.state, take.author) == (True, "published", "Glexia")
    assert (take.attack_id, take.name) == (attack_id(found), found["name"])
    digest = hashlib.sha256(rfc8785.dumps(found)).hexdigest()
    assert (take.written_against.release, take.written_against.content_sha256) == (RELEASE, digest)


@every_take
def test_it_is_as_long_as_a_page_bears(take: TakeFile) -> None:
    assert SHORTEST <= len(" ".join(texts(take)).split()) <= LONGEST


@every_take
def test_every_id_it_names_is_live_in_its_domain(take: TakeFile, raws: dict[str, Raw]) -> None:
    live = {attack_id(found) for found in raws[take.written_against.domain].objects.values()}
    assert named(take) <= live


@every_take
def test_it_names_what_its_object_is_related_to(take: TakeFile, raws: dict[str, Raw]) -> None:
    raw = raws[take.written_against.domain]
    assert len(named(take) & related(raw, take.stix_id)) >= RELATED


@every_take
def test_it_names_what_no_other_is_related_to_or_explains_what_it_names(
    take: TakeFile, raws: dict[str, Raw]
) -> None:
    mine = named(take) & related(raws[take.written_against.domain], take.stix_id)
    theirs: set[str] = set()
    written: set[str] = set()
    for other in others_of_its_kind(take):
        theirs |= related(raws[other.written_against.domain], other.stix_id)
        written |= named(other)
    explained = {found for found in mine - written if is_explained(take, found)}
    assert len((mine - theirs) | explained) >= DISTINCT, (sorted(mine - theirs), sorted(explained))


def others_of_its_kind(take: TakeFile) -> Iterator[TakeFile]:
    kind = take.stix_id.partition("--")[0]
    return (o for o in TAKES if o is not take and o.stix_id.startswith(f"{kind}--"))


def is_explained(take: TakeFile, wanted: str) -> bool:
    """Whether a sentence of its own says what the ID has to do with the object."""
    for text in texts(take):
        for sentence in re.split(r"(?<=[.?!:;])\s+", text):
            ids = attack_ids(sentence)
            words = re.sub(r"`[^`]*`", " ", sentence).split()
            if wanted in ids and len(words) - len(ids) >= EXPLAINING:
                return True
    return False


@every_take
def test_the_telemetry_it_names_is_read_by_analytics_for_its_object(
    take: TakeFile, raws: dict[str, Raw]
) -> None:
    raw = raws[take.written_against.domain]
    is_mitigation = raw.objects[take.stix_id]["type"] == "course-of-action"
    techniques = raw.to("mitigates", [take.stix_id]) if is_mitigation else {take.stix_id}
    analytics = raw.to("analytic", raw.back("detects", techniques))
    sources = [
        (attack_id(raw.objects[read["x_mitre_data_component_ref"]]), read["name"].strip())
        for analytic in analytics
        for read in raw.objects[analytic].get("x_mitre_log_source_references", [])
    ]
    for entry in take.likely_telemetry:
        components = {found for found in attack_ids(entry) if found.startswith("DC")}
        assert components <= {component for component, _ in sources}, entry
        for log in re.findall(r"`(\w+:[\w/-]+)`", entry):
            joined = {component for component, name in sources if name == log}
            assert joined & components if components else joined, entry


# --- nobody else's words ---

type Cut = Callable[[str], list[str]]
CUTS: dict[str, Cut] = {
    # What a hyphen or an apostrophe joins is two words to the one and one word to the other.
    "by letters": lambda text: re.findall(r"[a-z0-9]+", text.lower()),
    "by space": lambda text: [
        word for part in text.lower().split() if (word := re.sub(r"^\W+|\W+$", "", part))
    ],
}


def runs(text: str, cut: Cut) -> set[tuple[str, ...]]:
    words = cut(text)
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


@pytest.mark.parametrize("cut", CUTS)
def test_no_two_share_a_run_of_words(cut: str) -> None:
    owners: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for take in TAKES:
        for run in runs(" ".join(texts(take)), CUTS[cut]):
            owners[run].add(take.attack_id)
    assert {" ".join(run): found for run, found in owners.items() if len(found) > 1} == {}


@pytest.mark.parametrize("domain", Domain.values)
def test_none_has_a_run_of_words_of_mitre_s(attack_bundles: Path, domain: str) -> None:
    ours = {
        cut: {run: t.attack_id for t in TAKES for run in runs(" ".join(texts(t)), CUTS[cut])}
        for cut in CUTS
    }
    content = lzma.decompress(bundle_path(attack_bundles, domain).read_bytes())
    found = []
    for described in orjson.loads(content)["objects"]:
        for text in mitre_texts(described):
            for cut, mine in ours.items():
                found += [(" ".join(r), mine[r]) for r in runs(text, CUTS[cut]) if r in mine]
    assert found == []


def mitre_texts(found: dict[str, Any]) -> Iterator[str]:
    """The texts of an object, with and without what stands in brackets."""
    for name in ("description", "x_mitre_detection"):
        text = found.get(name)
        if text:
            bare = re.sub(r"\(Citation:[^)]*\)", " ", text)
            yield from {text, re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", bare)}
