"""Real releases compared, against mitreattack-python's DiffStix and the raw bundles.

Where both differ, it is by these rules:

*Silent changes.* DiffStix asks whether `modified` or the description changed; content that changed
under the same of both counts there as unchanged, here as a patch.

*What was dead.* DiffStix says nothing of objects that were revoked or deprecated in both releases;
here a change of their content counts like any other.

*Successors.* DiffStix leaves out an object that was revoked in favour of one of another type, or of
one that the bundle does not hold; here it counts among the revocations.
"""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from mitreattack.diffStix import changelog_helper
from mitreattack.diffStix.changelog_helper import DiffStix

from importer.acquire import unpack
from library.models import Snapshot
from library.releases.compared import ReleaseDifference, difference
from library.releases.exchange import changes
from library.releases.kinds import ChangeKind
from library.releases.names import LINK_WORDS
from tests.library.raw_links import EVERY_KIND, fates

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
PAIRS = [
    ("enterprise", "17.1", "18.1"),
    ("enterprise", "18.0", "18.1"),
    ("mobile", "17.1", "18.1"),
    ("ics", "17.1", "18.1"),
]
ANY_DIRECTION = [*PAIRS, ("enterprise", "18.1", "18.0")]
TYPES = {
    "techniques": ("attack-pattern",),
    "software": ("malware", "tool"),
    "groups": ("intrusion-set",),
    "campaigns": ("campaign",),
    "assets": ("x-mitre-asset",),
    "mitigations": ("course-of-action",),
    "datasources": ("x-mitre-data-source",),
    "datacomponents": ("x-mitre-data-component",),
    "detectionstrategies": ("x-mitre-detection-strategy",),
    "analytics": ("x-mitre-analytic",),
}

type Objects = dict[str, dict[str, Any]]
type Told = dict[str, set[str]]


@pytest.fixture(autouse=True)
def library(every_release: None) -> None:
    """All the real bundles."""


@cache
def raw(bundles: Path, domain: str, release: str) -> bytes:
    path = bundles / f"{domain}-attack-{release}.json.xz"
    return bytes(unpack(path.name, path.read_bytes()).raw)


def objects_of(bundles: Path, domain: str, release: str) -> Objects:
    return {one["id"]: one for one in orjson.loads(raw(bundles, domain, release))["objects"]}


def ours(domain: str, before: str, after: str) -> ReleaseDifference:
    first, second = (Snapshot.objects.of_release(domain, held) for held in (before, after))
    assert first
    assert second
    return difference(first, second)


class NoDetail:
    """In place of DeepDiff and HtmlDiff: their tables take minutes and decide no category."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take whatever they are given."""

    def to_json(self) -> str:
        """No differences in detail."""
        return "{}"

    def make_table(self, *_: object) -> str:
        """No table."""
        return ""


@pytest.fixture(autouse=True)
def without_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    """DiffStix without the parts of it that are for people."""
    monkeypatch.setattr(changelog_helper, "DeepDiff", NoDetail)
    monkeypatch.setattr(changelog_helper.difflib, "HtmlDiff", NoDetail)


def theirs(bundles: Path, folder: Path, domain: str, before: str, after: str) -> DiffStix:
    for name, release in (("old", before), ("new", after)):
        (folder / name).mkdir()
        (folder / name / f"{domain}-attack.json").write_bytes(raw(bundles, domain, release))
    return DiffStix([f"{domain}-attack"], old=str(folder / "old"), new=str(folder / "new"))


def _lines(found: dict[str, Any]) -> set[str]:
    """A description as DiffStix compares it: by its lines, of which it leaves one."""
    return set(found.get("description", "").replace("\n", " ").splitlines())


def by_our_rules(old: Objects, new: Objects, stix_types: tuple[str, ...]) -> Told:
    """What DiffStix passes over, by the rules above, from the raw objects."""
    said: Told = defaultdict(set)
    successor = {
        one["source_ref"]: new.get(one["target_ref"], {}).get("type")
        for one in new.values()
        if one.get("relationship_type") == "revoked-by"
    }
    for key in old.keys() & new.keys():
        was, now = old[key], new[key]
        if now["type"] not in stix_types or was == now:
            continue
        same_version = was.get("x_mitre_version") == now.get("x_mitre_version")
        is_silent = was["modified"] == now["modified"] and _lines(was) == _lines(now)
        if now.get("revoked"):
            if was.get("revoked"):
                said["patches"] |= {key} if same_version else set()
            elif successor.get(key) not in stix_types:
                said["revocations"].add(key)
        elif now.get("x_mitre_deprecated"):
            if was.get("x_mitre_deprecated"):
                said["patches"] |= {key} if same_version else set()
        elif same_version and is_silent:
            said["patches"].add(key)
    return said


