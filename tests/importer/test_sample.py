"""The sample bundles: what they hold, how the two releases differ, and that the words are ours."""

import importlib.util
import json
import lzma
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import stix2

type Object = dict[str, Any]
type Objects = dict[str, Object]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
DOMAINS = ("enterprise", "mobile", "ics")
RELEASES = ("sample-1", "sample-2")
BUNDLES = [(domain, release) for domain in DOMAINS for release in RELEASES]
KILL_CHAINS = {
    "enterprise": "mitre-attack",
    "mobile": "mitre-mobile-attack",
    "ics": "mitre-ics-attack",
}
ATTACK_SOURCES = {"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"}
EVERYWHERE = {
    *("x-mitre-collection", "x-mitre-matrix", "x-mitre-tactic", "attack-pattern"),
    *("course-of-action", "intrusion-set", "campaign", "malware", "x-mitre-data-source"),
    *("x-mitre-data-component", "x-mitre-analytic", "x-mitre-detection-strategy"),
    *("identity", "marking-definition", "relationship"),
}
TYPES = {
    "enterprise": EVERYWHERE | {"tool"},
    "mobile": EVERYWHERE | {"tool"},
    "ics": EVERYWHERE | {"x-mitre-asset"},
}
KINDS = {"uses", "mitigates", "detects", "revoked-by", "attributed-to"}
RELATIONSHIPS = {
    "enterprise": KINDS | {"subtechnique-of"},
    "mobile": KINDS | {"subtechnique-of"},
    "ics": KINDS | {"targets"},
}
# What has an id of this project's own.
OWN = {"x-mitre-collection", "identity", "marking-definition", "relationship"}
# The name ATT&CK gave T1105 before release 7.0, which sample-1 still has.
EARLIER_NAMES = {"T1105": "Remote File Copy"}


def load(domain: str, release: str) -> Objects:
    """The objects of one bundle by STIX id."""
    text = (FIXTURES / "bundles" / f"{domain}-{release}.json").read_text(encoding="utf-8")
    return {each["id"]: each for each in json.loads(text)["objects"]}


