"""Search in the whole of release 18.1: its IDs, names and aliases, slips of them, and phrases."""

import os
import random
from collections import Counter

import pytest
from pytest_django import DjangoDbBlocker

from library.attack_ids import CERTAIN
from library.catalogue import catalogue
from library.conditional import current_shelf
from library.contexts.held import find_by_stix_id
from library.documents import fold
from library.identifiers import TYPE_OF
from library.models import SnapshotObject
from library.revocations import revocation_chain
from library.search import search

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("every_release"),
]

# So many are looked for with all that search does, and all of them with `--whole`; a new choice
# each run, by the seed in its head.
SAMPLE = 200
SEED = int(os.environ["CRAWL_SEED"])

# The ATT&CK ID, the name and the folded names of objects, by their keys.
type Named = dict[int, tuple[str, str, list[str]]]

PHRASES = {
    "dump lsass memory": "T1003.001",
    "pass the hash": "T1550.002",
    "kerberoasting": "T1558.003",
    "golden ticket": "T1558.001",
    "port knocking": "T1205.001",
    "dns tunneling": "T1071.004",
    "scheduled task": "T1053.005",
    "spearphishing attachment": "T1566.001",
    "mfa fatigue": "T1621",
    "credential stuffing": "T1110.004",
    "password spraying": "T1110.003",
    "dll side-loading": "T1574.001",
    "process hollowing": "T1055.012",
    "living off the land powershell": "T1059.001",
    "clear event logs": "T1070.001",
    "shadow copies delete": "T1490",
    "ransomware encrypt files": "T1486",
    "network segmentation": "M1030",
    "multi-factor authentication": "M1032",
    "data backup": "M1053",
    "application allowlisting": "M1038",
    "patching": "M1051",
    "cozy bear": "G0016",
    "fancy bear": "G0007",
    "lazarus": "G0032",
    "solarwinds": "C0024",
    "mimikatz": "S0002",
    "cobalt strike beacon": "S0154",
    "stuxnet": "S0603",
    "historian asset": "A0006",
}


@pytest.mark.parametrize(("phrase", "wanted"), PHRASES.items())
def test_a_phrase_finds_what_is_meant_among_the_first_three(phrase: str, wanted: str) -> None:
    assert wanted in [hit.attack_id for hit in search(current_shelf(), phrase)[:3]]


@pytest.fixture(scope="module")
def named(every_release: None, django_db_blocker: DjangoDbBlocker) -> Named:
    """The ID, name and folded names of every live object that has a list."""
    rows = SnapshotObject.objects.filter(
        snapshot__in=current_shelf().snapshots, object__stix_type__in=list(TYPE_OF)
    ).live()
    columns = ("object_id", "version__attack_id", "version__name", "version__document__names")
    return {
        key: (attack_id, name, names) for key, attack_id, name, names in rows.values_list(*columns)
    }


def first(asked: str, count: int) -> list[int]:
    return [hit.object_id for hit in search(current_shelf(), asked)[:count]]


def chosen(every: list[tuple[int, str]], config: pytest.Config) -> list[tuple[int, str]]:
    """A sample of what is to be found, each with the key of its object; all where that is asked."""
    every = sorted(every)
    return every if config.getoption("whole") else random.Random(SEED).sample(every, SAMPLE)


def unique_names(named: Named) -> list[tuple[int, str]]:
    held = Counter(fold(name) for _, name, _ in named.values())
    return [(key, name) for key, (_, name, _) in named.items() if held[fold(name)] == 1]


def aliases(named: Named) -> list[tuple[int, str]]:
    return [(key, alias) for key, (_, _, names) in named.items() for alias in names[1:]]


