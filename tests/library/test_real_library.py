"""The whole of release 18.1: relationships against MITRE's own tools, pages at random, search."""

import random
from pathlib import Path

import pytest
from mitreattack.stix20 import MitreAttackData
from pytest_django import DjangoDbBlocker

from importer.acquire import read_bundle
from library.conditional import current_shelf
from library.documents import fold
from library.identifiers import OBJECT_TYPES, TYPE_OF
from library.models import SnapshotEdge, SnapshotObject
from library.search import search
from tests.library.pages import LIBRARY, Element, Site

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("newest_release"),
]

DOMAINS = ("enterprise", "mobile", "ics")
PAGES_A_KIND = 6
NAMES = 200
# A new one each run; printed where a test fails, as it is a part of its name.
SEED = random.SystemRandom().randrange(10**6)

type Pairs = set[tuple[str, str]]
# The ATT&CK ID, the name and the folded names of objects, by their keys.
type Named = dict[int, tuple[str, str, list[str]]]


def links(domain: str, kind: str, source: str, *targets: str) -> Pairs:
    """The live links of a kind that the library holds, by the STIX ids of their ends."""
    edges = SnapshotEdge.objects.filter(
        snapshot__domain=domain,
        kind=kind,
        live=True,
        source__stix_type__in=source.split("|"),
        target__stix_type__in=targets,
    )
    return set(edges.values_list("source__stix_id", "target__stix_id"))


def oracle_pairs(answer: dict[str, list[dict[str, dict[str, str]]]], *, reverse: bool) -> Pairs:
    """The same from an answer of MitreAttackData."""
    pairs = {(one, found["object"]["id"]) for one, all_ in answer.items() for found in all_}
    return {(other, one) for one, other in pairs} if reverse else pairs


GETTERS = [
    # Ours: the link, its source and targets. Theirs: the getter, and whether it asks backwards.
    ("uses", "campaign", ("attack-pattern",), "techniques_used_by_all_campaigns", False),
    ("uses", "campaign", ("attack-pattern",), "campaigns_using_all_techniques", True),
    ("uses", "campaign", ("malware", "tool"), "software_used_by_all_campaigns", False),
    ("uses", "malware|tool", ("attack-pattern",), "techniques_used_by_all_software", False),
    ("uses", "malware|tool", ("attack-pattern",), "software_using_all_techniques", True),
    ("uses", "intrusion-set", ("attack-pattern",), "techniques_used_by_all_groups", False),
    ("uses", "intrusion-set", ("malware", "tool"), "software_used_by_all_groups", False),
    *(
        ("mitigates", "course-of-action", ("attack-pattern",), getter, reverse)
        for getter, reverse in (
            ("techniques_mitigated_by_all_mitigations", False),
            ("mitigations_mitigating_all_techniques", True),
        )
    ),
    *(
        ("detects", "x-mitre-detection-strategy", ("attack-pattern",), getter, reverse)
        for getter, reverse in (
            ("techniques_detected_by_all_detection_strategies", False),
            ("detection_strategies_detecting_all_techniques", True),
        )
    ),
    *(
        ("subtechnique-of", "attack-pattern", ("attack-pattern",), getter, reverse)
        for getter, reverse in (
            ("parent_techniques_of_all_subtechniques", False),
            ("subtechniques_of_all_techniques", True),
        )
    ),
    ("attributed-to", "campaign", ("intrusion-set",), "groups_attributing_to_all_campaigns", False),
    ("attributed-to", "campaign", ("intrusion-set",), "campaigns_attributed_to_all_groups", True),
    ("targets", "attack-pattern", ("x-mitre-asset",), "assets_targeted_by_all_techniques", False),
    ("targets", "attack-pattern", ("x-mitre-asset",), "techniques_targeting_all_assets", True),
]


@pytest.fixture(scope="module", params=["ics", "enterprise"])
def oracle(
    request: pytest.FixtureRequest, attack_bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, MitreAttackData]:
    """MITRE's own tool, with a bundle of 18.1."""
    domain = str(request.param)
    plain = tmp_path_factory.mktemp("oracle") / f"{domain}.json"
    plain.write_bytes(read_bundle(attack_bundles / f"{domain}-attack-18.1.json.xz").raw)
    return domain, MitreAttackData(str(plain))


