"""Identifying: which domain and release a bundle is, by what it and MITRE say of it."""

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.acquire import unpack
from importer.errors import BundleError
from importer.identify import Identity, identify
from importer.parse import Bundle, parse, quoted
from importer.published import published_as, published_sha256
from importer.verify import Verified, verify
from tests import factories
from tests.factories import KILL_CHAINS, Properties, stix_object
from tests.importer import golden
from tests.importer.hostile import (
    MITIGATION,
    ODD_VALUES,
    OFTEN,
    TECHNIQUE,
    VALID,
    damaged_bundles,
)
from tests.importer.stix20 import pre_attack, stix20

DOMAINS = ("enterprise", "mobile", "ics")
UNPUBLISHED = Verified("0" * 64, ())
NOTHING = Bundle("", [])
MALFORMED = (
    *("18.1'; DROP TABLE library_snapshot; --", "1" * 10_000, "18.1\n", "\n18.1", "18.1\x00"),
    *(
        "",
        " 18.1",
        "v18.1",
        "18.1.1.1",
        "1234.0",
        "\u0661\u0668.\u0661",
        "18,1",
        "-1",
        "18.",
        "../18.1",
    ),
    *("sample-", "sample-x", "Sample-1", "sample-1\n", "18.1-BETA", f"18.1-{'b' * 21}"),
)
each_domain = pytest.mark.parametrize("domain", DOMAINS)
each_malformed = pytest.mark.parametrize("label", MALFORMED, ids=range(len(MALFORMED)))


def who(
    content: Properties,
    domain: str | None = None,
    release: str | None = None,
    published: tuple[tuple[str, str], ...] = (),
) -> Identity:
    return identify(
        Bundle("2.1", content["objects"]), Verified("0" * 64, published), domain, release
    )


def refused(
    content: Properties,
    domain: str | None = None,
    release: str | None = None,
    published: tuple[tuple[str, str], ...] = (),
) -> str:
    with pytest.raises(BundleError) as refusal:
        who(content, domain, release, published)
    text = str(refusal.value)
    assert text.isprintable()
    assert text.endswith(".")
    assert len(text) < 300
    return text


def collection(version: Any, **more: Any) -> Properties:
    return stix_object("x-mitre-collection", x_mitre_version=version, **more)


@golden.each_sample
def test_identify_agrees_with_the_golden_file_when_given_a_sample(name: str) -> None:
    found = identify(golden.bundle_of(name), verify(golden.raw_of(name)), None, None)
    domain, _, release = name.partition("-")
    assert (found.domain, found.attack_version) == (domain, release)
    shown = {
        "domain": found.domain,
        "release": found.attack_version,
        "provenance": found.provenance,
        "released_at": found.released_at and found.released_at.isoformat(),
        "release_date_stated": found.release_date_stated,
    }
    golden.check(name, "identify", shown)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["ics-attack-18.1", "mobile-attack-17.1", "mobile-attack-18.1"])
def test_identify_finds_the_same_with_and_without_the_hash(attack_bundles: Path, name: str) -> None:
    raw = unpack(name, (attack_bundles / f"{name}.json.xz").read_bytes()).raw
    verified, bundle = verify(raw), parse(raw)
    by_content = identify(bundle, UNPUBLISHED, None, None)
    domain, _, release = name.partition("-attack-")
    assert (by_content.domain, by_content.attack_version) == (domain, release)
    assert by_content.provenance == "unrecognised"
    if verified.published:
        by_hash = identify(NOTHING, verified, None, None)
        assert (by_hash.domain, by_hash.attack_version) == (domain, release)
        assert by_hash.provenance == "official"


@each_domain
def test_a_published_hash_is_enough_when_nothing_is_parsed(domain: str) -> None:
    sha256 = published_sha256(domain, "18.1")
    found = identify(NOTHING, Verified(sha256, tuple(published_as(sha256))), None, None)
    assert found == Identity(domain, "18.1", "official", None, False)


@pytest.mark.parametrize("content", [VALID, stix20("mobile"), pre_attack()])
def test_a_published_hash_wins_when_the_bundle_says_otherwise(content: Properties) -> None:
    found = who(content, published=(("ics", "18.1"),))
    assert (found.domain, found.attack_version, found.provenance) == ("ics", "18.1", "official")


