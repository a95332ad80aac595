"""The sample bundles: what they hold."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import stix2

from tests.importer.samples import (
    BUNDLES,
    DOMAINS,
    FIXTURES,
    KILL_CHAINS,
    RELATIONSHIPS,
    RELEASES,
    TYPES,
    Objects,
    addressed,
    attack_id,
    builder,
    citations,
    is_alive,
    label,
    load,
    relationships,
    state,
    the,
    values,
)


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