@pytest.fixture
def by_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What words find is worth less than any ID or whole name; without it, all is in memory."""
    monkeypatch.setattr("library.search._by_words", lambda *_: [])


def test_id_comes_first(named: Named, pytestconfig: pytest.Config) -> None:
    ids = [(key, attack_id) for key, (attack_id, _, _) in named.items() if attack_id]
    found = chosen(ids, pytestconfig)
    assert [attack_id for key, attack_id in found if first(attack_id, 1) != [key]] == []


@pytest.mark.usefixtures("by_names_alone")
def test_each_of_all_ids_leads_straight_to_its_page(named: Named) -> None:
    shelf = current_shelf()
    ids = {attack_id: key for key, (attack_id, _, _) in named.items() if attack_id}
    assert len(ids) > 3000
    assert {"enterprise-attack", "mobile-attack", "ics-attack"} <= set(ids)
    assert len(ids) == sum(1 for attack_id, _, _ in named.values() if attack_id)
    best = {attack_id: search(shelf, attack_id)[0] for attack_id in ids}
    astray = [
        attack_id
        for attack_id, hit in best.items()
        if hit.object_id != ids[attack_id] or hit.score < CERTAIN
    ]
    assert astray == []


@pytest.mark.usefixtures("by_names_alone")
def test_every_unique_name_comes_first_by_names_alone(named: Named) -> None:
    unique = unique_names(named)
    assert len(unique) > 4000
    assert [name for key, name in unique if first(name, 1) != [key]] == []


def test_unique_name_comes_first(named: Named, pytestconfig: pytest.Config) -> None:
    found = chosen(unique_names(named), pytestconfig)
    assert [name for key, name in found if first(name, 1) != [key]] == []


def test_every_sub_technique_comes_first_by_its_full_name(named: Named) -> None:
    shelf = current_shelf()
    known = catalogue(shelf.snapshot_ids)
    full = {
        entry.object_id: f"{parent.name}: {entry.name}"
        for entry in known.entries
        if entry.live and (parent := known.parent(entry))
    }
    assert len(full) > 500
    assert set(full) <= set(named)
    # Enterprise and Mobile have some in common; all that are named so come before all else.
    held = Counter(full.values())
    assert [name for key, name in full.items() if key not in first(name, held[name])] == []


def test_a_dead_id_says_what_replaced_it_as_its_page_does(named: Named) -> None:
    shelf = current_shelf()
    known = catalogue(shelf.snapshot_ids)
    dead = sorted({entry.object_id: entry for entry in known.entries if entry.revoked}.values())
    assert len(dead) > 100
    ends: dict[str, str] = {}
    for entry in random.Random(SEED).sample(dead, 40):
        held = find_by_stix_id(shelf, entry.stix_id)
        chain = revocation_chain(shelf, held) if held else []
        end = chain[-1] if chain else None
        target = known.replacement(entry)
        assert (target and target.object_id) == (end and end.object_id), entry
    for entry in dead:
        target = known.replacement(entry)
        ends[entry.name] = f"{target.attack_id} {target.name}" if target else ""
    assert ends["Plist Modification"] == "T1647 Plist File Modification"


def test_every_alias_comes_among_the_first_three(named: Named) -> None:
    every = aliases(named)
    assert len(every) > 600
    assert [alias for key, alias in every if key not in first(alias, 3)] == []


def slipped(name: str, seed: random.Random) -> str:
    """A name with two letters swapped, one left out, or one doubled."""
    at, kind = seed.randrange(len(name) - 1), seed.randrange(3)
    if kind == 0:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + (name[at + 1 :] if kind == 1 else name[at] + name[at:])


def test_a_name_with_a_slip_comes_among_the_first_three(
    named: Named, pytestconfig: pytest.Config
) -> None:
    seed = random.Random(SEED)
    long = [(key, name) for key, (_, name, _) in named.items() if len(name) >= 8]
    tried = chosen(long, pytestconfig)
    found = sum(key in first(slipped(name, seed), 3) for key, name in tried)
    assert found >= 0.9 * len(tried), f"{found} of {len(tried)}"