@pytest.mark.parametrize(("domain", "before", "after"), PAIRS)
def test_every_kind_of_every_type_is_as_diffstix_has_it(
    domain: str, before: str, after: str, attack_bundles: Path, tmp_path: Path
) -> None:
    mine = changes(ours(domain, before, after))
    oracle = theirs(attack_bundles, tmp_path, domain, before, after)
    old, new = (objects_of(attack_bundles, domain, release) for release in (before, after))
    for group, stix_types in TYPES.items():
        passed_over = by_our_rules(old, new, stix_types)
        for kind in ChangeKind:
            found = oracle.data["changes"][group][f"{domain}-attack"][kind.value]
            expected = {one["id"] for one in found} | passed_over[kind.value]
            told = {
                one["stix_id"]
                for stix_type in stix_types
                for one in mine.get(stix_type, {}).get(kind.value, ())
            }
            assert told == expected, f"{group} {kind}"


def test_silent_changes_are_as_many_as_known(attack_bundles: Path) -> None:
    """103 objects changed under the same `modified` between enterprise 17.1 and 18.1."""
    old, new = (objects_of(attack_bundles, "enterprise", one) for one in ("17.1", "18.1"))
    silent = {
        key
        for key in old.keys() & new.keys()
        if old[key] != new[key] and old[key].get("modified") == new[key].get("modified")
    }
    told = {found.stix_id for found in ours("enterprise", "17.1", "18.1").objects}
    assert silent <= told
    assert len(silent) == 103
    assert ours("enterprise", "17.1", "18.1").changed_in_silence == 103


@pytest.mark.parametrize(("domain", "before", "after"), ANY_DIRECTION)
def test_changes_lead_from_one_raw_bundle_to_the_other(
    domain: str, before: str, after: str, attack_bundles: Path
) -> None:
    old, new = (objects_of(attack_bundles, domain, release) for release in (before, after))
    now = {key: found["type"] for key, found in old.items()}
    edited = set()
    for stix_type, kinds in changes(ours(domain, before, after)).items():
        for kind, entries in kinds.items():
            for entry in entries:
                key = entry["stix_id"]
                if kind == "additions":
                    assert key not in now
                else:
                    assert now.pop(key) == stix_type
                if kind != "deletions":
                    now[key] = stix_type
                if kind not in {"additions", "deletions"}:
                    edited.add(key)
    assert now == {key: found["type"] for key, found in new.items()}
    assert edited == {key for key in old.keys() & new.keys() if old[key] != new[key]}


@pytest.mark.parametrize(("domain", "before", "after"), ANY_DIRECTION)
def test_links_are_those_of_the_raw_bundles(
    domain: str, before: str, after: str, attack_bundles: Path
) -> None:
    """Of every kind, added, removed and edited ones."""
    old, new = (objects_of(attack_bundles, domain, release) for release in (before, after))
    compared = ours(domain, before, after)
    told = {
        words: {
            fate.value: {
                (compared.ends[link.source_id].stix_id, compared.ends[link.target_id].stix_id)
                for link in found
            }
            for fate, found in by_fate.items()
            if found
        }
        for words, by_fate in compared.links_by_words.items()
    }
    assert told == fates(old, new)


def test_links_of_every_kind_differ_somewhere_and_some_are_edited(attack_bundles: Path) -> None:
    """So that nothing is held to nothing: all but the tactics of matrices, which stay the same."""
    told: Told = defaultdict(set)
    for domain, before, after in PAIRS:
        old, new = (objects_of(attack_bundles, domain, release) for release in (before, after))
        for words, by_fate in fates(old, new).items():
            told[words] |= by_fate.keys()
    assert set(LINK_WORDS) == EVERY_KIND == told.keys() | {"Tactics of matrices"}
    assert {words for words, fate in told.items() if "edited" in fate} == {
        *("Procedure examples", "Software used", "Mitigations of techniques"),
        "Campaigns attributed to groups",
    }