def builder() -> ModuleType:
    """The script that builds the sample, as a module of its own."""
    spec = importlib.util.spec_from_file_location("build_sample", FIXTURES / "build_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def attack_id(each: Object) -> str:
    """The object's ATT&CK ID, or nothing."""
    for reference in each.get("external_references", []):
        if reference["source_name"] in ATTACK_SOURCES:
            return str(reference["external_id"])
    return ""


def state(each: Object) -> str:
    """Live, revoked or deprecated."""
    if each.get("revoked"):
        return "revoked"
    return "deprecated" if each.get("x_mitre_deprecated") else "live"


def the(objects: Objects, wanted: str, stix_type: str = "") -> Object:
    """The one object with that ATT&CK ID, of that type where an ID stands twice."""
    found = [
        each
        for each in objects.values()
        if attack_id(each) == wanted and each["type"] in (stix_type or each["type"])
    ]
    assert len(found) == 1, f"{wanted}: {len(found)} objects"
    return found[0]


def label(objects: Objects, each: Object) -> str:
    """What to call an object in an assertion: its ID, or "M1037 mitigates T1105"."""
    if each["type"] != "relationship":
        return attack_id(each) or str(each["type"])
    ends = (label(objects, objects[each[end]]) for end in ("source_ref", "target_ref"))
    return f" {each['relationship_type']} ".join(ends)


def relationships(objects: Objects, kind: str = "") -> list[Object]:
    """The relationships, or those of one kind."""
    found = [each for each in objects.values() if each["type"] == "relationship"]
    return [each for each in found if each["relationship_type"] in (kind or each.values())]


def is_alive(objects: Objects, relationship: Object) -> bool:
    """Whether the relationship and both of its ends are live."""
    ends = (objects[relationship[end]] for end in ("source_ref", "target_ref"))
    return all(state(each) == "live" for each in (relationship, *ends))


def addressed(objects: Objects, mitigation: str) -> set[str]:
    """The techniques a mitigation addresses."""
    source = the(objects, mitigation, "course-of-action")["id"]
    return {
        attack_id(objects[each["target_ref"]])
        for each in relationships(objects, "mitigates")
        if each["source_ref"] == source and is_alive(objects, each)
    }


def values(node: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string below a node, with the name of the property it stands in."""
    if isinstance(node, str):
        yield name, node
    elif isinstance(node, dict):
        for inner, value in node.items():
            yield from values(value, inner)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, name)


def test_the_files_are_what_the_sources_give() -> None:
    module = builder()

    assert module.differing(module.build()) == []


def test_check_fails_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = builder()
    monkeypatch.setattr(module, "BUNDLES", tmp_path)
    monkeypatch.setattr("sys.argv", ["build_sample.py"])
    assert module.main() == 0
    monkeypatch.setattr("sys.argv", ["build_sample.py", "--check"])
    assert module.main() == 0
    assert capsys.readouterr() == ("", "")

    with (tmp_path / "ics-sample-2.json").open("a") as file:
        file.write(" ")

    assert module.main() == 1
    assert capsys.readouterr().err == "Not as the sources give them: ics-sample-2.json.\n"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('[[technik]]\nattack_id = "T1"\n', "technik: no table of that name is known.\n"),
        ('remove = ["M9999"]\n', "M9999 is named in the sources and stands nowhere in them.\n"),
    ],
)
def test_a_source_that_cannot_be_built_fails_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: str,
    sentence: str,
) -> None:
    module = builder()
    for path in (FIXTURES / "sample").glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "ics-changes.toml").write_text(f'description = ""\n{source}')
    monkeypatch.setattr(module, "SOURCES", tmp_path)
    monkeypatch.setattr("sys.argv", ["build_sample.py", "--check"])

    assert module.main() == 1
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize(("domain", "release"), BUNDLES)
def test_a_bundle_names_its_release_and_lists_its_objects(domain: str, release: str) -> None:
    text = (FIXTURES / "bundles" / f"{domain}-{release}.json").read_text(encoding="utf-8")
    bundle = json.loads(text)
    collection, *others = bundle["objects"]

    assert bundle["type"] == "bundle"
    assert 40 <= len(bundle["objects"]) <= 80
    assert len({each["id"] for each in bundle["objects"]}) == len(bundle["objects"])
    assert collection["type"] == "x-mitre-collection"
    assert collection["x_mitre_version"] == release
    assert collection["x_mitre_contents"] == [
        {"object_ref": each["id"], "object_modified": each["modified"]}
        for each in others
        if each["type"] != "marking-definition"
    ]


@pytest.mark.parametrize(("domain", "release"), BUNDLES)
def test_every_type_and_every_kind_of_relationship_is_there(domain: str, release: str) -> None:
    objects = load(domain, release)

    assert {each["type"] for each in objects.values()} == TYPES[domain]
    kinds = {each["relationship_type"] for each in relationships(objects)}
    assert kinds == RELATIONSHIPS[domain]


@pytest.mark.parametrize(("domain", "release"), BUNDLES)
def test_every_reference_resolves_within_the_bundle(domain: str, release: str) -> None:
    objects = load(domain, release)
    tactics = {each.get("x_mitre_shortname") for each in objects.values()}

    for each in objects.values():
        for name, value in values(each):
            if name.endswith(("_ref", "_refs")) and value:
                assert value in objects, f"{label(objects, each)}: {name} {value}"
        for phase in each.get("kill_chain_phases", []):
            assert phase["kill_chain_name"] == KILL_CHAINS[domain]
            assert phase["phase_name"] in tactics


@pytest.mark.parametrize(("domain", "release"), BUNDLES)
def test_analytics_draw_on_log_sources_of_their_data_components(domain: str, release: str) -> None:
    objects = load(domain, release)

    for each in objects.values():
        for reference in each.get("x_mitre_log_source_references", []):
            component = objects[reference["x_mitre_data_component_ref"]]
            log_source = {name: reference[name] for name in ("name", "channel")}
            assert log_source in component["x_mitre_log_sources"]


@pytest.mark.parametrize(("domain", "release"), BUNDLES)
def test_objects_of_the_standard_are_valid_stix(domain: str, release: str) -> None:
    for each in load(domain, release).values():
        assert each["spec_version"] == "2.1"
        if not each["type"].startswith("x-mitre-"):
            stix2.parse(each, allow_custom=True, version="2.1")


@pytest.mark.parametrize(("domain", "release"), BUNDLES)
def test_an_object_is_mitres_by_id_and_ours_by_content(domain: str, release: str) -> None:
    objects = load(domain, release)
    mitre, ours = (each["id"] for each in objects.values() if each["type"] == "identity")
    (marking,) = (each for each in objects.values() if each["type"] == "marking-definition")

    assert objects[mitre]["name"] == "The MITRE Corporation"
    assert "© The MITRE Corporation" in marking["definition"]["statement"]
    for each in objects.values():
        if each is not marking:
            assert each["object_marking_refs"] == [marking["id"]]
        if attack_id(each):
            assert each["created_by_ref"] == mitre
            assert each["x_mitre_modified_by_ref"] == ours


@pytest.mark.parametrize("release", RELEASES)
def test_filter_network_traffic_has_a_page_worth_showing(release: str) -> None:
    objects = load("enterprise", release)
    techniques = addressed(objects, "M1037")
    tactics = {
        phase["phase_name"]
        for technique in techniques
        for phase in the(objects, technique, "attack-pattern")["kill_chain_phases"]
    }
    subtechniques = {technique for technique in techniques if "." in technique}
    parents = {technique.partition(".")[0] for technique in subtechniques}

    assert len(techniques) >= 8
    assert len(tactics) >= 4
    assert techniques - subtechniques
    assert parents & techniques, "a sub-technique below its parent"
    assert parents - techniques == {"T1021"}, "a sub-technique whose parent is not addressed"


@pytest.mark.parametrize("release", RELEASES)
def test_mitigations_come_in_every_shape(release: str) -> None:
    enterprise, mobile, ics = (load(domain, release) for domain in DOMAINS)
    counts = Counter(
        attack_id(each) for each in enterprise.values() if each["type"] == "course-of-action"
    )

    assert set(counts) == {"M1037", "M1032", "M1013", "M1031", "M1055", "T1105"}
    assert addressed(enterprise, "M1055") == set()
    assert addressed(ics, "M0954") == set()
    deprecated = the(enterprise, "T1105", "course-of-action")
    assert state(deprecated) == "deprecated"
    assert the(enterprise, "T1105", "attack-pattern")["id"] != deprecated["id"]
    assert the(enterprise, "M1013")["id"] == the(mobile, "M1013")["id"]
    assert len(addressed(mobile, "M1011")) >= 3
    assert len(addressed(ics, "M0937")) >= 5
    for wanted in ("M0937", "M0930", "M0932", "M0802", "M0954"):
        labels = the(ics, wanted)["labels"]
        assert [text.split()[0] for text in labels] == ["IEC", "IEC", "NIST"]


@pytest.mark.parametrize("release", RELEASES)
def test_revocations_chain_cross_types_and_end_at_a_deprecated_object(release: str) -> None:
    enterprise, mobile, ics = (load(domain, release) for domain in DOMAINS)

    assert revoked_by(enterprise, "T1150") == ["T1547.011", "T1647"]
    assert revoked_by(enterprise, "S9000") == ["S0508"]
    assert the(enterprise, "S9000")["type"] == "malware"
    assert the(enterprise, "S0508")["type"] == "tool"
    assert "description" not in the(enterprise, "S9000")
    assert revoked_by(mobile, "T1431") == ["T1476"]
    assert state(the(mobile, "T1476")) == "deprecated"
    assert revoked_by(ics, "G0074") == ["G0035"]


def revoked_by(objects: Objects, wanted: str) -> list[str]:
    """The IDs that took an object's place, one after another."""
    links = {
        each["source_ref"]: each["target_ref"] for each in relationships(objects, "revoked-by")
    }
    here, chain = the(objects, wanted)["id"], []
    while state(objects[here]) == "revoked":
        here = links[here]
        chain.append(attack_id(objects[here]))
    return chain


@pytest.mark.parametrize(
    ("domain", "dead_at_first", "dead_in_the_end"),
    [
        (
            "enterprise",
            {"T1105 mitigates T1105"},
            {"T1105 mitigates T1105", "M1037 mitigates T1043", "G0118 uses S0559"},
        ),
        (
            "mobile",
            {"M1005 mitigates T1655.001"},
            {"M1005 mitigates T1655.001", "S0317 uses T1417"},
        ),
        ("ics", {"M0930 mitigates T0818"}, {"M0930 mitigates T0818", "C0009 uses T0886"}),
    ],
)
def test_a_live_relationship_is_dead_where_an_end_is(
    domain: str, dead_at_first: set[str], dead_in_the_end: set[str]
) -> None:
    for release, expected in zip(RELEASES, (dead_at_first, dead_in_the_end), strict=True):
        objects = load(domain, release)
        assert expected == {
            label(objects, each)
            for each in relationships(objects)
            if each["relationship_type"] != "revoked-by" and not is_alive(objects, each)
        }


def test_ids_and_names_repeat_as_in_attack() -> None:
    mobile, ics = load("mobile", "sample-2"), load("ics", "sample-2")
    matrices = [each for each in mobile.values() if each["type"] == "x-mitre-matrix"]

    assert [(attack_id(each), state(each)) for each in matrices] == [
        ("mobile-attack", "live"),
        ("mobile-attack", "deprecated"),
    ]
    assert the(ics, "S0605")["name"] == the(ics, "S0017")["name"] == "EKANS"
    source = the(ics, "S0017")["external_references"][0]
    assert source["source_name"] == "mitre-ics-attack"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("M1037", "\n\nInbound traffic:\n- Use Case: "),
        ("M1037", "\n- Implementation: "),
        ("M1037", "-RemoteAddress <workstations> -Action Block</code>"),
        ("M1037", "[Filter Network Traffic](https://attack.mitre.org/mitigations/M0937)"),
        ("M1037", "(Citation: NIST SP 800-41 (Rev. 1))"),
        ("M1032", "<code>Get-ADUser <username> -Properties"),
        ("M1013", "`<script>`"),
        ("T1190", "keeps a <script> as it came"),
        ("T1071", "pass.<br>What"),
        ("T1071", "(https://attack.mitre.org/techniques/T1071/001)"),
        ("T1105", "`curl`"),
        ("S0559 uses T1071.001", "(LinkById: S0559)"),
    ],
)
def test_descriptions_hold_what_text_has_to_cope_with(wanted: str, text: str) -> None:
    objects = load("enterprise", "sample-2")
    found = [each for each in objects.values() if label(objects, each) == wanted]

    assert any(text in each["description"] for each in found)


