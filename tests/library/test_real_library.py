"""Search in the whole of release 18.1: its IDs, names and aliases, slips of them, and phrases."""

import random
from collections import Counter

import pytest
from pytest_django import DjangoDbBlocker

from library.catalogue import catalogue
from library.conditional import current_shelf
from library.contexts.held import find_by_stix_id
from library.documents import fold
from library.identifiers import TYPE_OF
from library.models import SnapshotObject
from library.revocations import revocation_chain
from library.search import CERTAIN, search

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("newest_release"),
]

NAMES = 200
# A new one each run; printed where a test fails, as it is a part of its name.
SEED = random.SystemRandom().randrange(10**6)

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
def named(newest_release: None, django_db_blocker: DjangoDbBlocker) -> Named:
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


def test_every_id_comes_first(named: Named) -> None:
    chosen = random.Random(SEED).sample(sorted(named), NAMES)
    assert [key for key in chosen if named[key][0] and first(named[key][0], 1) != [key]] == [], SEED


def test_each_of_all_ids_leads_straight_to_its_page(
    named: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What words alone find is worth less than any ID; without it, all is in memory.
    monkeypatch.setattr("library.search._by_words", lambda *_: [])
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


def test_every_unique_name_comes_first(named: Named) -> None:
    folded = [fold(name) for _, name, _ in named.values()]
    chosen = random.Random(SEED).sample(sorted(named), NAMES)
    unique = [key for key in chosen if folded.count(fold(named[key][1])) == 1]
    assert len(unique) > NAMES / 2
    assert [named[key] for key in unique if first(named[key][1], 1) != [key]] == [], SEED


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


def test_every_alias_comes_among_the_first_three(
    named: Named,
) -> None:
    aliases = [(key, alias) for key, (_, _, names) in sorted(named.items()) for alias in names[1:]]
    chosen = random.Random(SEED).sample(aliases, NAMES)
    assert [alias for key, alias in chosen if key not in first(alias, 3)] == [], SEED


def slipped(name: str, seed: random.Random) -> str:
    """A name with two letters swapped, one left out, or one doubled."""
    at, kind = seed.randrange(len(name) - 1), seed.randrange(3)
    if kind == 0:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + (name[at + 1 :] if kind == 1 else name[at] + name[at:])


def test_a_name_with_a_slip_comes_among_the_first_three(
    named: Named,
) -> None:
    seed = random.Random(SEED)
    long = sorted(key for key, (_, name, _) in named.items() if len(name) >= 8)
    chosen = seed.sample(long, NAMES)
    found = sum(key in first(slipped(named[key][1], seed), 3) for key in chosen)
    assert found >= 0.9 * NAMES, SEED