SEVERAL = (("enterprise", "11.2"), ("enterprise", "11.3"))


@pytest.mark.parametrize(
    ("stated", "said", "expected"),
    [
        (None, None, "11.3"),
        (None, "11.2", "11.2"),
        (None, "11.3", "11.3"),
        ("11.2", None, "11.2"),
        ("11.2", "11.3", "11.3"),
        ("17.0", None, "11.3"),
        (["11.2"], None, "11.3"),
    ],
)
def test_the_release_is_the_newest_when_mitre_published_a_file_as_several(
    stated: Any, said: str | None, expected: str
) -> None:
    content = {"objects": [] if stated is None else [collection(stated)]}
    assert who(content, None, said, SEVERAL).attack_version == expected


def test_releases_are_compared_by_number_when_mitre_published_a_file_as_several() -> None:
    several = (("mobile", "9.0"), ("mobile", "10.1"), ("mobile", "10.1-beta"))
    assert who({"objects": []}, published=several).attack_version == "10.1"


def test_one_hash_stands_for_several_releases_in_mitres_list() -> None:
    found = published_as("5308b90f31df02310065ec5daed9099b3d2bed45c58e6c0c7ce84370e7552f6e")
    assert tuple(found) == SEVERAL


def test_flags_are_refused_when_they_contradict_the_published_hash() -> None:
    assert refused(VALID, None, "18.1", SEVERAL) == (
        "MITRE published this very file as release 11.2 and 11.3, not 18.1."
    )
    assert refused(VALID, "ics", None, SEVERAL) == (
        "this is a bundle of the domain enterprise, not ics."
    )


@each_domain
@pytest.mark.parametrize("release", ["18.1", "9.0", "1", "11.0-mobile-beta", "sample-2", "100.20"])
def test_the_collection_says_the_release_when_mitre_published_no_such_hash(
    domain: str, release: str
) -> None:
    content = factories.bundle(domain=domain, release=release)
    found = who(content)
    assert (found.domain, found.attack_version) == (domain, release)
    assert who(content, domain, release) == found


def test_flags_are_refused_when_they_contradict_the_bundle() -> None:
    content = factories.bundle(domain="mobile", release="18.1")
    assert refused(content, release="17.1") == (
        "the bundle's collection says release 18.1, not 17.1."
    )
    assert refused(content, domain="ics") == "this is a bundle of the domain mobile, not ics."


def test_a_bundle_is_refused_when_nobody_says_its_release() -> None:
    silent = "the bundle does not say its release: say it with --release."
    for content in (stix20("enterprise"), factories.bundle(release=None)):
        assert refused(content) == silent
        assert who(content, release="9.0").attack_version == "9.0"
    assert refused({"objects": [collection(None), *VALID["objects"][:3]]}, "enterprise") == silent


@each_malformed
def test_a_collections_release_is_refused_when_it_is_malformed(label: str) -> None:
    content = factories.bundle(release=label)
    assert refused(content) == (
        f"the bundle's collection says {quoted(label)}, which is not a release such as 18.1:"
        " say it with --release."
    )
    # What it says is unusable, so the admin may say it.
    assert who(content, release="18.1").attack_version == "18.1"


@pytest.mark.parametrize("label", [18.1, 18, True, ["18.1"], {"18.1": 1}, {}])
def test_a_collections_release_is_refused_when_it_is_no_text(label: Any) -> None:
    message = refused({"objects": [collection(label), TECHNIQUE]})
    assert message.startswith(f"the bundle's collection says {label!r}, which is not a release")


@each_malformed
def test_flags_are_refused_when_they_are_malformed(label: str) -> None:
    expected = f"--release {quoted(label)} is not a release such as 18.1."
    assert refused(stix20("ics"), release=label) == expected
    assert refused(VALID, release=label, published=SEVERAL) == expected


@pytest.mark.parametrize("domain", ["pre", "Enterprise", "enterprise-attack", "ics\n", ""])
def test_a_domain_is_refused_when_the_library_has_none_such(domain: str) -> None:
    assert refused({"objects": [MITIGATION]}, domain, "9.0") == (
        f"--domain {domain!r} is not one of enterprise, mobile, ics."
    )