def test_citations_come_in_every_shape() -> None:
    objects = [each for bundle in BUNDLES for each in load(*bundle).values()]
    citing, addresses, unknown = defaultdict(set), defaultdict(set), set()
    for each in objects:
        known = {reference["source_name"] for reference in each.get("external_references", [])}
        for reference in each.get("external_references", []):
            if "url" in reference and "external_id" not in reference:
                addresses[reference["source_name"]].add(reference["url"])
        for _, text in values(each):
            for name in citations(text):
                citing[name].add(each["type"])
                unknown |= {name} - known

    assert unknown == {"Sensor Placement Memo"}
    assert citing["Tool Transfer Study"] == {"relationship"}
    assert {name for name, found in addresses.items() if len(found) > 1} == {"Firewall Field Notes"}
    assert set(citing) - unknown == set(addresses), "a reference that nothing cites"


def citations(text: str) -> list[str]:
    """The names that a text cites, parentheses in them included."""
    return re.findall(r"\(Citation: ((?:[^()]|\([^()]*\))+)\)", text)


def differences(domain: str) -> dict[str, set[str]]:
    """What sample-2 does to sample-1, by kind of change; a silent one keeps its `modified`."""
    before, after = load(domain, "sample-1"), load(domain, "sample-2")
    found = defaultdict(set)
    for stix_id, each in after.items():
        if stix_id not in before:
            found["new"].add(label(after, each))
        elif each != before[stix_id] and each["type"] != "x-mitre-collection":
            silent = each["modified"] == before[stix_id]["modified"]
            found["silent" if silent else change(before[stix_id], each)].add(label(after, each))
    found["gone"] = {label(before, each) for key, each in before.items() if key not in after}
    return dict(found)


