"""What MITRE published: mitreattack-python's list of hashes, without the rest of that package."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mitreattack import release_info

from importer import published
from importer.errors import BundleError
from importer.published import (
    address,
    current_release,
    published_as,
    published_releases,
    published_sha256,
)
from library.identifiers import RELEASE_FORM, Domain

ROOT = Path(__file__).resolve().parents[2]
LISTINGS = (release_info.STIX20, release_info.STIX21)
LISTED = [
    (domain, release, sha256)
    for listing in LISTINGS
    for domain, releases in listing.items()
    for release, sha256 in releases.items()
]


def test_every_hash_is_found_when_mitreattack_lists_it() -> None:
    for domain, release, sha256 in LISTED:
        assert (domain, release) in published_as(sha256)


def test_a_hash_stands_for_no_more_than_is_listed() -> None:
    for sha256 in {sha256 for _, _, sha256 in LISTED}:
        expected = [(domain, release) for domain, release, other in LISTED if other == sha256]
        assert published_as(sha256) == expected
        assert len({domain for domain, _ in expected}) == 1


@pytest.mark.parametrize("sha256", ["", "0" * 64, "x", release_info.STIX21["ics"]["18.1"].upper()])
def test_nothing_is_found_when_a_hash_is_not_listed(sha256: str) -> None:
    assert published_as(sha256) == []


def test_every_listed_release_has_a_form_the_library_accepts() -> None:
    assert [release for _, release, _ in LISTED if not RELEASE_FORM.fullmatch(release)] == []


def test_the_current_release_is_published_in_every_domain() -> None:
    assert current_release() == release_info.LATEST_VERSION
    for domain in Domain.values:
        sha256 = published_sha256(domain, current_release())
        assert re.fullmatch("[0-9a-f]{64}", sha256)
        assert published_as(sha256)[-1] == (domain, current_release())


@pytest.mark.parametrize(
    ("domain", "release"), [("ics", "7.0"), ("pre", "8.0"), ("ics", ""), ("", "18.1")]
)
def test_there_is_no_hash_when_mitre_published_no_such_bundle(domain: str, release: str) -> None:
    with pytest.raises(KeyError):
        published_sha256(domain, release)


@pytest.mark.parametrize("domain", Domain.values)
def test_the_address_is_mitres_over_https(domain: str) -> None:
    parts = urlsplit(address(domain, "18.1"))
    assert (parts.scheme, parts.hostname, parts.port) == (
        "https",
        "raw.githubusercontent.com",
        None,
    )
    folder = f"/mitre-attack/attack-stix-data/master/{domain}-attack"
    assert parts.path == f"{folder}/{domain}-attack-18.1.json"
    assert (parts.query, parts.fragment) == ("", "")


PLACE = published.REPOSITORY


def test_what_is_published_is_at_an_allowed_place() -> None:
    assert published.is_allowed(published.INDEX_ADDRESS)
    for domain in Domain.values:
        for release in published_releases(domain):
            assert published.is_allowed(address(domain, release))


@pytest.mark.parametrize(
    "url",
    [
        *("", "index.json", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/"),
        PLACE,
        PLACE.replace("https", "http") + "index.json",
        PLACE.upper() + "index.json",
        f" {PLACE}index.json",
        f"{PLACE}index.json\n",
        f"{PLACE}../../../other/repository/master/index.json",
        f"{PLACE}a/../../../x.json",
        f"{PLACE}a/./x.json",
        f"{PLACE}/index.json",
        f"{PLACE}%2e%2e/index.json",
        f"{PLACE}index.json?x=1",
        f"{PLACE}index.json#x",
        f"{PLACE}x@example.org/index.json",
        f"{PLACE}x\\..\\y",
        f"{PLACE}ïndex.json",
        PLACE.replace(".com/", ".com@example.org/") + "index.json",
        PLACE.replace(".com/", ".com:8080/") + "index.json",
        PLACE.replace(".com/", ".com.example.org/") + "index.json",
        PLACE.replace("https://", "https://x@") + "index.json",
        PLACE.replace(".com/", ".com\\@example.org/") + "index.json",
        PLACE.replace("mitre-attack/", "somebody-else/", 1) + "index.json",
    ],
)
def test_no_other_place_is_allowed(url: str) -> None:
    assert not published.is_allowed(url)


def test_the_releases_of_a_domain_are_those_listed_the_newest_first() -> None:
    for domain in Domain.values:
        found = published_releases(domain)
        assert sorted(found) == sorted(release_info.STIX21[domain])
        assert found[0] == current_release()
        assert found.index("10.1") < found.index("9.0")


def test_looking_up_a_hash_loads_nothing_else_of_mitreattack() -> None:
    # `import mitreattack` would load pandas and more: a second and 100 MB.
    program = (
        "import sys; from importer.published import published_as; published_as('');"
        "print(sorted({'pandas', 'mitreattack', 'stix2', 'requests'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_one_sentence_says_what_to_do_when_mitreattack_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published._release_info.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(BundleError) as refusal:
        published_as("0" * 64)
    assert str(refusal.value) == "mitreattack-python is not installed: run make setup."
    published._release_info.cache_clear()