def test_collections_are_refused_when_they_contradict() -> None:
    content = copy.deepcopy(VALID)
    content["objects"] += [collection("1.0"), collection("18.1")]
    assert refused(content) == (
        "the bundle's collections contradict: they say releases '1.0' and '18.1'."
    )
    for odd in ODD_VALUES:
        assert "contradict" in refused({"objects": [collection("1.0"), collection(odd)]})


def test_the_release_is_that_of_the_collection_that_says_one_when_others_are_silent() -> None:
    silent = stix_object("x-mitre-collection", modified="2001-01-01T00:00:00.000Z")
    del silent["x_mitre_version"]
    content = factories.bundle(release=None)
    objects = [silent, collection("18.1"), silent, collection("18.1"), *content["objects"]]
    found = who({"objects": objects})
    assert found.attack_version == "18.1"
    assert found.released_at == datetime.fromisoformat(factories.MOMENT)


def test_the_release_date_is_the_collections_when_it_has_one() -> None:
    later = MITIGATION | {"modified": "2025-01-01T00:00:00.000Z"}
    found = who(factories.bundle(later, release="1.0"))
    assert found.released_at == datetime.fromisoformat(factories.MOMENT)
    assert found.release_date_stated


@pytest.mark.parametrize("modified", [None, "soon", 7, [], "2024-13-01T00:00:00Z"])
def test_the_release_date_is_the_newest_objects_when_the_collection_has_none(
    modified: Any,
) -> None:
    later = MITIGATION | {"modified": "2025-01-01T00:00:00.000Z"}
    undated = MITIGATION | {"modified": modified}
    objects = [collection("1.0", modified=modified), later, TECHNIQUE, undated]
    found = who({"objects": objects})
    assert found.released_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert not found.release_date_stated


def test_there_is_no_release_date_when_no_object_has_one() -> None:
    undated = {key: value for key, value in TECHNIQUE.items() if key != "modified"}
    assert who({"objects": [undated]}, release="9.0").released_at is None


@each_domain
@pytest.mark.parametrize("with_matrix", [True, False])
def test_the_domain_of_a_stix_2_0_bundle_is_found(domain: str, with_matrix: bool) -> None:
    content = stix20(domain, with_matrix=with_matrix)
    bundle = parse(orjson.dumps(content))
    assert bundle.spec_version == "2.0"
    found = identify(bundle, UNPUBLISHED, None, "9.0")
    assert (found.domain, found.provenance) == (domain, "unrecognised")
    assert not found.release_date_stated


@each_domain
@pytest.mark.parametrize(
    "source_name",
    ["mitre-attack", "mitre-mobile-attack", "mitre-attack-mobile", "mitre-ics-attack"],
)
def test_the_matrix_says_the_domain_under_every_source_name(domain: str, source_name: str) -> None:
    # Shared techniques of another domain are no reason to doubt the matrix.
    other = KILL_CHAINS["mobile" if domain == "ics" else "ics"]
    phases = [{"kill_chain_name": other, "phase_name": "entry"}]
    techniques = [TECHNIQUE | {"kill_chain_phases": phases}] * 3
    content = factories.bundle(*techniques, domain=domain)
    for found in content["objects"]:
        if found["type"] == "x-mitre-matrix":
            found["external_references"][0]["source_name"] = source_name
    assert who(content).domain == domain


def test_the_domain_is_that_of_most_techniques_when_there_is_no_matrix() -> None:
    ics = [factories.technique(f"T000{n}", "x", ("entry",), "ics") for n in range(3)]
    mobile = [factories.technique(f"T000{n}", "x", ("entry",), "mobile") for n in range(2)]
    assert who({"objects": [*mobile, *ics, collection("1.0")]}).domain == "ics"


def test_the_domain_is_that_of_most_objects_when_there_are_no_techniques() -> None:
    shared = MITIGATION | {"x_mitre_domains": ["enterprise-attack", "mobile-attack"]}
    mobile = MITIGATION | {"x_mitre_domains": ["mobile-attack"]}
    assert who({"objects": [shared, mobile, collection("1.0")]}).domain == "mobile"