def change(before: Object, after: Object) -> str:
    """The kind of one change."""
    if state(before) != state(after):
        return state(after)
    if after["type"] == "relationship":
        return "note"
    if before["name"] != after["name"]:
        return "renamed"
    first, second = (
        [int(part) for part in each["x_mitre_version"].split(".")] for each in (before, after)
    )
    if first == second:
        return "patch"
    if second == [first[0], first[1] + 1]:
        return "minor"
    return "major" if second == [first[0] + 1, 0] else "other"


def test_sample_2_changes_enterprise() -> None:
    assert differences("enterprise") == {
        "new": {
            "T1572",
            "M1037 mitigates T1572",
            "S0508 uses T1572",
            "M1031 mitigates T1048.003",
            "G0118 revoked-by G0016",
        },
        "gone": {"M1031 mitigates T1021.002", "S0029", "S0029 uses T1021.002"},
        "renamed": {"T1105"},
        "major": {"DC0078"},
        "minor": {"M1037", "M1013"},
        "patch": {"M1031"},
        "silent": {"M1032"},
        "note": {"M1037 mitigates T1105"},
        "revoked": {"G0118"},
        "deprecated": {"T1043"},
    }


def test_sample_2_changes_mobile() -> None:
    assert differences("mobile") == {
        "new": {
            "T1635.001",
            "T1635.001 subtechnique-of T1635",
            "M1013 mitigates T1635.001",
            "M1006 mitigates T1635.001",
        },
        "gone": {"M1012 mitigates T1660"},
        "minor": {"M1013"},
        "patch": {"M1006"},
        "note": {"M1011 mitigates T1660"},
        "deprecated": {"S0317"},
    }


def test_sample_2_changes_ics() -> None:
    assert differences("ics") == {
        "new": {
            "T0884",
            "M0937 mitigates T0884",
            "M0802 mitigates T0843",
            "T0884 targets A0012",
            "C0028 uses T0884",
        },
        "gone": {"M0932 mitigates T0886"},
        "major": {"A0007"},
        "minor": {"T0855"},
        "patch": {"M0930"},
        "note": {"M0937 mitigates T0855"},
        "deprecated": {"C0009"},
    }


def test_a_shared_object_differs_between_domains_in_sample_2_only() -> None:
    first = [the(load(domain, "sample-1"), "M1013") for domain in ("enterprise", "mobile")]
    enterprise, mobile = (the(load(domain, "sample-2"), "M1013") for domain in DOMAINS[:2])

    assert first[0] == first[1]
    assert enterprise["modified"] == mobile["modified"]
    assert enterprise["x_mitre_domains"] == ["enterprise-attack", "mobile-attack"]
    assert mobile == {**enterprise, "x_mitre_domains": ["mobile-attack"]}


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