def test_every_relationship_is_that_of_mitre_s_own_tool(
    oracle: tuple[str, MitreAttackData],
) -> None:
    domain, data = oracle
    live = set(
        SnapshotObject.objects.filter(snapshot__domain=domain)
        .live()
        .values_list("object__stix_id", flat=True)
    )
    for kind, source, targets, getter, reverse in GETTERS:
        ours = links(domain, kind, source, *targets)
        theirs = oracle_pairs(getattr(data, f"get_all_{getter}")(), reverse=reverse)
        # The tool lists what revoked and deprecated objects were once related to; a relationship
        # with such an end is dead here.
        theirs = {pair for pair in theirs if set(pair) <= live}
        if source == "intrusion-set":
            # It also hands a group what the campaigns attributed to it used; the group's page
            # lists those campaigns, and they have pages of their own.
            by_campaign = links(domain, "uses", "campaign", *targets)
            attributed = links(domain, "attributed-to", "campaign", "intrusion-set")
            ours |= {(g, t) for c, g in attributed for c_, t in by_campaign if c == c_}
        assert ours == theirs, (getter, len(ours), len(theirs))
        assert ours or domain == "ics" or kind == "targets", getter


def sampled(kind_path: str) -> list[str]:
    """The addresses of a few objects of a kind in any domain, by STIX id; the seed decides."""
    kind = next(kind for kind in OBJECT_TYPES if kind.path == kind_path)
    rows = SnapshotObject.objects.filter(snapshot__in=current_shelf().snapshots).of_type(kind)
    ids = sorted(set(rows.values_list("object__stix_id", flat=True)))
    chosen = random.Random(SEED).sample(ids, min(PAGES_A_KIND, len(ids)))
    return [f"{LIBRARY}/objects/{stix_id}" for stix_id in chosen]


@pytest.mark.parametrize("kind", [kind.path for kind in OBJECT_TYPES])
def test_pages_at_random_are_sound(site: Site, kind: str) -> None:
    print(f"seed {SEED}")
    for address in sampled(kind):
        page, end = site.follow(address)
        check_counts(page, end)
        check_references(page, end)
        links_of_page = {a["href"] for a in page.one("main").all("a") if a["href"].startswith("/")}
        for link in random.Random(SEED).sample(sorted(links_of_page), min(5, len(links_of_page))):
            assert site.get(link.partition("#")[0]).status_code in {200, 301, 302}, (end, link)


def check_counts(page: Element, address: str) -> None:
    """Every table's count equals its rows, and that of the contents."""
    for section in page.one("article", css="object").all("section"):
        if "-title" not in section.attributes.get("aria-labelledby", "") or not section.all("tr"):
            continue
        rows = section.all("tr", css="row")
        counts = section.all(css="count")
        if rows and counts:
            shown = int(counts[0].one("strong").words.split()[0].replace(",", ""))
            assert shown == len(rows), (address, section["id"])
            entry = page.one("nav", css="contents").one("a", href=f"#{section['id']}")
            assert entry.one(css="figure").words == str(len(rows)), address


def check_references(page: Element, address: str) -> None:
    """Every number leads to its reference, in the order of first use."""
    cites = page.one("main").all("sup", css="cite")
    entries = [li["id"] for li in page.one(id="references").all("li")]
    first_uses = list(dict.fromkeys(cite.one("a")["href"][1:] for cite in cites))
    assert first_uses == entries[: len(first_uses)], address
    assert entries == [f"ref-{n}" for n in range(1, len(entries) + 1)], address


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


def test_every_unique_name_comes_first(named: Named) -> None:
    folded = [fold(name) for _, name, _ in named.values()]
    chosen = random.Random(SEED).sample(sorted(named), NAMES)
    unique = [key for key in chosen if folded.count(fold(named[key][1])) == 1]
    assert len(unique) > NAMES / 2
    assert [named[key] for key in unique if first(named[key][1], 1) != [key]] == [], SEED


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