def test_a_bundle_is_refused_when_nobody_says_its_domain() -> None:
    bare = {"objects": [stix_object("identity", "MITRE"), collection("1.0")]}
    assert refused(bare) == "the bundle does not say its domain: say it with --domain."
    assert who(bare, "mobile").domain == "mobile"


def test_a_bundle_is_refused_when_it_holds_the_matrices_of_several_domains() -> None:
    both = {"objects": [factories.matrix(domain, []) for domain in ("mobile", "enterprise")]}
    expected = "the bundle holds the matrices of several domains: enterprise, mobile."
    assert refused(both, release="1.0") == expected
    # The flag says what a bundle does not say, not which of two things it says counts.
    assert refused(both, "mobile", "1.0") == expected


def test_two_matrices_are_no_contradiction_when_they_are_of_one_domain() -> None:
    # As in the mobile bundles.
    old = factories.matrix("mobile", []) | {"id": factories.stix_id("x-mitre-matrix")}
    content = factories.bundle(old | {"x_mitre_deprecated": True}, domain="mobile")
    content["objects"].append(factories.matrix("mobile", []))
    assert who(content).domain == "mobile"


@pytest.mark.parametrize("published", [(), (("pre", "5.0"), ("pre", "5.1"))])
@pytest.mark.parametrize("domain", [None, "enterprise"])
def test_pre_attack_is_refused_in_one_sentence(
    published: tuple[tuple[str, str], ...], domain: str | None
) -> None:
    expected = "this is a PRE-ATT&CK bundle: the library holds enterprise, mobile and ics."
    assert refused(pre_attack(), domain, "9.0", published) == expected
    with_matrix = pre_attack()
    reference = {"source_name": "mitre-attack", "external_id": "pre-attack"}
    matrix = stix_object("x-mitre-matrix", external_references=[reference])
    assert refused({"objects": [matrix, *with_matrix["objects"]]}, domain) == expected


def test_a_bundle_is_a_sample_when_it_says_so_whoever_wrote_it() -> None:
    # Nothing is gained by such a claim: it is shown as no ATT&CK, and leaves when ATT&CK comes.
    claimed = factories.bundle(release="sample-9")
    assert who(claimed).provenance == "sample"
    with pytest.raises(BundleError, match="only the library's own sample"):
        who(stix20("ics"), release="sample-9")
    assert who(factories.bundle(release="18.1")).provenance == "unrecognised"
    official = (("enterprise", "18.1"),)
    assert who(claimed, published=official).attack_version == "18.1"
    assert who(claimed, published=official).provenance == "official"


@given(broken=damaged_bundles(), release=st.sampled_from([None, "9.0"]))
@OFTEN
def test_identify_raises_nothing_else_when_a_bundle_is_damaged(
    broken: Properties, release: str | None
) -> None:
    refusal = ""
    try:
        found = identify(parse(orjson.dumps(broken)), UNPUBLISHED, None, release)
    except BundleError as error:
        refusal = str(error)
    if refusal:
        assert refusal.isprintable()
        assert refusal.endswith(".")
    else:
        assert found.domain in DOMAINS
        assert found.released_at is None or found.released_at.tzinfo is UTC


@pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))
@pytest.mark.parametrize(
    "field", ["external_references", "kill_chain_phases", "x_mitre_domains", "modified"]
)
def test_identify_raises_nothing_else_when_a_field_holds_any_json_type(
    field: str, value: Any
) -> None:
    content = copy.deepcopy(VALID)
    for found in content["objects"]:
        found[field] = value
    # All other ways to tell the domain are left, or it is for the flag to say.
    assert who(content, "enterprise").domain == "enterprise"


@pytest.mark.parametrize("source_name", [[], {}, ["mitre-attack"]])
def test_identify_raises_nothing_else_when_a_source_name_is_a_list_or_object(
    source_name: Any,
) -> None:
    content = factories.bundle(TECHNIQUE)
    for found in content["objects"]:
        found["external_references"] = [{"source_name": source_name}]
    assert who(content).domain == "enterprise"
